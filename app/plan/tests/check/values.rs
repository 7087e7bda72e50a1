//! Values that become file names and paths.

use super::fixture::{bare_metal, kubernetes};
use plan::Rule;

#[test]
fn a_type_that_is_neither_is_an_error() {
    kubernetes().dha("TYPE: virtual", "TYPE: cloud").error(Rule::Value, "TYPE: cloud", "TYPE cloud is neither");
}

#[test]
fn a_flavor_that_is_not_known_is_an_error() {
    kubernetes().dha("FLAVOR: cluster", "FLAVOR: single").error(Rule::Value, "FLAVOR", "FLAVOR single is not known");
}

#[test]
fn a_flavor_or_a_power_tool_that_leads_out_of_its_folder_stops_the_plan() {
    kubernetes().dha("FLAVOR: cluster", "FLAVOR: ../evil").error(Rule::Shell, "FLAVOR", "leads out of its folder");
    bare_metal().dha("ipmitool", "a/b").error(Rule::Shell, "POWER_TOOL", "leads out of its folder");
}

#[test]
fn a_power_tool_that_is_not_known_is_an_error() {
    bare_metal().dha("ipmitool", "wol").error(Rule::Value, "POWER_TOOL: wol", "POWER_TOOL wol is not known");
}

#[test]
fn a_name_that_cannot_be_a_folder_is_an_error() {
    for name in ["Compass", "a_b", "a.b", "-a", &"a".repeat(33)] {
        let case = kubernetes().dha("NAME: compass", &format!("NAME: {name}"));
        case.error(Rule::Value, "NAME", "cannot name a cluster");
    }
    for name in ["..", "a/b", "/etc"] {
        let case = kubernetes().dha("NAME: compass", &format!("NAME: {name}"));
        case.error(Rule::Shell, "NAME", "leads out of its folder");
    }
    kubernetes().dha("NAME: compass", &format!("NAME: {}", "a".repeat(32))).finds(&[]);
}
