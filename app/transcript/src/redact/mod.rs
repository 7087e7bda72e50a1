//! Takes secrets out of a log as it streams, before anything of it is kept or sent.
//!
//! A secret is found by its value, in whatever form ([`forms`]), and by its place ([`position`],
//! [`block`]); both also where colour codes or carriage returns stand in it. What comes out depends on
//! the bytes alone, never on how they were cut. A line waits until its end is there; one longer than
//! [`WINDOW`] is looked at in pieces that overlap by more than the longest form.

mod block;
mod forms;
mod position;
mod value;

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use crate::noise;
use value::Open;

/// What stands in for a secret.
pub const MASK: &str = "•••";

/// How much of one line is looked at in one go, in bytes.
pub const WINDOW: usize = 64 * 1024;

/// How far such pieces overlap at least; also the most noise within a secret of such a line.
const OVERLAP: usize = 4 * 1024;

/// Forms up to this size in all are sought by the quickest machine, which needs the most memory.
const QUICK: usize = 16 * 1024;

/// Where to go on after a restart; holds nothing of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Bytes of the raw log that are dealt with: read on from there.
    pub offset: u64,
    line: position::Line,
    open: Option<Open>,
    block: block::Block,
}

/// Takes secrets out of one log.
pub struct Redactor {
    values: Option<AhoCorasick>,
    /// For each form whether it is a piece of base64.
    pieces: Vec<bool>,
    positions: position::Positions,
    overlap: usize,
    held: Vec<u8>,
    state: Resume,
}

