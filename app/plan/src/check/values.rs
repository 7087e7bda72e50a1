//! Values that Compass makes file names and paths of.

use super::report::Report;
use crate::{At, Dha, File, Finding, Kind, Plan, Rule};

const FLAVORS: [&str; 1] = ["cluster"];
const POWER_TOOLS: [&str; 2] = ["ipmitool", "smmset"];
const LONGEST_NAME: usize = 32;

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    plan.dha.as_ref().map(dha).unwrap_or_default()
}

fn dha(dha: &Dha) -> Vec<Finding> {
    let mut report = Report::of(File::Dha, Rule::Value);
    let mut paths = Report::of(File::Dha, Rule::Shell);
    if let Some(At { value: Kind::Other(text), place }) = &dha.kind {
        report.error(
            *place,
            format!("TYPE {text} is neither virtual nor baremetal"),
            "Compass treats the machines as bare metal in one script and as nothing in the next",
            "write virtual or baremetal",
        );
    }
    let known = [
        (
            "FLAVOR",
            &dha.flavor,
            &FLAVORS[..],
            "Compass runs the file of that name in its conf folder as a part of its shell",
        ),
        (
            "POWER_TOOL",
            &dha.power_tool,
            &POWER_TOOLS[..],
            "Compass opens the template of that name, writes a script of that name and runs it",
        ),
    ];
    for (key, value, allowed, why) in known {
        let Some(value) = value else { continue };
        if allowed.contains(&value.as_str()) {
            continue;
        }
        let todo = format!("write {}", allowed.join(" or "));
        if leaves_its_folder(value) {
            paths.error(value.place, format!("{key} {} leads out of its folder", value.as_str()), why, todo);
        } else {
            report.error(value.place, format!("{key} {} is not known", value.as_str()), why, todo);
        }
    }
    if let Some(name) = &dha.name {
        let why = "Compass names the cluster, its folders and its containers by it";
        let todo = format!("take 1 to {LONGEST_NAME} of a-z, 0-9 and -, not beginning with -");
        if leaves_its_folder(name) {
            paths.error(name.place, format!("NAME {} leads out of its folder", name.as_str()), why, todo);
        } else if !is_name(name) {
            report.error(name.place, format!("NAME {} cannot name a cluster", name.as_str()), why, todo);
        }
    }
    let mut found = report.found();
    found.extend(paths.found());
    found
}

fn leaves_its_folder(text: &str) -> bool {
    text.contains(['/', '\\', '\0']) || text.contains("..")
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-')
}
