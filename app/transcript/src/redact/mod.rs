//! Takes secrets out of a log as it streams, before anything of it is kept or sent.
//!
//! A secret is found by its value, in whatever form ([`forms`]), and by its place or its shape ([`scan`],
//! [`block`], [`shapes`]); both also where colour codes or carriage returns stand in it, in what escapes stand for
//! and in the elements of lists ([`view`]). What comes out depends on the bytes alone, never on how they were cut.
//! A line waits until its end is there; one longer than [`WINDOW`] is looked at in pieces that overlap by more than
//! the longest form.

mod block;
mod commands;
mod forms;
mod named;
mod names;
mod rule;
mod scan;
mod shapes;
mod value;
mod view;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use crate::noise;
pub use rule::{Counts, Rule};
use rule::{Hidden, push};
use value::Open;
use view::View;

/// The version of the rules: what was redacted by earlier ones is to be redacted anew.
pub const RULES: u32 = 3;

/// What stands in for a secret.
pub const MASK: &str = "•••";

/// How much of one line is looked at in one go, in bytes.
pub const WINDOW: usize = 64 * 1024;

/// How far such pieces overlap at least; also the most noise within a secret of such a line.
const OVERLAP: usize = 16 * 1024;

/// How many quotings within each other are read.
const DEPTH: usize = 4;

/// Forms up to this size in all are sought by the quickest machine, which needs the most memory.
const QUICK: usize = 16 * 1024;

/// The same for every log.
static SCANNER: LazyLock<scan::Scanner> = LazyLock::new(scan::Scanner::new);

/// Where to go on after a restart; holds nothing of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resume {
    /// Bytes of the raw log that are dealt with: read on from there.
    pub offset: u64,
    /// What was hidden up to there, by rule.
    pub hidden: Counts,
    line: scan::Line,
    open: Option<Open>,
    block: block::Block,
}

