//! All hosts are drained in waves that no budget blocks and no service notices, or it is said why not.

#[expect(dead_code, reason = "no single question is asked here")]
mod fixture;

use std::fmt::Write;

use fixture::{NOW, inventory, with_masters};
use topology::{
    Change, Inventory,
    inventory::{Fact, Key, Resources},
};
use whatif::{DrainOrder, drain_order};

fn order(facts: &Inventory) -> DrainOrder {
    drain_order(facts, NOW)
}

fn waves(order: &DrainOrder) -> Vec<String> {
    order.waves.iter().map(|wave| wave.hosts.join(" ")).collect()
}

#[track_caller]
fn stuck<'a>(order: &'a DrainOrder, host: &str) -> &'a whatif::Stuck {
    order.stuck.iter().find(|stuck| &*stuck.host == host).unwrap_or_else(|| panic!("{host} is drained: {order:?}"))
}

#[test]
fn masters_go_first_and_one_at_a_time() {
    let order = order(&with_masters("host a1\nhost a2"));
    assert_eq!(waves(&order), ["m1", "m2", "m3", "a1 a2"]);
    assert_eq!(order.is_whole(), Some(true));
    assert_eq!(order.sentence(), "All 5 hosts can be drained, in 4 waves.");
}

#[test]
fn no_master_is_drained_after_the_other_hosts() {
    let facts = with_masters(
        "host a1 cpu=4\nhost a2 cpu=4
         pod web-1 on m1 of ReplicaSet/web app=web cpu=3000
         pod x-1 on a1 of ReplicaSet/x app=x cpu=1500
         pod y-1 on a2 of ReplicaSet/y app=y cpu=1500",
    );
    let order = order(&facts);
    assert_eq!(waves(&order), ["m2", "m3", "a1", "a2"]);
    // Once a1 or a2 is empty, there would be room.
    assert!(stuck(&order, "m1").why.iter().any(|why| why.contains("masters go first")), "{order:?}");
}

#[test]
fn two_members_of_etcd_keep_no_quorum_when_one_goes() {
    let facts = inventory(
        "host m1 master\nhost m2 master\nhost a1
         part m1 kube-apiserver\npart m2 kube-apiserver\npart m1 etcd\npart m2 etcd",
    );
    let order = order(&facts);
    assert_eq!(waves(&order), ["a1"]);
    assert!(stuck(&order, "m1").why.iter().any(|why| why.contains("loses its quorum")), "{order:?}");
    assert_eq!(order.is_whole(), Some(false));
}

#[test]
fn a_service_keeps_an_endpoint_in_every_wave() {
    let facts = with_masters(
        "host a1\nhost a2\nhost a3
         pod web-1 on a1 of ReplicaSet/web app=web
         pod web-2 on a2 of ReplicaSet/web app=web
         service web over web-1,web-2",
    );
    let order = order(&facts);
    // Were a1 and a3 drained together, both pods would come to a2.
    assert_eq!(waves(&order)[3..], ["a1", "a2", "a3"].map(str::to_owned));
    assert!(order.waves.iter().all(|wave| wave.interrupted.is_empty()));
}

#[test]
fn the_only_endpoint_of_a_service_is_told_and_not_kept() {
    let facts = with_masters(
        "host a1\nhost a2
         pod db-1 on a1 of ReplicaSet/db app=db
         service db over db-1",
    );
    let order = order(&facts);
    assert_eq!(order.is_whole(), Some(true));
    let told: Vec<String> = order.waves.iter().flat_map(|wave| &wave.interrupted).map(ToString::to_string).collect();
    assert!(told.contains(&"default/db".to_owned()), "{order:?}");
}

#[test]
fn a_host_with_all_endpoints_of_a_service_is_not_drained_at_once() {
    let text = "host a1\nhost a2
         pod web-1 on a1 of ReplicaSet/web app=web
         pod web-2 on a1 of ReplicaSet/web app=web
         service web over web-1,web-2";
    let order = order(&with_masters(text));
    assert!(stuck(&order, "a1").why[0].contains("no budget lets them go one after another"), "{order:?}");
    // A budget that lets one go at a time keeps the other.
    let guarded = drain_order(&with_masters(&format!("{text}\nbudget web allowed=1 healthy=2 desired=1")), NOW);
    assert_eq!(guarded.is_whole(), Some(true));
    assert!(guarded.waves.iter().any(|wave| wave.slow.iter().any(|key| key.to_string() == "default/web")));
}

#[test]
fn a_budget_of_one_parts_two_hosts_into_two_waves() {
    let facts = with_masters(
        "host a1\nhost a2\nhost a3
         pod web-1 on a1 of ReplicaSet/web app=web
         pod web-2 on a2 of ReplicaSet/web app=web
         pod web-3 on a3 of ReplicaSet/web app=web
         budget web allowed=1 healthy=3 desired=2",
    );
    let order = order(&facts);
    // A pod that has moved is moved again with its new host.
    assert_eq!(order.waves.len(), 6);
    assert_eq!(order.is_whole(), Some(true));
}

#[test]
fn a_budget_that_allows_nothing_keeps_its_hosts() {
    let facts = with_masters(
        "host a1\nhost a2
         pod web-1 on a1 of ReplicaSet/web app=web
         budget web allowed=0 healthy=1 desired=1",
    );
    let order = order(&facts);
    assert!(stuck(&order, "a1").why.iter().any(|why| why.contains("blocks the drain")), "{order:?}");
    assert!(waves(&order).iter().any(|wave| wave == "a2"));
}

