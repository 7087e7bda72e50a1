//! Roles: required, allowed, counted, and not of two stacks at once.

use std::collections::BTreeSet;

use super::report::{Report, TOP, called, listed};
use crate::{Dha, File, Finding, Host, Place, Plan, Purpose, Release, Rule, Severity, Stack};

const KUBERNETES: [&str; 7] =
    ["kube_master", "etcd", "kube_node", "ha", "storage_master", "storage_node", "opencontrail"];
const KUBERNETES_NEEDS: [&str; 4] = ["kube_master", "etcd", "kube_node", "ha"];
const OPEN_STACK: [&str; 12] = [
    "controller",
    "compute",
    "ha",
    "odl",
    "onos",
    "opencontrail",
    "ceph",
    "ceph-adm",
    "ceph-mon",
    "ceph-osd",
    "ceph-osd-node",
    "moon",
];
const OPEN_STACK_NEEDS: [&str; 3] = ["controller", "compute", "ha"];
/// How alike a word must be to a role to be taken for a mistyped one, from 0 to 1.
const LIKE: f64 = 0.85;
/// More members than this cost more than they save.
const MOST_ETCD: usize = 5;

pub(super) fn check(release: Release, plan: &Plan) -> Vec<Finding> {
    let Some(dha) = &plan.dha else { return Vec::new() };
    let mut report = Report::of(File::Dha, Rule::Roles);
    unknown(dha, release, &mut report);
    twice(dha, &mut report);
    match dha.stack() {
        Stack::Kubernetes => {
            let needed = KUBERNETES_NEEDS.iter().copied().filter(|role| known(release, role)).collect::<Vec<_>>();
            required(dha, &needed, &mut report);
            members(dha, &mut report);
            masters(dha, release, &mut report);
        }
        Stack::OpenStack => required(dha, &OPEN_STACK_NEEDS, &mut report),
        Stack::Mixed => mixed(dha, &mut report),
        Stack::Unknown => {}
    }
    report.found()
}

/// Whether a release knows a role of Kubernetes.
fn known(release: Release, role: &str) -> bool {
    role != "ha" || release.has_ha()
}

fn unknown(dha: &Dha, release: Release, report: &mut Report) {
    let kubernetes = if release.has_ha() { String::new() } else { format!(" (not a Kubernetes role in {release})") };
    let (allowed, what): (BTreeSet<&str>, &str) = match dha.stack() {
        Stack::Kubernetes => (KUBERNETES.into_iter().filter(|role| known(release, role)).collect(), &kubernetes),
        Stack::OpenStack => (OPEN_STACK.into(), " (not an OpenStack role)"),
        Stack::Mixed | Stack::Unknown => (KUBERNETES.into_iter().chain(OPEN_STACK).collect(), ""),
    };
    for host in &dha.hosts {
        for role in host.roles.iter().filter(|role| !allowed.contains(role.as_str())) {
            report.error(
                role.place,
                format!("unknown role “{}” on {}{what}", role.as_str(), called(host)),
                "Compass's API refuses it and the deployment stops (set host roles failed)",
                match nearest(role, &allowed) {
                    Some(known) => format!("write {known} if that is meant; the roles are {}", all(&allowed)),
                    None => format!("take one of {}", all(&allowed)),
                },
            );
        }
    }
}

fn all(roles: &BTreeSet<&str>) -> String {
    roles.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The known role that a mistyped one is like; none when it is like no role.
fn nearest<'a>(role: &str, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '-'], "_");
    let near = known.iter().map(|one| (strsim::jaro_winkler(&plain(role), &plain(one)), *one));
    near.filter(|(likeness, _)| *likeness >= LIKE).max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, one)| one)
}

fn twice(dha: &Dha, report: &mut Report) {
    for host in &dha.hosts {
        let mut seen = BTreeSet::new();
        for role in host.roles.iter().filter(|role| !seen.insert(role.as_str())) {
            report.warning(
                role.place,
                format!("{} has the role {} twice", called(host), role.as_str()),
                "Compass passes both on; once is meant",
                "remove one of them",
            );
        }
    }
}

