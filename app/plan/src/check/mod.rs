//! Rules that a plan must keep to.

mod shell;

use super::{Finding, Plan, hidden::Hidden};

/// Everything that is wrong or worth knowing about a plan that was read, in the order of its files.
pub fn check(plan: &Plan) -> Vec<Finding> {
    let rules = [shell::check];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(plan)).collect();
    Hidden::of(plan).findings(&mut findings);
    findings.sort();
    findings
}
