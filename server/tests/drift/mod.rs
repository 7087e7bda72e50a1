//! Each kind of drift: life leaves the plan on the real control plane, and comes back.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use binnacle::cluster::Ports;
use kube::api::{Patch, PatchParams};
use scene::{Health, Mark};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use topology::{
    drift::{DriftKind, compare},
    figure::{Figure, Focus, View},
    planned::{Planned, PlannedHost, PlannedNet},
};

use crate::{conformance::unique, sources::Stage};

const MGMT: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 77);
const VIP: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 222);

fn host(name: &str, roles: &[&str], address: Ipv4Addr) -> PlannedHost {
    PlannedHost {
        name: name.into(),
        master: roles.contains(&"kube_master"),
        etcd: roles.contains(&"etcd"),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        addresses: vec![("mgmt".into(), address)],
    }
}

fn plan(hosts: Vec<PlannedHost>, cidr: &str, vip: Option<Ipv4Addr>) -> Arc<Planned> {
    let cidr = cidr.parse().ok();
    let net = PlannedNet { name: "mgmt".into(), card: "eth0".into(), vlan: None, cidr, gateway: None, vip };
    Arc::new(Planned::new(hosts, vec![net]))
}

/// Waits until both figures mark a node as not planned so, in its frame.
async fn marked(stage: &Stage, node: &str, words: &str) {
    let id = format!("node/{node}");
    for figure in [Figure::Architecture, Figure::Networking] {
        let view = View { figure, focus: Focus::Node(node.into()), ..View::default() };
        stage.sees(&view, &id, words, |mark| mark.texts.iter().any(|text| text.text.contains(words))).await;
    }
}

/// Waits until what is said of a host or network is exactly this.
async fn drifts(stage: &Stage, about: &str, wanted: &[DriftKind]) {
    let mut follower = stage.cluster.follow();
    let mut last = Vec::new();
    let outcome = tokio::time::timeout(Duration::from_secs(40), async {
        loop {
            let report = stage.cluster.read(compare).expect("a plan");
            last = report.about(about).map(|drift| drift.kind).collect();
            if report.unknown.iter().all(|what| !what.starts_with("Nodes")) && last == wanted {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(500), follower.next()).await;
        }
    })
    .await;
    assert!(outcome.is_ok(), "of {about} is said {last:?}, not {wanted:?}");
}

/// Waits until both figures mark a VIP: on the clients' entrance, and on the network that it belongs to.
async fn of_the_vip(stage: &Stage, words: &str) {
    let words = format!("≠ {words}");
    for (figure, id) in [(Figure::Architecture, "clients"), (Figure::Networking, "net/mgmt")] {
        let view = View { figure, ..View::default() };
        let wanted =
            |mark: &Mark| mark.health == Some(Health::Bad) && mark.texts.iter().any(|text| text.text.contains(&words));
        stage.sees(&view, id, &words, wanted).await;
    }
}

