//! What a check found.

use serde::Serialize;

use super::{File, Place};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; Compass does what was meant.
    Note,
    /// Compass goes on, but perhaps not as meant.
    Warning,
    /// The deployment fails, or makes something else than was meant.
    Error,
}

/// Which family of rules a finding comes from. A plan with a [`Rule::Shell`] finding is never started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The text is no YAML that can be read safely: syntax, duplicates, size, depth, aliases.
    Yaml,
    /// A key is missing that Compass needs.
    Missing,
    /// A key that Compass does not know.
    Unknown,
    /// A value is not of the kind that Compass expects.
    Value,
    /// A value that Compass's shell would run, or a key that would become an environment variable.
    Shell,
    /// Names, MACs or addresses that are not well formed or not unique.
    Identity,
    /// Roles required, allowed, mixed and counted.
    Roles,
    /// Addresses, ranges, CIDRs, gateways and VIPs that do not fit each other.
    Addresses,
    /// Interfaces, bonds and VLANs.
    Links,
    /// What power control of bare metal needs.
    Power,
    /// An expansion that collides with what is there.
    Expansion,
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Which of the two files.
    pub file: File,
    /// Where in it.
    pub place: Place,
    /// How much it matters.
    pub severity: Severity,
    /// The family of rules.
    pub rule: Rule,
    /// What is wrong, with the value (never a secret one).
    pub what: String,
    /// What Compass makes of it.
    pub why: String,
    /// What to do.
    pub todo: String,
}
