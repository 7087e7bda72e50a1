//! Keys without which Compass's parser stops, or goes on with half of the settings.

use std::collections::BTreeSet;

use super::report::{Report, TOP, called};
use crate::{Dha, File, Finding, Network, Plan, Rule, Stack, Vip};

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let mut found = plan.dha.as_ref().map(dha).unwrap_or_default();
    if let Some(written) = &plan.network {
        found.extend(network(written, plan.dha.as_ref().map_or(Stack::Unknown, Dha::stack)));
    }
    found
}

fn dha(dha: &Dha) -> Vec<Finding> {
    let mut report = Report::of(File::Dha, Rule::Missing);
    if dha.kind.is_none() {
        report.error(
            TOP,
            "TYPE is missing",
            "Compass's check of the files stops with a KeyError",
            "write TYPE: virtual or TYPE: baremetal",
        );
    }
    if dha.flavor.is_none() {
        report.note(TOP, "FLAVOR is missing", "Compass takes cluster", "write FLAVOR: cluster");
    }
    if dha.hosts.is_empty() {
        report.error(TOP, "no hosts", "Compass has nothing to install", "list the hosts under hosts");
    }
    for host in &dha.hosts {
        if host.name.as_ref().is_none_or(|name| name.is_empty()) {
            report.error(
                host.place,
                "a host has no name",
                "Compass leaves it out of the hosts' names but not of their addresses, then stops",
                "give it a name",
            );
        }
        if host.roles.is_empty() {
            report.error(
                host.place,
                format!("{} has no roles", called(host)),
                "Compass assigns it an empty role and the deployment stops at its check of roles",
                "give it roles, as in kube_node",
            );
        }
    }
    report.found()
}

fn network(network: &Network, stack: Stack) -> Vec<Finding> {
    let mut report = Report::of(File::Network, Rule::Missing);
    settings(network, &mut report);
    mappings(network, &mut report);
    for (name, why) in needed(stack) {
        let (mapped, set) = (network.interface(name).is_some(), network.settings(name).is_some());
        if !mapped {
            let why = format!("{why}; sys_intf_mappings does not say which NIC carries it");
            report.error(TOP, format!("{name} is missing in sys_intf_mappings"), why, format!("add {name} to it"));
        }
        if !set {
            let place = network.interface(name).map_or(TOP, |interface| interface.place);
            let why = format!("{why}; ip_settings gives it no addresses");
            report.error(place, format!("{name} is missing in ip_settings"), why, format!("add {name} to it"));
        }
    }
    if stack == Stack::Kubernetes && network.interface("tenant").is_none() {
        report.warning(
            TOP,
            "tenant is missing in sys_intf_mappings",
            "on CentOS, the one system that Compass's manual names for Kubernetes, its script of tenant's NIC stops",
            "add tenant to sys_intf_mappings and ip_settings",
        );
    }
    vip("internal_vip", network.internal_vip.as_ref(), &mut report);
    vip("public_vip", network.public_vip.as_ref(), &mut report);
    if network.public_net.is_none() {
        report.error(
            TOP,
            "public_net_info is missing",
            "Compass's check of the files stops with a KeyError, for Kubernetes too, which does not use it",
            "add public_net_info, as in Compass's samples",
        );
    }
    report.found()
}

/// The networks that a stack cannot do without, and what for.
fn needed(stack: Stack) -> &'static [(&'static str, &'static str)] {
    const MGMT: (&str, &str) = ("mgmt", "hosts are installed and reached over mgmt");
    match stack {
        Stack::Kubernetes => &[
            MGMT,
            ("external", "etcd, the API's address and the way out are on external"),
            ("storage", "the variables of Compass's playbooks name storage"),
        ],
        _ => &[MGMT, ("external", "the public VIP and the way out are on external")],
    }
}

fn settings(network: &Network, report: &mut Report) {
    let carried: BTreeSet<&str> =
        network.interfaces.iter().filter_map(|one| one.name.as_ref().map(|name| name.as_str())).collect();
    for one in &network.settings {
        let Some(name) = &one.name else {
            let (why, todo) = ("Compass's parser stops with a KeyError", "name the network");
            report.error(one.place, "an entry of ip_settings has no name", why, todo);
            continue;
        };
        let name = name.as_str();
        let mut missing = |key: &str, why: &str| {
            let todo = format!("add {key} to {name}");
            report.error(one.place, format!("{name} has no {key}"), why, todo);
        };
        if one.cidr.is_none() {
            missing("cidr", "Compass's check of the files stops with a KeyError");
        }
        if one.ranges.is_empty() {
            missing("ip_ranges", "Compass's check of the files stops, as it looks at the first of them");
        }
        if one.gateway.is_none() && name == "external" {
            missing("gw", "Compass's check of the files stops with a KeyError");
        }
        let half = "Compass's config_parse.py stops with a KeyError, and deploy.sh goes on with half of the settings";
        if one.gateway.is_none() && name == "mgmt" {
            missing("gw", half);
        }
        if one.dhcp_ranges.is_empty() && name == "mgmt" {
            missing("dhcp_ranges", half);
        }
        if !carried.contains(name) && !matches!(name, "mgmt" | "external") {
            report.error(
                one.place,
                format!("{name} is in ip_settings but not in sys_intf_mappings"),
                "Compass looks its NIC up while it writes the hosts' addresses and stops with a KeyError",
                format!("add {name} to sys_intf_mappings, or take it out of ip_settings"),
            );
        }
    }
}

fn mappings(network: &Network, report: &mut Report) {
    for one in &network.interfaces {
        let Some(name) = &one.name else {
            let (why, todo) = ("Compass stops with a KeyError", "name the network that it carries");
            report.error(one.place, "an entry of sys_intf_mappings has no name", why, todo);
            continue;
        };
        for (key, missing) in [("interface", one.interface.is_none()), ("type", one.wire.is_none())] {
            if missing {
                report.error(
                    one.place,
                    format!("{} has no {key}", name.as_str()),
                    "Compass's playbooks stop where they set the NIC up",
                    format!("add {key} to {}", name.as_str()),
                );
            }
        }
    }
}

fn vip(key: &str, vip: Option<&Vip>, report: &mut Report) {
    let Some(vip) = vip else {
        let why = "Compass writes its inventory from it and stops with a KeyError";
        report.error(TOP, format!("{key} is missing"), why, format!("add {key} with ip, netmask and interface"));
        return;
    };
    let parts = [("ip", vip.ip.is_none()), ("netmask", vip.netmask.is_none()), ("interface", vip.interface.is_none())];
    for (part, missing) in parts {
        if missing {
            let why = "Compass writes its inventory from it and stops with a KeyError";
            report.error(vip.place, format!("{key} has no {part}"), why, format!("add {part} to {key}"));
        }
    }
}
