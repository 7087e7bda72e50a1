//! Grave warnings that appear or end are told to an address, by the server that has the duty.
//!
//! ```text
//! told (memory) ─┬▶ changes ─▶ store: news, each with an id ─▶ POST, signed ─▶ told
//! store: news ───┘                              ▲ again, later and later │
//!                                               └────────────────────────┘
//! ```
//! What was told is in the database, so that whoever takes over the duty neither forgets nor repeats it. News whose
//! answer was lost is sent again with the same id.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use tokio::sync::watch;

use super::{
    house::{Backups, Told},
    warnings::Warning,
};
use crate::{
    access,
    store::{Held, StoreError, WarningNews},
    webhook::Webhook,
};

/// How often it is looked whether there is news.
const TICK: Duration = Duration::from_secs(5);
/// The shortest pause between two attempts to tell news, in milliseconds; it doubles with each.
const AGAIN: i64 = 15_000;
/// The longest.
const LONGEST: i64 = 3_600_000;
/// News that nobody took for so long is not told any more, in milliseconds.
const GIVEN_UP: i64 = 24 * 3_600_000;

/// What is to be remembered of a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// It has appeared; in the place of this news.
    Appeared(Option<String>, String, Warning),
    /// It has ended.
    Ended(WarningNews),
    /// It is there again before anybody was told that it had ended.
    Back(WarningNews),
    /// Nobody need know any more.
    Forget(String),
}

/// Goes on until it is dropped.
pub async fn telling(backups: Backups, webhook: Webhook, duty: watch::Receiver<Option<Held>>) {
    loop {
        tokio::time::sleep(TICK).await;
        if let Err(error) = backups.tell_once(&webhook, &|| duty.borrow().is_some()).await {
            tracing::warn!("the webhook of backups waits: {error}");
        }
    }
}

