//! An Inventory of some namespaces: what it is limited to, and what is heard of each.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    super::{
        Heard, Key, Name, Scope, Source, Touched,
        scope::{merged, namespaces},
    },
    Inventory,
};

impl Inventory {
    /// Which namespaces are looked at.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether a source tells of all that there is in the cluster.
    pub fn tells_all(&self, source: Source) -> bool {
        self.heard(source).knows() && (self.scope.is_whole() || !source.is_namespaced())
    }

    /// Every source's standing: of each namespace, where these are not all.
    pub fn standings(&self) -> impl Iterator<Item = (Source, Option<&Name>, &Heard)> {
        let parts = self
            .heard_in
            .iter()
            .flat_map(|(source, parts)| parts.iter().map(|(namespace, heard)| (*source, Some(namespace), heard)));
        let wholes = self.heard.iter().filter(|(source, _)| !self.heard_in.contains_key(*source));
        wholes.map(|(source, heard)| (*source, None, heard)).chain(parts)
    }

    /// The same without what another Inventory was not to see, for a comparison of both.
    pub fn seen_by(&self, other: &Self) -> Cow<'_, Self> {
        if self.scope.is_whole() && other.scope.is_whole() {
            return Cow::Borrowed(self);
        }
        let mut seen = self.clone();
        for source in Source::every().filter(|source| source.is_namespaced()) {
            let told = |namespace: &str| [self, other].iter().all(|one| one.heard_in(source, namespace).knows());
            let unseen = self.unnamed(source, &BTreeSet::new()).into_iter().filter(|key| !told(&key.namespace));
            for key in unseen {
                seen.remove(source, &key);
            }
        }
        Cow::Owned(seen)
    }

    /// What is missing, in sentences, when not all namespaces are looked at.
    pub fn missing(&self) -> Vec<String> {
        let Some(words) = self.scope.words() else { return Vec::new() };
        let mut missing = vec![format!("Only {words} can be seen.")];
        if let Scope::Only { left: left @ 1.., .. } = self.scope {
            missing
                .push(format!("{left} further namespaces may be read: name those to show in the setting namespaces."));
        }
        let lacking = self.lacking();
        if !lacking.is_empty() {
            missing.push(format!("The role may not {}.", lacking.join(", ")));
        }
        missing
    }

    /// What the role lacks, as in `list nodes` or `list pods in the namespace b`.
    fn lacking(&self) -> Vec<String> {
        let mut found = Vec::new();
        for source in Source::every() {
            let Some(parts) = self.heard_in.get(&source) else {
                found.extend(lacks(self.heard(source)).map(Name::to_string));
                continue;
            };
            let refused = parts.iter().filter_map(|(namespace, heard)| Some((lacks(heard)?, namespace)));
            let refused: Vec<(&Name, &Name)> = refused.collect();
            if let Some((permission, _)) = refused.first() {
                let here = refused.iter().map(|(_, namespace)| *namespace);
                found.push(match refused.len() == parts.len() && parts.len() > 1 {
                    true => (*permission).to_string(),
                    false => format!("{permission} in {}", namespaces(here)),
                });
            }
        }
        found
    }

    pub(super) fn limit(&mut self, scope: Scope) -> Touched {
        if self.scope == scope {
            return Touched::default();
        }
        let was_whole = std::mem::replace(&mut self.scope, scope).is_whole();
        let namespaced: Vec<Source> = Source::every().filter(|source| source.is_namespaced()).collect();
        let Some(names) = self.scope.names().cloned() else {
            self.heard_in.clear();
            self.heard.retain(|source, _| !source.is_namespaced());
            return Touched { node_set: true, beside: true, ..Touched::everything() };
        };
        for source in namespaced {
            for key in self.unnamed(source, &BTreeSet::new()) {
                if !names.contains(&key.namespace) {
                    self.remove(source, &key);
                }
            }
            if let Some(parts) = self.heard_in.get_mut(&source) {
                parts.retain(|namespace, _| names.contains(namespace));
            }
            let before = if was_whole { Heard::NotYet } else { self.heard(source).clone() };
            let now = merged(self.heard_in.get(&source), &names, &before);
            self.heard.insert(source, now);
        }
        Touched { node_set: true, beside: true, ..Touched::everything() }
    }

    pub(super) fn hear_in(&mut self, source: Source, namespace: Name, heard: &Heard) -> Touched {
        let Some(names) = self.scope.names().filter(|names| names.contains(&namespace)) else {
            // It is not looked at any more.
            return Touched::default();
        };
        let parts = self.heard_in.entry(source).or_default();
        if parts.insert(namespace, heard.clone()).as_ref() == Some(heard) {
            return Touched::default();
        }
        let before = self.heard.get(&source).cloned().unwrap_or_default();
        let now = merged(Some(parts), names, &before);
        self.heard.insert(source, now);
        if Source::BESIDE.contains(&source) { Touched::beside() } else { Touched::everything() }
    }

    /// What is held of a source in a namespace and is not among the named.
    pub(super) fn unnamed_in(&self, source: Source, namespace: &str, named: &BTreeSet<Key>) -> Vec<Key> {
        let mut unnamed = self.unnamed(source, named);
        unnamed.retain(|key| *key.namespace == *namespace);
        unnamed
    }

    pub(super) fn keep_only_in(&mut self, source: Source, namespace: &str, named: &BTreeSet<Key>) -> Touched {
        let mut touched = Touched::default();
        for key in self.unnamed_in(source, namespace, named) {
            touched.merge(self.remove(source, &key));
        }
        touched
    }
}

fn lacks(heard: &Heard) -> Option<&Name> {
    match heard {
        Heard::Forbidden { permission } | Heard::Listed { permission, .. } => Some(permission),
        _ => None,
    }
}