async fn addresses(stage: &Stage, all: &[Ipv4Addr]) {
    let all: Vec<_> = all.iter().map(|at| json!({ "type": "InternalIP", "address": at.to_string() })).collect();
    let status = json!({ "status": { "addresses": all } });
    stage.nodes().patch_status(&stage.name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("addresses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_host_is_missing_and_a_node_in_no_plan_is_told() {
    let stage = Stage::with(json!({})).await;
    let planned = unique("planned");
    stage.cluster.plan(plan(vec![host(&planned, &["kube_node"], MGMT)], "10.1.0.0/24", None));
    drifts(&stage, &planned, &[DriftKind::HostMissing]).await;
    marked(&stage, &planned, "not in cluster").await;
    drifts(&stage, &stage.name, &[DriftKind::NodeUnplanned]).await;
    marked(&stage, &stage.name, "≠ plan").await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_node"], MGMT)], "10.1.0.0/24", None));
    drifts(&stage, &stage.name, &[]).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_than_planned_is_told_until_the_label_says_it() {
    let stage = Stage::with(json!({})).await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_master"], MGMT)], "10.1.0.0/24", None));
    drifts(&stage, &stage.name, &[DriftKind::OtherRole]).await;
    marked(&stage, &stage.name, "≠ plan").await;
    let labels = json!({ "metadata": { "labels": { "node-role.kubernetes.io/control-plane": "" } } });
    stage.nodes().patch(&stage.name, &PatchParams::default(), &Patch::Merge(&labels)).await.expect("a label");
    drifts(&stage, &stage.name, &[]).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_and_one_outside_the_planned_network_are_told() {
    let stage = Stage::with(json!({})).await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_node"], MGMT)], "10.1.0.0/24", None));
    addresses(&stage, &[Ipv4Addr::new(10, 1, 0, 78)]).await;
    drifts(&stage, &stage.name, &[DriftKind::OtherAddress]).await;
    marked(&stage, &stage.name, "≠ plan").await;
    addresses(&stage, &[Ipv4Addr::new(10, 9, 9, 9)]).await;
    drifts(&stage, &stage.name, &[DriftKind::OutsideNetwork]).await;
    addresses(&stage, &[MGMT]).await;
    drifts(&stage, &stage.name, &[]).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vip_on_a_node_that_is_no_planned_master_is_told() {
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    // An address of its own: nodes of other tests must not hold it.
    let vip = Ipv4Addr::new(10, 1, 0, 223);
    addresses(&stage, &[MGMT, vip]).await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_master"], MGMT)], "10.1.0.0/24", Some(vip)));
    drifts(&stage, "mgmt", &[]).await;
    drifts(&stage, &stage.name, &[]).await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_node"], MGMT)], "10.1.0.0/24", Some(vip)));
    drifts(&stage, "mgmt", &[DriftKind::VipElsewhere]).await;
    of_the_vip(&stage, &format!("VIP {vip}")).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_etcd_member_that_is_not_ready_or_not_there_is_told() {
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    stage.mirror("etcd").await;
    stage.cluster.plan(plan(vec![host(&stage.name, &["kube_master", "etcd"], MGMT)], "10.1.0.0/24", Some(VIP)));
    drifts(&stage, &stage.name, &[]).await;
    let pod = format!("etcd-{}", stage.name);
    stage.set_ready("kube-system", &pod, false, 1).await;
    drifts(&stage, &stage.name, &[DriftKind::FewerEtcd]).await;
    marked(&stage, &stage.name, "≠ plan").await;
    stage.set_ready("kube-system", &pod, true, 1).await;
    drifts(&stage, &stage.name, &[]).await;
    // A second master that was to have a member, and has none.
    let second = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    let roles: &[&str] = &["kube_master", "etcd"];
    let hosts = vec![host(&stage.name, roles, MGMT), host(&second.name, roles, Ipv4Addr::new(10, 1, 0, 79))];
    stage.cluster.plan(plan(hosts, "10.1.0.0/24", None));
    drifts(&stage, &second.name, &[DriftKind::FewerEtcd]).await;
    second.leave().await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_vip_and_a_machine_that_answers_without_being_a_node_are_told() {
    let mut stage = Stage::with(json!({})).await;
    // A machine that was installed: something accepts connections at its address.
    let installed = TcpListener::bind("127.0.0.7:0").await.expect("a listener");
    let port = installed.local_addr().expect("an address").port();
    // A VIP at which nothing answers: its queue is full and nobody takes from it.
    let silent = TcpSocket::new_v4().expect("a socket");
    silent.bind("127.0.0.8:0".parse().expect("an address")).expect("a port");
    let silent = silent.listen(1).expect("a listener");
    let deaf = silent.local_addr().expect("an address");
    let waiting: Vec<_> = (0..6).map(|_| tokio::spawn(TcpStream::connect(deaf))).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let name = unique("installed");
    let hosts = vec![host(&name, &["kube_node"], Ipv4Addr::new(127, 0, 0, 7))];
    let planned = plan(hosts, "127.0.0.0/8", Some(Ipv4Addr::new(127, 0, 0, 8)));
    stage.cluster.plan(planned.clone());
    stage.cluster = stage.cluster.probed(&planned, Ports { host: port, vip: deaf.port() });
    drifts(&stage, &name, &[DriftKind::HostAnswersOnly]).await;
    drifts(&stage, "mgmt", &[DriftKind::VipUnheld]).await;
    of_the_vip(&stage, "VIP 127.0.0.8").await;
    marked(&stage, &name, "answers, no node").await;
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    stage.leave().await;
}
