//! Orders that were reviewed and not yet confirmed. What is confirmed is what was reviewed, to the byte; and the
//! plan, which holds passwords, does not travel through a page.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Order;
use crate::access;

/// For how long a review is good.
const GOOD: Duration = Duration::from_secs(1_800);
/// Reviews at once; the oldest goes for a new one.
const MOST: usize = 32;

/// A review.
#[derive(Clone)]
struct Draft {
    id: String,
    who: String,
    made: Instant,
    order: Order,
}

/// Orders that wait for a confirmation.
#[derive(Default)]
pub(super) struct Drafts(Mutex<VecDeque<Draft>>);

impl Drafts {
    /// Keeps one; answers its name.
    pub(super) fn keep(&self, who: &str, order: Order) -> String {
        let id = access::random::<16>();
        let mut drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if drafts.len() == MOST {
            drafts.pop_front();
        }
        drafts.push_back(Draft { id: id.clone(), who: who.to_owned(), made: Instant::now(), order });
        id
    }

    /// The order of a review, for whoever made it.
    pub(super) fn find(&self, id: &str, who: &str) -> Option<Order> {
        let mut drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|draft| draft.made.elapsed() < GOOD);
        drafts.iter().find(|draft| draft.id == id && draft.who == who).map(|draft| draft.order.clone())
    }
}
