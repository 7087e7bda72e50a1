//! A cluster of which some namespaces alone can be seen: the part is never taken for the whole.

#[expect(dead_code, reason = "the cluster of the figures is not needed here")]
mod fixture;

use std::collections::BTreeSet;

use fixture::{NOW, inventory, line};
use scene::Health;
use topology::{
    Change, Inventory, Stamp,
    figure::{Drawing, View},
    inventory::{Heard, Key, Limit, Name, Scope, Source, cni},
    load,
};

const FOUR: &str = "
    pod web-1 on host1 of ReplicaSet/web ready
    pod web-2 on host2 of ReplicaSet/web ready in shop
    pod db-1 on host2 of StatefulSet/db crashing in shop
    pod other on host3 ready in team
    service web 1/2
    service db 0/1 in shop
";

fn only(names: &[&str]) -> Change {
    let names = names.iter().map(|name| Name::from(*name)).collect();
    Change::Scope(Scope::Only { names, by: Limit::Role, left: 0 })
}

fn hear(facts: &mut Inventory, namespace: &str, heard: &Heard) {
    for source in Source::every().filter(|source| source.is_namespaced()) {
        facts.apply(Change::HeardIn(source, namespace.into(), heard.clone()));
    }
}

fn forbidden(permission: &str) -> Heard {
    Heard::Forbidden { permission: permission.into() }
}

/// `default` and `shop` are seen, nodes are not.
fn limited() -> Inventory {
    let mut facts = inventory(FOUR);
    facts.apply(only(&["default", "shop"]));
    for namespace in ["default", "shop"] {
        hear(&mut facts, namespace, &Heard::Live);
    }
    for source in [Source::Nodes, Source::Namespaces] {
        facts.apply(Change::Heard(source, forbidden(&format!("list {}", source.word()))));
    }
    facts
}

fn said(facts: &Inventory) -> String {
    Drawing::draw(facts, &View::default(), NOW).sentence().iter().map(|phrase| phrase.text.as_str()).collect()
}

fn mark(facts: &Inventory, id: &str) -> Option<(Option<Health>, String)> {
    let scene = Drawing::draw(facts, &View::default(), NOW).scene();
    scene.marks.into_iter().find(|mark| mark.id.to_string() == id).map(|mark| (mark.health, mark.title))
}

#[test]
fn pods_of_seen_namespaces_stand_in_the_hosts_that_they_name() {
    let facts = limited();
    assert_eq!(mark(&facts, "node/host1").map(|mark| mark.0), Some(Some(Health::Unknown)));
    assert_eq!(mark(&facts, "node/host3"), None, "its pods cannot be seen");
    assert_eq!(mark(&facts, "pod/default/web-1").and_then(|mark| mark.0), Some(Health::Ok), "it speaks for itself");
    assert!(facts.pod(&Key::new("team", "other")).is_none());
}

#[test]
fn the_sentence_counts_for_the_seen_namespaces_alone() {
    let said = said(&limited());
    assert!(said.starts_with("Nodes are unknown (2 named by pods)"), "{said}");
    assert!(said.contains("3 pods of the namespaces default and shop, 1 not ready"), "{said}");
}

#[test]
fn what_is_missing_is_said_once() {
    let mut facts = limited();
    let seen = "Only the namespaces default and shop can be seen.";
    assert_eq!(facts.missing(), [seen, "The role may not list nodes, list namespaces."]);
    facts.apply(Change::HeardIn(Source::Services, "shop".into(), forbidden("list services")));
    let lacks = "The role may not list nodes, list services in the namespace shop, list namespaces.";
    assert_eq!(facts.missing(), [seen, lacks]);
    assert!(inventory(FOUR).missing().is_empty());
}

