//! What is told beside the figures: taken in, found again, and never the reason to draw anew.

#[expect(dead_code, reason = "the cluster of the figures is not needed here")]
mod fixture;

use std::collections::BTreeSet;

use topology::{
    Change, Inventory,
    inventory::{
        AccessMode, Autoscaler, Budget, Effect, Fact, Heard, Key, Labels, NodeOperator, NodeRequirement, NodeTerm,
        Operator, OwnerKind, Phase, Requirement, Resources, Route, RouteKind, Selector, Shape, Source, Taint,
        Toleration, Volume, Way,
    },
    load,
};

fn budget(name: &str, app: &str, allowed: u32) -> Change {
    let requirement = Requirement { label: "app".into(), operator: Operator::In, values: vec![app.into()] };
    Change::Put(Fact::Budget(Budget {
        key: Key::new("default", name),
        selects: Some(Selector(vec![requirement])),
        min_available: Some("1".into()),
        max_unavailable: None,
        allowed: Some(allowed),
        healthy: 1 + allowed,
        desired: 1,
        expected: 1 + allowed,
        evicts_unready: false,
    }))
}

fn volume(host: &str) -> Volume {
    let on =
        NodeRequirement { key: "kubernetes.io/hostname".into(), operator: NodeOperator::In, values: vec![host.into()] };
    Volume {
        name: "pv-1".into(),
        class: "local".into(),
        modes: vec![AccessMode::Once],
        capacity: Some(1 << 30),
        phase: "Bound".into(),
        claim: Some(Key::new("default", "data")),
        affinity: Some(vec![NodeTerm { labels: vec![on], names: Vec::new() }]),
        zones: Labels::default(),
        backing: "local".into(),
        odd: false,
    }
}

#[test]
fn a_budget_is_found_by_its_pods_and_touches_no_figure() {
    let mut facts = fixture::inventory("node host4\npod web-1 on host4 ready labels app=web");
    let touched = facts.apply(budget("web", "web", 1));
    assert!(touched.is_nothing() && touched.beside);
    assert!(!facts.apply(budget("web", "web", 1)).beside, "it says nothing new");
    facts.apply(budget("db", "db", 0));
    let pod = facts.pod(&Key::new("default", "web-1")).expect("a pod").clone();
    let found: Vec<&str> = facts.catalog().budgets_of(&pod).map(|budget| &*budget.key.name).collect();
    assert_eq!(found, ["web"]);
}

#[test]
fn what_a_whole_list_does_not_name_is_gone() {
    let mut facts = Inventory::default();
    facts.apply(budget("web", "web", 1));
    facts.apply(budget("db", "db", 0));
    let named = BTreeSet::from([Key::new("default", "db")]);
    assert!(facts.apply(Change::Whole(Source::PodDisruptionBudgets, named)).beside);
    let left: Vec<&str> = facts.catalog().budgets().map(|budget| &*budget.key.name).collect();
    assert_eq!(left, ["db"]);
    facts.apply(Change::Gone(Source::PodDisruptionBudgets, Key::new("default", "db")));
    assert_eq!(facts.catalog().budgets().len(), 0);
}

#[test]
fn a_source_beside_the_figures_that_falls_silent_redraws_nothing() {
    let mut facts = Inventory::default();
    for source in Source::BESIDE {
        let touched = facts.apply(Change::Heard(source, Heard::Forbidden { permission: "list x".into() }));
        assert!(touched.is_nothing() && touched.beside, "{}", source.word());
    }
}

#[test]
fn a_local_volume_is_reached_from_its_node_alone() {
    let facts = fixture::inventory("node host4\nnode host5");
    let mut host4 = facts.node("host4").expect("a node").clone();
    host4.labels = Labels::new([("kubernetes.io/hostname".into(), "host4".into())]);
    let mut host5 = host4.clone();
    host5.labels = Labels::new([("kubernetes.io/hostname".into(), "host5".into())]);
    assert!(volume("host4").reachable_from(&host4) && !volume("host4").reachable_from(&host5));
    let none = Volume { affinity: Some(vec![NodeTerm::default()]), ..volume("host4") };
    assert!(!none.reachable_from(&host4), "an empty term matches no node");
}

