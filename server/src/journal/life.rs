//! The history of one thing, from the blocks of a span.

use journal::{Event, Life, Thing, open};
use topology::Stamp;

use super::{History, reading::TURNS};
use crate::{
    placed::placed,
    store::{BlockRow, StoreError},
};

/// Blocks that are read; of more, the latest.
const MOST: usize = 2_000;
/// So many are read in one go.
const AT_ONCE: usize = 64;

/// What became of a thing in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifeOf {
    /// What became of it, the earliest first.
    pub events: Vec<Event>,
    /// Times within the span in which nothing was recorded: from, until, why.
    pub gaps: Vec<(i64, i64, String)>,
    /// From when on it was read: later than the span where recording began later, or where it has too many changes.
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
        let begin = if too_many > 0 { rows.first().map_or(from, |row| row.first) } else { from };
        let mut out = LifeOf { from: begin, ..LifeOf::default() };
        let marks = store.history_marks(name, begin, until).await?.into_iter();
        let gaps =
            marks.filter(|mark| mark.lane == "gap").filter_map(|mark| Some((mark.began, mark.ended?, mark.what)));
        out.gaps = gaps.collect();
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
        let mut wholes = vec![(first.first, None, first)];
        for (began, ended, _) in &out.gaps {
            let behind = store.whole_before(name, *ended).await?.filter(|whole| whole.first >= *ended);
            wholes.extend(behind.map(|whole| (whole.first, Some(Stamp(*began)), whole)));
        }
        // Blocks between the whole and the span say how the thing was at its beginning.
        let earlier = store.changes_within(name, wholes[0].0, begin).await?;
        let known: Vec<i64> = rows.iter().map(|row| row.number).collect();
        let earlier = earlier.into_iter().filter(|row| !known.contains(&row.number));
        let mut rows: Vec<BlockRow> = earlier.chain(rows).collect();
        rows.sort_by_key(|row| row.number);
        let (mut life, mut damaged, mut wholes) = (Life::of(thing), 0, wholes.into_iter().peekable());
        for part in rows.chunks(AT_ONCE) {
            let mut blocks = Vec::with_capacity(part.len());
            for row in part {
                blocks.extend(store.changes_body(name, row).await?.map(|body| (row.first, body)));
            }
            let last = part.last().map_or(i64::MAX, |row| row.last);
            let mut here = Vec::new();
            while wholes.peek().is_some_and(|(at, ..)| *at <= last) {
                here.extend(wholes.next());
            }
            let read = placed(&TURNS, move || {
                let damaged = follow(&mut life, here, &blocks);
                (life, damaged)
            });
            let Some((read, bad)) = read.await else { return Ok(out) };
            (life, damaged) = (read, damaged + bad);
        }
        let rest: Vec<_> = wholes.collect();
        damaged += follow(&mut life, rest, &[]);
        out.events = life.events();
        out.events.retain(|event| event.at.0 <= until);
        out.damaged = damaged;
        Ok(out)
    }
}

/// Goes through wholes and changes in the order of their times; answers how many could not be read.
fn follow(life: &mut Life, wholes: Vec<(i64, Option<Stamp>, BlockRow)>, blocks: &[(i64, Vec<u8>)]) -> usize {
    let (mut damaged, mut wholes) = (0, wholes.into_iter().peekable());
    let whole = |life: &mut Life, at: i64, since, row: &BlockRow| match open(&row.body) {
        Ok((_, records)) => {
            life.whole(&records, Stamp(at), since);
            0
        }
        Err(_) => 1,
    };
    for (first, body) in blocks {
        while let Some((at, since, row)) = wholes.next_if(|(at, ..)| at <= first) {
            damaged += whole(life, at, since, &row);
        }
        match open(body) {
            Ok((_, records)) => {
                for record in &records {
                    while let Some((at, since, row)) = wholes.next_if(|(at, ..)| *at <= record.at.0) {
                        damaged += whole(life, at, since, &row);
                    }
                    life.take(record);
                }
            }
            Err(_) => damaged += 1,
        }
    }
    for (at, since, row) in wholes {
        damaged += whole(life, at, since, &row);
    }
    damaged
}
