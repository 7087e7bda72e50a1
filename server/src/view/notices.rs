//! What a reader must know to judge the picture.

use std::collections::BTreeMap;

use app::source::Notice;
use scene::Health;
use topology::{
    Inventory,
    health::age,
    inventory::{Heard, Limit, Name, Scope, Source},
};

use crate::cluster::Cluster;

/// That the cluster as a whole is out of reach, when it is.
pub(super) fn trouble(cluster: &Cluster) -> Option<Notice> {
    let trouble = cluster.trouble()?;
    Some(Notice { health: Health::Stale, what: format!("{trouble}."), todo: cluster.todo(&trouble) })
}

/// Clocks that are off: this machine's, or a node's.
pub(super) fn clocks(cluster: &Cluster) -> Vec<Notice> {
    let direction = |ahead: i64| if ahead > 0 { "ahead of" } else { "behind" };
    let ours = cluster.clock_off().map(|ahead| Notice {
        health: Health::Warn,
        what: format!("This machine's clock is {} {} the API server's.", age(ahead.abs()), direction(ahead)),
        todo: "Set the clocks by NTP. Binnacle counts all ages by the API server's clock.".into(),
    });
    let off = cluster.clocks_off();
    let named: Vec<String> = off
        .iter()
        .take(NAMED)
        .map(|(node, ahead)| format!("{node} is {} {}", age(ahead.abs()), direction(*ahead)))
        .collect();
    let more = off.len().saturating_sub(NAMED);
    let nodes = (!named.is_empty()).then(|| Notice {
        health: Health::Warn,
        what: format!(
            "Clocks differ from the API server's: {}{}.",
            named.join(" it, ") + " it",
            if more > 0 { format!(", and {more} more") } else { String::new() }
        ),
        todo: "Set the clocks of these nodes by NTP. Their leases count from when Binnacle saw them renewed.".into(),
    });
    ours.into_iter().chain(nodes).collect()
}

/// Nodes that a notice names.
const NAMED: usize = 3;

/// Notices, the gravest first: what troubles the whole, then sources that are stale, unread, forbidden.
pub(super) fn notices(inventory: &Inventory, trouble: Option<Notice>, clocks: Vec<Notice>) -> Vec<Notice> {
    let troubled = trouble.is_some();
    let mut notices: Vec<Notice> = trouble.into_iter().chain(clocks).collect();
    let of = |reason: fn(&Heard) -> Option<&Name>| -> BTreeMap<&Name, Vec<Source>> {
        let mut by_reason: BTreeMap<&Name, Vec<Source>> = BTreeMap::new();
        for source in Source::ALL {
            if let Some(reason) = reason(inventory.heard(source)) {
                by_reason.entry(reason).or_default().push(source);
            }
        }
        by_reason
    };
    if !troubled {
        let stale = of(|heard| if let Heard::Stale { reason, .. } = heard { Some(reason) } else { None });
        notices.extend(stale.iter().map(|(reason, sources)| Notice {
            health: Health::Stale,
            what: format!("No news of {}: {reason}.", list(sources)),
            todo: "What is drawn is as it was last heard; Binnacle keeps trying.".into(),
        }));
        let unread = of(|heard| if let Heard::Unread { reason } = heard { Some(reason) } else { None });
        notices.extend(unread.iter().map(|(reason, sources)| Notice {
            health: Health::Unknown,
            what: format!("What {} would tell is unknown: {reason}.", list(sources)),
            todo: "Binnacle keeps trying.".into(),
        }));
    }
    if let Some(silent) = inventory.etcd().and_then(|etcd| etcd.silent.as_ref()) {
        notices.push(Notice {
            health: Health::Stale,
            what: format!("etcd does not say how it fares: {}.", silent.reason),
            todo: format!("{}. Binnacle keeps trying.", silent.todo),
        });
    }
    if !inventory.scope().is_whole() {
        notices.extend(limited(inventory, troubled));
        return notices;
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
            todo: match inventory.heard(Source::Pods) {
                Heard::Forbidden { .. } => NAME_THEM.into(),
                _ => "Grant get, list and watch on them to the user of this context.".into(),
            },
        });
    }
    let listed: Vec<&str> = Source::ALL
        .into_iter()
        .filter_map(|source| match inventory.heard(source) {
            Heard::Listed { permission, .. } => Some(&**permission),
            _ => None,
        })
        .collect();
    if !listed.is_empty() {
        notices.push(Notice {
            health: Health::Unknown,
            what: format!("This role may not {}: changes are seen only when Binnacle lists again.", listed.join(", ")),
            todo: "Grant watch on them to the user of this context.".into(),
        });
    }
    let unread: Vec<Source> =
        Source::ALL.into_iter().filter(|source| *inventory.heard(*source) == Heard::NotYet).collect();
    if !unread.is_empty() && !troubled {
        let what = if unread.len() == Source::ALL.len() { "everything".to_owned() } else { list(&unread) };
        notices.push(Notice { health: Health::Unknown, what: format!("Still reading {what}."), todo: String::new() });
    }
    notices
}