#[test]
fn a_cut_in_one_namespace_makes_no_other_stale() {
    let mut facts = limited();
    hear(&mut facts, "shop", &Heard::Stale { since: NOW, reason: "cut".into() });
    assert_eq!(*facts.heard(Source::Pods), Heard::Live);
    assert_eq!(mark(&facts, "pod/default/web-1").and_then(|mark| mark.0), Some(Health::Ok));
    assert_eq!(mark(&facts, "pod/shop/web-2").and_then(|mark| mark.0), Some(Health::Stale));
    hear(&mut facts, "default", &Heard::Stale { since: Stamp(NOW.0 - 1), reason: "cut".into() });
    assert_eq!(*facts.heard(Source::Pods), Heard::Stale { since: Stamp(NOW.0 - 1), reason: "cut".into() });
}

#[test]
fn a_source_has_spoken_when_each_namespace_has() {
    let mut facts = Inventory::default();
    facts.apply(only(&["a", "b"]));
    let heard = |facts: &Inventory| facts.heard(Source::Pods).clone();
    facts.apply(Change::HeardIn(Source::Pods, "a".into(), Heard::Live));
    assert_eq!(heard(&facts), Heard::NotYet);
    facts.apply(Change::HeardIn(Source::Pods, "b".into(), forbidden("list pods")));
    assert_eq!(heard(&facts), Heard::Live);
    facts.apply(only(&["a", "b", "c"]));
    assert_eq!(heard(&facts), Heard::Live, "one that joins takes nothing back");
    facts.apply(Change::HeardIn(Source::Pods, "a".into(), forbidden("list pods")));
    assert_eq!(heard(&facts), forbidden("list pods in the namespaces a and b"));
    facts.apply(Change::HeardIn(Source::Pods, "z".into(), Heard::Live));
    assert_eq!(*facts.heard_in(Source::Pods, "z"), *facts.heard_in(Source::Pods, "y"), "it is not looked at");
}

#[test]
fn what_is_not_served_is_not_served_in_any_namespace() {
    let mut facts = Inventory::default();
    facts.apply(only(&["a"]));
    assert_eq!(*facts.heard_in(Source::HttpRoutes, "a"), Heard::NotYet);
    facts.apply(Change::Heard(Source::HttpRoutes, Heard::NotServed));
    assert_eq!(*facts.heard_in(Source::HttpRoutes, "a"), Heard::NotServed);
}

#[test]
fn a_list_of_one_namespace_takes_nothing_from_others() {
    let mut facts = limited();
    facts.apply(Change::WholeIn(Source::Pods, "shop".into(), BTreeSet::from([Key::new("shop", "web-2")])));
    let left: Vec<String> = facts.pods().map(|pod| pod.key.to_string()).collect();
    assert_eq!(left, ["default/web-1", "shop/web-2"]);
}

#[test]
fn of_what_lies_elsewhere_nothing_is_claimed() {
    let mut facts = limited();
    assert_eq!(cni::found(&facts), None, "its agents may run where nobody looks");
    facts.apply(Change::Heard(Source::Nodes, Heard::Live));
    for change in line("node host1 master") {
        facts.apply(change);
    }
    assert_eq!(load::loads(&facts), None, "other pods take room as well");
    let (health, title) = mark(&facts, "component/host1/etcd").unwrap_or((Some(Health::Unknown), String::new()));
    assert_eq!(health, Some(Health::Unknown), "{title}");
}

#[test]
fn a_limited_cluster_is_made_again_from_its_changes() {
    let mut facts = limited();
    hear(&mut facts, "shop", &Heard::Stale { since: NOW, reason: "cut".into() });
    facts.apply(only(&["default", "late", "shop"]));
    let mut again = Inventory::default();
    for change in facts.changes() {
        again.apply(change);
    }
    assert_eq!(again, facts);
}

#[test]
fn what_was_not_to_be_seen_before_is_no_difference() {
    let (mut before, after) = (limited(), inventory(FOUR));
    before.apply(only(&["shop"]));
    let seen = after.seen_by(&before);
    assert_eq!(seen.pods().map(|pod| &*pod.key.namespace).collect::<BTreeSet<_>>(), BTreeSet::from(["shop"]));
    assert_eq!(seen.services().len(), 1);
}
