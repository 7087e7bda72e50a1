//! Where a value ends that a name or a position gave away.

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
    /// This bracket.
    Bracket(u8),
    /// The end of the line.
    Line,
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// After blanks.
pub(super) fn skip_blanks(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().take_while(|byte| is_blank(**byte)).count()
}

/// A quote at this place, with the backslashes before it, and where what is quoted begins.
pub(super) fn quote(text: &[u8], at: usize) -> Option<(Open, usize)> {
    let backslashes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
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
        b'[' => Some((at + 1, Open::Bracket(b']'))),
        b'{' => Some((at + 1, Open::Bracket(b'}'))),
        b'\n' | b',' | b'}' | b']' | b')' => None,
        _ => Some((at, plain)),
    }
}

/// The first byte after a value; none when the text ends before the value does.
pub(super) fn end(text: &[u8], from: usize, open: Open) -> Option<usize> {
    let mut at = from;
    match open {
        Open::Quote(mark, depth) => {
            while at < text.len() {
                if text[at] == b'\n' {
                    return Some(at);
                }
                let backslashes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
                let next = text.get(at + backslashes);
                if next == Some(&mark) && backslashes <= depth {
                    let after = at + backslashes + 1;
                    // 'it'\''s' goes on behind its quote.
                    let glued = depth == 0 && matches!(text.get(after), Some(b'\\' | b'\'' | b'"'));
                    return if glued {
                        end(text, after + 1 + usize::from(text[after] == b'\\'), open)
                    } else {
                        Some(at)
                    };
                }
                at += backslashes + 1;
            }
            None
        }
        Open::Word | Open::Entry => {
            while at < text.len() {
                match text[at] {
                    b'\n' => break,
                    b'\\' if at + 1 < text.len() && text[at + 1] != b'\n' && quote(text, at).is_none() => at += 1,
                    b'\\' if quote(text, at).is_some() => break,
                    byte if is_blank(byte) || is_quote(byte) => break,
                    b',' | b'}' | b']' | b')' if open == Open::Entry => break,
                    _ => {}
                }
                at += 1;
            }
            (at < text.len()).then_some(at)
        }
        Open::Bracket(close) => memchr::memchr2(close, b'\n', &text[from..]).map(|at| from + at),
        Open::Line => memchr::memchr(b'\n', &text[from..]).map(|at| from + at),
    }
}
