//! One watch of one kind: list by pages, follow, resume, start over when the past is gone.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, Stream, StreamExt};
use kube::{
    Api, Client,
    runtime::{
        utils::Backoff,
        watcher::{self, DefaultBackoff, Event},
    },
};
use topology::inventory::{Heard, Name, Source};

use super::{
    line,
    live::Shared,
    object::Watched,
    reader::{Kind, Reader, Refusal, refusal},
    trouble::{Trouble, first_line},
};

/// Objects a page of a list.
const PAGE: u32 = 500;
/// Changes that are applied in one go at most, so that readers are not kept waiting.
const BATCH: usize = 512;

/// A watch that cannot be read so often in a row is given up for a new list.
const UNREAD: u32 = 3;

/// Follows a kind for ever, in one namespace or in all.
pub(crate) async fn follow<O: Watched>(client: Client, kind: Kind<O>, namespace: Option<Name>, shared: Arc<Shared>) {
    let mut revived = shared.revived();
    // A line that went dead without a word shows in the pulse: then a new one is laid.
    let (client, mut line) = line::lay(client, revived.clone());
    let api: Api<O> = match &namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &kind.served),
        None => Api::all_with(client, &kind.served),
    };
    let anew = || watcher::watcher(api.clone(), watcher::Config::default().page_size(PAGE).any_semantic()).boxed();
    let mut events = anew();
    let mut unread = 0;
    let mut failures = 0;
    // What lacks, when the kind may be listed and not watched.
    let mut unwatched: Option<Name> = None;
    let mut backoff = DefaultBackoff::default();
    let mut reader = Reader::of(&kind, namespace.clone());
    loop {
        let (batch, error) = tokio::select! {
            biased;
            () = line.stands() => {
                // Nothing may ever be told on it: that it stands is news enough.
                reader.heard(&Heard::Live);
                shared.apply(reader.changes());
                continue;
            }
            told = at_once(&mut events) => told,
        };
        let mut good = false;
        for event in batch {
            if matches!(event, Event::Apply(_) | Event::Delete(_)) {
                unwatched = None;
            }
            good |= reader.take(event);
        }
        if good {
            backoff.reset();
            unread = 0;
            failures = 0;
            reader.heard(&match &unwatched {
                Some(permission) => Heard::Listed { since: shared.now(), permission: permission.clone() },
                None => Heard::Live,
            });
        }
        shared.apply(reader.changes());
        let Some(error) = error else { continue };
        line.fell();
        if matches!(error, watcher::Error::WatchFailed(_)) {
            // What could not be read is told again from where the watch was before it; if it
            // cannot be read then either, a list says how things are.
            line.end();
            unread += 1;
            if unread > UNREAD {
                events = anew();
                unread = 0;
            }
        }
        let pause = match refusal(&error, &kind.served) {
            Some(Refusal::Forgotten) => {
                // Told by the status of its answer, kube's watcher would ask for the same past again.
                events = anew();
                backoff.next()
            }
            Some(Refusal::Forbidden(permission)) if matches!(error, watcher::Error::WatchStartFailed(_)) => {
                reader.heard(&Heard::Listed { since: shared.now(), permission: permission.clone() });
                unwatched = Some(permission);
                events = anew();
                Some(shared.pace().listed.mul_f64(1.0 + fastrand::f64() / 5.0))
            }
            Some(Refusal::Forbidden(permission)) => {
                unwatched = None;
                reader.heard(&Heard::Forbidden { permission });
                Some(shared.pace().refused)
            }
            Some(Refusal::NotServed) => {
                reader.heard(&Heard::NotServed);
                shared.miss();
                Some(shared.pace().refused)
            }
            None => {
                failures += 1;
                reader.heard(&cut(&error, failures, &kind, namespace.as_deref(), &shared));
                backoff.next()
            }
        };
        shared.apply(reader.changes());
        tokio::select! {
            () = tokio::time::sleep(pause.unwrap_or(Duration::from_secs(30))) => {}
            _ = revived.changed() => backoff.reset(),
        }
    }
}

/// The events that are there without waiting, after the first; an error ends them.
async fn at_once<K>(
    events: &mut (impl Stream<Item = watcher::Result<Event<K>>> + Unpin),
) -> (Vec<Event<K>>, Option<watcher::Error>) {
    let mut batch = Vec::new();
    let mut next = events.next().await;
    loop {
        match next {
            Some(Ok(event)) => batch.push(event),
            Some(Err(error)) => return (batch, Some(error)),
            // Kube's watcher never ends.
            None => return (batch, Some(watcher::Error::NoResourceVersion)),
        }
        if batch.len() >= BATCH {
            return (batch, None);
        }
        match events.next().now_or_never() {
            Some(told) => next = told,
            None => return (batch, None),
        }
    }
}

/// What is to be said of a kind whose line is cut: that what is held is stale, since when and why;
/// or why there is nothing, when that is more than one attempt that failed.
fn cut<O>(error: &watcher::Error, failures: u32, kind: &Kind<O>, namespace: Option<&str>, shared: &Shared) -> Heard {
    let before = kind.heard.first().map_or(Heard::NotYet, |source| {
        shared.read(|facts| match namespace {
            Some(namespace) => facts.heard_in(*source, namespace).clone(),
            None => facts.heard(*source).clone(),
        })
    });
    let reason = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => {
            let trouble = Trouble::of(error, shared.name(), shared.address());
            // What no figure shows holds nothing up, and says by itself that it is not read.
            let drawn = kind.heard.iter().any(|source| !Source::BESIDE.contains(source));
            if drawn && !before.knows() && trouble.is_everywhere() {
                shared.fail(&trouble);
            }
            trouble.to_string()
        }
        watcher::Error::WatchError(status) => first_line(&status.message),
        watcher::Error::NoResourceVersion => "an object came without its resourceVersion".into(),
    };
    tracing::debug!(cluster = shared.name(), kind = kind.served.resource(), reason, "watch is cut");
    match before {
        Heard::Stale { since, .. } => Heard::Stale { since, reason: reason.into() },
        known if known.knows() => Heard::Stale { since: shared.now(), reason: reason.into() },
        Heard::NotYet if failures < 2 => Heard::NotYet,
        _ => Heard::Unread { reason: reason.into() },
    }
}
