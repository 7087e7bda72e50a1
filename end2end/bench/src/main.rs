//! Measures figures and prints JSON; `end2end/bench/run.mjs` runs it beside its peers.
//!
//! `bench graph N` writes the graph that all engines lay out, `bench figures N` measures ours,
//! `bench walks N` measures walks over the graph, by hand and by petgraph,
//! `bench sugiyama N` measures rust-sugiyama, `bench follow NODES PODS SERVICES` follows traffic,
//! `bench plans FOLDER` reads and checks every plan in it,
//! `bench log` redacts and reads a deployment's log, in MB/s,
//! `bench crossings` counts, for line segments on standard input, how many pairs cross.

mod cluster;
mod crossings;
mod log;
mod plans;
mod walks;
mod ways;

use std::{hint::black_box, io::Read, time::Instant};

use cluster::Cluster;
use serde_json::json;
use topology::{
    Stamp,
    figure::{Drawing, View, lanes},
    graph::Topology,
    inventory::Key,
};

const ROUNDS: usize = 9;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let size = || args.get(1).and_then(|size| size.parse().ok()).expect("a number of nodes");
    let answer = match args.first().map(String::as_str) {
        Some("graph") => Cluster::of(size()).graph(),
        Some("figures") => figures(size()),
        Some("walks") => walks::measure(size()),
        Some("sugiyama") => sugiyama(size()),
        Some("follow") => {
            let count = |at: usize| args.get(at).and_then(|count| count.parse().ok()).expect("nodes, pods, services");
            ways::measure(count(1), count(2), count(3))
        }
        Some("plans") => plans::measure(args.get(1).expect("a folder").as_ref()),
        Some("log") => log::measure(),
        Some("crossings") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).expect("segments on standard input");
            json!(crossings::count(&serde_json::from_str::<Vec<[f64; 4]>>(&text).expect("[[x1, y1, x2, y2], …]")))
        }
        _ => panic!(
            "graph N | figures N | walks N | sugiyama N | follow NODES PODS SERVICES | plans FOLDER | log | crossings"
        ),
    };
    println!("{answer}");
}

/// The median of some rounds, in milliseconds.
fn median<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn figures(size: usize) -> serde_json::Value {
    let cluster = Cluster::of(size);
    let now = Stamp(0);
    let facts = cluster.inventory();
    let topology = Topology::of(&facts);
    let (scene, _) = lanes(&topology);
    let lines: Vec<[f64; 4]> = scene.marks.iter().flat_map(cluster::segments).collect();
    let mut figure = Drawing::draw(&facts, &View::default(), now);
    let mut changing = facts.clone();
    let mut ready = false;
    let change = median(|| {
        ready = !ready;
        let touched = changing.apply(cluster.pod(&Key::new("default", "pod-0"), ready));
        figure.redraw(&changing, &touched, now)
    });
    json!({
        "things": topology.len(),
        "relations": topology.relations(),
        "everything": median(|| lanes(&topology)),
        "folded": median(|| Drawing::draw(&facts, &View::default(), now).scene()),
        "graph": median(|| Topology::of(&facts)),
        "svg": median(|| scene::document(&scene)),
        "change": change,
        "marks": figure.scene().marks.len(),
        "segments": lines,
    })
}

fn sugiyama(size: usize) -> serde_json::Value {
    let (nodes, edges) = Cluster::of(size).numbered();
    let vertices: Vec<(u32, (f64, f64))> =
        (0..u32::try_from(nodes).expect("fits")).map(|n| (n, (80.0, 18.0))).collect();
    let start = Instant::now();
    let layouts = rust_sugiyama::from_vertices_and_edges(
        &vertices,
        &edges,
        &rust_sugiyama::configure::Config { transpose: false, ..Default::default() },
    );
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let mut places = vec![(0.0, 0.0); nodes];
    let mut shift = 0.0;
    for (placed, width, _) in layouts {
        for (n, (x, y)) in placed {
            places[n] = (x + shift, y);
        }
        shift += width + 100.0;
    }
    let lines: Vec<[f64; 4]> = edges
        .iter()
        .map(|(a, b)| {
            let (a, b) = (places[*a as usize], places[*b as usize]);
            [a.0, a.1, b.0, b.1]
        })
        .collect();
    json!({ "ms": ms, "segments": lines })
}
