//! The first sentence asserts what a source told, and nothing else.

mod fixture;

use std::{collections::BTreeMap, sync::Arc};

use fixture::{NOW, THREE_AND_TWO, inventory};
use scene::Health;
use topology::{
    Change, Inventory, Stamp,
    figure::{Drawing, Phrase, View},
    inventory::{Heard, Source},
    planned::{Planned, PlannedHost},
};

const MASTERS: &str = "
    node m1 master
    node m2 master
    node m3 master
    part m1 kube-apiserver
    part m2 kube-apiserver
    part m3 kube-apiserver
    part m1 etcd
    part m2 etcd
    part m3 etcd
";

fn phrases_at(inventory: &Inventory, now: Stamp) -> Vec<Phrase> {
    Drawing::draw(inventory, &View::default(), now).sentence().to_vec()
}

fn said(inventory: &Inventory) -> String {
    phrases_at(inventory, NOW).iter().map(|phrase| phrase.text.as_str()).collect()
}

fn first(inventory: &Inventory) -> (String, Option<Health>) {
    let phrase = phrases_at(inventory, NOW).swap_remove(0);
    (phrase.text, phrase.health)
}

fn chip(inventory: &Inventory, id: &str) -> (Option<Health>, String) {
    let scene = Drawing::draw(inventory, &View::default(), NOW).scene();
    let mark = scene.marks.into_iter().find(|mark| mark.id.to_string() == id).expect("a mark of this id");
    (mark.health, mark.title)
}

fn one(condition: &str) -> (Option<Health>, String) {
    chip(&inventory(&format!("node n1 condition={condition}\n")), "node/n1")
}

fn cut(mut facts: Inventory) -> Inventory {
    for source in Source::ALL {
        facts.apply(Change::Heard(source, Heard::Stale { since: NOW, reason: "the connection is lost".into() }));
    }
    facts
}

fn checked(mut facts: Inventory, well: bool) -> Inventory {
    facts.apply(Change::Checks(BTreeMap::from([("etcd".into(), well)])));
    facts
}

fn planned(mut facts: Inventory, hosts: &[(&str, &str)]) -> Inventory {
    let host = |(name, roles): &(&str, &str)| PlannedHost {
        name: (*name).into(),
        master: roles.contains("kube_master"),
        etcd: roles.contains("etcd"),
        roles: roles.split(',').map(Into::into).collect(),
        addresses: Vec::new(),
    };
    facts.apply(Change::Planned(Some(Arc::new(Planned::new(hosts.iter().map(host).collect(), Vec::new())))));
    facts
}

#[test]
fn a_host_with_everything_well_adds_nothing_to_the_sentence() {
    assert!(said(&inventory(THREE_AND_TWO)).starts_with("3 of 3 masters up, 2 of 2 nodes up, etcd 3/3, 35 pods"));
}

#[test]
fn a_lost_connection_is_told_as_no_news_and_not_as_loss() {
    let facts = cut(inventory(&format!("{MASTERS}node n1\n")));
    let later = Stamp(NOW.0 + 90_000);
    let sentence: String = phrases_at(&facts, later).iter().map(|phrase| phrase.text.as_str()).collect();
    assert!(sentence.starts_with("No news since 22:13:20 UTC: 3 masters and 1 node when last heard"), "{sentence}");
    assert!(!sentence.contains(" up") && !sentence.contains("quorum"), "{sentence}");
}

#[test]
fn no_sentence_contradicts_an_api_server_that_says_etcd_is_well() {
    for text in ["node m1 master silent\nnode m2 master silent\npart m1 etcd\npart m2 etcd\n", MASTERS] {
        assert!(!said(&inventory(text)).contains("quorum"), "{text}");
    }
    let failed = "node m1 master\nnode m2 master\npart m1 etcd failed\npart m2 etcd failed\n";
    assert!(said(&inventory(failed)).contains("etcd answers the API server"));
    assert!(said(&checked(inventory(failed), false)).contains("etcd does not answer the API server"));
}

#[test]
fn two_members_heard_and_one_stale_are_no_loss() {
    let facts = inventory(&MASTERS.replace("node m3 master", "node m3 master silent"));
    assert!(said(&facts).starts_with("2 of 3 masters up (m3 silent), etcd 2/3, 1 not heard of"));
}

#[test]
fn conditions_of_k3s_and_rke2_leave_a_master_up() {
    let facts = inventory("node m1 master condition=EtcdIsVoter:True\n");
    assert_eq!(first(&facts), ("1 of 1 masters up".into(), Some(Health::Ok)));
}

#[test]
fn a_master_with_a_warning_is_up() {
    let facts = inventory(&MASTERS.replace("node m1 master", "node m1 master condition=DiskPressure:True"));
    assert_eq!(first(&facts).0, "3 of 3 masters up");
    assert_eq!(chip(&facts, "node/m1").0, Some(Health::Warn));
}

