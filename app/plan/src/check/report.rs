//! How a family of rules writes down what it finds.

use crate::{File, Finding, Host, Place, Rule, Severity};

/// Where a file begins; the place of a key that is not there.
pub(super) const TOP: Place = Place { line: 1, column: 1 };

/// How many of several things a finding names.
pub(super) const SHOWN: usize = 5;

/// What one family found in one file.
pub(super) struct Report {
    file: File,
    rule: Rule,
    found: Vec<Finding>,
}

impl Report {
    /// Nothing found yet.
    pub(super) fn of(file: File, rule: Rule) -> Self {
        Self { file, rule, found: Vec::new() }
    }

    /// The deployment fails, or makes something else than was meant.
    pub(super) fn error(
        &mut self,
        at: Place,
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.add(Severity::Error, at, what, why, todo);
    }

    /// Compass goes on, but perhaps not as meant.
    pub(super) fn warning(
        &mut self,
        at: Place,
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.add(Severity::Warning, at, what, why, todo);
    }

    /// Worth knowing.
    pub(super) fn note(&mut self, at: Place, what: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) {
        self.add(Severity::Note, at, what, why, todo);
    }

    /// A finding whose severity depends on the plan.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        place: Place,
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) {
        let (file, rule) = (self.file, self.rule);
        self.found.push(Finding { file, place, severity, rule, what: what.into(), why: why.into(), todo: todo.into() });
    }

    /// All of it.
    pub(super) fn found(self) -> Vec<Finding> {
        self.found
    }
}

/// How to speak of a host.
pub(super) fn called(host: &Host) -> String {
    host.named().map_or_else(|| format!("the host of line {}", host.place.line), ToOwned::to_owned)
}

/// How to speak of several things: all of them when they are few.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let shown = names.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
