//! What was different between two moments, in the words of pages and of the command line.

#[path = "../../topology/tests/fixture/mod.rs"]
mod fixture;

use fixture::{THREE_AND_TWO, inventory, line};
use journal::compare;
use topology::{Inventory, inventory::Source};

fn after(lines: &[&str]) -> Inventory {
    let mut inventory = inventory(THREE_AND_TWO);
    for change in lines.iter().flat_map(|text| line(text)) {
        inventory.apply(change);
    }
    inventory
}

#[test]
fn differences_are_told_by_group_and_name() {
    let now = after(&[
        "node host4 cordoned",
        "gone node host5",
        "leader kube-scheduler host3",
        "service ims-hss 2/2",
        "service new 1/1",
        "gone service nobody",
        "pod sgw-c on host4 of Deployment/vepc-sgw ready",
        "gone pod migrate-1",
        "gone pod mme-1",
        "pod mme-3 on host5 of StatefulSet/vepc-mme ready",
    ]);
    let (found, untold) = compare(&inventory(THREE_AND_TWO), &now);
    let told: Vec<String> =
        found.iter().map(|one| format!("{}: {}: {}", one.group.word(), one.name, one.what)).collect();
    let expected = [
        "hosts: host4: cordoned",
        "hosts: host5: gone",
        "control plane: kube-scheduler: leader host2, now host3",
        "services: default/ims-hss: ready endpoints 1, now 2",
        "services: default/new: new",
        "services: default/nobody: gone",
        "workloads: default/Deployment vepc-sgw: 2 ready, now 3; \
         sgw-c: ready again, fault ContainerCreating, now none",
        "workloads: default/Job migrate: gone, with 1 pod",
        "workloads: default/StatefulSet vepc-mme: 1 pod replaced; 1 fewer on host4; 1 more on host5",
    ];
    assert_eq!(told, expected);
    assert!(untold.is_empty(), "{untold:?}");
}

#[test]
fn a_source_that_was_not_told_is_named_and_not_compared() {
    let now = after(&["gone pod mme-1", "gone node host5", "deny pods"]);
    let (found, untold) = compare(&inventory(THREE_AND_TWO), &now);
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["host5"]);
    assert_eq!(untold, [Source::Pods]);
}
