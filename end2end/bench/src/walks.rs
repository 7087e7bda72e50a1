//! Walks over the graph of a whole cluster: by hand as they were, and petgraph's, over the same storage.

use std::{collections::VecDeque, hint::black_box, time::Instant};

use petgraph::{
    algo,
    visit::{Bfs, Dfs},
};
use serde_json::{Value, json};
use topology::graph::{Topology, Vertex, single_points};

use crate::{cluster::Cluster, median};

/// Time and memory of one walk.
fn taken<T>(mut work: impl FnMut() -> T) -> Value {
    let kib = held(&mut work);
    json!({ "ms": median(work), "kib": kib })
}

/// The memory that a walk takes beside what is held, in KiB.
fn held<T>(work: &mut impl FnMut() -> T) -> Option<u64> {
    let before = peak_from_here();
    black_box(work());
    peak().zip(before).map(|(after, before)| after.saturating_sub(before))
}

/// How often walks are compared.
const ROUNDS: usize = 301;

/// The same of walks that are compared: by turns, and the shortest time of many, for this machine may do other things.
fn compared<const N: usize>(mut walks: [&mut dyn FnMut() -> usize; N]) -> [Value; N] {
    let kib = walks.each_mut().map(held);
    let mut least = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (least, walk) in least.iter_mut().zip(&mut walks) {
            let start = Instant::now();
            black_box(walk());
            *least = least.min(start.elapsed().as_secs_f64() * 1000.0);
        }
    }
    std::array::from_fn(|at| json!({ "ms": least[at], "kib": kib[at] }))
}

/// The memory that is held, in KiB, after which the peak counts anew; none where nobody tells.
fn peak_from_here() -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    peak()
}

fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Everything that is reached from a thing, by hand.
fn reached(topology: &Topology, from: Vertex) -> usize {
    let mut seen = vec![false; topology.len()];
    let mut ahead = VecDeque::from([from]);
    seen[from.index()] = true;
    let mut count = 0;
    while let Some(at) = ahead.pop_front() {
        count += 1;
        for (next, _) in topology.from(at) {
            if !std::mem::replace(&mut seen[next.index()], true) {
                ahead.push_back(next);
            }
        }
    }
    count
}

/// Hosts that everything passes, found by a walk without each host: what dominators replace.
fn cut(topology: &Topology, root: Vertex, without: Vertex) -> usize {
    let mut seen = vec![false; topology.len()];
    seen[without.index()] = true;
    let mut ahead = vec![root];
    let mut count = 0;
    while let Some(at) = ahead.pop() {
        count += 1;
        for (next, _) in topology.from(at) {
            if !std::mem::replace(&mut seen[next.index()], true) {
                ahead.push(next);
            }
        }
    }
    topology.len() - 1 - count
}

/// Times and memory of walks over a graph of so many things.
pub(crate) fn measure(things: usize) -> Value {
    let facts = Cluster::of(things).inventory();
    let topology = Topology::of(&facts);
    let root = topology.root().expect("the cluster");
    let mut by_hand = || reached(&topology, root);
    let mut breadth = || {
        let mut walk = Bfs::new(&topology, root);
        std::iter::from_fn(|| walk.next(&topology)).count()
    };
    let mut depth = || {
        let mut walk = Dfs::new(&topology, root);
        std::iter::from_fn(|| walk.next(&topology)).count()
    };
    assert!(breadth() == by_hand() && depth() == breadth(), "both reach the same");
    let [hand, first, deep] = compared([&mut by_hand, &mut breadth, &mut depth]);
    let host = topology.from(root).next().expect("a host").0;
    let dominators = algo::dominators::simple_fast(&topology, root);
    assert!(dominators.immediate_dominator(host) == Some(root));
    json!({
        "things": topology.len(),
        "relations": topology.relations(),
        "graph": taken(|| Topology::of(&facts)),
        "by hand": hand,
        "breadth first": first,
        "depth first": deep,
        "cut of one host by hand": taken(|| cut(&topology, root, host)),
        "dominators of everything": taken(|| algo::dominators::simple_fast(&topology, root)),
        "circles": taken(|| algo::tarjan_scc(&topology)),
        "order": taken(|| algo::toposort(&topology, None)),
        "single points": taken(|| single_points(&facts)),
    })
}
