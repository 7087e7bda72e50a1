//! From bytes to text that YAML allows.

use super::{File, Finding, Place, Severity, yaml};

/// Longest text that is read, in bytes.
pub const LONGEST: usize = 1 << 20;

/// The text without a byte order mark, or why it cannot be read.
pub(super) fn text<'t>(file: File, bytes: &'t [u8], findings: &mut Vec<Finding>) -> Result<&'t str, Box<Finding>> {
    let refused =
        |place, what: String, why: &str, todo: &str| Err(Box::new(yaml(file, place, Severity::Error, what, why, todo)));
    if bytes.len() > LONGEST {
        return refused(
            START,
            format!("the file has {} bytes, more than {LONGEST}", bytes.len()),
            "it was not read: a plan takes a few thousand bytes",
            "give the DHA file or the network file itself",
        );
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return refused(START, "the file is written in UTF-16".into(), "it was not read", "save it as UTF-8");
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (good, bad) = bytes.split_at(error.valid_up_to());
            let place = end_of(&String::from_utf8_lossy(good));
            let byte = bad.first().copied().unwrap_or_default();
            let what = format!("the byte 0x{byte:02X} is not UTF-8");
            return refused(place, what, "Compass's YAML reader stops here", "save the file as UTF-8");
        }
    };
    let text = match text.strip_prefix('\u{FEFF}') {
        Some(rest) => {
            findings.push(yaml(
                file,
                START,
                Severity::Note,
                "the file begins with a byte order mark",
                "Compass's YAML reader skips it",
                "save it as UTF-8 without a byte order mark",
            ));
            rest
        }
        None => text,
    };
    if let Some((at, wrong)) = text.char_indices().find(|(_, one)| !printable(*one)) {
        let place = end_of(&text[..at]);
        let what = format!("the character U+{:04X} is not allowed in YAML", u32::from(wrong));
        return refused(place, what, "Compass's YAML reader stops here", "delete the character");
    }
    if let Some(at) = text.find('\r') {
        findings.push(yaml(
            file,
            end_of(&text[..at]),
            Severity::Note,
            "lines end in CR LF, as on Windows",
            "Compass's YAML reader takes that for the end of a line; other tools of a jump host may not",
            "save the file with LF alone",
        ));
    }
    Ok(text)
}

const START: Place = Place { line: 1, column: 1 };

/// What PyYAML lets through.
fn printable(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
        || one >= '\u{10000}'
}

/// The place behind a text.
fn end_of(before: &str) -> Place {
    let lines = before.replace("\r\n", "\n").replace('\r', "\n");
    let line = lines.matches('\n').count() + 1;
    let column = lines.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { line: count(line), column: count(column) }
}

/// A count that cannot be too large for a text of at most [`LONGEST`] bytes.
pub(super) fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
