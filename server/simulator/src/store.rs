//! What exists: one shelf a kind, each with a ring of its latest changes, from which watches are
//! fed and past pages reconstructed. Nothing here knows HTTP.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    kind::Kind,
    object::{Key, Object, Pools},
    profile::Profile,
};

/// A change of one object.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) version: u64,
    /// As it was; `None` when the change created it.
    pub(crate) before: Option<Arc<Object>>,
    /// As it is; `None` when the change deleted it.
    pub(crate) after: Option<Arc<Object>>,
}

/// All objects of a kind, as they are and as they lately were.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) objects: BTreeMap<Key, Arc<Object>>,
    /// Objects with a deletionTimestamp.
    pub(crate) dying: BTreeSet<Key>,
    ring: VecDeque<Event>,
    /// The version of the latest change that has left the ring.
    pub(crate) forgotten: u64,
    pools: Pools,
}

impl Shelf {
    /// The changes after `version`, oldest first; `None` when some of them have been forgotten.
    pub(crate) fn since(&self, version: u64) -> Option<impl DoubleEndedIterator<Item = &Event>> {
        if version < self.forgotten {
            return None;
        }
        let first = self.ring.partition_point(|event| event.version <= version);
        Some(self.ring.range(first..))
    }

    fn record(&mut self, event: Event, capacity: usize) {
        while self.ring.len() >= capacity.max(1) {
            self.forgotten = self.ring.pop_front().map_or(self.forgotten, |old| old.version);
        }
        self.ring.push_back(event);
    }
}

struct Room {
    shelf: RwLock<Shelf>,
    changed: watch::Sender<u64>,
}

/// Everything that the simulator holds.
pub(crate) struct Store {
    rooms: BTreeMap<Kind, Room>,
    version: AtomicU64,
    random: Mutex<fastrand::Rng>,
    /// How many changes of a kind are remembered.
    history: usize,
    pub(crate) profile: Profile,
    /// The server's version, as in `v1.34.4`.
    pub(crate) kubernetes: String,
    pub(crate) clock: Clock,
}

impl Store {
    pub(crate) fn new(seed: u64, start: Timestamp, profile: Profile, history: usize) -> Self {
        let room = |kind| (kind, Room { shelf: RwLock::default(), changed: watch::Sender::new(0) });
        Self {
            rooms: Kind::ALL.into_iter().map(room).collect(),
            version: AtomicU64::new(1),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            history,
            profile,
            kubernetes: profile.version().to_owned(),
            clock: Clock::at(start),
        }
    }

    /// The latest resourceVersion of all.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// A uid, new and the same for the same seed.
    pub(crate) fn uid(&self) -> String {
        let (high, low) = {
            let mut random = self.random();
            (random.u64(..), random.u64(..))
        };
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48 & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// Five letters, as at the end of a generated name.
    pub(crate) fn suffix(&self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut random = self.random();
        (0..length).map(|_| char::from(LETTERS[random.usize(..LETTERS.len())])).collect()
    }

    fn random(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kind's shelf, to read. Hold it briefly.
    pub(crate) fn shelf(&self, kind: Kind) -> RwLockReadGuard<'_, Shelf> {
        self.rooms[&kind].shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change of a kind.
    pub(crate) fn changes(&self, kind: Kind) -> watch::Receiver<u64> {
        self.rooms[&kind].changed.subscribe()
    }

    pub(crate) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.shelf(kind).objects.get(&Key::new(namespace, name)).cloned()
    }

    /// Puts an object in place, whatever was there.
    pub(crate) fn put(&self, kind: Kind, value: Value) {
        self.change(kind, |shelf, version| {
            let object = Arc::new(Object::new(kind, value, version, &mut shelf.pools));
            Some((object.key.clone(), Some(object)))
        });
    }

    /// Replaces an object unless it has changed since `expected` was read. `Err` holds what is
    /// there now.
    pub(crate) fn replace(&self, expected: &Arc<Object>, value: Value) -> Result<Arc<Object>, Option<Arc<Object>>> {
        let mut found = None;
        let kept = self.change(expected.kind, |shelf, version| {
            found = shelf.objects.get(&expected.key).cloned();
            if found.as_ref().is_none_or(|found| found.version != expected.version) {
                return None;
            }
            Some((expected.key.clone(), Some(Arc::new(Object::new(expected.kind, value, version, &mut shelf.pools)))))
        });
        kept.flatten().ok_or(found)
    }

    /// Puts an object where there is none; `None` when there is one.
    pub(crate) fn create(&self, kind: Kind, value: Value) -> Option<Arc<Object>> {
        let kept = self.change(kind, |shelf, version| {
            let object = Arc::new(Object::new(kind, value, version, &mut shelf.pools));
            let vacant = !shelf.objects.contains_key(&object.key);
            vacant.then(|| (object.key.clone(), Some(object)))
        });
        kept.flatten()
    }

    /// Takes an object away; false when there was none.
    pub(crate) fn remove(&self, kind: Kind, key: &Key) -> bool {
        self.change(kind, |shelf, _| shelf.objects.contains_key(key).then(|| (key.clone(), None))).is_some()
    }

    /// Reads an object, changes it and puts it back; nothing happens where there is none or where
    /// nothing changes.
    pub(crate) fn edit(&self, kind: Kind, key: &Key, change: impl Fn(&mut Value)) -> bool {
        loop {
            let Some(object) = self.shelf(kind).objects.get(key).cloned() else { return false };
            let before = object.value();
            let mut after = before.clone();
            change(&mut after);
            if before == after {
                return false;
            }
            if self.replace(&object, after).is_ok() {
                return true;
            }
        }
    }

    /// Makes one change under the kind's lock. `None` when `make` makes none, else what is there now.
    fn change(
        &self,
        kind: Kind,
        make: impl FnOnce(&mut Shelf, u64) -> Option<(Key, Option<Arc<Object>>)>,
    ) -> Option<Option<Arc<Object>>> {
        let room = &self.rooms[&kind];
        let mut shelf: RwLockWriteGuard<'_, Shelf> = room.shelf.write().unwrap_or_else(PoisonError::into_inner);
        // Versions are given out under the shelf's lock: whoever reads the shelf at a version has
        // seen every change of this kind up to it.
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        let (key, after) = make(&mut shelf, version)?;
        let before = match &after {
            Some(object) => shelf.objects.insert(key.clone(), object.clone()),
            None => shelf.objects.remove(&key),
        };
        if after.as_ref().is_some_and(|object| object.dying) {
            shelf.dying.insert(key);
        } else {
            shelf.dying.remove(&key);
        }
        shelf.record(Event { version, before, after: after.clone() }, self.history);
        drop(shelf);
        room.changed.send_replace(version);
        Some(after)
    }

    /// Forgets every change, as a server that has just been started: older watches are too old.
    pub(crate) fn forget(&self) {
        let version = self.version();
        for room in self.rooms.values() {
            let mut shelf = room.shelf.write().unwrap_or_else(PoisonError::into_inner);
            shelf.ring.clear();
            shelf.forgotten = version;
        }
    }
}
