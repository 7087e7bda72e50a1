//! Lists in pages: at most `limit` items, and where to go on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many items a page has at most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
pub(super) struct Limit(u16);

impl Limit {
    /// When nothing is said.
    pub(super) const USUAL: Self = Self(100);

    pub(super) const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Limit {
    type Error = &'static str;

    fn try_from(limit: u16) -> Result<Self, Self::Error> {
        if (1..=1_000).contains(&limit) { Ok(Self(limit)) } else { Err("a limit lies between 1 and 1000") }
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in an order that stays: by namespace, then by name.
    pub items: Vec<T>,
    /// Ask for `next` with this for the items behind these; null at the end.
    pub next: Option<String>,
    /// How many items match, on all pages together.
    pub total: usize,
    /// What could not be read, in sentences: items may lack what it would tell.
    pub missing: Vec<String>,
}

/// The items behind a place. `all` comes in the order of its keys, part by part.
pub(super) fn page<T, const PARTS: usize>(
    all: impl Iterator<Item = ([String; PARTS], T)>,
    behind: Option<&str>,
    limit: Option<Limit>,
) -> Page<T> {
    let limit = usize::from(limit.unwrap_or(Limit::USUAL).get());
    let behind: Option<Vec<&str>> = behind.map(|text| text.splitn(PARTS, '/').collect());
    let passed = |key: &[String; PARTS]| {
        behind.as_ref().is_none_or(|behind| key.iter().map(String::as_str).gt(behind.iter().copied()))
    };
    let (mut items, mut total, mut last, mut more) = (Vec::new(), 0, None, false);
    for (key, item) in all {
        total += 1;
        if !passed(&key) {
            continue;
        }
        if items.len() == limit {
            more = true;
            continue;
        }
        last = Some(key.join("/"));
        items.push(item);
    }
    Page { items, next: last.filter(|_| more), total, missing: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_a_gap_though_what_was_last_is_gone() {
        let all = |gone: Option<&'static str>| {
            [("a", "x"), ("a-b", "y"), ("b", "a"), ("b", "c")]
                .into_iter()
                .filter(move |(_, name)| Some(*name) != gone)
                .map(|(namespace, name)| ([namespace.to_owned(), name.to_owned()], name))
        };
        let first = page(all(None), None, Some(Limit(2)));
        assert_eq!((first.items, first.next.as_deref(), first.total), (vec!["x", "y"], Some("a-b/y"), 4));
        let second = page(all(Some("y")), Some("a-b/y"), Some(Limit(2)));
        assert_eq!((second.items, second.next), (vec!["a", "c"], None));
    }
}
