//! Clusters of other makers than Compass: what their first sentence says, and what their figure shows.

use std::{fmt::Write, time::Duration};

use binnacle::cluster::Cluster as Watched;
use kube::Client;
use scene::{Kind, Mark, Scene};
use simulator::{Cluster, Distribution, Simulator};
use topology::{
    Stamp,
    figure::{Drawing, View},
};

/// Whatever takes longer than this does not come.
const BOUND: Duration = Duration::from_secs(60);

/// The cluster, and the moment at which its life begins: drawings are of then, however long it took to be heard.
async fn watched(distribution: Distribution) -> (Watched, Stamp) {
    let start = jiff::Timestamp::now();
    let simulator = Simulator::new(Cluster::of(5, distribution).at(start));
    let client = Client::new(simulator, "default");
    let watched = Watched::start(distribution.word(), client, &distribution.entrance());
    let heard = tokio::time::timeout(BOUND, watched.heard_everything()).await;
    heard.expect("every source speaks in time").expect("a cluster within reach");
    (watched, Stamp(start.as_millisecond()))
}

fn drawn(watched: &Watched, now: Stamp) -> Scene {
    watched.read(|inventory| Drawing::draw(inventory, &View::default(), now).scene())
}

/// What a figure shows, without where it stands. Pods are told by their groups: their own names are made up anew
/// with each change of the simulator.
fn told(scene: &Scene) -> String {
    let mut out = format!("{}\n", scene.description);
    let lines = [Kind::Link, Kind::Line, Kind::Exchange];
    let is_pod = |mark: &Mark| mark.id.as_str().starts_with("pod/");
    for mark in scene.marks.iter().filter(|mark| !lines.contains(&mark.kind) && !is_pod(mark)) {
        let depth = if mark.parent.is_some() { "  " } else { "" };
        let health = mark.health.map_or("", |health| health.word());
        let texts: Vec<&str> = mark.texts.iter().map(|text| text.text.as_str()).collect();
        let _ = writeln!(out, "{depth}{} [{health}] {} — {}", mark.id, texts.join(" | "), mark.title);
    }
    out
}

#[tokio::test]
async fn the_first_sentence_is_true_on_each_distribution() {
    let expected = [
        (Distribution::K3s, "3 of 3 masters up, 2 of 2 nodes up, etcd answers the API server, 12 pods"),
        (Distribution::K3sSingle, "1 of 1 masters up, the datastore answers the API server, 5 pods"),
        (Distribution::Rke1, "3 of 3 masters up, 2 of 2 nodes up, etcd answers the API server, 20 pods"),
        (Distribution::Rke2, "3 of 3 masters up, 2 of 2 nodes up, etcd 3/3, 36 pods"),
        (
            Distribution::Eks,
            "The control plane is not visible here, 3 of 3 nodes up, etcd answers the API server, 24 pods",
        ),
        (
            Distribution::Gke,
            "The control plane is not visible here, 3 of 3 nodes up, etcd answers the API server, 24 pods",
        ),
        (
            Distribution::Aks,
            "The control plane is not visible here, 3 of 3 nodes up, etcd answers the API server, 24 pods",
        ),
        (Distribution::OpenShift, "3 of 3 masters up, 2 of 2 nodes up, etcd 3/3, 51 pods"),
        (Distribution::Kubeadm, "3 of 3 masters up, 2 of 2 nodes up, etcd 3/3, 29 pods"),
        (Distribution::Kubespray, "2 of 2 masters up, 2 of 2 nodes up, etcd answers the API server, 27 pods"),
        (Distribution::MicroK8s, "3 of 3 masters up, 1 of 1 nodes up, the datastore answers the API server, 9 pods"),
        (Distribution::Talos, "3 of 3 masters up, 2 of 2 nodes up, etcd answers the API server, 24 pods"),
        (
            Distribution::VirtualKubelet,
            "The control plane is not visible here, 3 of 3 nodes up, etcd answers the API server, 7 pods",
        ),
    ];
    assert_eq!(expected.len(), Distribution::ALL.len());
    for (distribution, sentence) in expected {
        let (watched, start) = watched(distribution).await;
        let scene = drawn(&watched, start);
        assert_eq!(scene.description, sentence, "{distribution:?}");
    }
}

#[tokio::test]
async fn the_figure_of_each_distribution_is_as_it_was_looked_at() {
    for distribution in Distribution::ALL {
        let (watched, start) = watched(distribution).await;
        let scene = drawn(&watched, start);
        insta::with_settings!({ snapshot_path => "distributions", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(distribution.word(), told(&scene));
        });
    }
}

#[tokio::test]
async fn a_healthy_distribution_shows_no_fault() {
    for distribution in Distribution::ALL {
        let (watched, start) = watched(distribution).await;
        let scene = drawn(&watched, start);
        let is_fault = |health| matches!(health, scene::Health::Bad | scene::Health::Warn | scene::Health::Stale);
        let faults: Vec<_> = scene.marks.iter().filter(|mark| mark.health.is_some_and(is_fault)).collect();
        assert!(faults.is_empty(), "{distribution:?}: {faults:#?}");
    }
}

#[tokio::test]
async fn each_distribution_lives_on_by_its_own_leases() {
    for distribution in Distribution::ALL {
        let start = jiff::Timestamp::now();
        let simulator = Simulator::new(Cluster::of(5, distribution).at(start));
        // Two minutes of its life, before the first rollout can have ended badly and before a node falls silent.
        let mut life = simulator.life();
        for second in 0..120 {
            life.step(start + jiff::SignedDuration::from_secs(second));
        }
        let client = Client::new(simulator, "default");
        let watched = Watched::start(distribution.word(), client, &distribution.entrance());
        let heard = tokio::time::timeout(BOUND, watched.heard_everything()).await;
        heard.expect("every source speaks in time").expect("a cluster within reach");
        let scene = drawn(&watched, Stamp(start.as_millisecond() + 120_000));
        let sentence = &scene.description;
        assert!(!sentence.contains("not responding") && !sentence.contains("nobody"), "{distribution:?}: {sentence}");
    }
}
