//! Readings of a text: what is quoted in it, without its escapes, as lines of its own.
//!
//! A key inside a JSON text is a key of many lines, and so it is read as one. Rules know lines and no escapes.

use crate::noise;

/// A reading, with the places in the text that it comes from.
#[derive(Default)]
pub(super) struct View {
    pub text: Vec<u8>,
    /// Where in the reading bytes follow each other as they do in the text, and from where in it they do.
    parts: Vec<(usize, usize)>,
    /// The end of the text.
    end: usize,
}

impl View {
    /// Reads units of a text, each so many bytes long and one byte or none.
    pub fn of(raw: &[u8], unit: impl Fn(&[u8]) -> (usize, Option<u8>)) -> Self {
        let mut view = Self { text: Vec::with_capacity(raw.len()), parts: Vec::new(), end: raw.len() };
        let mut at = 0;
        while at < raw.len() {
            let (length, byte) = unit(&raw[at..]);
            if let Some(byte) = byte {
                view.add(byte, at);
            }
            at += length;
        }
        view
    }

    fn add(&mut self, byte: u8, at: usize) {
        let here = self.text.len();
        if self.parts.last().is_none_or(|(mine, from)| from + (here - mine) != at) {
            self.parts.push((here, at));
        }
        self.text.push(byte);
    }

    /// Places in the text that the reading left out.
    pub fn left_out(&self, end: usize) -> impl Iterator<Item = usize> {
        let ends = self.parts.iter().skip(1).map(|(mine, _)| *mine).chain([self.text.len()]);
        let kept = self.parts.iter().zip(ends).map(|((mine, from), next)| (*from, from + next - mine));
        let mut at = 0;
        kept.chain([(end, end)]).flat_map(move |(from, to)| std::mem::replace(&mut at, to)..from)
    }

    /// Where in the text a place of the reading is. What was left out before it belongs to what is before it.
    pub fn place(&self, at: usize) -> usize {
        if at >= self.text.len() {
            return self.end;
        }
        let part = self.parts.partition_point(|(mine, _)| *mine <= at);
        part.checked_sub(1).map_or(0, |part| self.parts[part].1 + at - self.parts[part].0)
    }
}

/// A text without what a terminal acts upon.
pub(super) fn quiet(raw: &[u8]) -> View {
    let mut view = View { text: Vec::with_capacity(raw.len()), parts: Vec::new(), end: raw.len() };
    let mut at = 0;
    while at < raw.len() {
        let noise = noise::length(&raw[at..]);
        if noise > 0 {
            at += noise;
            continue;
        }
        let rest = &raw[at + 1..];
        let length =
            1 + rest.iter().position(|byte| matches!(byte, 0x00..=0x08 | 0x0B..=0x1F | 0x7F)).unwrap_or(rest.len());
        view.parts.push((view.text.len(), at));
        view.text.extend_from_slice(&raw[at..at + length]);
        at += length;
    }
    view
}

/// What an escape stands for, and its length; the byte itself where there is none.
pub(super) fn unescaped(rest: &[u8]) -> (usize, Option<u8>) {
    let (b'\\', Some(next)) = (rest[0], rest.get(1)) else { return (1, Some(rest[0])) };
    match next {
        b'n' => (2, Some(b'\n')),
        b't' => (2, Some(b'\t')),
        b'r' => (2, None),
        b'"' | b'\'' | b'/' | b'\\' => (2, Some(*next)),
        b'u' => match number(rest.get(2..6)) {
            Some(code @ 1..=0x7F) => (6, Some(code)),
            _ => (1, Some(b'\\')),
        },
        b'x' => match number(rest.get(2..4)) {
            Some(code @ 1..=0x7F) => (4, Some(code)),
            _ => (1, Some(b'\\')),
        },
        _ => (1, Some(b'\\')),
    }
}

fn number(digits: Option<&[u8]>) -> Option<u8> {
    let digits = std::str::from_utf8(digits?).ok()?;
    u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()
}

/// Stands in a line of its own between texts that are no neighbours in a list.
pub(super) const APART: u8 = 0x1E;

/// Whether something is quoted in a text.
pub(super) fn has_quotes(text: &[u8]) -> bool {
    memchr::memchr2(b'"', b'\'', text).is_some()
}

/// Whether something is quoted in a text that has lines of its own: escapes, or elements of a list.
pub(super) fn has_inner(text: &[u8]) -> bool {
    memchr::memchr(b'\\', text).is_some() || memchr::memchr_iter(b'[', text).any(|at| opens(&text[at + 1..]).is_some())
}

/// The quote that opens here, and its length with Python's letter before it.
fn opens(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [mark @ (b'"' | b'\''), ..] => Some((*mark, 1)),
        [b'u' | b'b', mark @ (b'"' | b'\''), ..] => Some((*mark, 2)),
        _ => None,
    }
}

/// What is quoted in a text, each as lines of its own and without escapes; what stands between them, too.
pub(super) fn inner(raw: &[u8]) -> View {
    let mut view = View { text: Vec::with_capacity(raw.len()), parts: Vec::new(), end: raw.len() };
    let (mut at, mut within, mut between, mut word) = (0, None, 0, false);
    while at < raw.len() {
        let rest = &raw[at..];
        match within {
            Some(mark) if rest[0] == mark => {
                view.add(b'\n', at);
                (within, between, word) = (None, at + 1, false);
                at += 1;
                continue;
            }
            // An apostrophe within a word opens nothing.
            None if !word && let Some((mark, length)) = opens(rest) => {
                let list = raw[between..at].iter().all(|byte| matches!(byte, b',' | b' ' | b'[' | b']'));
                if !list {
                    view.add(b'\n', at);
                    view.add(APART, at);
                    view.add(b'\n', at);
                }
                within = Some(mark);
                at += length;
                continue;
            }
            _ => {}
        }
        let (length, byte) = unescaped(rest);
        let list = within.is_none() && between > 0 && matches!(rest[0], b',' | b' ' | b'[' | b']');
        if let Some(byte) = byte
            && !list
        {
            view.add(byte, at);
        }
        word = rest[0].is_ascii_alphanumeric();
        at += length;
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_read_as_lines_of_their_own() {
        let raw = br#"x: {"a": ["b\nc", u'it"s', "\\n\u0041\q"]}"#;
        assert!(has_inner(raw));
        let view = inner(raw);
        let lines: Vec<_> = view.text.split(|byte| *byte == b'\n').map(String::from_utf8_lossy).collect();
        let texts: Vec<_> = lines.iter().filter(|line| !line.is_empty() && *line != "\u{1e}").collect();
        assert_eq!(texts, ["x: {", "a", ":", "b", "c", "it\"s", "\\nA\\q", "}"]);
        let at = view.text.iter().position(|byte| *byte == b'A').unwrap();
        assert_eq!((view.place(at), view.place(at + 1), view.place(usize::MAX)), (31, 37, raw.len()));
    }
}
