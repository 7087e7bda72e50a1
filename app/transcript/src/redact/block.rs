//! Secrets over many lines: private keys between their dashes, and base64 wrapped at a width.

use std::ops::Range;

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// Widths at which programs wrap base64.
const WIDTHS: [usize; 3] = [60, 64, 76];

const KEY: &[u8] = b"PRIVATE KEY-----";
const END: &[u8] = b"-----END";

/// What earlier lines began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    /// Within a private key.
    key: bool,
    /// The line before was wrapped.
    wrapped: bool,
}

impl Block {
    /// Adds what must be hidden of one line, or of a piece of a line that is too long for one look.
    pub fn find(&mut self, text: &[u8], whole: bool, hidden: &mut Vec<Range<usize>>) {
        self.keys(text, hidden);
        if whole {
            self.wrapped_line(text, hidden);
        }
        escaped_lines(text, hidden);
    }

    fn keys(&mut self, text: &[u8], hidden: &mut Vec<Range<usize>>) {
        let mut at = 0;
        if self.key {
            let trimmed = text.trim_ascii();
            let header = trimmed.starts_with(b"Proc-Type") || trimmed.starts_with(b"DEK-Info");
            match memmem::find(text, END) {
                Some(end) => {
                    hidden.push(0..end);
                    (self.key, at) = (false, end + END.len());
                }
                None if header || !trimmed.contains(&b' ') => hidden.push(0..text.trim_ascii_end().len()),
                None => self.key = false,
            }
        }
        while let Some(found) = memmem::find(&text[at..], KEY) {
            let from = at + found + KEY.len();
            let label = &text[..from - KEY.len()];
            let label = &label[memmem::rfind(label, b"-----").map_or(0, |dashes| dashes + 5)..];
            if !label.starts_with(b"BEGIN") {
                at = from;
                continue;
            }
            let end = memmem::find(&text[from..], END);
            hidden.push(from..end.map_or(text.trim_ascii_end().len().max(from), |end| from + end));
            self.key = end.is_none();
            let Some(end) = end else { return };
            at = from + end + END.len();
        }
    }

    fn wrapped_line(&mut self, text: &[u8], hidden: &mut Vec<Range<usize>>) {
        if !self.wrapped && text.len() < WIDTHS[0] {
            return;
        }
        let start = text.len() - text.trim_ascii_start().len();
        let trimmed = text.trim_ascii();
        let encoded = !trimmed.is_empty() && trimmed.iter().all(|byte| is_base64(*byte));
        let full = encoded && is_full(trimmed);
        if full || self.wrapped && encoded {
            hidden.push(start..start + trimmed.len());
        }
        self.wrapped = full;
    }
}

/// The same between the `\n` of a quoted text.
fn escaped_lines(text: &[u8], hidden: &mut Vec<Range<usize>>) {
    let mut wrapped = false;
    let mut from = 0;
    for end in memmem::find_iter(text, b"\\n").chain([text.len()]) {
        if end < from {
            continue;
        }
        let segment = &text[from..end];
        let tail = segment.iter().rev().take(WIDTHS[2] + 1).take_while(|byte| is_base64(**byte)).count();
        if wrapped {
            hidden.push(from..from + segment.iter().take_while(|byte| is_base64(**byte)).count());
        }
        wrapped = end < text.len() && is_full(&segment[segment.len() - tail..]);
        if wrapped {
            hidden.push(end - tail..end);
        }
        from = end + 2;
    }
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether it is as wide as wrapped base64; an identifier of hexadecimal digits is something else.
fn is_full(text: &[u8]) -> bool {
    WIDTHS.contains(&text.len()) && !text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
