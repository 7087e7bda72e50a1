//! Conditions of nodes beside Ready, by who writes them: faults are warnings, all else is information.

mod fixture;

use fixture::{NOW, THREE_AND_TWO, inventory};
use scene::Health;
use topology::figure::{Drawing, View};

fn judged(condition: &str) -> (Option<Health>, String) {
    let facts = inventory(&format!("node n1 condition={condition}\n"));
    let scene = Drawing::draw(&facts, &View::default(), NOW).scene();
    let mark = scene.marks.into_iter().find(|mark| mark.id.to_string() == "node/n1").expect("the node");
    (mark.health, mark.title)
}

fn faults(conditions: &[&str]) {
    for condition in conditions {
        let (health, words) = judged(condition);
        let kind = condition.split(':').next().unwrap_or_default();
        assert!(health == Some(Health::Warn) && words.contains(kind), "{condition}: {words}");
    }
}

fn well(conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(judged(condition).0, Some(Health::Ok), "{condition}");
    }
}

#[test]
fn nodes_without_further_conditions_are_up() {
    let facts = inventory(THREE_AND_TWO);
    let sentence = Drawing::draw(&facts, &View::default(), NOW).sentence().to_vec();
    let text: String = sentence.iter().map(|phrase| phrase.text.as_str()).collect();
    assert!(text.starts_with("3 of 3 masters up, 2 of 2 nodes up"), "{text}");
}

#[test]
fn pressures_of_the_kubelet_are_faults() {
    faults(&[
        "MemoryPressure:True",
        "DiskPressure:True",
        "PIDPressure:True",
        "NetworkUnavailable:True",
        "OutOfDisk:True",
    ]);
    well(&["MemoryPressure:False", "DiskPressure:Unknown", "NetworkUnavailable:False", "OutOfDisk:False"]);
}

#[test]
fn membership_in_etcd_is_information() {
    well(&["EtcdIsVoter:True", "EtcdIsVoter:False", "EtcdIsVoter:Unknown"]);
}

#[test]
fn problems_of_node_problem_detector_are_faults() {
    faults(&[
        "KernelDeadlock:True",
        "ReadonlyFilesystem:True",
        "FrequentKubeletRestart:True",
        "FrequentDockerRestart:True",
        "FrequentContainerdRestart:True",
        "FrequentUnregisterNetDevice:True",
        "CorruptDockerOverlay2:True",
        "KubeletUnhealthy:True",
        "ContainerRuntimeUnhealthy:True",
        "NTPProblem:True",
        "XfsShutdown:True",
        "CperHardwareErrorFatal:True",
    ]);
    well(&["KernelDeadlock:False", "KernelDeadlock:Unknown", "ReadonlyFilesystem:False", "XfsShutdown:False"]);
}

#[test]
fn conditions_of_eks_are_faults_when_false() {
    faults(&[
        "NetworkingReady:False",
        "ContainerRuntimeReady:False",
        "StorageReady:False",
        "KernelReady:False",
        "AcceleratedHardwareReady:False",
    ]);
    well(&["NetworkingReady:True", "ContainerRuntimeReady:True", "StorageReady:True", "NetworkingReady:Unknown"]);
}

#[test]
fn conditions_of_gke_are_faults_when_true() {
    faults(&["FrequentContainerdRestart:True", "CorruptDockerOverlay2:True", "FrequentUnregisterNetDevice:True"]);
    well(&["FrequentContainerdRestart:False", "CorruptDockerOverlay2:False", "NetworkUnavailable:False"]);
}

#[test]
fn conditions_of_aks_are_faults_but_for_planned_events() {
    faults(&["FilesystemCorruptionProblem:True", "KubeletProblem:True", "ContainerRuntimeProblem:True"]);
    well(&[
        "FilesystemCorruptionProblem:False",
        "VMEventScheduled:True",
        "PreemptScheduled:True",
        "FreezeScheduled:True",
    ]);
}

#[test]
fn conditions_of_cluster_api_are_faults_when_false() {
    faults(&["NodeHealthy:False", "EtcdPodHealthy:False", "APIServerPodHealthy:False", "InfrastructureReady:False"]);
    well(&["NodeHealthy:True", "EtcdPodHealthy:True", "APIServerPodHealthy:Unknown", "Updated:True"]);
}

#[test]
fn a_condition_that_nobody_knows_is_information() {
    well(&["example.com/NotReady:False", "example.com/Colour:True", "Blue:False", "Ready-ish:True"]);
}
