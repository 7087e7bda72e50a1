//! What is wrong with a plan, or worth knowing, before Compass acts on it.
//!
//! Each family of rules is one pure function from a plan to findings, and none heeds another's. A rule that needs a
//! value that is missing or malformed says nothing: the family that owns the value does.

mod addresses;
mod block;
mod expansion;
mod floating;
mod identity;
mod links;
mod names;
mod pools;
mod power;
mod report;
mod required;
mod roles;
pub(crate) mod shell;
mod values;
mod vips;

pub use expansion::check_expansion;

use super::{
    Finding, Plan, Release,
    hidden::{Hidden, bounded},
};

/// Checks a plan on its own, as one to deploy or, when no host of it is a master, as one to expand with
/// (see [`crate::Dha::purpose`]). In the order of the files, without duplicates.
pub fn check(plan: &Plan) -> Vec<Finding> {
    check_for(Release::default(), plan)
}

/// The same for a release of Compass.
pub(crate) fn check_for(release: Release, plan: &Plan) -> Vec<Finding> {
    let families = [
        required::check,
        values::check,
        identity::check,
        names::check,
        addresses::check,
        pools::check,
        vips::check,
        floating::check,
        links::check,
        power::check,
        shell::check,
    ];
    let found = families.iter().flat_map(|family| family(plan)).chain(roles::check(release, plan)).collect();
    bounded(in_order(found), &Hidden::of(plan))
}

fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}
