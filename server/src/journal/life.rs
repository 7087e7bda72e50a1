//! The history of one thing, from the blocks of a span.

use std::collections::{HashMap, HashSet};

use journal::{BlockError, Event, Life, Record, Thing, unpack};
use topology::Stamp;

use super::{History, reading::TURNS};
use crate::{
    placed::placed,
    store::{BlockRow, HistoryMark, StoreError},
};

/// Blocks that are read; of more, the latest.
const MOST: usize = 2_000;
/// Gaps behind which everything that there was is read; of more, the latest.
const MOST_GAPS: usize = 100;
/// So many blocks are read in one go.
const AT_ONCE: usize = 64;

/// What became of a thing in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifeOf {
    /// What became of it, the earliest first.
    pub events: Vec<Event>,
    /// Times within the span in which nothing was recorded: from, until, why.
    pub gaps: Vec<(i64, i64, String)>,
    /// From when on it was read: later than the span where recording began later, or where it has too many changes or gaps.
    pub from: i64,
    /// Blocks that could not be read.
    pub damaged: usize,
}

impl History {
    /// What became of a thing.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn life(&self, name: &str, thing: Thing, from: i64, until: i64) -> Result<LifeOf, StoreError> {
        let store = self.store();
        let mut rows = store.changes_within(name, from, until).await?;
        let too_many = rows.len().saturating_sub(MOST);
        rows.drain(..too_many);
        let mut begin = if too_many > 0 { rows.first().map_or(from, |row| row.first) } else { from };
        let marks = store.history_marks(name, begin, until).await?.into_iter();
        let gaps: Vec<HistoryMark> = marks.filter(|mark| mark.lane == "gap").collect();
        let forgotten: HashMap<i64, i64> =
            gaps.iter().filter(|gap| gap.is_forgotten()).filter_map(|gap| Some((gap.ended?, gap.began))).collect();
        let gaps = gaps.into_iter().filter_map(|mark| Some((mark.began, mark.ended?, mark.what)));
        let mut gaps: Vec<_> = gaps.collect();
        let too_many = gaps.len().saturating_sub(MOST_GAPS);
        if let Some((_, ended, _)) = gaps.drain(..too_many).next_back() {
            begin = begin.max(ended);
            rows.retain(|row| row.last >= begin);
        }
        let mut out = LifeOf { from: begin, gaps, ..LifeOf::default() };
        // Everything that there was at the beginning, and behind each gap.
        let first = match store.whole_before(name, begin).await? {
            Some(whole) => Some(whole),
            None => match store.whole_after(name, begin).await?.filter(|first| *first <= until) {
                Some(first) => store.whole_before(name, first).await?,
                None => None,
            },
        };
        let Some(first) = first else { return Ok(out) };
        out.from = first.first;
        // Blocks between the whole and the span say how the thing was at its beginning.
        let earlier = store.changes_within(name, first.first, begin).await?;
        let known: HashSet<i64> = rows.iter().map(|row| row.number).collect();
        rows.extend(earlier.into_iter().filter(|row| !known.contains(&row.number)));
        let unseen: HashMap<i64, Stamp> = out.gaps.iter().map(|(began, ended, _)| (*ended, Stamp(*began))).collect();
        let wholes = store.wholes_within(name, first.first, until).await?;
        rows.extend(wholes.into_iter().filter(|whole| unseen.contains_key(&whole.first)));
        // What is left of a forgotten time goes on behind the whole that ends it.
        let behind: Vec<(i64, i64)> = rows
            .iter()
            .filter(|row| row.whole)
            .filter_map(|whole| Some((*forgotten.get(&whole.first)?, whole.number)))
            .collect();
        let number = |row: &BlockRow| {
            let holds = |number: &i64| (row.number..row.number + row.changes).contains(number);
            let left = behind.iter().find(|(began, number)| !row.whole && row.first > *began && holds(number));
            left.map_or(row.number, |(_, number)| *number)
        };
        // A whole holds every record of a lower number, and none of its own.
        rows.sort_by_key(|row| (number(row), !row.whole, row.first));
        let mut reading = Reading { life: Life::of(thing), next: first.number, damaged: 0 };
        let mut blocks = vec![(first, None)];
        let parts = rows.chunk_by(|row, next| !row.whole && !next.whole).flat_map(|run| run.chunks(AT_ONCE));
        let mut parts = parts.collect::<Vec<_>>().into_iter();
        loop {
            let read = placed(&TURNS, move || {
                blocks.iter().for_each(|(row, since)| reading.block(row, *since));
                reading
            });
            let Some(read) = read.await else { return Ok(out) };
            reading = read;
            let Some([one, rest @ ..]) = parts.next() else { break };
            blocks = if one.whole {
                if forgotten.contains_key(&one.first) {
                    // Those between are forgotten, and not lost.
                    reading.next = reading.next.max(one.number);
                }
                let body = store.block_body(name, one).await?.unwrap_or_default();
                vec![(BlockRow { body, ..one.clone() }, unseen.get(&one.first).copied())]
            } else {
                // Small ones may have become one meanwhile.
                let until = rest.last().unwrap_or(one).number;
                store.changes_between(name, reading.next, until).await?.into_iter().map(|row| (row, None)).collect()
            };
        }
        out.damaged = reading.damaged;
        out.events = reading.life.events();
        out.events.retain(|event| event.at.0 <= until);
        Ok(out)
    }
}