/// Said to a role that may not read the pods of the whole cluster, where no namespace was found that it may read.
const NAME_THEM: &str = "If this role may read some namespaces, name them in the setting namespaces, as in \
    namespaces = [\"a\", \"b\"]; else grant get, list and watch to the user of this context.";

/// That a part is seen and not the whole, and what is missing, in one notice; and which namespaces tell nothing now.
fn limited(inventory: &Inventory, troubled: bool) -> Vec<Notice> {
    let by_setting = matches!(inventory.scope(), Scope::Only { by: Limit::Setting, .. });
    let mut notices = vec![Notice {
        health: Health::Unknown,
        what: format!("{} What lies elsewhere is unknown.", inventory.missing().join(" ")),
        todo: match by_setting {
            true => "The setting namespaces limits to these.".into(),
            false => "The role of this context limits to these. The setting namespaces chooses others.".into(),
        },
    }];
    let mut silent: BTreeMap<(&Name, &Name), Vec<Source>> = BTreeMap::new();
    let mut unread: BTreeMap<&Name, Vec<Source>> = BTreeMap::new();
    for (source, namespace, heard) in inventory.standings() {
        let (Some(namespace), false) = (namespace, Source::BESIDE.contains(&source)) else { continue };
        match heard {
            // Said of the source as a whole already.
            _ if !inventory.heard(source).is_fresh() => {}
            Heard::Stale { reason, .. } => silent.entry((namespace, reason)).or_default().push(source),
            Heard::Unread { reason } => silent.entry((namespace, reason)).or_default().push(source),
            Heard::NotYet => unread.entry(namespace).or_default().push(source),
            _ => {}
        }
    }
    if !troubled {
        notices.extend(silent.iter().map(|((namespace, reason), sources)| Notice {
            health: Health::Stale,
            what: format!("No news of {} in the namespace {namespace}: {reason}.", list(sources)),
            todo: "What is drawn of it is as it was last heard; Binnacle keeps trying.".into(),
        }));
        notices.extend(unread.iter().map(|(namespace, sources)| Notice {
            health: Health::Unknown,
            what: format!("Still reading {} of the namespace {namespace}.", list(sources)),
            todo: String::new(),
        }));
    }
    notices
}

fn list(sources: &[Source]) -> String {
    sources.iter().map(|source| source.word()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use topology::{
        Change,
        inventory::{Etcd, Silence},
    };

    use super::*;

    fn told(changes: impl IntoIterator<Item = Change>) -> Vec<String> {
        let mut inventory = Inventory::default();
        for source in Source::ALL {
            inventory.apply(Change::Heard(source, Heard::Live));
        }
        for change in changes {
            inventory.apply(change);
        }
        notices(&inventory, None, Vec::new()).into_iter().map(|notice| notice.what).collect()
    }

    #[test]
    fn what_cannot_be_read_is_named_with_the_reason_once_a_reason() {
        let unread = |reason: &str| Heard::Unread { reason: reason.into() };
        let changes = [
            Change::Heard(Source::Leases, unread("the API server cannot answer now: 500 boom")),
            Change::Heard(Source::Jobs, unread("its answer is no JSON")),
            Change::Heard(Source::Pods, unread("the API server cannot answer now: 500 boom")),
        ];
        let expected = [
            "What jobs would tell is unknown: its answer is no JSON.",
            "What pods, leases would tell is unknown: the API server cannot answer now: 500 boom.",
        ];
        assert_eq!(told(changes), expected);
    }

    #[test]
    fn what_is_stale_is_named_with_the_reason() {
        let stale = Heard::Stale { since: topology::Stamp(1), reason: "the connection was cut".into() };
        let expected = ["No news of services: the connection was cut."];
        assert_eq!(told([Change::Heard(Source::Services, stale)]), expected);
        assert!(told([]).is_empty());
    }

    #[test]
    fn an_etcd_that_says_nothing_is_named_with_what_to_do() {
        let silent = Silence { reason: "https://10.1.0.50:2379: nothing listens there".into(), todo: "See".into() };
        let etcd = Etcd { silent: Some(silent), ..Etcd::default() };
        let expected = ["etcd does not say how it fares: https://10.1.0.50:2379: nothing listens there."];
        assert_eq!(told([Change::Etcd(std::sync::Arc::new(etcd))]), expected);
    }
}
