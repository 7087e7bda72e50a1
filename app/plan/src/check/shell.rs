//! Values that Compass's shell would run instead of passing them on.
//!
//! Compass turns a DHA file into lines of shell: what is no plain word there is run, split or
//! replaced. Such a plan can be looked at, and is never started.

use crate::{At, Dha, File, Finding, Interface, Kind, Place, Plan, Plugin, Rule, Secret, Severity};

/// Whether a plan may be handed to Compass: no finding says that its shell would run a value.
pub fn startable(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.rule == Rule::Shell)
}

/// Every value of the DHA file that is no plain word.
pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(dha) = &plan.dha else { return Vec::new() };
    words(dha).into_iter().filter_map(|word| finding(&word)).collect()
}

/// A value on its way to the shell.
struct Word<'a> {
    key: &'a str,
    place: Place,
    value: &'a str,
    secret: bool,
}

fn words(dha: &Dha) -> Vec<Word<'_>> {
    let mut words = Words(Vec::new());
    if let Some(kind) = &dha.kind
        && let Kind::Other(other) = &kind.value
    {
        words.0.push(Word { key: "TYPE", place: kind.place, value: other, secret: false });
    }
    words.plain("FLAVOR", &dha.flavor);
    words.plain("NAME", &dha.name);
    words.plain("POWER_TOOL", &dha.power_tool);
    words.plain("ipmiUser", &dha.ipmi_user);
    words.secret("ipmiPass", &dha.ipmi_pass);
    words.plain("ipmiVer", &dha.ipmi_ver);
    for host in &dha.hosts {
        words.plain("name", &host.name);
        words.plain("mac", &host.mac);
        words.plain("ipmiIp", &host.ipmi_ip);
        words.plain("ipmiUser", &host.ipmi_user);
        words.secret("ipmiPass", &host.ipmi_pass);
        words.plain("power_type", &host.power_type);
        words.plain("power_ip", &host.power_ip);
        words.plain("power_user", &host.power_user);
        words.secret("power_pass", &host.power_pass);
        words.plain("location", &host.location);
        words.all("roles", &host.roles);
        for Interface { name, mac } in &host.interfaces {
            words.all("interfaces", [name, mac]);
        }
    }
    for Plugin { name, value } in &dha.plugins {
        words.all("plugins", [name, value]);
    }
    words.0
}

struct Words<'a>(Vec<Word<'a>>);

impl<'a> Words<'a> {
    fn plain(&mut self, key: &'a str, at: &'a Option<At<String>>) {
        self.all(key, at);
    }

    fn all(&mut self, key: &'a str, ats: impl IntoIterator<Item = &'a At<String>>) {
        self.0.extend(ats.into_iter().map(|at| Word { key, place: at.place, value: &at.value, secret: false }));
    }

    fn secret(&mut self, key: &'a str, at: &'a Option<At<Secret>>) {
        self.0.extend(at.iter().map(|at| Word { key, place: at.place, value: at.value.reveal(), secret: true }));
    }
}

fn finding(word: &Word) -> Option<Finding> {
    let found = word.value.chars().find(|c| !harmless(*c))?;
    let sign = match found {
        ' ' => "a space".to_owned(),
        '\n' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        c => format!("the character {}", c.escape_debug()),
    };
    let shown = if word.secret { String::new() } else { format!(" {:?}", word.value) };
    Some(Finding {
        file: File::Dha,
        place: word.place,
        severity: Severity::Error,
        rule: Rule::Shell,
        what: format!("{}{shown} holds {sign}", word.key),
        why: "Compass pastes this value into shell commands, unquoted: the shell would split it, replace it or run it."
            .into(),
        todo: "Use letters, digits and . _ : / @ % + = - , alone. A plan like this can be looked at, and is never started."
            .into(),
    })
}

/// What no shell gives a meaning to inside of a word.
const fn harmless(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | '%' | '+' | '=' | '-' | ',')
}
