//! A role that may read some namespaces only: it sees these, and what it cannot see is unknown.

use std::{collections::BTreeSet, time::Duration};

use binnacle::cluster::{Cluster, Pace};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, api::PostParams};
use scene::Health;
use simulator::{Kind, Profile, Simulator};
use topology::{
    Inventory,
    figure::{Drawing, View},
    inventory::{Heard, Limit, Name, Scope, Source},
};

/// Quicker than with a real cluster.
const QUICK: Pace = Pace {
    refused: Duration::from_millis(50),
    listed: Duration::from_millis(50),
    checks: Duration::from_millis(50),
    pulse: Duration::from_millis(50),
    scope: Duration::from_millis(50),
};

fn compass() -> Simulator {
    Simulator::new(simulator::Cluster::compass(7).at(jiff::Timestamp::now()).profile(Profile::Current))
}

fn names(names: &[&str]) -> BTreeSet<Name> {
    names.iter().map(|name| Name::from(*name)).collect()
}

/// A cluster as somebody watches it whose context has a namespace of its own.
fn watch(simulator: &Simulator, own: &str, named: &[&str]) -> Cluster {
    let client = Client::new(simulator.clone(), own);
    Cluster::start_in(QUICK, "lab", client, "in process", &names(named))
}

async fn until(cluster: &Cluster, what: &str, wanted: impl Fn(&Inventory) -> bool) {
    let mut follower = cluster.follow();
    let seen = async {
        while !cluster.read(&wanted) {
            follower.next().await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(60), seen).await.is_err() {
        cluster.read(|facts| panic!("never came: {what}; {:?}, {:?}", facts.scope(), facts.missing()));
    }
}

fn live(facts: &Inventory) -> bool {
    [Source::Pods, Source::Services, Source::Deployments].iter().all(|source| *facts.heard(*source) == Heard::Live)
}

fn by_role(seen: &[&str]) -> Scope {
    Scope::Only { names: names(seen), by: Limit::Role, left: 0 }
}

fn sentence(cluster: &Cluster) -> String {
    let now = cluster.now();
    let drawn = cluster.read(|facts| Drawing::draw(facts, &View::default(), now));
    drawn.sentence().iter().map(|phrase| phrase.text.as_str()).collect()
}

#[tokio::test]
async fn the_setting_limits_the_watches_and_hosts_are_named_by_pods() {
    let simulator = compass();
    simulator.faults().confine(&["ims", "vepc"]);
    let cluster = watch(&simulator, "default", &["ims", "vepc"]);
    cluster.heard_everything().await.expect("an API that answers");
    let now = cluster.now();
    cluster.read(|facts| {
        assert!(live(facts));
        assert!(facts.pods().len() > 3 && facts.pods().all(|pod| facts.scope().covers(&pod.key.namespace)));
        assert_eq!(*facts.heard(Source::Nodes), Heard::Forbidden { permission: "list nodes".into() });
        let scene = Drawing::draw(facts, &View::default(), now).scene();
        let host = scene.marks.iter().find(|mark| mark.id.to_string() == "node/host4").expect("a host of its pods");
        assert_eq!(host.health, Some(Health::Unknown));
    });
    let said = sentence(&cluster);
    assert!(said.starts_with("Nodes are unknown ("), "{said}");
    assert!(said.contains("pods of the namespaces ims and vepc"), "{said}");
}

#[tokio::test]
async fn a_namespace_of_the_setting_that_is_refused_is_named() {
    let simulator = compass();
    simulator.faults().confine(&["ims"]);
    let cluster = watch(&simulator, "default", &["ims", "vepc"]);
    cluster.heard_everything().await.expect("an API that answers");
    cluster.read(|facts| {
        assert!(live(facts), "one that is refused costs no other");
        let refused = Heard::Forbidden { permission: "list pods".into() };
        assert_eq!(*facts.heard_in(Source::Pods, "vepc"), refused);
        let missing = facts.missing().join(" ");
        assert!(missing.contains("list pods in the namespace vepc"), "{missing}");
    });
    simulator.faults().clear();
    until(&cluster, "a permission that was granted", |facts| {
        *facts.heard_in(Source::Pods, "vepc") == Heard::Live
            && facts.missing() == ["Only the namespaces ims and vepc can be seen."]
    })
    .await;
}

#[tokio::test]
async fn the_namespace_of_the_context_is_found_without_a_setting() {
    let simulator = compass();
    simulator.faults().confine(&["ims"]);
    simulator.faults().forbid(&[Kind::Namespace]);
    let cluster = watch(&simulator, "ims", &[]);
    cluster.heard_everything().await.expect("an API that answers");
    cluster.read(|facts| {
        assert_eq!(*facts.scope(), by_role(&["ims"]));
        assert!(live(facts) && facts.pods().len() > 0);
    });
}

#[tokio::test]
async fn namespaces_that_may_be_listed_are_found_now_and_later() {
    let simulator = compass();
    simulator.faults().confine(&["ims", "vepc"]);
    let cluster = watch(&simulator, "default", &[]);
    until(&cluster, "both", |facts| *facts.scope() == by_role(&["ims", "vepc"]) && live(facts)).await;
    simulator.faults().confine(&["ims", "late", "vepc"]);
    let late = Namespace {
        metadata: kube::core::ObjectMeta { name: Some("late".into()), ..Default::default() },
        ..Namespace::default()
    };
    let namespaces = Api::<Namespace>::all(Client::new(simulator.clone(), "default"));
    namespaces.create(&PostParams::default(), &late).await.expect("created");
    until(&cluster, "the new one", |facts| *facts.scope() == by_role(&["ims", "late", "vepc"]) && live(facts)).await;
    simulator.faults().clear();
    until(&cluster, "the whole cluster", |facts| {
        facts.scope().is_whole() && live(facts) && facts.nodes().len() == 5 && facts.missing().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_role_that_may_read_nothing_stays_with_its_refusals() {
    let simulator = compass();
    simulator.faults().confine(&["nowhere"]);
    simulator.faults().forbid(&[Kind::Namespace]);
    let cluster = watch(&simulator, "default", &[]);
    cluster.heard_everything().await.expect("an API that answers");
    cluster.read(|facts| {
        assert!(facts.scope().is_whole());
        assert_eq!(*facts.heard(Source::Pods), Heard::Forbidden { permission: "list pods".into() });
    });
}

#[tokio::test]
async fn an_outage_makes_each_namespace_stale_and_ends() {
    let simulator = compass();
    simulator.faults().confine(&["ims"]);
    let cluster = watch(&simulator, "default", &["ims"]);
    cluster.heard_everything().await.expect("an API that answers");
    simulator.faults().set(|plan| plan.expired_token = true);
    simulator.faults().drop_watches();
    until(&cluster, "old news", |facts| matches!(facts.heard_in(Source::Pods, "ims"), Heard::Stale { .. })).await;
    simulator.faults().set(|plan| plan.expired_token = false);
    until(&cluster, "news again", live).await;
}
