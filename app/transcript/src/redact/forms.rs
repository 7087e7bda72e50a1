//! How one secret may look in a log: as it is, quoted for a shell, a URL, JSON or Python, in base64.

use std::collections::BTreeSet;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// Shortest value that is sought wherever it stands; a shorter one cannot be told from text.
pub(crate) const SOUGHT: usize = 4;

/// The forms of a secret, each with whether it is a piece of base64 without its first and last characters.
pub(super) fn forms(secret: &str) -> Vec<(Vec<u8>, bool)> {
    let mut plain = BTreeSet::new();
    // A block of lines is met line by line, and without its end.
    for part in [secret, secret.trim()].into_iter().chain(secret.lines().map(str::trim)) {
        if part.chars().count() >= SOUGHT && !part.starts_with("-----") {
            plain.insert(part.to_owned());
        }
    }
    let quoted: BTreeSet<String> = plain.iter().flat_map(|text| quotings(text)).collect();
    let twice: BTreeSet<String> =
        quoted.iter().flat_map(|text| [json(text, false), json(text, true), python(text)]).collect();
    let all: BTreeSet<String> = plain.into_iter().chain(quoted).chain(twice).collect();
    let encoded: BTreeSet<String> = all.iter().flat_map(|text| alignments(text.as_bytes())).collect();
    let whole = all.into_iter().map(|text| (text.into_bytes(), false));
    let pieces = encoded.into_iter().map(|text| (text.into_bytes(), true));
    // Line ends part what is matched, so a form with one could never be met.
    whole.chain(pieces).filter(|(form, _)| !form.contains(&b'\n')).collect()
}

fn quotings(text: &str) -> Vec<String> {
    vec![
        text.replace('\'', r"'\''"),
        text.replace('\'', r#"'"'"'"#),
        backslashed(text, |one| "\\\"$`".contains(one)),
        backslashed(text, |one| !one.is_alphanumeric() && !"_-./:=@%+,".contains(one)),
        // As bash lists what it read, where a control or a quote stands in it: $'…'.
        python(text),
        json(text, false),
        json(text, true),
        json(text, true).replace('/', r"\/"),
        uppercase_escapes(&json(text, true)),
        // Other URLs are decoded where they stand; these are here for what is encoded once more.
        percent(text, "-_.~", false),
        percent(text, "-_.~", true),
        text.replace(' ', "+"),
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;"),
    ]
}

fn backslashed(text: &str, which: impl Fn(char) -> bool) -> String {
    text.chars().flat_map(|one| which(one).then_some('\\').into_iter().chain([one])).collect()
}

/// Between Python's single quotes.
fn python(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'").replace('\t', r"\t").replace('\n', r"\n")
}

/// Between JSON's quotes; with `\uXXXX` for what is not ASCII, as Python writes it.
fn json(text: &str, ascii: bool) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    if !ascii {
        return inner.to_owned();
    }
    let mut out = String::new();
    for one in inner.chars() {
        if one.is_ascii() {
            out.push(one);
        } else {
            one.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn uppercase_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let end = (at + 6).min(rest.len());
        out.push_str(&rest[..at + 2]);
        out.push_str(&rest[at + 2..end].to_uppercase());
        rest = &rest[end..];
    }
    out + rest
}

fn percent(text: &str, safe: &str, lower: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte) => out.push(char::from(byte)),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// In base64, after any number of other bytes: the characters that the secret alone decides.
fn alignments(secret: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
        let last = padded.len() * 8 / 6;
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&padded);
            if last >= first + SOUGHT {
                out.push(text[first..last].to_owned());
                out.push(percent(&text[first..last], "-_", false));
            }
        }
    }
    out
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
