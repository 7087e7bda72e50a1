//! Secrets that their place gives away: after a name such as `ipmiPass=`, after `ipmitool -P`, in a URL.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};

use super::value::{self, Open};

/// Pieces that a telling name or place has in it, in lower case.
const HINTS: [&str; 11] =
    ["pass", "pwd", "secret", "token", "credential", "key", "auth", "ipmitool", "sshpass", "curl", "://"];

/// Last words of names whose values are secrets.
const LAST: [&str; 20] = [
    "pass",
    "passwd",
    "password",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "credentials",
    "passwords",
    "secrets",
    "tokens",
    "authorization",
    "ipmipass",
    "sshpass",
    "apikey",
    "userpass",
    "adminpass",
    "auth",
    "cookie",
];

/// Pairs of last words that do so together.
const PAIRS: [(&str, &str); 10] = [
    ("private", "key"),
    ("secret", "key"),
    ("access", "key"),
    ("api", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("key", "data"),
    ("password", "hash"),
    ("encrypted", "password"),
    ("certificate", "key"),
];

/// Programs and the option that a password follows.
const PROGRAMS: [(&str, u8); 3] = [("ipmitool", b'P'), ("sshpass", b'p'), ("curl", b'u')];

/// Longest name and longest host part of a URL that are looked at.
const NAME: usize = 128;
const AUTHORITY: usize = 1_024;

/// What a line's beginning says of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// Which of the programs were named.
    programs: u8,
    /// Whether the text looked at is not the line's beginning.
    pub cut: bool,
}

/// Finds places of secrets.
pub(super) struct Positions(Option<AhoCorasick>);

impl Positions {
    pub fn new() -> Self {
        let mut seek = AhoCorasick::builder();
        seek.ascii_case_insensitive(true).match_kind(MatchKind::Standard);
        // Eleven short words never exceed the builder's limits; without it every line would have to be hidden.
        Self(seek.build(HINTS).ok())
    }

    /// Adds what must be hidden in a piece of one line. A value that is longer than the piece is open.
    pub fn find(&self, text: &[u8], line: &mut Line, hidden: &mut Vec<Range<usize>>) -> Option<Open> {
        let Some(hints) = &self.0 else {
            hidden.push(0..text.len());
            return None;
        };
        let (mut open, mut done) = (None, 0);
        let mut options_from = if line.programs > 0 { 0 } else { text.len() };
        for hint in hints.find_iter(text) {
            let at = hint.start();
            match HINTS[hint.pattern().as_usize()] {
                "://" => hidden.extend(in_url(text, hint.end())),
                name if PROGRAMS.iter().any(|(program, _)| *program == name) => {
                    let which = PROGRAMS.iter().position(|(program, _)| *program == name).unwrap_or_default();
                    line.programs |= 1 << which;
                    options_from = options_from.min(hint.end());
                }
                _ if at < done => {}
                _ => {
                    let name = name_around(text, at, hint.end());
                    done = name.end;
                    if !is_telling(&text[name.clone()]) {
                        continue;
                    }
                    if let Some((from, kind)) = value_of(text, name, line.cut) {
                        open = hide(text, from, kind, hidden).or(open);
                    }
                }
            }
        }
        self.options(text, options_from, line.programs, hidden).or(open)
    }

    /// `-P secret`, `-Psecret`, `'-P', 'secret'` after the name of a program.
    fn options(&self, text: &[u8], from: usize, programs: u8, hidden: &mut Vec<Range<usize>>) -> Option<Open> {
        let mut open = None;
        let mut at = from;
        while let Some(found) = memchr::memchr(b'-', &text[at.min(text.len())..]) {
            let dash = at + found;
            at = dash + 1;
            let apart = dash == 0 || matches!(text[dash - 1], b' ' | b'\t' | b'\'' | b'"' | b',' | b'=');
            let is_option = |byte: u8| {
                (PROGRAMS.iter().enumerate()).any(|(which, (_, option))| programs & 1 << which != 0 && *option == byte)
            };
            if !apart || !text.get(dash + 1).is_some_and(|byte| is_option(*byte)) {
                continue;
            }
            let mut start = dash + 2;
            if let Some((_, after)) = value::quote(text, start)
                && matches!(text.get(after), Some(b',' | b' '))
            {
                // An element of a list ends here, the next is the value.
                start = after + text[after..].iter().take_while(|byte| matches!(byte, b',' | b' ')).count();
            }
            start = value::skip_blanks(text, start);
            if let Some((from, kind)) = value::begin(text, start, Open::Word) {
                open = hide(text, from, kind, hidden).or(open);
                at = hidden.last().map_or(at, |last| last.end.max(at));
            }
        }
        open
    }
}