/// Takes secrets out of one log.
pub struct Redactor {
    values: Option<AhoCorasick>,
    /// Whether a form has something in it that a terminal acts upon.
    noisy: bool,
    /// The first four bytes that forms have, a bit each by their hash.
    starts: Vec<u64>,
    /// For each form whether it is a piece of base64.
    pieces: Vec<bool>,
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
        let noisy = forms.iter().any(|(form, _)| noise::any(form));
        let mut starts = vec![0; 1 << 10];
        for at in forms.iter().filter_map(|(form, _)| beginning(form)) {
            starts[at / 64] |= 1_u64 << (at % 64);
        }
        let pieces = forms.into_iter().map(|(_, piece)| piece).collect();
        let overlap = OVERLAP + 2 * longest;
        Self { values, noisy, starts, pieces, overlap, held: Vec::new(), state }
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
        hidden.sort_unstable_by_key(|found| (found.start, found.rule));
        let mut done = 0;
        let mut written = 0;
        for found in hidden {
            if found.start >= limit.max(done) {
                break;
            }
            // What was hidden before stays as it is, and is not counted again.
            let masked = raw[found.start..found.end] == *MASK.as_bytes();
            if found.start > done || done == 0 && !(goes_on && found.start == 0) {
                out.extend_from_slice(&raw[written..found.start]);
                out.extend_from_slice(MASK.as_bytes());
                if !masked {
                    self.state.hidden.add(found.rule);
                }
            }
            done = done.max(found.end);
            written = done;
        }
        let end = done.max(limit);
        out.extend_from_slice(&raw[written..end]);
        let line_ends = raw[..end].ends_with(b"\n");
        self.state.offset += end as u64;
        self.state.open = open.filter(|_| end == raw.len() && !line_ends);
        self.state.line = if line_ends { scan::Line::default() } else { self.state.line };
        self.state.line.cut = !line_ends;
        end
    }

    fn hidden(&mut self, raw: &[u8], limit: usize) -> (Hidden, Option<Open>) {
        let mut hidden = Hidden::new();
        let whole = limit == raw.len() && !self.state.line.cut;
        let before = self.state;
        let mut open = None;
        if noise::any(raw) {
            // A terminal would show what stands around the noise as one word.
            let view = view::quiet(raw);
            // What looks like the end of a colour code may be the beginning of a secret.
            if self.noisy || view.left_out(raw.len()).any(|at| self.begins(&raw[at..])) {
                self.by_value(raw, &mut hidden);
            }
            open = self.read(&view.text, Some(&view), whole, &mut hidden).or(open);
        } else {
            open = self.read(raw, None, whole, &mut hidden).or(open);
        }
        let after = self.state;
        if memchr_iter(b'\\', raw).any(|at| noise::quoted(&raw[at..]) > 0) {
            let unit = |rest: &[u8]| unless(noise::quoted(rest).max(noise::length(rest)), rest);
            open = self.again(before, &View::of(raw, unit), whole, &mut hidden).or(open);
        }
        if memchr_iter(b'%', raw).any(|at| percent(&raw[at..]).is_some()) {
            let unit = |rest: &[u8]| match percent(rest) {
                Some(byte) => (3, Some(byte)),
                None => unless(noise::length(rest), rest),
            };
            open = self.again(before, &View::of(raw, unit), whole, &mut hidden).or(open);
        }
        self.state = after;
        hidden.retain(|found| found.start < found.end);
        (hidden, open)
    }

    /// Another reading of the same: what lines before told holds for it, and it tells nothing of lines behind.
    fn again(&mut self, before: Resume, view: &View, whole: bool, hidden: &mut Hidden) -> Option<Open> {
        self.state = before;
        self.read(&view.text, Some(view), whole, hidden)
    }

    /// Seeks in a text as a line, and then in what is quoted in it, as lines of its own.
    fn read(&mut self, text: &[u8], view: Option<&View>, whole: bool, hidden: &mut Hidden) -> Option<Open> {
        let mut found = Hidden::new();
        self.by_value(text, &mut found);
        let mut open = self.state.open;
        if let Some(kind) = open {
            let end = value::end(text, 0, kind);
            push(&mut found, 0..end.unwrap_or(text.len()), Rule::Name);
            open = end.err();
        }
        let (line, block) = (&mut self.state.line, &mut self.state.block);
        let scanned = SCANNER.find(text, whole, line, block, &mut found);
        open = scanned.open.or(open);
        place(found, view, hidden);
        if !scanned.interesting {
            return open;
        }
        let mut inners: Vec<View> = Vec::new();
        for _ in 0..DEPTH {
            let text = inners.last().map_or(text, |view| &view.text);
            if !view::has_inner(text) && !view::has_quotes(text) {
                break;
            }
            let next = view::inner(text);
            let mut found = Hidden::new();
            if memchr(b'\\', text).is_some() {
                self.by_value(&next.text, &mut found);
            }
            open = self.inside(&next.text, &mut found).or(open);
            inners.push(next);
            for one in &found {
                let place = |at| {
                    let at = inners.iter().rev().fold(at, |at, inner| inner.place(at));
                    view.map_or(at, |view| view.place(at))
                };
                push(hidden, place(one.start)..place(one.end), one.rule);
            }
        }
        open
    }

    /// Seeks in lines that no line of the log told anything of.
    fn inside(&self, text: &[u8], found: &mut Hidden) -> Option<Open> {
        let mut block = block::Block::default();
        let open = SCANNER.find(text, true, &mut scan::Line::default(), &mut block, found).open;
        open.or(block.is_within_key().then_some(Open::Pem))
    }

    /// Whether a form may begin here.
    fn begins(&self, text: &[u8]) -> bool {
        beginning(text).is_some_and(|at| self.starts[at / 64] & 1 << (at % 64) != 0)
    }

    fn by_value(&self, text: &[u8], hidden: &mut Hidden) {
        let Some(values) = &self.values else {
            // More secrets than any machine can seek: nothing can be shown.
            return push(hidden, 0..text.len(), Rule::KnownSecret);
        };
        for found in values.find_overlapping_iter(text) {
            let (mut start, mut end) = (found.start(), found.end());
            if self.pieces[found.pattern().as_usize()] {
                // The characters beside it hold bits of the secret as well.
                start -= usize::from(start > 0 && forms::is_base64(text[start - 1]));
                end += usize::from(text.get(end).is_some_and(|byte| forms::is_base64(*byte)));
            }
            push(hidden, start..end, Rule::KnownSecret);
        }
    }
}

/// A hash of sixteen bits of a text's first bytes. No form is shorter than [`forms::SOUGHT`].
fn beginning(text: &[u8]) -> Option<usize> {
    let first = u32::from_le_bytes(*text.first_chunk::<{ forms::SOUGHT }>()?);
    usize::try_from(first.wrapping_mul(0x9E37_79B1) >> 16).ok()
}

/// Adds what was found in a reading at its place in the text itself.
fn place(found: Hidden, view: Option<&View>, hidden: &mut Hidden) {
    match view {
        None => hidden.extend(found),
        Some(view) => {
            for one in found {
                push(hidden, view.place(one.start)..view.place(one.end), one.rule);
            }
        }
    }
}

/// A short text without secrets, by their places and shapes alone.
pub fn redacted(text: &str) -> String {
    let (mut redactor, mut out) = (Redactor::new([]), Vec::with_capacity(text.len()));
    redactor.push(text.as_bytes(), &mut out);
    redactor.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
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
