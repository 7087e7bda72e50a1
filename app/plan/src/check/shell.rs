//! Values that Compass's shell would run.
//!
//! Compass puts each value of the DHA file into a line that a shell reads twice, once between apostrophes and once in
//! `${KEY:-VALUE}`. So a value is safe only when no character of it means anything to a shell.

use crate::{At, Dha, File, Finding, Kind, Network, Place, Plan, Rule, Secret, Severity, shown};

const WHY: &str = "Compass hands the value to a shell unquoted: it would be cut, changed or run as a command";
const TODO: &str = "use only letters, digits and _ - . : / @ % + , = ^ ! #; \
                    such a plan can be looked at, never started";

/// Whether a shell could take a value for more than one plain word.
pub(crate) fn would_run(text: &str) -> bool {
    fault(text).is_some()
}

/// The first character that a shell could take for more than a part of a plain word.
fn fault(text: &str) -> Option<char> {
    let plain = |one: char| one.is_ascii_alphanumeric() || "_-.:/@%+,=^!#".contains(one);
    text.chars().find(|one| !plain(*one)).or_else(|| text.chars().next().filter(|one| matches!(one, '#' | '-')))
}

/// A character as a sentence has it.
fn in_words(one: char) -> String {
    match one {
        ' ' => "a space".to_owned(),
        '\n' | '\r' => "a line end".to_owned(),
        '\t' => "a tab".to_owned(),
        '#' | '-' => format!("{one} at its beginning"),
        _ if one.is_ascii_graphic() => one.to_string(),
        _ => "a character beyond ASCII's printable ones".to_owned(),
    }
}

/// A value that a shell would run; nothing of it is shown when it is a secret.
pub(crate) fn finding(file: File, place: Place, named: &str, value: Option<&str>) -> Finding {
    let what = match value {
        Some(value) => format!("{named} is {}, which is no plain word to a shell", shown(value)),
        None => format!("{named} is no plain word to a shell"),
    };
    Finding {
        file,
        place,
        severity: Severity::Error,
        rule: Rule::Shell,
        what,
        why: WHY.to_owned(),
        todo: TODO.to_owned(),
    }
}

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(dha) = &plan.dha {
        let mut seen = Seen { file: File::Dha, found: &mut found };
        whole(dha, &mut seen);
        hosts(dha, &mut seen);
    }
    if let Some(network) = &plan.network {
        addresses(network, &mut Seen { file: File::Network, found: &mut found });
    }
    found
}

struct Seen<'f> {
    file: File,
    found: &'f mut Vec<Finding>,
}

impl Seen<'_> {
    fn word(&mut self, named: &str, word: &At<String>) {
        if would_run(word) {
            self.found.push(finding(self.file, word.place, named, Some(word)));
        }
    }

    fn words<'w>(&mut self, named: &str, words: impl IntoIterator<Item = &'w At<String>>) {
        for word in words {
            self.word(named, word);
        }
    }

    fn secret(&mut self, named: &str, secret: Option<&At<Secret>>) {
        let Some((secret, fault)) = secret.and_then(|secret| Some((secret, fault(secret.reveal())?))) else { return };
        // Which character it is must be told, or a password of twenty cannot be mended; where it stands is not.
        let mut found = finding(self.file, secret.place, named, None);
        found.what = format!("{}, for it has {}", found.what, in_words(fault));
        self.found.push(found);
    }
}

fn whole(dha: &Dha, seen: &mut Seen<'_>) {
    if let Some(At { value: Kind::Other(text), place }) = &dha.kind {
        seen.word("TYPE", &At::new(text.clone(), *place));
    }
    let words = [
        ("FLAVOR", &dha.flavor),
        ("NAME", &dha.name),
        ("POWER_TOOL", &dha.power_tool),
        ("ipmiUser", &dha.ipmi_user),
        ("ipmiVer", &dha.ipmi_ver),
    ];
    for (named, word) in words {
        seen.words(named, word);
    }
    seen.secret("ipmiPass", dha.ipmi_pass.as_ref());
    for plugin in &dha.plugins {
        seen.word("the name of a plugin", &plugin.name);
        seen.word("the value of a plugin", &plugin.value);
    }
}

fn hosts(dha: &Dha, seen: &mut Seen<'_>) {
    for (index, host) in dha.hosts.iter().enumerate() {
        let words = [
            ("name", &host.name),
            ("mac", &host.mac),
            ("ipmiIp", &host.ipmi_ip),
            ("ipmiUser", &host.ipmi_user),
            ("power_type", &host.power_type),
            ("power_ip", &host.power_ip),
            ("power_user", &host.power_user),
            ("location", &host.location),
        ];
        for (key, word) in words {
            seen.words(&format!("hosts[{index}].{key}"), word);
        }
        seen.words(&format!("hosts[{index}].roles"), &host.roles);
        for interface in &host.interfaces {
            seen.word(&format!("hosts[{index}].interfaces"), &interface.name);
            seen.word(&format!("hosts[{index}].interfaces"), &interface.mac);
        }
        seen.secret(&format!("hosts[{index}].ipmiPass"), host.ipmi_pass.as_ref());
        seen.secret(&format!("hosts[{index}].power_pass"), host.power_pass.as_ref());
    }
}

/// Addresses become variables such as `INSTALL_GW` in the same way.
fn addresses(network: &Network, seen: &mut Seen<'_>) {
    for one in &network.settings {
        seen.words("ip_settings.name", &one.name);
        seen.words("ip_settings.cidr", &one.cidr);
        seen.words("ip_settings.gw", &one.gateway);
        for range in one.ranges.iter().chain(&one.dhcp_ranges) {
            seen.words("an address of ip_settings", [&range.first, &range.last]);
        }
    }
    for (named, vip) in [("internal_vip", &network.internal_vip), ("public_vip", &network.public_vip)] {
        if let Some(vip) = vip {
            seen.words(named, vip.ip.iter().chain(&vip.netmask).chain(&vip.interface));
        }
    }
    for one in &network.interfaces {
        seen.words("sys_intf_mappings.name", &one.name);
        seen.words("sys_intf_mappings.interface", &one.interface);
    }
    if let Some(net) = &network.public_net {
        seen.words("public_net_info", net.gateway.iter().chain(&net.cidr).chain(&net.first).chain(&net.last));
    }
}
