//! With which of etcd's tools a snapshot is restored, and whether that can spare the restarts.

use crate::Facts;

/// Revisions that a restore leaves out, so that none that anybody has seen is given anew. As etcd's manual has it.
pub(crate) const BUMP: i64 = 1_000_000_000;

/// The tool of the cluster's own version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// From 3.5.
    Etcdutl {
        /// From 3.5.10 it can bump the revision.
        bumps: bool,
    },
    /// Before 3.5.
    Etcdctl {
        /// From 3.4.27.
        bumps: bool,
    },
    /// The version is unknown, or members run different ones: whichever is there, without what the older cannot do.
    Either,
}

impl Tool {
    pub fn of(facts: &Facts) -> Self {
        let tools: Vec<Self> = facts.versions().into_iter().map(Self::of_version).collect();
        let Some((first, rest)) = tools.split_first() else { return Self::Either };
        if rest.iter().all(|tool| tool == first) { *first } else { Self::Either }
    }

    fn of_version(version: &str) -> Self {
        let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse::<u32>().ok());
        let mut next = || numbers.next().flatten();
        match (next(), next(), next()) {
            (Some(3), Some(5), Some(patch)) => Self::Etcdutl { bumps: patch >= 10 },
            (Some(3), Some(6..), _) | (Some(4..), Some(_), _) => Self::Etcdutl { bumps: true },
            (Some(3), Some(4), Some(patch)) => Self::Etcdctl { bumps: patch >= 27 },
            (Some(3), Some(..4), _) => Self::Etcdctl { bumps: false },
            _ => Self::Either,
        }
    }

    /// Whether no revision is given twice.
    pub const fn bumps(self) -> bool {
        matches!(self, Self::Etcdutl { bumps: true } | Self::Etcdctl { bumps: true })
    }

    /// Its name; in a shell, an expansion that is one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcdutl { .. } => "etcdutl",
            Self::Etcdctl { .. } => "etcdctl",
            Self::Either => "$(command -v etcdutl || command -v etcdctl)",
        }
    }
}

/// Whether every member can hash its keys at a revision: from 3.3, as far as versions are known.
pub(crate) fn hashes(facts: &Facts) -> bool {
    let known = facts.versions();
    !known.is_empty()
        && known.iter().all(|version| !["3.0.", "3.1.", "3.2."].iter().any(|old| version.starts_with(old)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_used_only_where_they_are_there() {
        for (version, tool) in [
            ("3.2.18", Tool::Etcdctl { bumps: false }),
            ("3.4.26", Tool::Etcdctl { bumps: false }),
            ("3.4.27", Tool::Etcdctl { bumps: true }),
            ("3.5.9", Tool::Etcdutl { bumps: false }),
            ("3.5.10", Tool::Etcdutl { bumps: true }),
            ("v3.6.0-rc.1", Tool::Etcdutl { bumps: true }),
            ("unknown", Tool::Either),
            ("2.3.8", Tool::Either),
        ] {
            assert_eq!(Tool::of_version(version), tool, "{version}");
        }
    }
}
