//! Lines as one reads them: without noise, the last state of a progress bar, cut where they are too long.

use std::borrow::Cow;

use memchr::{memchr, memrchr};
use serde::{Deserialize, Serialize};

use crate::noise;

/// Longest part of a line that is read and shown, in bytes. The log itself keeps the whole line.
pub const SHOWN: usize = 64 * 1024;

/// A line for the eye.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its text; bytes that are no UTF-8 as U+FFFD.
    pub text: String,
    /// Bytes of the line that are not in the text, because it is longer than [`SHOWN`].
    pub left_out: u64,
}

/// A line of the log, given without its end, for the eye.
pub fn shown(line: &[u8]) -> Shown {
    let mut lines = Lines::default();
    lines.add(line);
    let left_out = lines.left_out();
    Shown { text: readable(&lines.head).into_owned(), left_out }
}

/// A whole line while the log streams.
pub(crate) struct Line<'a> {
    /// Counts from 0.
    pub number: u64,
    /// Where it begins in the log, in bytes.
    pub offset: u64,
    pub text: Cow<'a, str>,
}

/// Parts a stream into lines; keeps no more of one than is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    /// Bytes taken so far.
    pub taken: u64,
    /// Lines that ended so far.
    pub ended: u64,
    start: u64,
    head: Vec<u8>,
    /// Bytes since the last carriage return.
    length: u64,
    /// A carriage return waits for what is written over the text before it.
    returned: bool,
}

impl Lines {
    /// Takes more bytes and hands on each line that ends in them.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            let (part, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let whole = self.taken == self.start;
            self.taken += end as u64 + 1;
            // Most lines come whole, and are read where they are.
            if whole {
                let text = last_state(part.strip_suffix(b"\r").unwrap_or(part));
                each(Line { number: self.ended, offset: self.start, text: readable(&text[..text.len().min(SHOWN)]) });
            } else {
                self.add(part);
                each(Line { number: self.ended, offset: self.start, text: readable(&self.head) });
            }
            self.next();
        }
        self.taken += rest.len() as u64;
        self.add(rest);
    }

    /// The line that has no end yet, when there is one.
    pub fn last(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.taken > self.start {
            each(Line { number: self.ended, offset: self.start, text: readable(&self.head) });
            self.next();
        }
    }

    fn next(&mut self) {
        self.ended += 1;
        self.start = self.taken;
        self.head.clear();
        (self.length, self.returned) = (0, false);
    }

    fn add(&mut self, part: &[u8]) {
        for (at, state) in part.split(|byte| *byte == b'\r').enumerate() {
            self.returned |= at > 0;
            if state.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.returned) {
                self.head.clear();
                self.length = 0;
            }
            self.length += state.len() as u64;
            let room = SHOWN - self.head.len();
            self.head.extend_from_slice(&state[..state.len().min(room)]);
        }
    }

    fn left_out(&self) -> u64 {
        self.length - self.head.len() as u64
    }
}

/// What a terminal shows of a line in the end: what came after its last carriage return.
fn last_state(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some(at) = memrchr(b'\r', line) {
        if at + 1 < line.len() {
            return &line[at + 1..];
        }
        line = &line[..at];
    }
    line
}

fn readable(text: &[u8]) -> Cow<'_, str> {
    if !noise::any(text) {
        return String::from_utf8_lossy(text);
    }
    let (mut clean, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        match noise::length(&text[at..]) {
            0 => {
                clean.push(text[at]);
                at += 1;
            }
            length => at += length,
        }
    }
    Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
}
