//! What Compass needs to switch machines on, reset them, and know them when they boot.

use super::report::{Report, TOP, called};
use crate::{At, Dha, File, Finding, Host, Kind, Place, Plan, Rule, Secret};

const VERSION: &str = "ipmiVer";

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(dha) = &plan.dha else { return Vec::new() };
    let mut report = Report::of(File::Dha, Rule::Power);
    match dha.kind.as_ref().map(|kind| &kind.value) {
        Some(Kind::Baremetal) => bare_metal(dha, &mut report),
        Some(Kind::Virtual) => unused(dha, &mut report),
        _ => {}
    }
    report.found()
}

fn bare_metal(dha: &Dha, report: &mut Report) {
    let tool = dha.power_tool.as_ref().map(|tool| tool.as_str());
    if tool.is_none() {
        report.error(
            dha.kind.as_ref().map_or(TOP, |kind| kind.place),
            "POWER_TOOL is missing for machines of their own",
            "Compass resets none of them and does not say so; it waits an hour for systems that nobody installs",
            "write POWER_TOOL: ipmitool",
        );
    }
    for host in &dha.hosts {
        boots(host, report);
        match tool {
            Some("smmset") => located(host, report),
            _ => logs_in(dha, host, report),
        }
    }
    if tool != Some("smmset") {
        version(dha, report);
    }
    newest(dha, report);
}

fn boots(host: &Host, report: &mut Report) {
    if host.mac.is_none() && !host.interfaces.iter().any(|one| one.name.as_str() == "eth0") {
        report.error(
            host.place,
            format!("{} has no mac", called(host)),
            "Compass knows a machine that boots from the network by the MAC of its eth0: this one is not installed",
            "write the MAC of eth0 under mac",
        );
    }
    if host.interfaces.is_empty() {
        report.error(
            host.place,
            format!("{} has no interfaces", called(host)),
            "Compass's check of the files stops with a KeyError",
            "name its NICs and their MACs under interfaces",
        );
    }
}

fn located(host: &Host, report: &mut Report) {
    if host.location.as_ref().is_none_or(|location| location.is_empty()) {
        report.error(
            host.place,
            format!("{} has no location", called(host)),
            "smmset finds a blade by its slot; without one the script that resets all hosts does nothing but exit 1",
            "write the slot of the blade under location",
        );
    }
}

fn logs_in(dha: &Dha, host: &Host, report: &mut Report) {
    let user = written(host.ipmi_user.as_ref().or(dha.ipmi_user.as_ref()));
    let pass = host.ipmi_pass.as_ref().or(dha.ipmi_pass.as_ref()).is_some_and(|pass| !pass.reveal().is_empty());
    let keys = [("ipmiIp", written(host.ipmi_ip.as_ref())), ("ipmiUser", user), ("ipmiPass", pass)];
    for key in keys.into_iter().filter(|(_, given)| !given).map(|(key, _)| key) {
        let todo = match key {
            "ipmiIp" => "write the address of the machine's BMC under ipmiIp".to_owned(),
            key => format!("write {key} for the host, or for all of them at the top"),
        };
        report.error(
            host.place,
            format!("{} has no {key}", called(host)),
            "if one host lacks it, the script that resets all hosts does nothing but exit 1, for all of them",
            todo,
        );
    }
}

fn written(text: Option<&At<String>>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn version(dha: &Dha, report: &mut Report) {
    match &dha.ipmi_ver {
        Some(version) if matches!(version.as_str(), "1.0" | "2.0") => {}
        Some(version) => report.warning(
            version.place,
            format!("{VERSION} {} is not known", version.as_str()),
            "Compass takes anything but '2.0' for the old protocol (lan), which newer BMCs refuse",
            "write '2.0', or '1.0', in quotes",
        ),
        None if dha.hosts.iter().all(|host| host.rest.iter().any(|one| one.key.as_str() == VERSION)) => {}
        None => report.note(
            dha.kind.as_ref().map_or(TOP, |kind| kind.place),
            format!("{VERSION} is missing"),
            "Compass takes 2.0 (lanplus)",
            "write ipmiVer: '2.0', or '1.0' for an old BMC, in quotes",
        ),
    }
}

/// The newest source reads other keys beside; said once, at the first host that lacks them.
fn newest(dha: &Dha, report: &mut Report) {
    if let Some(host) = dha.hosts.iter().find(|host| host.power_ip.is_none()) {
        report.warning(
            host.place,
            format!("{} has no power_ip", called(host)),
            "the check of Compass's newest source (since December 2018) stops without it (KeyError); its power script \
             goes on reading ipmiIp",
            "for the newest Compass write power_ip beside ipmiIp, for each host",
        );
    }
}

/// Keys of power control and of cards in a plan whose machines Compass makes itself.
fn unused(dha: &Dha, report: &mut Report) {
    let at = |text: &Option<At<String>>| text.as_ref().map(|text| text.place);
    let hidden = |secret: &Option<At<Secret>>| secret.as_ref().map(|secret| secret.place);
    let mut keys: Vec<(&str, Option<Place>)> = vec![
        ("POWER_TOOL", at(&dha.power_tool)),
        ("ipmiUser", at(&dha.ipmi_user)),
        ("ipmiPass", hidden(&dha.ipmi_pass)),
        (VERSION, at(&dha.ipmi_ver)),
    ];
    for host in &dha.hosts {
        keys.extend([
            ("mac", at(&host.mac)),
            ("interfaces", host.form.as_ref().map(|form| form.place)),
            ("ipmiIp", at(&host.ipmi_ip)),
            ("ipmiUser", at(&host.ipmi_user)),
            ("ipmiPass", hidden(&host.ipmi_pass)),
            ("power_type", at(&host.power_type)),
            ("power_ip", at(&host.power_ip)),
            ("power_user", at(&host.power_user)),
            ("power_pass", hidden(&host.power_pass)),
            ("location", at(&host.location)),
        ]);
    }
    let mut written: Vec<(Place, &str)> = keys.into_iter().filter_map(|(key, place)| Some((place?, key))).collect();
    written.sort();
    let Some((first, _)) = written.first().copied() else { return };
    let mut names: Vec<&str> = Vec::new();
    for (_, key) in written {
        if !names.contains(&key) {
            names.push(key);
        }
    }
    report.note(
        first,
        format!("not used for virtual machines: {}", names.join(", ")),
        "Compass makes the machines itself, with MACs of its own, and switches them on through libvirt",
        "remove the keys, or write TYPE: baremetal",
    );
}
