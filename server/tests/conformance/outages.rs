//! Cases of a line that fails: cut, silent, mended, with a past that is forgotten meanwhile.

use std::{collections::BTreeSet, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::DeleteParams};
use topology::{
    Inventory,
    inventory::{Heard, Source},
};

use super::{Line, Target, create, key, pod, unique, until};

pub async fn a_cut_line_is_resumed_without_losing_a_change(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    let name = unique("pod");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    line.cut();
    create(&pods, pod(&name, "nowhere")).await;
    let this = key("default", &name);
    until(&cluster, "a word on the cut", |facts| matches!(facts.heard(Source::Pods), Heard::Stale { .. })).await;
    assert!(cluster.read(|facts| facts.pod(&this).is_none()), "the line was not cut");
    line.mend();
    until(&cluster, "the pod that came meanwhile", |facts| facts.pod(&this).is_some()).await;
    until(&cluster, "good news", |facts| *facts.heard(Source::Pods) == Heard::Live).await;
    assert!(line.connections() > 1);
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
}

/// Most kinds have no news to tell when their watch stands again.
pub async fn a_line_that_was_cut_for_a_moment_leaves_nothing_stale(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    line.cut();
    let stale = |facts: &Inventory, source: &Source| matches!(facts.heard(*source), Heard::Stale { .. });
    until(&cluster, "a word on the cut", |facts| QUIET.iter().any(|source| stale(facts, source))).await;
    line.mend();
    until(&cluster, "good news of every kind", |facts| {
        Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
}

/// Kinds of which little is heard in a cluster at rest.
const QUIET: [Source; 4] = [Source::Namespaces, Source::Services, Source::StatefulSets, Source::DaemonSets];

pub async fn an_outage_is_as_old_as_its_beginning(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    let since = |facts: &Inventory| match facts.heard(Source::Services) {
        Heard::Stale { since, .. } => Some(*since),
        _ => None,
    };
    line.cut();
    until(&cluster, "a word on the cut", |facts| since(facts).is_some()).await;
    let first = cluster.read(since);
    let tries = line.refused();
    // Every kind tries again several times.
    while line.refused() < tries + 40 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(cluster.read(since), first);
}

pub async fn a_forgotten_past_is_listed_anew_and_what_vanished_is_gone(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    let (gone, stays) = (unique("gone"), unique("stays"));
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    create(&pods, pod(&gone, "nowhere")).await;
    let was = key("default", &gone);
    until(&cluster, "the pod", |facts| facts.pod(&was).is_some()).await;
    line.cut();
    pods.delete(&gone, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    create(&pods, pod(&stays, "nowhere")).await;
    (target.forget)().await;
    line.mend();
    let is = key("default", &stays);
    until(&cluster, "what is there now", |facts| facts.pod(&was).is_none() && facts.pod(&is).is_some()).await;
    pods.delete(&stays, &DeleteParams::default().grace_period(0)).await.expect("deleted");
}

pub async fn a_silent_server_makes_everything_stale(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    line.cut();
    until(&cluster, "stale nodes", |facts| matches!(facts.heard(Source::Nodes), Heard::Stale { .. })).await;
    let mut troubled = cluster.follow();
    while cluster.trouble().is_none() {
        tokio::time::timeout(Duration::from_secs(20), troubled.next()).await.expect("a word on the trouble");
    }
    line.mend();
    until(&cluster, "live nodes", |facts| *facts.heard(Source::Nodes) == Heard::Live).await;
}

/// As behind a firewall that forgets connections.
pub async fn a_line_that_went_dead_without_a_word_is_laid_anew(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    line.stall();
    let name = unique("unheard");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    create(&pods, pod(&name, "nowhere")).await;
    until(&cluster, "a word on the silence", |facts| matches!(facts.heard(Source::Pods), Heard::Stale { .. })).await;
    let this = key("default", &name);
    assert!(cluster.read(|facts| facts.pod(&this).is_none()), "the line was not silent");
    line.mend();
    until(&cluster, "the pod that came meanwhile", |facts| facts.pod(&this).is_some()).await;
    until(&cluster, "good news of every kind", |facts| {
        Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
    assert_eq!(cluster.trouble(), None);
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
}

pub async fn many_cuts_lose_no_change(target: &Target) {
    let line = line(target).await;
    let cluster = target.watch_through(&line).await;
    cluster.heard_everything().await.expect("an API that answers");
    let mark = unique("cut");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    let mut stay = BTreeSet::new();
    for round in 0..4 {
        let names: Vec<String> = (0..6).map(|n| format!("{mark}-{round}-{n}")).collect();
        for (n, name) in names.iter().enumerate() {
            // In the midst of changes, before and after.
            match n {
                1 => line.cut(),
                4 => line.mend(),
                _ => {}
            }
            create(&pods, pod(name, "nowhere")).await;
        }
        // Half of them vanish at once, partly before they were heard of.
        for (n, name) in names.into_iter().enumerate() {
            if n % 2 == 0 {
                pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
            } else {
                stay.insert(name);
            }
        }
    }
    let ours = |facts: &Inventory| -> BTreeSet<String> {
        facts.pods().map(|pod| pod.key.name.to_string()).filter(|name| name.starts_with(&mark)).collect()
    };
    until(&cluster, "those that stay and no others", |facts| ours(facts) == stay).await;
    for name in &stay {
        pods.delete(name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    }
    until(&cluster, "none", |facts| ours(facts).is_empty()).await;
}

async fn line(target: &Target) -> Line {
    let url = &target.config.cluster_url;
    Line::to(format!("127.0.0.1:{}", url.port_u16().expect("a port")).parse().expect("an address")).await
}
