//! `binnacle simulate`.

use std::{io::Write, net::SocketAddr};

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use simulator::{Cluster, Distribution, Profile, Simulator};

use super::{Exit, Failure};

#[derive(Args)]
pub(super) struct SimulateArgs {
    /// Address and port to listen on; loopback only, for there is no sign-in.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    /// Nodes, up to 5,000; without it Compass's three masters and two nodes, or what a distribution has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    nodes: Option<u32>,
    /// Pods, up to 150,000.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(0..=150_000))]
    pods: Option<u32>,
    /// The same seed makes the same cluster and the same life.
    #[arg(long, default_value_t = 5)]
    seed: u64,
    /// Which Kubernetes it passes for: today's, 1.11 as Compass installs it, or a distribution's small cluster.
    #[arg(long, value_name = "PROFILE", default_value = CURRENT, value_parser = PossibleValuesParser::new(profiles()))]
    profile: String,
    /// Whether anything happens in it.
    #[arg(long, value_enum, default_value_t = Life::On)]
    life: Life,
}

const CURRENT: &str = "current";
const V1_11: &str = "1.11";

fn profiles() -> Vec<&'static str> {
    [CURRENT, V1_11].into_iter().chain(Distribution::ALL.map(Distribution::word)).collect()
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
    let distribution = Distribution::named(&args.profile);
    let cluster = match (distribution, args.nodes, args.pods) {
        (Some(distribution), None, None) => Cluster::of(args.seed, distribution),
        (Some(_), ..) => {
            let why = format!("the cluster of {} has a size of its own: leave --nodes and --pods out", args.profile);
            return Err((Exit::Usage, why));
        }
        (None, None, None) => Cluster::compass(args.seed),
        (None, nodes, pods) => {
            let nodes = nodes.unwrap_or(5);
            Cluster::sized(args.seed, nodes as usize, pods.unwrap_or(nodes * 30) as usize)
        }
    };
    let profile = if args.profile == V1_11 { Profile::V1_11 } else { Profile::Current };
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
