//! One page of a list: as of one resourceVersion, whatever has happened since its first page.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use crate::{
    kind::Kind,
    object::{Key, Object},
    selector::Selector,
    store::{Shelf, Store},
};

/// What to list.
pub(crate) struct Wanted<'a> {
    pub(crate) kind: Kind,
    /// Empty for all.
    pub(crate) namespace: &'a str,
    pub(crate) selector: &'a Selector,
    pub(crate) limit: Option<usize>,
    /// After which key to go on.
    pub(crate) after: Option<Key>,
    /// As of when; `None` for now.
    pub(crate) version: Option<u64>,
}

/// What was found.
pub(crate) struct Page {
    pub(crate) version: u64,
    pub(crate) objects: Vec<Arc<Object>>,
    /// The last key of this page, where there is more.
    pub(crate) next: Option<Key>,
    /// How many are left; unknown under a selector.
    pub(crate) left: Option<usize>,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPage {
    /// The changes since that version have been forgotten.
    Forgotten,
    /// That version has not been reached yet.
    Future {
        /// The latest one.
        current: u64,
    },
}

/// Reads a page. The shelf's lock is held for the collecting of references only, never for
/// selectors that read objects nor for writing them out.
pub(crate) fn read(store: &Store, wanted: &Wanted<'_>) -> Result<Page, NoPage> {
    let (version, candidates) = {
        let shelf = store.shelf(wanted.kind);
        let current = store.version();
        let version = wanted.version.unwrap_or(current);
        if version > current {
            return Err(NoPage::Future { current });
        }
        let enough = wanted.limit.filter(|_| wanted.selector.is_everything());
        (version, collect(&shelf, wanted, version, current, enough)?)
    };
    let Candidates { objects, left } = candidates;
    let mut matching: Vec<_> = objects.into_iter().filter(|object| wanted.selector.matches(object)).collect();
    let limit = wanted.limit.unwrap_or(usize::MAX);
    let beyond = matching.len() > limit;
    matching.truncate(limit);
    let next = if beyond || left > 0 { matching.last().map(|object| object.key.clone()) } else { None };
    let left = next.as_ref().filter(|_| wanted.selector.is_everything()).map(|_| left);
    Ok(Page { version, objects: matching, next, left })
}

struct Candidates {
    objects: Vec<Arc<Object>>,
    /// How many were left out for want of room.
    left: usize,
}

fn collect(
    shelf: &Shelf,
    wanted: &Wanted<'_>,
    version: u64,
    current: u64,
    enough: Option<usize>,
) -> Result<Candidates, NoPage> {
    let past = if version == current { BTreeMap::new() } else { past(shelf, version)? };
    let start = match &wanted.after {
        Some(key) => Bound::Excluded(key.clone()),
        None => Bound::Included(Key::new(wanted.namespace, "")),
    };
    let inside = |key: &Key| wanted.namespace.is_empty() || &*key.namespace == wanted.namespace;
    let now = shelf
        .objects
        .range((start.clone(), Bound::Unbounded))
        .take_while(|(key, _)| inside(key))
        .filter(|(key, _)| !past.contains_key(*key))
        .map(|(_, object)| object);
    let then = past
        .range((start, Bound::Unbounded))
        .take_while(|(key, _)| inside(key))
        .filter_map(|(_, object)| object.as_ref());
    let limit = enough.unwrap_or(usize::MAX);
    if past.is_empty() {
        return Ok(take(now, limit));
    }
    let mut merged: Vec<&Arc<Object>> = now.chain(then).collect();
    merged.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(take(merged.into_iter(), limit))
}

fn take<'a>(mut found: impl Iterator<Item = &'a Arc<Object>>, limit: usize) -> Candidates {
    let objects = found.by_ref().take(limit).cloned().collect();
    Candidates { objects, left: found.count() }
}

/// What differs between now and `version`: each object as it was then, `None` where there was none.
fn past(shelf: &Shelf, version: u64) -> Result<BTreeMap<Key, Option<Arc<Object>>>, NoPage> {
    let mut past = BTreeMap::new();
    for event in shelf.since(version).ok_or(NoPage::Forgotten)?.rev() {
        if let Some(object) = event.before.as_ref().or(event.after.as_ref()) {
            past.insert(object.key.clone(), event.before.clone());
        }
    }
    Ok(past)
}