/// A life as far as it was read.
struct Reading {
    life: Life,
    /// The number of the record that comes next.
    next: i64,
    /// Blocks that could not be read.
    damaged: usize,
}

impl Reading {
    /// Goes on by a block. `since` is when the gap before a whole began.
    fn block(&mut self, row: &BlockRow, since: Option<Stamp>) {
        let records = self.records(row);
        self.damaged += usize::from(records.is_err());
        if row.whole {
            if let Ok(records) = records {
                self.life.whole(&records, Stamp(row.first), since);
            }
            return;
        }
        // Those between are lost.
        self.damaged += usize::from(row.number > self.next);
        let known = usize::try_from(self.next - row.number).unwrap_or(0);
        records.iter().flatten().skip(known).for_each(|record| self.life.take(record));
        self.next = self.next.max(row.number + row.changes);
    }

    /// The records of a block; none where it tells nothing of the thing. A whole without a thing that was there says
    /// whether that could be seen.
    fn records(&self, row: &BlockRow) -> Result<Vec<Record>, BlockError> {
        let block = unpack(&row.body)?;
        if !(row.whole && self.life.is_there()) && !block.mentions(&self.life.texts()) {
            return Ok(Vec::new());
        }
        Ok(block.read()?.1)
    }
}

#[cfg(test)]
mod tests {
    use journal::{Content, open, seal};
    use topology::{Change, Inventory, inventory::Source};

    use super::*;
    use crate::journal::row;

    /// Records of a pod that comes and goes, and of others; and the number of that which says that it is gone.
    fn records() -> (Vec<Record>, usize) {
        let (_, records) = open(include_bytes!("../../../app/journal/tests/blocks/format-1.block")).expect("a block");
        let gone = records.iter().position(|record| matches!(record.change, Change::Gone(Source::Pods, _)));
        (records, gone.expect("a pod that is gone"))
    }

    fn reading(next: i64) -> Reading {
        Reading { life: Life::of("pod/default/pgw-a".parse().expect("a thing")), next, damaged: 0 }
    }

    fn block(content: Content, number: usize, records: &[Record]) -> BlockRow {
        row(seal(content, u64::try_from(number).expect("a number"), records).expect("it is sealed"))
    }

    #[test]
    fn records_that_a_whole_holds_are_not_told_again() {
        let (records, gone) = records();
        let mut inventory = Inventory::default();
        records[..gone].iter().for_each(|record| drop(inventory.apply(record.change.clone())));
        let at = records[gone - 1].at;
        let whole: Vec<Record> = inventory.changes().into_iter().map(|change| Record { at, change }).collect();
        let whole = block(Content::Whole, gone, &whole);
        let mut reading = reading(whole.number);
        reading.block(&whole, None);
        // As a merged block, it begins before the whole.
        reading.block(&block(Content::Changes, 0, &records), None);
        let told: Vec<String> = reading.life.events().into_iter().map(|event| event.what.join("; ")).collect();
        assert!(told.len() == 2 && told[0].starts_with("there already: new") && told[1] == "gone", "{told:?}");
        assert_eq!(reading.damaged, 0);
    }

    #[test]
    fn a_block_that_is_lost_or_damaged_is_counted() {
        let (records, gone) = records();
        let mut reading = reading(0);
        let mut bad = block(Content::Changes, 1, &records[1..gone]);
        bad.body.truncate(bad.body.len() - 1);
        reading.block(&block(Content::Changes, 0, &records[..1]), None);
        reading.block(&bad, None);
        assert_eq!(reading.damaged, 1, "a damaged block");
        reading.block(&block(Content::Changes, gone + 1, &records[gone + 1..]), None);
        assert_eq!(reading.damaged, 2, "the record of what is gone is lost");
    }
}