#[test]
fn a_pod_without_a_controller_keeps_its_host() {
    let order = order(&with_masters("host a1\nhost a2\npod alone on a1"));
    assert!(stuck(&order, "a1").why.iter().any(|why| why.contains("without --force")), "{order:?}");
}

#[test]
fn a_local_volume_keeps_its_host() {
    let facts = with_masters(
        "host a1\nhost a2
         claim data backing=local on=a1
         pod db-1 on a1 of ReplicaSet/db claim=data
         service db over db-1",
    );
    let order = order(&facts);
    let why = &stuck(&order, "a1").why;
    assert!(why[0].contains("finds no other host") && why[1].contains("default/db"), "{order:?}");
    assert_eq!(order.missing, None);
}

#[test]
fn the_room_that_is_missing_is_told() {
    let facts = with_masters(
        "host a1 cpu=4\nhost a2 cpu=4
         pod big-1 on a1 of ReplicaSet/big app=big cpu=3000
         pod big-2 on a2 of ReplicaSet/big app=big cpu=3000",
    );
    let order = order(&facts);
    assert_eq!(order.is_whole(), Some(false));
    assert_eq!(order.missing.as_ref().map(|room| room.cpu), Some(3000));
    assert!(order.room().is_some_and(|room| room.starts_with("one more host with 3 of cpu")), "{:?}", order.room());
}

#[test]
fn resources_of_every_kind_are_told_as_missing() {
    let missing = Resources { pods: 1, extended: vec![("example.org/gpu".into(), 2)], ..Resources::default() };
    let order = DrainOrder { missing: Some(missing), ..DrainOrder::default() };
    assert_eq!(order.room().as_deref(), Some("one more host with room for 1 pod and 2 of example.org/gpu"));
}

#[test]
fn a_pod_with_an_address_of_each_family_is_one_endpoint() {
    let mut facts = with_masters(
        "host a1\nhost a2
         pod db-1 on a1 of ReplicaSet/db app=db
         service db over db-1",
    );
    let mut second = facts.endpoints_of(&Key::new("default", "db")).next().expect("a slice").clone();
    second.key = Key::new("default", "db-v6");
    second.endpoints.iter_mut().for_each(|one| one.address = "fd00::1".into());
    facts.apply(Change::Put(Fact::Endpoints(second)));
    let order = order(&facts);
    assert_eq!(order.is_whole(), Some(true), "{order:?}");
    assert!(order.waves.iter().any(|wave| !wave.interrupted.is_empty()), "{order:?}");
}

#[test]
fn hosts_with_the_same_reasons_are_told_together() {
    let order =
        order(&with_masters("host a1\nhost a2\npod web-1 on a1 of CloneSet/web\npod web-2 on a2 of CloneSet/web"));
    let alike: Vec<Vec<&str>> =
        order.alike().into_iter().map(|(hosts, _)| hosts.into_iter().map(|host| &**host).collect()).collect();
    assert_eq!(alike, [["a1", "a2"]]);
}

#[test]
fn a_missing_fact_is_told_and_decides() {
    let order = order(&with_masters("host a1\nhost a2\npod web-1 on a1 of CloneSet/web"));
    assert!(stuck(&order, "a1").unknown, "{order:?}");
    assert_eq!(order.is_whole(), None);
}

#[test]
fn a_host_that_is_not_ready_is_not_drained() {
    let order = order(&with_masters("host a1\nhost a2 silent"));
    assert!(stuck(&order, "a2").why[0].contains("is not ready"), "{order:?}");
}

#[test]
fn without_hosts_no_order_is_known() {
    let order = order(&Inventory::default());
    assert_eq!((order.waves.len(), order.is_whole()), (0, None));
    assert!(order.sentence().starts_with("No host is known"));
}

/// Follows the pods through the waves by the order's own numbers: none is lost, and each wave takes what it evicts.
#[test]
fn every_wave_places_as_many_pods_as_it_evicts() {
    let mut text = fixture::MASTERS.to_owned();
    for host in 0..12 {
        let _ = writeln!(text, "host n{host:02} cpu=8 zone=z{}", host % 3);
    }
    for owner in 0..20 {
        let pods: Vec<String> = (0..3).map(|n| format!("o{owner}-{n}")).collect();
        for (n, pod) in pods.iter().enumerate() {
            let rule = if owner % 4 == 0 { "apart=host" } else { "" };
            let _ = writeln!(
                text,
                "pod {pod} on n{:02} of ReplicaSet/o{owner} app=o{owner} cpu=200 {rule}",
                (owner * 5 + n * 4) % 12
            );
        }
        let _ = writeln!(text, "service o{owner} over {}", pods.join(","));
        let _ = writeln!(text, "budget o{owner} allowed=1 healthy=3 desired=2");
    }
    let order = order(&inventory(&text));
    assert_eq!(order.is_whole(), Some(true), "{order:?}");
    assert_eq!(order.waves.iter().map(|wave| wave.hosts.len()).sum::<usize>(), 15);
    for wave in &order.waves {
        assert_eq!(wave.takes.iter().map(|seat| seat.pods).sum::<u32>(), wave.pods);
        assert!(wave.takes.iter().all(|seat| !wave.hosts.iter().any(|host| **host == *seat.host)), "{wave:?}");
    }
    assert!(order.waves.len() < 15, "some go together");
}
