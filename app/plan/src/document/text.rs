//! From bytes to a text that YAML can be read from, and what keeps them from being one.

use super::LONGEST;
use crate::{File, Finding, Place, Rule, Severity};

/// The text, without its byte order mark; or why it is none.
pub fn text(file: File, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<String> {
    let first = Place { line: 1, column: 1 };
    if bytes.len() > LONGEST {
        findings.push(yaml(
            file,
            first,
            Severity::Error,
            format!("the file has {} bytes, more than {LONGEST}", bytes.len()),
        ));
        return None;
    }
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => {
            findings.push(Finding {
                why: "Compass's reader takes it, but its shell takes it for a part of the first key.".into(),
                todo: "Save the file as UTF-8 without a byte order mark.".into(),
                ..yaml(file, first, Severity::Warning, "the file begins with a byte order mark".into())
            });
            rest
        }
        None => bytes,
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let place = place_of(&bytes[..error.valid_up_to()]);
            findings.push(yaml(file, place, Severity::Error, "the file is not UTF-8 text from here on".into()));
            return None;
        }
    };
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        findings.push(yaml(
            file,
            place_of(&bytes[..at]),
            Severity::Error,
            "there is a NUL byte here: this is no text".into(),
        ));
        return None;
    }
    Some(text.replace("\r\n", "\n"))
}

fn place_of(before: &[u8]) -> Place {
    let text = String::from_utf8_lossy(before);
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column) }
}

/// A finding of the text itself.
pub fn yaml(file: File, place: Place, severity: Severity, what: String) -> Finding {
    Finding {
        file,
        place,
        severity,
        rule: Rule::Yaml,
        what,
        why: "Compass cannot read the file, or reads something else than was meant.".into(),
        todo: "Write it as plain YAML: spaces for indentation, each key once, no anchors.".into(),
    }
}
