//! The views that are being drawn.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use topology::figure::View;

use super::Watched;
use crate::cluster::Cluster;

/// A view that nobody looks at is drawn for this long, so that a reload finds it.
const LINGERS: Duration = Duration::from_secs(30);
/// Views at most; beyond, those that nobody reads go first.
const MOST: usize = 200;

/// Views at most, whoever reads them: each holds a picture of its own.
const DRAWN: usize = 400;

/// Views by cluster and what is looked at.
#[derive(Default)]
pub struct Views(Mutex<HashMap<(usize, View), Entry>>);

struct Entry {
    watched: Arc<Watched>,
    asked: Instant,
}

impl Views {
    /// The view, drawn from now on at the latest; `None` when it is one of too many.
    pub fn get(&self, cluster: &Arc<Cluster>, view: View) -> Option<Arc<Watched>> {
        let mut views = self.lock();
        forget(&mut views);
        // The address of a cluster that is held names it for as long as it is held.
        let key = (Arc::as_ptr(cluster).addr(), view);
        if views.len() >= DRAWN && !views.contains_key(&key) {
            return None;
        }
        let entry = views.entry(key).or_insert_with_key(|(_, view)| Entry {
            watched: Arc::new(Watched::start(cluster.clone(), view)),
            asked: Instant::now(),
        });
        entry.asked = Instant::now();
        Some(entry.watched.clone())
    }

    /// Ends what nobody looks at.
    pub fn forget(&self) {
        forget(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(usize, View), Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(views: &mut HashMap<(usize, View), Entry>) {
    let unread = |entry: &Entry| Arc::strong_count(&entry.watched) == 1 && entry.watched.readers() == 0;
    views.retain(|_, entry| !unread(entry) || entry.asked.elapsed() < LINGERS);
    if views.len() >= MOST {
        views.retain(|_, entry| !unread(entry));
    }
}
