//! Whether the addresses of a plan answer: a TCP connection that is closed at once.
//!
//! Kubernetes tells neither who holds a VIP nor that a machine was installed and never joined.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use tokio::net::TcpStream;
use topology::{Change, planned::Planned};

use super::live::Shared;

/// Where to knock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Of hosts: SSH.
    pub host: u16,
    /// Of VIPs: the API server behind haproxy.
    pub vip: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { host: 22, vip: 6_443 }
    }
}

/// From one round to the next.
const EVERY: Duration = Duration::from_secs(30);
/// A machine on the same network answers sooner.
const PATIENCE: Duration = Duration::from_secs(1);
/// Connections at once.
const AT_ONCE: usize = 32;
/// More hosts than these are not tried.
const MOST: usize = 512;

pub(super) async fn probe(shared: Arc<Shared>, planned: Arc<Planned>, ports: Ports) {
    loop {
        let answers = round(&planned, ports).await;
        shared.apply(vec![Change::Answers(answers)]);
        tokio::time::sleep(EVERY).await;
    }
}

/// Every address that was tried with its answer. When not one answers, this machine is probably
/// not on the plan's networks, and nothing is known.
async fn round(planned: &Planned, ports: Ports) -> BTreeMap<Ipv4Addr, bool> {
    let hosts = planned.hosts.iter().take(MOST).flat_map(|host| &host.addresses).map(|(_, at)| (*at, ports.host));
    let vips = planned.nets.iter().filter_map(|net| net.vip).map(|at| (at, ports.vip));
    let targets: Vec<(Ipv4Addr, u16)> = hosts.chain(vips).collect();
    let answers: BTreeMap<Ipv4Addr, bool> = stream::iter(targets)
        .map(|(address, port)| async move { Some((address, answers(address, port).await?)) })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    if answers.values().any(|answer| *answer) { answers } else { BTreeMap::new() }
}

/// A refusal is an answer as well: somebody has the address. `None` when this machine cannot tell.
async fn answers(address: Ipv4Addr, port: u16) -> Option<bool> {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, TimedOut};
    match tokio::time::timeout(PATIENCE, TcpStream::connect((address, port))).await {
        Err(_) => Some(false),
        Ok(Ok(_)) => Some(true),
        Ok(Err(error)) => match error.kind() {
            ConnectionRefused | ConnectionReset => Some(true),
            HostUnreachable | TimedOut => Some(false),
            _ => None,
        },
    }
}
