//! `binnacle simulate`.

use std::{io::Write, net::SocketAddr};

use clap::{Args, ValueEnum};
use simulator::{Cluster, Profile, Simulator};

use super::{Exit, Failure};

#[derive(Args)]
pub(super) struct SimulateArgs {
    /// Address and port to listen on; loopback only, for there is no sign-in.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    /// Nodes, up to 5,000; without it Compass's three masters and two nodes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    nodes: Option<u32>,
    /// Pods, up to 150,000.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(0..=150_000))]
    pods: Option<u32>,
    /// The same seed makes the same cluster and the same life.
    #[arg(long, default_value_t = 5)]
    seed: u64,
    /// Which Kubernetes it passes for.
    #[arg(long, value_enum, default_value_t = Version::Current)]
    profile: Version,
    /// Whether anything happens in it.
    #[arg(long, value_enum, default_value_t = Life::On)]
    life: Life,
}

#[derive(Clone, Copy, ValueEnum)]
enum Version {
    /// Today's.
    Current,
    /// 1.11, which Compass itself installs.
    #[value(name = "1.11")]
    V1_11,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Life {
    /// Rollouts, a crashing pod, a leader that moves.
    On,
    /// Nothing changes by itself.
    Off,
}

pub(super) async fn run(args: SimulateArgs) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() {
        return Err((Exit::Usage, format!("listening on {} is refused: the simulator has no sign-in", args.listen)));
    }
    let cluster = match (args.nodes, args.pods) {
        (None, None) => Cluster::compass(args.seed),
        (nodes, pods) => {
            let nodes = nodes.unwrap_or(5);
            Cluster::sized(args.seed, nodes as usize, pods.unwrap_or(nodes * 30) as usize)
        }
    };
    let profile = match args.profile {
        Version::Current => Profile::Current,
        Version::V1_11 => Profile::V1_11,
    };
    let simulator = Simulator::new(cluster.profile(profile).at(jiff::Timestamp::now()));
    if args.life == Life::On {
        drop(simulator.live());
    }
    let failed = |error: std::io::Error| (Exit::Failed, format!("cannot listen on {}: {error}", args.listen));
    let listener = std::net::TcpListener::bind(args.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let mut out = std::io::stdout();
    let _ = writeln!(out, "Listening on http://{address}");
    let _ = out.flush();
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    simulator::listen(simulator, listener, stop).await.map_err(failed)
}
