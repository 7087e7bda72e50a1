//! Where a value ends that a name or a position gave away.

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// What a value ends with; kept while a value is longer than what is looked at in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Open {
    /// This quote behind so many backslashes.
    Quote(u8, usize),
    /// White space or a quote.
    Word,
    /// Also the punctuation between the entries of a map.
    Entry,
    /// This bracket. Kept so that runs of version 1 of the rules go on.
    Bracket(u8),
    /// The end of the line.
    Line,
    /// This bracket, behind so many more of its kind.
    Nest(u8, u16),
    /// A quote or the end of the line.
    Header,
    /// The end of a table's cell.
    Cell,
    /// The next tag.
    Element,
    /// The next part of a query.
    Query,
    /// What is no base64.
    Run,
    /// The end of a key.
    Pem,
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// What base64 consists of, that for URLs included.
pub(super) fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// After blanks.
pub(super) fn skip_blanks(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().take_while(|byte| is_blank(**byte)).count()
}

/// A quote at this place, with the backslashes before it, and where what is quoted begins.
pub(super) fn quote(text: &[u8], at: usize) -> Option<(Open, usize)> {
    let backslashes = text.get(at..)?.iter().take_while(|byte| **byte == b'\\').count();
    let mark = *text.get(at + backslashes)?;
    is_quote(mark).then_some((Open::Quote(mark, backslashes), at + backslashes + 1))
}

/// A value's beginning, without its quote, and what it ends with; none when there is no value.
pub(super) fn begin(text: &[u8], at: usize, plain: Open) -> Option<(usize, Open)> {
    let typed = matches!(text.get(at), Some(b'u' | b'b' | b'$')) && quote(text, at + 1).is_some();
    let at = at + usize::from(typed);
    if let Some((open, from)) = quote(text, at) {
        return Some((from, open));
    }
    match text.get(at)? {
        b'[' => Some((at + 1, Open::Nest(b']', 0))),
        b'{' if text.get(at + 1) != Some(&b'{') => Some((at + 1, Open::Nest(b'}', 0))),
        b'(' if quote(text, at + 1).is_some() => Some((at + 1, Open::Nest(b')', 0))),
        b'\n' | b',' | b'}' | b']' | b')' => None,
        _ => Some((at, plain)),
    }
}

/// The first byte after a value; what it ends with when the text ends before the value does.
pub(super) fn end(text: &[u8], from: usize, open: Open) -> Result<usize, Open> {
    let rest = &text[from..];
    let found = |at: Option<usize>| at.map(|at| from + at).ok_or(open);
    match open {
        Open::Quote(mark, depth) => end_of_quote(text, from, mark, depth).ok_or(open),
        Open::Word | Open::Entry => end_of_word(text, from, open).ok_or(open),
        Open::Bracket(close) => found(memchr::memchr2(close, b'\n', rest)),
        Open::Nest(close, depth) => end_of_nest(text, from, close, depth),
        Open::Line => found(memchr::memchr(b'\n', rest)),
        Open::Header => found(
            memchr::memchr3(b'"', b'\'', b'\n', rest)
                .map(|at| at - rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count()),
        ),
        Open::Cell => found(memchr::memchr2(b'|', b'\n', rest)),
        Open::Element => found(memchr::memchr2(b'<', b'\n', rest)),
        Open::Query => {
            found(rest.iter().position(|byte| is_blank(*byte) || is_quote(*byte) || b"&#;\\\n,)>".contains(byte)))
        }
        Open::Run => found(rest.iter().position(|byte| !is_run(*byte))),
        Open::Pem => found(memmem::find(rest, b"-----END").or_else(|| memchr::memchr(b'\n', rest))),
    }
}

fn end_of_quote(text: &[u8], from: usize, mark: u8, depth: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        if text[at] == b'\n' {
            return Some(at);
        }
        let backslashes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
        if text.get(at + backslashes) == Some(&mark) && backslashes <= depth {
            let after = at + backslashes + 1;
            // 'it'\''s' goes on behind its quote.
            let glued = depth == 0 && matches!(text.get(after), Some(b'\\' | b'\'' | b'"'));
            let escape = text.get(after) == Some(&b'\\');
            if !glued || escape && !matches!(text.get(after + 1), Some(b'\'' | b'"')) {
                return Some(at);
            }
            return end_of_quote(text, after + 1 + usize::from(escape), mark, depth);
        }
        at += backslashes + 1;
    }
    None
}

fn end_of_word(text: &[u8], from: usize, open: Open) -> Option<usize> {
    // Within quotes a `\n` is a line's end, as it is nowhere else.
    let quoted = memchr::memchr2(b'"', b'\'', &text[..from]).is_some();
    let mut at = from;
    while at < text.len() {
        match text[at] {
            b'\n' => break,
            b'\\' if quote(text, at).is_some() => break,
            b'\\' if quoted && matches!(text.get(at + 1), Some(b'n' | b'r' | b't')) => break,
            b'\\' if at + 1 < text.len() && text[at + 1] != b'\n' => at += 1,
            byte if is_blank(byte) || is_quote(byte) => break,
            b',' | b'}' | b']' | b')' if open == Open::Entry => break,
            _ => {}
        }
        at += 1;
    }
    (at < text.len()).then_some(at)
}

fn end_of_nest(text: &[u8], from: usize, close: u8, depth: u16) -> Result<usize, Open> {
    let opening = match close {
        b']' => b'[',
        b')' => b'(',
        _ => b'{',
    };
    let (mut depth, mut at, mut within) = (depth, from, None);
    while at < text.len() {
        match text[at] {
            b'\n' => return Ok(at),
            b'\\' => at += 1,
            byte if within == Some(byte) => within = None,
            _ if within.is_some() => {}
            byte @ (b'"' | b'\'') => within = Some(byte),
            byte if byte == opening => depth = depth.saturating_add(1),
            byte if byte == close && depth == 0 => return Ok(at),
            byte if byte == close => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    Err(Open::Nest(close, depth))
}
