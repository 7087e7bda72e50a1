//! A set of pages, a bit each.

#[derive(Clone)]
pub(super) struct Pages(Vec<u64>);

impl Pages {
    /// None of `pages` pages.
    pub fn none(pages: u64) -> Self {
        Self(vec![0; usize::try_from(pages.div_ceil(64)).unwrap_or(usize::MAX)])
    }

    /// Whether it was not in yet.
    pub fn add(&mut self, page: u64) -> bool {
        let (word, bit) = place(page);
        let fresh = self.0[word] & bit == 0;
        self.0[word] |= bit;
        fresh
    }

    pub fn has(&self, page: u64) -> bool {
        let (word, bit) = place(page);
        self.0[word] & bit != 0
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

fn place(page: u64) -> (usize, u64) {
    (usize::try_from(page / 64).unwrap_or(usize::MAX), 1 << (page % 64))
}
