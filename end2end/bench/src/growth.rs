//! How the time for everything at once grows from size to size: all sizes in turns in one process,
//! so that what else the machine does meets all of them.

use std::{hint::black_box, time::Instant};

use serde_json::{Value, json};
use topology::{figure::lanes, graph::Topology};

use crate::cluster::Cluster;

/// Medians of the graph and of the Scene drawn from it, in milliseconds, size by size.
pub(crate) fn measure(sizes: &[usize], rounds: usize) -> Value {
    let facts: Vec<_> = sizes.iter().map(|size| Cluster::of(*size).inventory()).collect();
    let mut graph = vec![Vec::new(); sizes.len()];
    let mut everything = vec![Vec::new(); sizes.len()];
    for _ in 0..rounds {
        for (n, facts) in facts.iter().enumerate() {
            // Twice, and the second counts: the first brings back what the other sizes drove out.
            for counts in [false, true] {
                let start = Instant::now();
                let topology = Topology::of(facts);
                let middle = Instant::now();
                black_box(lanes(&topology));
                let end = Instant::now();
                drop(topology);
                if counts {
                    graph[n].push((middle - start + end.elapsed()).as_secs_f64() * 1e3);
                    everything[n].push((end - middle).as_secs_f64() * 1e3);
                }
            }
        }
    }
    let all = sizes.iter().zip(graph.iter_mut().zip(&mut everything));
    all.map(|(size, (graph, everything))| {
        let mut total: Vec<f64> = graph.iter().zip(everything.iter()).map(|(a, b)| a + b).collect();
        let q = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            [0.0, 0.25, 0.5].map(|q| times[(times.len() as f64 * q) as usize])
        };
        json!({ "things": size, "graph": q(graph), "everything": q(everything), "total": q(&mut total) })
    })
    .collect()
}
