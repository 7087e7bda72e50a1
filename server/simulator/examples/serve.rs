//! Serves a cluster over HTTP: `cargo run -p simulator --example serve -- 6443 [nodes pods]`, then
//! `kubectl --server http://127.0.0.1:6443 get nodes,pods -A -w`.

use std::net::TcpListener;

use jiff::Timestamp;
use simulator::{Cluster, Simulator};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let cluster = match numbers[..] {
        [_, nodes, pods] => Cluster::sized(1, nodes, pods),
        _ => Cluster::compass(1),
    };
    let port = numbers.first().and_then(|port| u16::try_from(*port).ok()).unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    let simulator = Simulator::new(cluster.at(Timestamp::now()));
    println!("built: {} kB resident", resident());
    let life = simulator.live();
    simulator::listen(simulator, listener, async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await?;
    life.abort();
    Ok(())
}

/// Kilobytes that this process holds; 0 where /proc does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
