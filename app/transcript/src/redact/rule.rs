//! Which rule hid a secret, and how often.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why a part of a log was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A secret of the plan or of the settings.
    KnownSecret,
    /// A private key between its dashes.
    PrivateKey,
    /// The shape of a token, such as a JWT or a token of GitHub.
    TokenShape,
    /// A password's hash.
    PasswordHash,
    /// A long text in base64, which may be a key or an archive of keys.
    Base64,
    /// User and password, or a token, in a URL.
    Url,
    /// A header of HTTP that authenticates.
    HttpHeader,
    /// A program's option or argument.
    Option,
    /// A value behind a name such as `password`.
    Name,
    /// A value whose name stands in an entry beside it.
    NameBeside,
    /// Lines below a name such as `password`, or data of a Secret.
    Block,
    /// A line that the line before announced.
    Announced,
    /// The output of a program that makes or shows secrets.
    Output,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::KnownSecret,
        Self::PrivateKey,
        Self::TokenShape,
        Self::PasswordHash,
        Self::Base64,
        Self::Url,
        Self::HttpHeader,
        Self::Option,
        Self::Name,
        Self::NameBeside,
        Self::Block,
        Self::Announced,
        Self::Output,
    ];
}

/// How many parts of a log each rule hid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Rule, u64>", into = "BTreeMap<Rule, u64>")]
pub struct Counts([u64; Rule::ALL.len()]);

impl Counts {
    /// Counts one more.
    pub(super) fn add(&mut self, rule: Rule) {
        self.0[rule as usize] += 1;
    }

    /// Adds those of another part of the log.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, others)| *mine += others);
    }

    /// Rules that hid something, each with how often.
    pub fn each(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// How many parts were hidden in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl From<BTreeMap<Rule, u64>> for Counts {
    fn from(map: BTreeMap<Rule, u64>) -> Self {
        Self(Rule::ALL.map(|rule| map.get(&rule).copied().unwrap_or(0)))
    }
}

impl From<Counts> for BTreeMap<Rule, u64> {
    fn from(counts: Counts) -> Self {
        counts.each().collect()
    }
}

/// A part of a text that must be hidden, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub rule: Rule,
}

/// What was found in a text.
pub(super) type Hidden = Vec<Found>;

/// Adds a part, when there is something in it.
pub(super) fn push(hidden: &mut Hidden, range: std::ops::Range<usize>, rule: Rule) {
    if range.start < range.end {
        hidden.push(Found { start: range.start, end: range.end, rule });
    }
}
