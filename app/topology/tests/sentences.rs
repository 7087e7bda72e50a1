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
fn without_news_nothing_is_counted_as_well_however_short_ago() {
    let text = format!("{MASTERS}node n1\npod web on n1 ready\nservice web 1/1 over web\nleader kube-scheduler m2\n");
    let facts = cut(inventory(&text));
    let soon = Stamp(NOW.0 + 30_000);
    let sentence: String = phrases_at(&facts, soon).iter().map(|phrase| phrase.text.as_str()).collect();
    assert!(sentence.contains("etcd not responding") && !sentence.contains("3/3"), "{sentence}");
    for id in ["node/n1", "node/m1", "chip/m1/etcd", "chip/m1/kube-apiserver", "pod/default/web", "service/default/web"]
    {
        let scene = Drawing::draw(&facts, &View::default(), soon).scene();
        let mark = scene.marks.iter().find(|mark| mark.id.to_string() == id).expect("a mark of this id");
        assert_eq!(mark.health, Some(Health::Stale), "{id}: {}", mark.title);
    }
    assert!(chip(&facts, "chip/m2/kube-scheduler").1.contains("It led when last heard"));
}

#[test]
fn a_node_is_unknown_while_leases_are_not_heard() {
    let mut facts = inventory("node n1\n");
    facts.apply(Change::Heard(Source::Leases, Heard::Stale { since: NOW, reason: "the watch ended".into() }));
    let (health, words) = chip(&facts, "node/n1");
    assert_eq!(health, Some(Health::Unknown));
    assert!(words.contains("there has been no news of leases since 22:13:20 UTC"), "{words}");
}

#[test]
fn k3s_without_members_of_etcd_answers_by_its_datastore() {
    let mut facts = inventory("node m1 master version=v1.34.1+k3s1\n");
    assert!(said(&facts).contains("the datastore answers the API server"), "{}", said(&facts));
    for change in fixture::line("node m2 master role=etcd version=v1.34.1+k3s1") {
        facts.apply(change);
    }
    assert!(said(&facts).contains("etcd answers the API server"), "{}", said(&facts));
}

#[test]
fn microk8s_answers_by_its_datastore() {
    let facts = inventory("node m1 role=microk8s-controlplane\n");
    assert!(said(&facts).starts_with("1 of 1 masters up, the datastore answers the API server"), "{}", said(&facts));
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
    assert!(said(&facts).starts_with("2 of 3 masters up (m3 not responding), etcd 2/3, 1 not responding"));
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
fn a_leader_whose_lease_ran_out_is_no_leader_on_its_chip() {
    let facts = inventory(&format!("{MASTERS}part m1 kube-scheduler\nleader kube-scheduler m1 7200\n"));
    let (health, words) = chip(&facts, "chip/m1/kube-scheduler");
    assert_eq!(health, Some(Health::Stale));
    assert!(
        words.contains("It led, but has not renewed its lease for 2 h") && !words.contains("the leader"),
        "{words}"
    );
}

#[test]
fn a_lease_in_a_namespace_of_openshift_tells_who_leads() {
    let text = format!(
        "{MASTERS}part m2 kube-scheduler\nleader kube-scheduler - 90000\nleader kube-scheduler m2 in=openshift-kube-scheduler\n"
    );
    let facts = inventory(&text);
    assert!(chip(&facts, "chip/m2/kube-scheduler").1.contains("It leads"));
    assert!(!said(&facts).contains("nobody"), "{}", said(&facts));
}

#[test]
fn leases_that_are_only_listed_are_judged_as_of_their_list() {
    let mut facts = inventory(&format!("{MASTERS}part m1 kube-scheduler\nleader kube-scheduler m1\n"));
    facts.apply(Change::Heard(Source::Leases, Heard::Listed { since: NOW, permission: "watch leases".into() }));
    let later = Stamp(NOW.0 + 18_000);
    let scene = Drawing::draw(&facts, &View::default(), later).scene();
    let mark = scene.marks.iter().find(|mark| mark.id.to_string() == "chip/m1/kube-scheduler").expect("the chip");
    assert!(mark.health == Some(Health::Ok) && mark.title.contains("It leads"), "{}", mark.title);
}

#[test]
fn that_nobody_leads_is_said_when_the_time_has_come() {
    let facts = inventory(&format!("{MASTERS}leader kube-scheduler m1\n"));
    let mut figure = Drawing::draw(&facts, &View::default(), NOW);
    let (before, after) = (Stamp(NOW.0 + 27_000), Stamp(NOW.0 + 29_000));
    let touched = facts.elapsed(before, after);
    figure.redraw(&facts, &touched, after);
    let sentence: String = figure.sentence().iter().map(|phrase| phrase.text.as_str()).collect();
    assert!(sentence.contains("nobody leads kube-scheduler"), "{sentence}");
}

#[test]
fn a_leader_that_is_no_node_is_told() {
    let sentence =
        said(&inventory(&format!("{MASTERS}leader kube-scheduler GONE7\nleader kube-controller-manager m2\n")));
    assert!(sentence.contains("kube-scheduler is led by GONE7, which is no node here"), "{sentence}");
    assert!(!sentence.contains("kube-controller-manager"), "{sentence}");
}

#[test]
fn a_renewal_that_seems_a_moment_earlier_touches_nothing() {
    let mut facts = inventory("node m1 master\n leader kube-scheduler m1 2");
    let touched = |facts: &mut Inventory, ago: &str| {
        let change = fixture::line(&format!("leader kube-scheduler m1 {ago}")).swap_remove(0);
        facts.apply(change)
    };
    assert!(touched(&mut facts, "3").is_nothing(), "clocks are told in whole seconds");
    assert!(touched(&mut facts, "1").is_nothing(), "a renewal in time");
    assert!(!touched(&mut facts, "60").is_nothing(), "it ran out");
}

#[test]
fn a_permission_that_is_withdrawn_leaves_old_news() {
    let mut facts = inventory("node n1\n pod web on n1 ready\n service far 0/0 kind=ExternalName");
    assert_eq!(chip(&facts, "node/n1").0, Some(Health::Ok));
    for source in [Source::Nodes, Source::Pods, Source::Services] {
        facts.apply(Change::Heard(source, Heard::Forbidden { permission: "list".into() }));
    }
    for id in ["node/n1", "pod/default/web", "service/default/far"] {
        assert_eq!(chip(&facts, id).0, Some(Health::Stale), "{id}");
    }
}
