//! What a time line shows: how much changed when, and what stands on its lanes.

use journal::unpack;

use super::{History, reading::TURNS};
use crate::{
    placed::placed,
    store::{HistoryMark, StoreError},
};

/// A span of a cluster's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Changes in each of equal parts of the span.
    pub bars: Vec<u64>,
    /// Gaps, leaders, hosts, oldest first.
    pub marks: Vec<HistoryMark>,
    /// The first moment that can be looked at, when there is one.
    pub first: Option<i64>,
    /// Up to when the cluster was followed.
    pub seen: Option<i64>,
    /// Blocks that could not be read.
    pub damaged: usize,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub until: i64,
    /// Into how many parts it is cut.
    pub parts: usize,
}

impl Lines {
    /// Where a moment falls among the parts.
    fn part(&self, at: i64) -> Option<usize> {
        let wide = self.until - self.from;
        if wide <= 0 || at < self.from || at > self.until {
            return None;
        }
        let parts = i64::try_from(self.parts).ok()?;
        let part = i128::from(at - self.from) * i128::from(parts) / i128::from(wide);
        usize::try_from(part).ok().map(|part| part.min(self.parts - 1))
    }
}

/// A block that lies within one part is counted without being read; more than these are not read.
const READ: usize = 512;

impl History {
    /// A span of a cluster's history.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn line(&self, name: &str, asked: Lines) -> Result<Line, StoreError> {
        let store = self.store();
        let mut line = Line { bars: vec![0; asked.parts], ..Line::default() };
        line.marks = store.history_marks(name, asked.from, asked.until).await?;
        line.first = store.whole_after(name, i64::MIN).await?;
        line.seen = store.history_head(name).await?.map(|head| head.seen);
        let (mut read, rows) = (0, store.changes_within(name, asked.from, asked.until).await?);
        for row in rows {
            let (first, last) = (asked.part(row.first), asked.part(row.last));
            if (first.is_some() && first == last) || read == READ {
                if let Some(bar) = first.or(last).and_then(|part| line.bars.get_mut(part)) {
                    *bar += u64::try_from(row.changes).unwrap_or_default();
                }
                continue;
            }
            read += 1;
            let Some(body) = store.block_body(name, &row).await? else { continue };
            // Unpacked where it holds up nothing else.
            match placed(&TURNS, move || unpack(&body).and_then(|block| block.times())).await {
                Some(Ok(times)) => {
                    for part in times.iter().filter_map(|at| asked.part(at.0)) {
                        line.bars[part] += 1;
                    }
                }
                _ => line.damaged += 1,
            }
        }
        Ok(line)
    }
}