impl Backups {
    /// Finds out what is new and tries to tell it, once each. `on_duty` is asked before each act.
    ///
    /// # Errors
    /// [`StoreError`]; an address that does not listen is tried again the next time.
    pub async fn tell_once(
        &self,
        webhook: &Webhook,
        on_duty: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<(), StoreError> {
        if !on_duty() {
            return Ok(());
        }
        let (store, now) = (self.store(), jiff::Timestamp::now().as_millisecond());
        for change in changes(&store.warning_news().await?, &self.told()) {
            match change {
                Change::Appeared(before, cluster, warning) => {
                    let news = WarningNews {
                        cluster,
                        kind: warning.kind.to_owned(),
                        id: access::random::<16>(),
                        ended: false,
                        at: now,
                        what: warning.what,
                        todo: warning.todo,
                        told: false,
                        tries: 0,
                        again: now,
                    };
                    store.keep_warning_news(&news, before.as_deref()).await?;
                }
                Change::Ended(before) => {
                    let id = access::random::<16>();
                    let news =
                        WarningNews { ended: true, id, at: now, told: false, tries: 0, again: now, ..before.clone() };
                    store.keep_warning_news(&news, Some(&before.id)).await?;
                }
                Change::Back(before) => {
                    let news = WarningNews { ended: false, told: true, ..before.clone() };
                    store.keep_warning_news(&news, Some(&before.id)).await?;
                }
                Change::Forget(id) => store.forget_warning_news(&id).await?,
            }
        }
        for news in store.warning_news().await?.iter().filter(|news| !news.told && news.again <= now) {
            if now - news.at > GIVEN_UP {
                tracing::error!("the webhook of backups was not told of {} of {}: given up", news.kind, news.cluster);
                store.told_warning_news(&news.id).await?;
                continue;
            }
            let pause = AGAIN.saturating_mul(1 << news.tries.clamp(0, 20)).min(LONGEST);
            if !on_duty() || !store.try_warning_news(news, now + pause).await? {
                continue;
            }
            match webhook.tell(&body(news)).await {
                Ok(()) => store.told_warning_news(&news.id).await?,
                Err(error) => tracing::warn!("the webhook of backups was not told of {}: {error}", news.kind),
            }
        }
        Ok(())
    }
}

fn body(news: &WarningNews) -> String {
    let at = jiff::Timestamp::from_millisecond(news.at).map(|at| at.to_string()).unwrap_or_default();
    let state = if news.ended { "ended" } else { "appeared" };
    json!({
        "event": "backup-warning", "id": news.id, "cluster": news.cluster, "kind": news.kind, "state": state,
        "what": news.what, "todo": news.todo, "at": at,
    })
    .to_string()
}

/// What is other than it was told. Of a cluster of which nothing was found out yet, nothing is.
fn changes(known: &[WarningNews], told: &BTreeMap<String, Told>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (cluster, told) in told {
        // Two places that are away are one kind.
        let mut grave: BTreeMap<&str, &Warning> = BTreeMap::new();
        for warning in told.warnings.iter().filter(|warning| warning.grave) {
            grave.entry(warning.kind).or_insert(warning);
        }
        for news in known.iter().filter(|news| news.cluster == *cluster) {
            let there = grave.remove(news.kind.as_str());
            match (there, news.ended, news.told) {
                (Some(_), false, _) | (None, true, false) => {}
                (Some(_), true, false) => changes.push(Change::Back(news.clone())),
                (Some(warning), true, true) => {
                    changes.push(Change::Appeared(Some(news.id.clone()), cluster.clone(), warning.clone()));
                }
                // Nobody can have heard of it.
                (None, false, false) if news.tries == 0 => changes.push(Change::Forget(news.id.clone())),
                (None, false, _) => changes.push(Change::Ended(news.clone())),
                (None, true, true) => changes.push(Change::Forget(news.id.clone())),
            }
        }
        let fresh = grave.into_values().map(|warning| Change::Appeared(None, cluster.clone(), warning.clone()));
        changes.extend(fresh);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(kind: &'static str, grave: bool) -> Warning {
        Warning { grave, kind, what: "it is so".into(), todo: "do this".into() }
    }

    fn told(warnings: Vec<Warning>) -> BTreeMap<String, Told> {
        BTreeMap::from([("harbour".to_owned(), Told { warnings, ..Told::default() })])
    }

    fn news(ended: bool, told: bool, tries: i64) -> WarningNews {
        let text = String::from;
        let (cluster, kind, id) = (text("harbour"), text("old"), text("n"));
        WarningNews { cluster, kind, id, ended, at: 0, what: text(""), todo: text(""), told, tries, again: 0 }
    }

    #[test]
    fn what_is_grave_appears_once_and_the_rest_is_nobodys_business() {
        let all = told(vec![warning("old", true), warning("old", true), warning("strays", false)]);
        assert_eq!(changes(&[], &all), [Change::Appeared(None, "harbour".into(), warning("old", true))]);
        assert_eq!(changes(&[news(false, true, 1)], &all), []);
        assert_eq!(changes(&[news(false, false, 3)], &all), [], "it is still being told");
    }

    #[test]
    fn an_end_is_told_to_whoever_may_have_heard_of_the_beginning() {
        let none = told(Vec::new());
        assert_eq!(changes(&[news(false, true, 1)], &none), [Change::Ended(news(false, true, 1))]);
        assert_eq!(changes(&[news(false, false, 1)], &none), [Change::Ended(news(false, false, 1))]);
        assert_eq!(changes(&[news(false, false, 0)], &none), [Change::Forget("n".into())]);
        assert_eq!(changes(&[news(true, true, 1)], &none), [Change::Forget("n".into())]);
        assert_eq!(changes(&[news(true, false, 1)], &none), [], "its end is still being told");
        assert_eq!(changes(&[news(false, true, 1)], &BTreeMap::new()), [], "nothing was found out yet");
    }

    #[test]
    fn what_comes_back_before_its_end_was_told_never_left() {
        let all = told(vec![warning("old", true)]);
        assert_eq!(changes(&[news(true, false, 2)], &all), [Change::Back(news(true, false, 2))]);
        let again = Change::Appeared(Some("n".into()), "harbour".into(), warning("old", true));
        assert_eq!(changes(&[news(true, true, 1)], &all), [again]);
    }
}