fn required(dha: &Dha, needed: &[&str], report: &mut Report) {
    let missing: Vec<&str> =
        needed.iter().copied().filter(|role| !dha.hosts.iter().any(|host| host.plays(role))).collect();
    if missing.is_empty() {
        return;
    }
    let place = first_place(dha);
    if dha.purpose() == Purpose::Expansion {
        report.note(
            place,
            format!("only workers: no host has the role {}", listed(&missing)),
            "as an expansion of a cluster that is there this is right; as a first deployment Compass stops",
            "give the roles to hosts if this is to be a cluster of its own",
        );
        return;
    }
    for role in missing {
        let only_later = role == "ha" && dha.stack() == Stack::Kubernetes;
        report.error(
            place,
            format!("no host has the role {role}"),
            if only_later {
                "Compass from Fraser on requires that it is assigned and stops at its check of roles"
            } else {
                "Compass requires that it is assigned and stops at its check of roles"
            },
            if only_later {
                "give ha to a host; Euphrates has no such role (set compass_release)".to_owned()
            } else {
                format!("give {role} to a host")
            },
        );
    }
}

fn members(dha: &Dha, report: &mut Report) {
    let etcd = with(dha, "etcd");
    let Some(last) = etcd.last() else { return };
    let place = role_place(last, "etcd");
    let count = etcd.len();
    if count.is_multiple_of(2) {
        report.error(
            place,
            format!("{count} hosts have the role etcd, an even number"),
            format!("{count} members survive no more failures than {} do, and a split in halves stops both", count - 1),
            format!("give etcd to {} or {} hosts", count - 1, count + 1),
        );
    } else if count > MOST_ETCD {
        report.warning(
            place,
            format!("{count} hosts have the role etcd"),
            "every write waits for a majority of the members: it slows down and little is won",
            "give etcd to 3 or 5 hosts",
        );
    }
}

fn masters(dha: &Dha, release: Release, report: &mut Report) {
    let masters = with(dha, "kube_master");
    if masters.len() < 2 || !release.has_ha() {
        return;
    }
    let without: Vec<&&Host> = masters.iter().filter(|host| !host.plays("ha")).collect();
    // With none at all, the required role is missing, which is said already.
    if without.len() < masters.len() || dha.hosts.iter().any(|host| host.plays("ha")) {
        for host in without {
            report.warning(
                role_place(host, "kube_master"),
                format!("the master {} does not have the role ha", called(host)),
                "keepalived and haproxy run on hosts with ha only: it can never take the VIP over",
                format!("give ha to {}", called(host)),
            );
        }
    }
    if let Some(name) = dha.name.as_ref().filter(|name| name.contains("noha")) {
        report.warning(
            name.place,
            format!("{} says noha, but {} hosts are masters", name.as_str(), masters.len()),
            "by Compass's custom noha is a cluster with one master",
            "rename the cluster, or leave one master",
        );
    }
}

fn mixed(dha: &Dha, report: &mut Report) {
    let is_kubernetes = |role: &str| role.starts_with("kube_") || role == "etcd";
    let of = |kubernetes: bool| {
        let roles = dha.hosts.iter().flat_map(|host| &host.roles);
        roles
            .filter(|role| is_kubernetes(role) == kubernetes)
            .find(|role| kubernetes || (OPEN_STACK.contains(&role.as_str()) && role.as_str() != "ha"))
    };
    let (Some(ours), Some(theirs)) = (of(true), of(false)) else { return };
    let later = ours.place.max(theirs.place);
    report.add(
        Severity::Error,
        later,
        format!("roles of Kubernetes ({}) and of OpenStack ({}) in one plan", ours.as_str(), theirs.as_str()),
        "Compass installs one of them; the roles of the other are refused",
        "keep to the roles of one",
    );
}

fn with<'a>(dha: &'a Dha, role: &str) -> Vec<&'a Host> {
    dha.hosts.iter().filter(|host| host.plays(role)).collect()
}

fn role_place(host: &Host, role: &str) -> Place {
    host.roles.iter().find(|one| one.as_str() == role).map_or(host.place, |one| one.place)
}

fn first_place(dha: &Dha) -> Place {
    dha.hosts.first().map_or(TOP, |host| host.place)
}
