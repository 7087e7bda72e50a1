//! What a reader must know to judge the picture.

use app::source::Notice;
use scene::Health;
use topology::{
    Inventory,
    inventory::{Heard, Source},
};

use crate::cluster::Trouble;

/// Notices, the gravest first: the cluster is out of reach, sources are stale, forbidden, unread.
pub(super) fn notices(inventory: &Inventory, trouble: Option<&Trouble>) -> Vec<Notice> {
    let mut notices = Vec::new();
    if let Some(trouble) = trouble {
        notices.push(Notice { health: Health::Stale, what: format!("{trouble}."), todo: trouble.todo() });
    }
    let of = |pick: fn(&Heard) -> bool| -> Vec<Source> {
        Source::ALL.into_iter().filter(|source| pick(inventory.heard(*source))).collect()
    };
    let stale = of(|heard| matches!(heard, Heard::Stale { .. }));
    if !stale.is_empty() && trouble.is_none() {
        notices.push(Notice {
            health: Health::Stale,
            what: format!("No news of {}.", list(&stale)),
            todo: "What is drawn is as it was last heard; Binnacle keeps trying.".into(),
        });
    }
    let missing: Vec<&str> = Source::ALL
        .into_iter()
        .filter_map(|source| match inventory.heard(source) {
            Heard::Forbidden { permission } => Some(&**permission),
            _ => None,
        })
        .collect();
    if !missing.is_empty() {
        notices.push(Notice {
            health: Health::Unknown,
            what: format!("This role may not {}: what these would tell is drawn as unknown.", missing.join(", ")),
            todo: "Grant get, list and watch on them to the user of this context.".into(),
        });
    }
    let unread = of(|heard| *heard == Heard::NotYet);
    if !unread.is_empty() && trouble.is_none() {
        let what = if unread.len() == Source::ALL.len() { "everything".to_owned() } else { list(&unread) };
        notices.push(Notice { health: Health::Unknown, what: format!("Still reading {what}."), todo: String::new() });
    }
    notices
}

fn list(sources: &[Source]) -> String {
    sources.iter().map(|source| source.word()).collect::<Vec<_>>().join(", ")
}