/// Hides a value; what it ends with when the text ends first.
fn hide(text: &[u8], from: usize, kind: Open, hidden: &mut Vec<Range<usize>>) -> Option<Open> {
    let Some(mut end) = value::end(text, from, kind) else {
        hidden.push(from..text.len());
        return Some(kind);
    };
    if kind == Open::Word {
        let tail = text[from..end].iter().rev().take_while(|byte| matches!(byte, b',' | b';' | b')')).count();
        end -= tail.min(end - from);
    }
    // `Bearer` and the like only announce the secret.
    let scheme = text[from..end].to_ascii_lowercase();
    if matches!(kind, Open::Word | Open::Entry) && matches!(&scheme[..], b"bearer" | b"basic" | b"token" | b"digest") {
        let from = value::skip_blanks(text, end);
        return if from > end { hide(text, from, kind, hidden) } else { None };
    }
    if end > from {
        hidden.push(from..end);
    }
    None
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn name_around(text: &[u8], start: usize, end: usize) -> Range<usize> {
    let before = text[..start].iter().rev().take(NAME).take_while(|byte| is_name(**byte)).count();
    let after = text[end..].iter().take(NAME).take_while(|byte| is_name(**byte)).count();
    start - before..end + after
}

/// Whether the value after this name is a secret.
fn is_telling(name: &[u8]) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if LAST.contains(&last.as_str()) || words.iter().any(|word| word.starts_with("credential")) {
        return true;
    }
    let joined = words.concat();
    ["password", "passwd", "passphrase", "secretkey", "privatekey"].iter().any(|end| joined.ends_with(end))
        || words.len() > 1 && PAIRS.contains(&(words[words.len() - 2].as_str(), last.as_str()))
}

/// A name's words, in lower case, without digits: `ipmiPass2` is ipmi, pass.
fn words(name: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut lower = false;
    for byte in name {
        if !byte.is_ascii_alphabetic() || lower && byte.is_ascii_uppercase() {
            words.push(String::new());
        }
        lower = byte.is_ascii_lowercase();
        if byte.is_ascii_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Where the value of a name begins, and what it ends with.
fn value_of(text: &[u8], name: Range<usize>, cut: bool) -> Option<(usize, Open)> {
    let is_option = text[name.start] == b'-';
    let quoted = value::quote(text, name.end);
    let after_quote = quoted.map_or(name.end, |(_, after)| after);
    let at = value::skip_blanks(text, after_quote);
    let (at, plain) = match text.get(at)? {
        b'=' => (at + 1 + usize::from(matches!(text.get(at + 1), Some(b'>' | b'='))), Open::Word),
        // `role/secrets : title` is no entry of a map, `Token::new` no value.
        b':' if quoted.is_none() && at > name.end || text.get(at + 1) == Some(&b':') => return None,
        b':' => {
            let before = &text[..name.start];
            let first = !cut && quoted.is_none() && before.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'-'));
            (at + 1, if first { Open::Line } else { Open::Entry })
        }
        b',' if quoted.is_some() => (at + 1, Open::Entry),
        _ if is_option && at > after_quote => (at, Open::Word),
        _ => return None,
    };
    let at = value::skip_blanks(text, at);
    value::begin(text, at, plain)
}

/// The password of `scheme://name:password@host`.
fn in_url(text: &[u8], from: usize) -> Option<Range<usize>> {
    let rest = &text[from..text.len().min(from + AUTHORITY)];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b' ' | b'\t' | b'"' | b'\'' | b'?' | b'#' | b'\n'));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', &authority[..host])?;
    (colon + 1 < host).then_some(from + colon + 1..from + host)
}
