//! Roles of hosts.

use super::fixture::{Case, kubernetes, open_stack, with};
use plan::{Purpose, Rule, Severity, check};

const ROLES: Rule = Rule::Roles;

/// Gives a host other roles.
fn given(case: Case, host: &str, from: &str, to: &str) -> Case {
    case.dha(&format!("{host}\n    roles: [{from}]"), &format!("{host}\n    roles: [{to}]"))
}

fn master(host: &str, to: &str) -> Case {
    given(kubernetes(), host, "kube_master, etcd, ha", to)
}

/// A plan with masters such as these, and two workers.
fn masters(count: usize) -> Case {
    let masters: String =
        (1..=count).map(|at| format!("  - name: m{at}\n    roles: [kube_master, etcd, ha]\n")).collect();
    with(&format!("TYPE: virtual\nFLAVOR: cluster\nhosts:\n{masters}  - name: w1\n    roles: [kube_node]\n"))
}

#[test]
fn a_role_that_kubernetes_requires_is_missed() {
    let workers = kubernetes().dha("[kube_node]", "[storage_node]").dha("[kube_node]", "[storage_node]");
    workers.error(ROLES, "name: host1", "no host has the role kube_node");
    let without_ha = masters(1).dha(", ha", "");
    without_ha.error(ROLES, "name: m1", "no host has the role ha");
    let without_etcd = masters(1).dha(", etcd", "");
    without_etcd.error(ROLES, "name: m1", "no host has the role etcd");
    let without_masters = masters(1).dha("kube_master, ", "");
    without_masters.error(ROLES, "name: m1", "no host has the role kube_master");
}

#[test]
fn a_role_that_open_stack_requires_is_missed() {
    open_stack().dha(", ha", "").error(ROLES, "name: host1", "no host has the role ha");
}

#[test]
fn a_plan_of_workers_alone_is_an_expansion() {
    let case = with("TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: host6\n    roles: [kube_node]\n");
    assert_eq!(case.plan().dha.map(|dha| dha.purpose()), Some(Purpose::Expansion));
    case.note(ROLES, "host6", "only workers: no host has the role kube_master, etcd, ha");
    assert_eq!(kubernetes().plan().dha.map(|dha| dha.purpose()), Some(Purpose::Deployment));
    assert_eq!(open_stack().plan().dha.map(|dha| dha.purpose()), Some(Purpose::Deployment));
}

#[test]
fn a_role_that_nobody_knows_is_an_error() {
    given(kubernetes(), "host5", "kube_node", "kube_node, kube_worker").error(
        ROLES,
        "kube_worker",
        "unknown role “kube_worker” on host5",
    );
    open_stack().dha("ceph-osd", "nova").error(ROLES, "nova", "unknown role “nova” on host2 (not an OpenStack role)");
    with("TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: a\n    roles: [worker]\n").error(
        ROLES,
        "worker",
        "unknown role “worker” on a",
    );
}

#[test]
fn a_mistyped_role_names_the_nearest_and_a_strange_one_none() {
    let advice = |typed: &str| {
        let found = check(&given(kubernetes(), "host5", "kube_node", &format!("kube_node, {typed}")).plan());
        found.into_iter().find(|one| one.what.contains("unknown role")).map(|one| one.todo).unwrap_or_default()
    };
    let near = [
        ("kube-node", "kube_node"),
        ("Kube_Master", "kube_master"),
        ("ectd", "etcd"),
        ("open-contail", "opencontrail"),
    ];
    for (typed, role) in near {
        assert!(advice(typed).starts_with(&format!("write {role} if that is meant")), "{typed}: {}", advice(typed));
    }
    for typed in ["prometheus", "x"] {
        assert!(advice(typed).starts_with("take one of "), "{typed}: {}", advice(typed));
    }
}

#[test]
fn roles_that_may_be_left_out_may_be_given() {
    given(kubernetes(), "host5", "kube_node", "kube_node, storage_node, storage_master, opencontrail").finds(&[]);
}

#[test]
fn roles_of_two_stacks_are_an_error() {
    given(kubernetes(), "host5", "kube_node", "compute").error(
        ROLES,
        "compute",
        "roles of Kubernetes (kube_master) and of OpenStack (compute)",
    );
}

#[test]
fn a_role_given_twice_is_warned_of() {
    given(kubernetes(), "host5", "kube_node", "kube_node, kube_node").warning(
        ROLES,
        "kube_node",
        "host5 has the role kube_node twice",
    );
}

#[test]
fn an_even_number_of_etcd_members_is_an_error() {
    master("host3", "kube_master, ha").error(ROLES, "etcd", "2 hosts have the role etcd, an even number");
    masters(4).error(ROLES, "etcd", "4 hosts have the role etcd");
}

#[test]
fn one_three_and_five_etcd_members_are_right_and_seven_are_many() {
    for count in [1, 3, 5] {
        masters(count).finds(&[]);
    }
    masters(7).warning(ROLES, "etcd", "7 hosts have the role etcd");
}

#[test]
fn a_master_without_ha_among_several_is_warned_of() {
    master("host3", "kube_master, etcd").warning(ROLES, "kube_master", "the master host3 does not have the role ha");
    let elsewhere = masters(1).dha(", ha", "").dha("[kube_node]", "[kube_node, ha]");
    elsewhere.finds(&[]);
}

#[test]
fn a_cluster_named_noha_with_several_masters_is_warned_of() {
    kubernetes().dha("NAME: compass", "NAME: k8-noha").finds(&[(
        Severity::Warning,
        ROLES,
        "NAME",
        "k8-noha says noha, but 3 hosts are masters",
    )]);
}