#[test]
fn routes_of_both_kinds_and_one_name_are_kept_apart() {
    let route = |kind| {
        let service = Key::new("default", "web");
        let way = Way { host: "a.example.net".into(), path: "/".into(), service, port: "80".into() };
        Change::Put(Fact::Route(Box::new(Route {
            kind,
            key: Key::new("default", "web"),
            class: "".into(),
            gateways: Vec::new(),
            addresses: Vec::new(),
            secure: false,
            doors: vec![way],
        })))
    };
    let mut facts = Inventory::default();
    facts.apply(route(RouteKind::Ingress));
    facts.apply(route(RouteKind::HttpRoute));
    assert_eq!(facts.catalog().routes_to(&Key::new("default", "web")).count(), 2);
    facts.apply(Change::Whole(Source::Ingresses, BTreeSet::new()));
    let left: Vec<RouteKind> = facts.catalog().routes().map(|route| route.kind).collect();
    assert_eq!(left, [RouteKind::HttpRoute]);
}

#[test]
fn an_autoscaler_is_found_by_what_it_scales() {
    let mut facts = Inventory::default();
    let target = (OwnerKind::Deployment, "web".into());
    let key = Key::new("default", "web");
    let scaler = Autoscaler { key: key.clone(), target, min: 1, max: 3, current: 2, desired: 2 };
    facts.apply(Change::Put(Fact::Autoscaler(scaler)));
    let found = |kind: OwnerKind, name: &str| facts.catalog().autoscalers_of(&kind, &Key::new("default", name)).count();
    assert_eq!((found(OwnerKind::Deployment, "web"), found(OwnerKind::StatefulSet, "web")), (1, 0));
    assert_eq!(found(OwnerKind::Deployment, "db"), 0);
}

#[test]
fn pods_that_have_ended_ask_for_nothing_of_their_host() {
    let mut facts = fixture::inventory("node host4\npod a on host4 ready\npod b on host4 ready\npod c on host4 done");
    let amounts = |cpu, memory| Resources { cpu, memory, pods: 1, ..Resources::default() };
    let mut node = facts.node("host4").expect("a node").clone();
    node.allocatable = Some(amounts(2_000, 4 << 30));
    facts.apply(Change::Put(Fact::Node(Box::new(node))));
    for name in ["a", "b", "c"] {
        let mut pod = facts.pod(&Key::new("default", name)).expect("a pod").clone();
        pod.shape = Shape { requests: amounts(500, 1 << 30), ..Shape::default() }.into();
        facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
    }
    assert_eq!(facts.pod(&Key::new("default", "c")).expect("a pod").phase, Phase::Succeeded);
    let loads = load::loads(&facts).expect("known");
    assert_eq!((loads[0].cpu(), loads[0].memory(), loads[0].requested.pods), (Some(50), Some(50), 2));
    facts.apply(Change::Heard(Source::Pods, Heard::Forbidden { permission: "list pods".into() }));
    assert_eq!(load::loads(&facts), None);
}

#[test]
fn a_toleration_without_key_or_effect_tolerates_everything() {
    let taint = Taint { key: "disk".into(), value: "slow".into(), effect: Effect::NoSchedule };
    let all = Toleration { key: "".into(), value: None, effect: None, seconds: None };
    assert!(all.tolerates(&taint));
    let equal = |value: &str| Toleration { key: "disk".into(), value: Some(value.into()), ..all.clone() };
    assert!(equal("slow").tolerates(&taint) && !equal("fast").tolerates(&taint));
    assert!(!Toleration { effect: Some(Effect::NoExecute), ..all }.tolerates(&taint));
}