impl Redactor {
    /// For these secrets; those under four characters are hidden only where a name or a place tells them.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        Self::resume(secrets, Resume::default())
    }

    /// Goes on where an earlier one stopped: the next bytes are those from [`Resume::offset`] on.
    pub fn resume<'s>(secrets: impl IntoIterator<Item = &'s str>, state: Resume) -> Self {
        let forms: Vec<_> = secrets.into_iter().flat_map(forms::forms).collect();
        let size: usize = forms.iter().map(|(form, _)| form.len()).sum();
        let longest = forms.iter().map(|(form, _)| form.len()).max().unwrap_or_default();
        let values = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind((size < QUICK).then_some(AhoCorasickKind::DFA))
            .build(forms.iter().map(|(form, _)| form))
            .ok();
        let pieces = forms.into_iter().map(|(_, piece)| piece).collect();
        let overlap = OVERLAP + 2 * longest;
        Self { values, pieces, positions: position::Positions::new(), overlap, held: Vec::new(), state }
    }

    /// Takes more of the log; appends what is now free of secrets. Lines whose end is missing wait.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let most = WINDOW + self.overlap;
        let mut rest = bytes;
        while !rest.is_empty() {
            let reach = &rest[..rest.len().min(most - self.held.len())];
            let end = memchr(b'\n', reach).map(|at| at + 1);
            let taken = end.unwrap_or(reach.len());
            if let (Some(end), true) = (end, self.held.is_empty()) {
                self.piece(&reach[..end], end, out);
            } else {
                self.held.extend_from_slice(&reach[..taken]);
                if end.is_some() || self.held.len() == most {
                    let mut held = std::mem::take(&mut self.held);
                    let done = self.piece(&held, if end.is_some() { held.len() } else { WINDOW }, out);
                    held.drain(..done);
                    self.held = held;
                }
            }
            rest = &rest[taken..];
        }
    }

    /// The log has ended: appends what waited for more.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.piece(&held, held.len(), out);
        }
    }

    /// Where to go on after a restart; what waits is read again.
    pub fn state(&self) -> Resume {
        self.state
    }

    /// Writes a piece of one line up to a limit, and on to the end of a secret that begins before it.
    fn piece(&mut self, raw: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
        let goes_on = self.state.open.is_some();
        let (mut hidden, open) = self.hidden(raw, limit);
        hidden.sort_unstable_by_key(|range| range.start);
        let mut done = 0;
        let mut written = 0;
        for range in hidden {
            if range.start >= limit.max(done) {
                break;
            }
            if range.start > done || done == 0 && !(goes_on && range.start == 0) {
                out.extend_from_slice(&raw[written..range.start]);
                out.extend_from_slice(MASK.as_bytes());
            }
            done = done.max(range.end);
            written = done;
        }
        let end = done.max(limit);
        out.extend_from_slice(&raw[written..end]);
        let line_ends = raw[..end].ends_with(b"\n");
        self.state.offset += end as u64;
        self.state.open = open.filter(|_| end == raw.len() && !line_ends);
        self.state.line = if line_ends { position::Line::default() } else { self.state.line };
        self.state.line.cut = !line_ends;
        end
    }

    fn hidden(&mut self, raw: &[u8], limit: usize) -> (Vec<Range<usize>>, Option<Open>) {
        let mut hidden = Vec::new();
        let whole = limit == raw.len() && !self.state.line.cut;
        self.state.block.find(raw, whole, &mut hidden);
        let mut open = if noise::any(raw) {
            // A terminal would show what stands around the noise as one word.
            self.by_value(raw, &mut hidden);
            self.read_as(raw, |rest| unless(noise::length(rest), rest), &mut hidden)
        } else {
            self.in_text(raw, &mut hidden)
        };
        if memchr_iter(b'\\', raw).any(|at| noise::quoted(&raw[at..]) > 0) {
            let unit = |rest: &[u8]| unless(noise::quoted(rest).max(noise::length(rest)), rest);
            open = self.read_as(raw, unit, &mut hidden).or(open);
        }
        if memchr_iter(b'%', raw).any(|at| percent(&raw[at..]).is_some()) {
            let unit = |rest: &[u8]| match percent(rest) {
                Some(byte) => (3, Some(byte)),
                None => unless(noise::length(rest), rest),
            };
            open = self.read_as(raw, unit, &mut hidden).or(open);
        }
        hidden.retain(|range| !range.is_empty());
        (hidden, open)
    }

    /// The same in what a text stands for: a unit of it, so many bytes long, is one byte or none.
    fn read_as(
        &mut self,
        raw: &[u8],
        unit: impl Fn(&[u8]) -> (usize, Option<u8>),
        hidden: &mut Vec<Range<usize>>,
    ) -> Option<Open> {
        let (mut text, mut places, mut at) = (Vec::with_capacity(raw.len()), Vec::with_capacity(raw.len() + 1), 0);
        while at < raw.len() {
            let (length, byte) = unit(&raw[at..]);
            if let Some(byte) = byte {
                text.push(byte);
                places.push(at);
            }
            at += length;
        }
        places.push(raw.len());
        let mut found = Vec::new();
        let open = self.in_text(&text, &mut found);
        hidden.extend(found.into_iter().map(|range| places[range.start]..places[range.end]));
        open
    }

    fn in_text(&mut self, text: &[u8], hidden: &mut Vec<Range<usize>>) -> Option<Open> {
        self.by_value(text, hidden);
        let mut open = self.state.open;
        if let Some(kind) = open {
            let end = value::end(text, 0, kind);
            hidden.push(0..end.unwrap_or(text.len()));
            open = open.filter(|_| end.is_none());
        }
        self.positions.find(text, &mut self.state.line, hidden).or(open)
    }

    fn by_value(&self, text: &[u8], hidden: &mut Vec<Range<usize>>) {
        let Some(values) = &self.values else {
            // More secrets than any machine can seek: nothing can be shown.
            hidden.push(0..text.len());
            return;
        };
        for found in values.find_overlapping_iter(text) {
            let (mut start, mut end) = (found.start(), found.end());
            if self.pieces[found.pattern().as_usize()] {
                // The characters beside it hold bits of the secret as well.
                start -= usize::from(start > 0 && block::is_base64(text[start - 1]));
                end += usize::from(text.get(end).is_some_and(|byte| block::is_base64(*byte)));
            }
            hidden.push(start..end);
        }
    }
}

/// Noise of this length, or a byte to read.
fn unless(noise: usize, text: &[u8]) -> (usize, Option<u8>) {
    if noise > 0 { (noise, None) } else { (1, text.first().copied()) }
}

/// The byte that `%XX` stands for.
fn percent(text: &[u8]) -> Option<u8> {
    let [b'%', high, low] = *text.first_chunk()? else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
