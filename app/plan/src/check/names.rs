//! Entries of network.yml that are told apart by name.

use std::collections::BTreeMap;

use super::report::Report;
use crate::{At, Dha, File, Finding, Plan, Rule, Stack, SystemInterface};

const KEPT: &str = "Compass keeps them by name: the later one takes the place of the earlier";
const TODO: &str = "name them apart, or remove one";

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let mut report = Report::of(File::Network, Rule::Identity);
    once("ip_settings", network.settings.iter().filter_map(|one| one.name.as_ref()), &mut report);
    once("bond_mappings", network.bonds.iter().filter_map(|one| one.name.as_ref()), &mut report);
    once("provider_net_mappings", network.provider_nets.iter().filter_map(|one| one.name.as_ref()), &mut report);
    // OpenStack's plans may map a network for controllers and for computes; Kubernetes' know no such roles.
    let apart_by_role = plan.dha.as_ref().is_none_or(|dha| Dha::stack(dha) != Stack::Kubernetes);
    for (at, one) in network.interfaces.iter().enumerate() {
        let Some(name) = &one.name else { continue };
        let same = |other: &&SystemInterface| {
            other.name.as_ref().is_some_and(|other| other.value == name.value)
                && !(apart_by_role && have_no_role_in_common(one, other))
        };
        if let Some(first) = network.interfaces[..at].iter().find(same) {
            let what = format!("{} of sys_intf_mappings is that of line {} again", name.as_str(), first.place.line);
            report.error(name.place, what, KEPT, TODO);
        }
    }
    report.found()
}

fn once<'a>(list: &str, names: impl Iterator<Item = &'a At<String>>, report: &mut Report) {
    let mut seen = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.as_str(), name.place) {
            let what = format!("{} of {list} is that of line {} again", name.as_str(), first.line);
            report.error(name.place, what, KEPT, TODO);
        }
    }
}

fn have_no_role_in_common(one: &SystemInterface, other: &SystemInterface) -> bool {
    !one.roles.is_empty()
        && !other.roles.is_empty()
        && !one.roles.iter().any(|role| other.roles.iter().any(|theirs| theirs.value == role.value))
}
