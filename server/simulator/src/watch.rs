//! A watch as an answer: a cursor into a kind's ring of changes. Nothing is kept for a watcher, so
//! one that reads too slowly finds its changes forgotten, and is dropped.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::stream;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use crate::{
    faults::{Faults, GoneAs},
    kind::Kind,
    list,
    object::Object,
    page::{self, Wanted},
    path::{Parameters, Target},
    refusal::{Refusal, bytes_response},
    selector::Selector,
    store::{Event, Store},
    table::{self, Form},
};

/// How many events are written into one chunk.
const CHUNK: usize = 256;
/// How long a watch lasts that does not say.
const LASTS: Duration = Duration::from_secs(45 * 60);

/// Answers a watch.
pub(crate) fn answer(
    store: &Arc<Store>,
    faults: &Faults,
    target: &Target,
    query: &Parameters,
    form: Form,
    bookmarks_every: Duration,
) -> Result<Response, Refusal> {
    let selector = list::selector(target, query)?;
    let asked = query.number("resourceVersion")?.unwrap_or_default();
    let oldest = store.shelf(target.kind).forgotten;
    let gone = match faults.take_gone() {
        Some(GoneAs::Http) => return Err(Refusal::gone(asked, store.version())),
        Some(GoneAs::Event) => Some(Refusal::gone(asked, store.version())),
        None => (asked > 0 && asked < oldest && !query.flag("sendInitialEvents")).then(|| Refusal::gone(asked, oldest)),
    };
    let bookmarks = query.flag("allowWatchBookmarks") && store.profile.bookmarks();
    let streamed = query.flag("sendInitialEvents") && store.profile.bookmarks();
    if streamed && !bookmarks {
        return Err(Refusal::bad_request("sendInitialEvents requires allowWatchBookmarks"));
    }
    let wants_state = match query.text("sendInitialEvents") {
        "" => asked == 0,
        _ if !store.profile.bookmarks() => asked == 0,
        word => word == "true",
    };
    let mut initial = Vec::new();
    let mut cursor = asked;
    if wants_state && gone.is_none() {
        let wanted = Wanted {
            kind: target.kind,
            namespace: &target.namespace,
            selector: &selector,
            limit: None,
            after: None,
            version: None,
        };
        let page = page::read(store, &wanted).map_err(|_| Refusal::gone(asked, oldest))?;
        (initial, cursor) = (page.objects, page.version);
    } else if asked == 0 {
        cursor = store.version();
    }
    let lasts = query.number("timeoutSeconds")?.map_or(LASTS, Duration::from_secs);
    let now = Instant::now();
    let mut ticks = interval_at(now + bookmarks_every, bookmarks_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let state = Watching {
        changes: store.changes(target.kind),
        dropped: faults.dropped(),
        garbage: faults.take_garbage(),
        store: store.clone(),
        faults: faults.clone(),
        kind: target.kind,
        namespace: target.namespace.clone(),
        selector,
        form,
        initial: initial.into_iter(),
        mark_end_of_initial: streamed,
        bookmarks,
        cursor,
        told: 0,
        ticks,
        until: now + lasts,
        phase: gone.map_or(Phase::Open, |refusal| Phase::Gone(Box::new(refusal))),
    };
    Ok(bytes_response(200, Body::from_stream(stream::unfold(state, Watching::next))))
}

enum Phase {
    Open,
    Gone(Box<Refusal>),
    /// The connection breaks next.
    Broken,
    Ended,
}

struct Watching {
    store: Arc<Store>,
    faults: Faults,
    kind: Kind,
    namespace: String,
    selector: Selector,
    form: Form,
    initial: std::vec::IntoIter<Arc<Object>>,
    mark_end_of_initial: bool,
    bookmarks: bool,
    /// Everything up to this version has been told.
    cursor: u64,
    told: u64,
    garbage: bool,
    changes: watch::Receiver<u64>,
    dropped: watch::Receiver<u64>,
    ticks: Interval,
    until: Instant,
    phase: Phase,
}

impl Watching {
    /// The next chunk; `None` at the end.
    async fn next(mut self) -> Option<(Result<Bytes, io::Error>, Self)> {
        if std::mem::take(&mut self.garbage) {
            return Some((Ok(Bytes::from_static(b"{\"type\":\"ADDED\",\"object\":<<<\n")), self));
        }
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Ended => return None,
            Phase::Broken => return Some((Err(io::ErrorKind::UnexpectedEof.into()), self)),
            Phase::Gone(refusal) => return Some((Ok(line("ERROR", &refusal.status()).into()), self)),
            Phase::Open => self.phase = Phase::Open,
        }
        loop {
            let out = if self.faults.mutes() { Some(Vec::new()) } else { self.ready() };
            match out {
                None => return None,
                Some(out) if !out.is_empty() => return Some((Ok(out.into()), self)),
                Some(_) => {}
            }
            tokio::select! {
                biased;
                _ = self.dropped.changed() => return None,
                changed = self.changes.changed() => if changed.is_err() { return None },
                () = tokio::time::sleep_until(self.until) => {
                    self.phase = Phase::Ended;
                    return Some((Ok(self.bookmark(false).into()), self));
                }
                _ = self.ticks.tick(), if self.bookmarks => {
                    let mark = self.bookmark(false);
                    if !mark.is_empty() {
                        return Some((Ok(mark.into()), self));
                    }
                }
            }
        }
    }

    /// What can be told at once; empty when there is nothing, `None` when the watch must end.
    fn ready(&mut self) -> Option<Vec<u8>> {
        if self.dropped.has_changed().unwrap_or(true) {
            return None;
        }
        let mut out = Vec::new();
        if self.initial.len() > 0 {
            let chunk: Vec<_> = self.initial.by_ref().take(CHUNK).collect();
            for object in chunk {
                self.tell(&mut out, "ADDED", &object, object.version);
            }
            return Some(out);
        }
        if std::mem::take(&mut self.mark_end_of_initial) {
            return Some(self.bookmark(true));
        }
        let events: Vec<Event> = {
            let shelf = self.store.shelf(self.kind);
            // A watcher whose next change has been forgotten was too slow.
            shelf.since(self.cursor)?.take(CHUNK).cloned().collect()
        };
        for event in events {
            self.cursor = event.version;
            if let Some((word, object)) = self.seen(&event) {
                self.tell(&mut out, word, object, event.version);
            }
            if !matches!(self.phase, Phase::Open) {
                break;
            }
        }
        Some(out)
    }

    /// How a change looks through the selector.
    fn seen<'a>(&self, event: &'a Event) -> Option<(&'static str, &'a Arc<Object>)> {
        let inside = |object: &&Arc<Object>| {
            (self.namespace.is_empty() || *object.key.namespace == *self.namespace) && self.selector.matches(object)
        };
        match (event.before.as_ref().filter(inside), event.after.as_ref().filter(inside)) {
            (None, Some(after)) => Some(("ADDED", after)),
            (Some(_), Some(after)) => Some(("MODIFIED", after)),
            (Some(before), None) => Some(("DELETED", before)),
            (None, None) => None,
        }
    }

    /// Writes one event, and lets faults have their way with it.
    fn tell(&mut self, out: &mut Vec<u8>, word: &str, object: &Object, version: u64) {
        let start = out.len();
        out.extend_from_slice(format!("{{\"type\":\"{word}\",\"object\":").as_bytes());
        match self.form {
            Form::Object => object.write(out, version, true),
            Form::Table(_) => table::event(out, object, version, self.store.clock.now()),
        }
        out.extend_from_slice(b"}\n");
        self.told += 1;
        if self.faults.drops_after(self.told) {
            self.phase = Phase::Ended;
            self.initial = Vec::new().into_iter();
        }
        if self.faults.take_cut() {
            out.truncate(start + (out.len() - start) / 2);
            self.phase = Phase::Broken;
            self.initial = Vec::new().into_iter();
        }
    }

    /// A bookmark at the latest version, when everything up to it has been told.
    fn bookmark(&mut self, initial_events_end: bool) -> Vec<u8> {
        if !self.bookmarks || self.faults.mutes() {
            return Vec::new();
        }
        if !initial_events_end {
            let shelf = self.store.shelf(self.kind);
            match shelf.since(self.cursor).map(Iterator::count) {
                Some(0) => self.cursor = self.store.version(),
                _ => return Vec::new(),
            }
        }
        let mut metadata = json!({"resourceVersion": self.cursor.to_string(), "creationTimestamp": null});
        if initial_events_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        line("BOOKMARK", &blank(self.kind, &metadata))
    }
}

/// An object with nothing in it but what its type requires.
fn blank(kind: Kind, metadata: &Value) -> Value {
    let names = kind.names();
    let mut blank = json!({"kind": names.kind, "apiVersion": names.api_version, "metadata": metadata});
    match kind {
        Kind::Pod => blank["spec"] = json!({"containers": null}),
        Kind::EndpointSlice => (blank["endpoints"], blank["addressType"]) = (Value::Null, "".into()),
        Kind::Event => blank["involvedObject"] = json!({}),
        _ => {}
    }
    blank
}

fn line(word: &str, object: &Value) -> Vec<u8> {
    format!("{{\"type\":\"{word}\",\"object\":{object}}}\n").into_bytes()
}
