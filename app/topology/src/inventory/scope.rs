//! Which namespaces are looked at, and what each source tells of each of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use super::{Heard, Name, Source};

/// Names that a sentence has room for.
const NAMED: usize = 3;

/// Which namespaces are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All of them.
    #[default]
    Whole,
    /// Some: what lies in others is unknown, and neither missing nor well.
    Only {
        /// Their names.
        names: BTreeSet<Name>,
        /// What limits to them.
        by: Limit,
        /// Namespaces that may be read and are left out, because there are too many.
        left: u32,
    },
}

/// What limits the namespaces that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// They were named in the settings.
    Setting,
    /// The role may read no others.
    Role,
}

impl Scope {
    /// Whether all namespaces are looked at.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// Whether a namespace is looked at.
    pub fn covers(&self, namespace: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Only { names, .. } => names.contains(namespace),
        }
    }

    /// The namespaces that are looked at, when these are not all.
    pub fn names(&self) -> Option<&BTreeSet<Name>> {
        match self {
            Self::Whole => None,
            Self::Only { names, .. } => Some(names),
        }
    }

    /// As in `the namespace a`, `the namespaces a and b` or `7 namespaces (a, b, c, …)`; none when all are looked at.
    pub fn words(&self) -> Option<String> {
        self.names().map(namespaces)
    }

    /// Why nothing is certain of the cluster as a whole; none when all namespaces are looked at.
    pub fn gap(&self) -> Option<String> {
        Some(format!("only {} can be seen", self.words()?))
    }
}

/// As in `the namespaces a and b`.
pub fn namespaces<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(|name| &**name).collect();
    match names.as_slice() {
        [] => "no namespace".to_owned(),
        [one] => format!("the namespace {one}"),
        [rest @ .., last] if names.len() <= NAMED => format!("the namespaces {} and {last}", rest.join(", ")),
        _ => format!("{} namespaces ({}, …)", names.len(), names[..NAMED].join(", ")),
    }
}

impl Source {
    /// Whether what it tells lies in the namespaces that people choose. Leases lie in namespaces of the cluster itself,
    /// and tell of its hosts and its leaders.
    pub const fn is_namespaced(self) -> bool {
        !matches!(
            self,
            Self::Nodes
                | Self::Leases
                | Self::Namespaces
                | Self::Readyz
                | Self::PersistentVolumes
                | Self::StorageClasses
                | Self::PriorityClasses
                | Self::CsiNodes
        )
    }
}

/// What each source tells of each namespace, while some are looked at.
pub(super) type Parts = BTreeMap<Source, BTreeMap<Name, Heard>>;

/// Said of what lies in a namespace that is not looked at.
pub(super) static OUTSIDE: LazyLock<Heard> =
    LazyLock::new(|| Heard::Unread { reason: "its namespace is not among those that can be seen".into() });

/// How far a source has spoken as a whole. While one namespace tells, the source tells; which others do not is said
/// beside it. `before` is what held until now: a namespace that joins later takes nothing back.
pub(super) fn merged(parts: Option<&BTreeMap<Name, Heard>>, names: &BTreeSet<Name>, before: &Heard) -> Heard {
    let part = |name| parts.and_then(|parts| parts.get(name)).unwrap_or(&Heard::NotYet);
    let all: Vec<(&Name, &Heard)> = names.iter().map(|name| (name, part(name))).collect();
    let silent = |heard: &Heard| *heard == Heard::NotYet;
    if *before == Heard::NotYet && all.iter().any(|(_, heard)| silent(heard)) {
        return Heard::NotYet;
    }
    let listed = all.iter().filter_map(|(_, heard)| match heard {
        Heard::Listed { since, permission } => Some((*since, permission)),
        _ => None,
    });
    if let Some((since, permission)) = listed.min() {
        return Heard::Listed { since, permission: permission.clone() };
    }
    if all.iter().any(|(_, heard)| heard.is_fresh()) {
        return Heard::Live;
    }
    let stale = all.iter().filter_map(|(_, heard)| match heard {
        Heard::Stale { since, reason } => Some((*since, reason)),
        _ => None,
    });
    if let Some((since, reason)) = stale.min() {
        return Heard::Stale { since, reason: reason.clone() };
    }
    if let Some((_, unread)) = all.iter().find(|(_, heard)| matches!(heard, Heard::Unread { .. })) {
        return (*unread).clone();
    }
    let forbidden = |(name, heard): &(&'_ Name, &'_ Heard)| match heard {
        Heard::Forbidden { permission } => Some(((*name).clone(), permission.clone())),
        _ => None,
    };
    let forbidden: Vec<(Name, Name)> = all.iter().filter_map(forbidden).collect();
    if let Some((_, permission)) = forbidden.first() {
        let permission = format!("{permission} in {}", namespaces(forbidden.iter().map(|(name, _)| name)));
        return Heard::Forbidden { permission: permission.into() };
    }
    all.into_iter().map(|(_, heard)| heard).find(|heard| !silent(heard)).cloned().unwrap_or_default()
}
