//! Bytes that a terminal acts upon and nobody reads: colour codes, carriage returns, other controls.

/// Longest text of an escape sequence that is taken for one; a longer one is text again.
const LONGEST: usize = 256;

/// The length of the noise that a text begins with, 0 when it begins with something to read.
/// Tabs and line ends are read.
pub(crate) fn length(text: &[u8]) -> usize {
    match text.first() {
        Some(0x1B) => escape(text),
        Some(b'\t' | b'\n') | None => 0,
        Some(0x00..=0x1F | 0x7F) => 1,
        Some(_) => 0,
    }
}

/// Whether a line holds any noise.
pub(crate) fn any(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, 0x00..=0x08 | 0x0B..=0x1F | 0x7F))
}

/// The same as a program writes it that quotes what it shows: `\u001b[31m`, `\x1b[0m`, `\r`.
pub(crate) fn quoted(text: &[u8]) -> usize {
    const ESCAPES: [&[u8]; 6] = [b"\\u001b", b"\\u001B", b"\\x1b", b"\\x1B", b"\\033", b"\\e"];
    if text.first() != Some(&b'\\') {
        return 0;
    }
    if text.starts_with(b"\\r") {
        return 2;
    }
    let Some(escape) = ESCAPES.iter().find(|escape| text.starts_with(escape)) else { return 0 };
    if text.get(escape.len()) == Some(&b'[') { escape.len() + control(&text[escape.len()..]) } else { escape.len() }
}

fn escape(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'[') => 1 + control(&text[1..]),
        // A title or a link: up to a bell or ESC \.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let rest = &text[2..text.len().min(LONGEST)];
            let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1B | b'\n'));
            match end.map(|at| (at, rest[at])) {
                Some((at, 0x07)) => 2 + at + 1,
                Some((at, 0x1B)) if rest.get(at + 1) == Some(&b'\\') => 2 + at + 2,
                _ => 1,
            }
        }
        // Character sets and the like: intermediate bytes, then a final one.
        Some(0x20..=0x2F) if matches!(text.get(2), Some(0x30..=0x7E)) => 3,
        _ => 1,
    }
}

/// From `[` on: parameters, intermediate bytes, one final byte. An unfinished one is its bracket alone.
fn control(text: &[u8]) -> usize {
    let rest = &text[1..text.len().min(LONGEST)];
    let end = rest.iter().position(|byte| !(0x20..=0x3F).contains(byte));
    match end.map(|at| (at, rest[at])) {
        Some((at, 0x40..=0x7E)) => 1 + at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_titles_and_carriage_returns_are_noise_and_text_is_not() {
        for (text, noise) in [
            ("\x1b[31mred", 5),
            ("\x1b[0m", 4),
            ("\x1b[38;5;196mx", 11),
            ("\x1b]0;title\x07x", 10),
            ("\x1b(Bx", 3),
            ("\r\n", 1),
            ("\x08x", 1),
            ("text", 0),
            ("\n", 0),
            ("\t", 0),
            ("\x1b", 1),
            ("\x1b[", 2),
            ("", 0),
        ] {
            assert_eq!(length(text.as_bytes()), noise, "{text:?}");
        }
        assert_eq!(quoted(br"\u001b[0;31mx"), 12);
        assert_eq!(quoted(br"\rx"), 2);
        assert_eq!(quoted(br"\nx"), 0);
    }
}