#[test]
fn conditions_that_are_faults_are_warnings() {
    for condition in [
        "MemoryPressure:True",
        "NetworkUnavailable:True",
        // node-problem-detector, with the plugins of GKE and AKS
        "KernelDeadlock:True",
        "ReadonlyFilesystem:True",
        "FrequentKubeletRestart:True",
        "CorruptDockerOverlay2:True",
        "FilesystemCorruptionProblem:True",
        "KubeletProblem:True",
        // EKS
        "NetworkingReady:False",
        "ContainerRuntimeReady:False",
        "StorageReady:False",
        // Cluster API and OpenShift style
        "NodeHealthy:False",
    ] {
        let (health, words) = one(condition);
        let kind = condition.split(':').next().unwrap_or_default();
        assert!(health == Some(Health::Warn) && words.contains(kind), "{condition}: {words}");
    }
}

#[test]
fn conditions_that_are_well_or_unknown_are_no_warnings() {
    for condition in [
        "MemoryPressure:False",
        "KernelDeadlock:False",
        "KernelDeadlock:Unknown",
        "EtcdIsVoter:True",
        "EtcdIsVoter:False",
        "ContainerRuntimeReady:True",
        "NetworkingReady:Unknown",
        "NodeHealthy:True",
        "VMEventScheduled:True",
        "example.com/NotReady:False",
        "Updated:True",
    ] {
        assert_eq!(one(condition).0, Some(Health::Ok), "{condition}");
    }
}

#[test]
fn hosts_of_the_plan_that_are_no_nodes_are_missed() {
    let hosts = [("m1", "kube_master,etcd"), ("host2", "kube_node"), ("host3", "kube_node"), ("host4", "kube_node")];
    let facts = planned(inventory("node m1 master\nnode host2.lab\nnode host3\n"), &hosts);
    assert!(said(&facts).starts_with("1 of 1 masters up, 2 of 3 nodes up (host4 missing)"), "{}", said(&facts));
    assert_eq!(phrases_at(&facts, NOW)[2].health, Some(Health::Bad));
    let facts = planned(inventory("node host2\n"), &hosts);
    assert!(said(&facts).starts_with("0 of 1 masters up (m1 missing), 1 of 3 nodes up (host3, host4 missing)"));
}

#[test]
fn a_host_of_etcd_alone_is_not_missed_among_nodes() {
    let facts = planned(inventory("node m1 master\n"), &[("m1", "kube_master"), ("db1", "etcd")]);
    assert!(said(&facts).starts_with("1 of 1 masters up, etcd answers the API server"), "{}", said(&facts));
}

#[test]
fn a_leader_is_found_by_capitals_a_domain_and_its_short_name() {
    for (node, holder) in
        [("host2", "HOST2"), ("host2", "host2.lab.example"), ("host2.lab.example", "Host2"), ("HOST2", "host2")]
    {
        let text = format!("node {node} master\npart {node} kube-scheduler\nleader kube-scheduler {holder}\n");
        let (_, words) = chip(&inventory(&text), &format!("chip/{node}/kube-scheduler"));
        assert!(words.contains("It leads"), "{holder} on {node}: {words}");
    }
}

#[test]
fn a_short_name_that_two_nodes_share_names_neither() {
    let text = "node host2.a master\nnode host2.b master\nleader kube-scheduler host2\n";
    for node in ["host2.a", "host2.b"] {
        let (_, words) = chip(&inventory(text), &format!("chip/{node}/kube-scheduler"));
        assert!(!words.contains("It leads"), "{words}");
    }
    let other = "node host2.a master\nleader kube-scheduler host2.b\n";
    assert!(!chip(&inventory(other), "chip/host2.a/kube-scheduler").1.contains("It leads"));
}

#[test]
fn an_api_server_is_matched_by_the_address_that_it_advertises() {
    let service = "service kubernetes 1/1\n";
    let flags = |value: &str| format!("node m1 master\npart m1 kube-apiserver {value}\n{service}");
    let (health, words) = chip(&inventory(&flags("--advertise-address=10.244.0.0")), "chip/m1/kube-apiserver");
    assert!(health == Some(Health::Ok) && words.contains("Registered among"), "{words}");
    let (_, words) = chip(&inventory(&flags("--advertise-address=10.9.9.9")), "chip/m1/kube-apiserver");
    assert!(!words.contains("Registered among"), "{words}");
}

#[test]
fn a_lease_that_ran_out_is_told_as_nobody_leads() {
    for holder in ["m1", "GONE7"] {
        let sentence = said(&inventory(&format!("{MASTERS}leader kube-scheduler {holder} 7200\n")));
        let words =
            format!("nobody leads kube-scheduler ({holder} has not renewed its lease since 2023-11-14 20:13:20 UTC)");
        assert!(sentence.contains(&words), "{sentence}");
    }
    let facts = cut(inventory(&format!("{MASTERS}leader kube-scheduler m1 7200\n")));
    assert!(!said(&facts).contains("nobody"), "a lease that cannot be read says nothing of now");
}

#[test]
fn a_leader_that_is_no_node_is_told() {
    let sentence =
        said(&inventory(&format!("{MASTERS}leader kube-scheduler GONE7\nleader kube-controller-manager m2\n")));
    assert!(sentence.contains("kube-scheduler is led by GONE7, which is no node here"), "{sentence}");
    assert!(!sentence.contains("kube-controller-manager"), "{sentence}");
}
