//! Entries of network.yml that are told apart by name.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Report;
use crate::{At, Dha, File, Finding, Place, Plan, Rule, Stack, SystemInterface};

const KEPT: &str = "Compass keeps them by name: the later one takes the place of the earlier";
const TODO: &str = "give each a unique name, or remove one";

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let mut report = Report::of(File::Network, Rule::Identity);
    once("ip_settings", network.settings.iter().filter_map(|one| one.name.as_ref()), &mut report);
    once("bond_mappings", network.bonds.iter().filter_map(|one| one.name.as_ref()), &mut report);
    once("provider_net_mappings", network.provider_nets.iter().filter_map(|one| one.name.as_ref()), &mut report);
    // OpenStack's plans may map a network for controllers and for computes; Kubernetes' know no such roles.
    let apart_by_role = plan.dha.as_ref().is_none_or(|dha| Dha::stack(dha) != Stack::Kubernetes);
    let mut seen: BTreeMap<&str, Mapped> = BTreeMap::new();
    for one in &network.interfaces {
        let Some(name) = &one.name else { continue };
        let before = seen.entry(name.as_str()).or_insert_with(|| Mapped::first(one.place));
        if before.meets(one, apart_by_role) {
            let what = again("sys_intf_mappings", name, before.place);
            report.error(name.place, what, KEPT, TODO);
        }
        before.add(one);
    }
    report.found()
}

fn once<'a>(list: &str, names: impl Iterator<Item = &'a At<String>>, report: &mut Report) {
    let mut seen = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.as_str(), name.place) {
            let what = again(list, name, first);
            report.error(name.place, what, KEPT, TODO);
        }
    }
}

fn again(list: &str, name: &At<String>, first: Place) -> String {
    format!("duplicate name “{}” in {list} (first used on line {})", name.as_str(), first.line)
}

/// What maps a network already.
struct Mapped<'a> {
    place: Place,
    roles: BTreeSet<&'a str>,
    any: bool,
    for_all: bool,
}

impl<'a> Mapped<'a> {
    fn first(place: Place) -> Self {
        Self { place, roles: BTreeSet::new(), any: false, for_all: false }
    }

    fn meets(&self, one: &SystemInterface, apart_by_role: bool) -> bool {
        let shared = one.roles.iter().any(|role| self.roles.contains(role.as_str()));
        self.any && (!apart_by_role || self.for_all || one.roles.is_empty() || shared)
    }

    fn add(&mut self, one: &'a SystemInterface) {
        self.any = true;
        self.for_all |= one.roles.is_empty();
        self.roles.extend(one.roles.iter().map(|role| role.as_str()));
    }
}
