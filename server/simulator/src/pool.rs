//! Values that many objects share: equal ones are kept once.

use std::{collections::HashSet, hash::Hash, sync::Arc};

/// A pool of shared values. What nobody uses any more leaves when the pool has doubled.
pub(crate) struct Pool<T> {
    held: HashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { held: HashSet::new(), sweep_at: 1024 }
    }
}

impl<T: Hash + Eq> Pool<T> {
    /// The one kept value that equals `value`.
    pub(crate) fn share(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.held.get(&value) {
            return known.clone();
        }
        if self.held.len() >= self.sweep_at {
            self.held.retain(|kept| Arc::strong_count(kept) > 1);
            self.sweep_at = 1024.max(2 * self.held.len());
        }
        let kept = Arc::new(value);
        self.held.insert(kept.clone());
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;

    #[test]
    fn equal_values_are_kept_once_and_unused_ones_leave() {
        let mut pool = Pool::default();
        let first = pool.share("a".to_owned());
        assert!(std::sync::Arc::ptr_eq(&first, &pool.share("a".to_owned())));
        for number in 0..5_000 {
            pool.share(number.to_string());
        }
        assert!(pool.held.len() < 2_000, "{}", pool.held.len());
    }
}
