//! Pods and services as other people's clusters have them: leftovers, lost nodes, two families of addresses.

mod fixture;

use fixture::{THREE_AND_TWO, inventory};
use scene::Health;
use topology::{
    Change, Inventory, Stamp,
    figure::service_state,
    graph::{Question, follow},
    health::{is_leftover, pod_health},
    inventory::{Endpoint, EndpointSet, Fact, Key, Labels, Owner, OwnerKind, Service},
};

fn owner(kind: OwnerKind, name: &str, (ready, wanted, active): (u32, u32, u32)) -> Change {
    let labels = Labels::new([("app".into(), name.into())]);
    let key = Key::new("default", name);
    Change::Put(Fact::Owner(Owner { kind, key, owner: None, wanted, ready, active, labels, created: Stamp(0) }))
}

fn health(facts: &Inventory, name: &str, node: Health) -> Health {
    pod_health(facts, facts.pod(&Key::new("default", name)).expect("a pod"), Some(node))
}

#[test]
fn a_failed_pod_is_a_leftover_once_its_owner_has_what_it_wants() {
    let mut facts = inventory("pod web-a of ReplicaSet/web failed\n pod try-a of Job/try failed\n pod bare failed");
    let both = |facts: &Inventory| ["web-a", "try-a", "bare"].map(|name| health(facts, name, Health::Ok));
    assert_eq!(both(&facts), [Health::Bad; 3]);
    facts.apply(owner(OwnerKind::ReplicaSet, "web", (0, 1, 0)));
    facts.apply(owner(OwnerKind::Job, "try", (0, 1, 0)));
    assert_eq!(both(&facts), [Health::Bad; 3]);
    facts.apply(owner(OwnerKind::ReplicaSet, "web", (1, 1, 0)));
    facts.apply(owner(OwnerKind::Job, "try", (0, 1, 1)));
    assert_eq!(both(&facts), [Health::Done, Health::Done, Health::Bad]);
}

#[test]
fn pods_that_run_or_crash_are_no_leftovers() {
    let facts = inventory(THREE_AND_TWO);
    assert!(facts.pods().all(|pod| !is_leftover(pod, pod_health(&facts, pod, Some(Health::Ok)))));
}

#[test]
fn good_news_from_a_lost_node_is_old_news() {
    let facts = inventory("pod web-a ready\n pod web-b crashing");
    assert_eq!(health(&facts, "web-a", Health::Bad), Health::Stale);
    assert_eq!(health(&facts, "web-b", Health::Bad), Health::Bad);
    assert_eq!(health(&facts, "web-a", Health::Warn), Health::Ok);
}

fn endpoint(address: &str, pod: Option<&str>, ready: bool, terminating: bool) -> Endpoint {
    let pod = pod.map(Into::into);
    let serves_last = terminating && !ready;
    Endpoint { address: address.into(), ready, serves_last, terminating, pod, node: None, ports: [].into() }
}

fn state(sets: &[&[Endpoint]], change: impl Fn(&mut Service)) -> (Health, u32, u32) {
    let mut facts = inventory("service web 0/0");
    let key = Key::new("default", "web");
    let mut service = facts.service(&key).expect("a service").clone();
    service.selector = Labels::new([("app".into(), "web".into())]);
    change(&mut service);
    facts.apply(Change::Put(Fact::Service(service.clone())));
    for (n, endpoints) in sets.iter().enumerate() {
        let key = Key::new("default", format!("web-{n}"));
        let endpoints = endpoints.to_vec();
        facts.apply(Change::Put(Fact::Endpoints(EndpointSet { key, service: "web".into(), endpoints })));
    }
    facts.apply(owner(OwnerKind::Deployment, "web", (0, u32::from(service.local), 0)));
    service_state(&facts, &service)
}

#[test]
fn a_pod_with_addresses_of_both_families_is_one_endpoint() {
    let four = [endpoint("10.0.0.1", Some("a"), true, false), endpoint("10.0.0.2", Some("b"), false, false)];
    let six = [endpoint("fd00::1", Some("a"), true, false), endpoint("fd00::2", Some("b"), false, false)];
    assert_eq!(state(&[&four, &six], |_| {}), (Health::Warn, 1, 2));
    let by_hand = [endpoint("192.0.2.1", None, true, false)];
    let by_hand_six = [endpoint("2001:db8::1", None, true, false)];
    assert_eq!(state(&[&by_hand, &by_hand_six], |_| {}), (Health::Ok, 1, 1));
}

#[test]
fn endpoints_that_terminate_serve_last_and_count_for_nothing_beside_others() {
    let ending = || endpoint("10.0.0.1", Some("a"), false, true);
    assert_eq!(state(&[&[ending()]], |_| {}), (Health::Warn, 0, 0));
    let other = endpoint("10.0.0.2", Some("b"), true, false);
    assert_eq!(state(&[&[ending(), other]], |_| {}), (Health::Ok, 1, 1));
}

#[test]
fn scaled_to_zero_and_names_for_hosts_elsewhere_are_no_alarm() {
    assert_eq!(state(&[], |_| {}), (Health::Ok, 0, 0));
    // The owner in `state` wants one pod here.
    assert_eq!(state(&[], |service| service.local = true), (Health::Bad, 0, 0));
    assert_eq!(state(&[], |service| service.kind = "ExternalName".into()).0, Health::Ok);
}

#[test]
fn a_balancers_host_name_leads_to_its_service() {
    let facts = inventory("service web 1/1 port=80 balancer=A1.elb.example.com");
    let question: Question = "a1.elb.example.com.".parse().expect("a question");
    assert!(follow(&facts, &question).hops.iter().any(|hop| format!("{:?}", hop.place).contains("web")));
    assert!(follow(&facts, &"b1.elb.example.com".parse().expect("a question")).hops.is_empty());
    assert!("nonsense".parse::<Question>().is_err() && "a..b".parse::<Question>().is_err());
}
