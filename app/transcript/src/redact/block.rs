//! Secrets that lines before told of: keys between their dashes, wrapped base64, what stands below a name.

use std::sync::LazyLock;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{
    names::{self, Tells},
    rule::{Hidden, Rule, push},
    shapes,
    value::{self, Open, is_blank},
    view,
};

const KEY: &[u8] = b"PRIVATE KEY";
static FINDER: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new(KEY));
const END: &[u8] = b"-----END";

/// Lines in which what was announced may follow.
const SOON: u8 = 4;
/// Lines in which the output of a program may follow.
const LATER: u8 = 60;
/// Lines that a certificate has at most.
const CERTIFICATE: u8 = 100;

/// What earlier lines began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Block {
    /// Within a private key.
    key: bool,
    /// The line before was wrapped. Kept so that runs of version 1 of the rules go on.
    wrapped: bool,
    /// How wide the line before was, when it was wrapped.
    width: u16,
    /// What stands below a name.
    below: Option<Below>,
    /// Lines in which the value of an entry may follow that was named.
    pair: u8,
    /// The next element of a list is a secret.
    next: bool,
    /// Lines in which a secret may follow that was announced.
    announced: u8,
    /// Lines in which the output may follow of a program that makes secrets, as a field of its record.
    pub output: u8,
    /// Whether such a program was traced, so that its output is the next line.
    traced: bool,
    /// Lines in which a certificate may go on, which everybody may read.
    public: u8,
}

/// Lines that are deeper than this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Below {
    indent: u16,
    what: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Every line as a whole.
    Text,
    /// Values, or the whole line where it has no name.
    Values,
    /// Values that are base64.
    Encoded,
    /// All lines up to the next key of the registry.
    Registry,
}

/// The length of what Ansible's log puts before a record.
pub(super) fn prefix(text: &[u8]) -> usize {
    let dated = text.len() > 26 && text[4] == b'-' && text[19] == b',' && &text[23..26] == b" p=";
    if !dated {
        return 0;
    }
    let bar = memchr::memchr(b'|', &text[..text.len().min(160)]);
    bar.filter(|bar| text[bar + 1..].starts_with(b"  ")).map_or(0, |bar| bar + 3)
}

/// How deep a line is indented, behind the sign of a diff, and where its text begins.
fn indent(text: &[u8]) -> (u16, usize) {
    let before = text.iter().take_while(|byte| is_blank(**byte)).count();
    let sign = match &text[before..] {
        [b'+', ..] => before + 1,
        [b'-', b' ', b' ', ..] if before == 0 => 1,
        _ => 0,
    };
    let blanks = text[sign..].iter().take_while(|byte| is_blank(**byte)).count();
    (u16::try_from(blanks).unwrap_or(u16::MAX), sign + blanks)
}

/// What is told between a text's quotes, as one word; none when it is more than a word.
fn word(text: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
    let is_edge = |byte: &u8| {
        is_blank(*byte) || matches!(byte, b'"' | b'\'' | b',' | b'\n' | b'\r' | b'\\' | b'[' | b']' | b'{' | b'}')
    };
    let start = from + text[from..].iter().take_while(|byte| is_edge(byte)).count();
    let end = text.len() - text[start..].iter().rev().take_while(|byte| is_edge(byte)).count();
    let word = text.get(start..end).filter(|word| !word.is_empty())?;
    (!word.iter().any(u8::is_ascii_whitespace)).then_some(start..end)
}

/// The last word of a line, where it can be the end of a key.
fn last_word(text: &[u8]) -> Option<std::ops::Range<usize>> {
    let end = text.trim_ascii_end().len();
    let end = end - text[..end].iter().rev().take_while(|byte| b"\"',".contains(byte)).count();
    let start = end - text[..end].iter().rev().take_while(|byte| value::is_run(**byte)).count();
    let word = &text[start..end];
    let encoded = word.len() >= 16 || word.ends_with(b"=") || names::changes(word) > 1;
    (encoded && word.len() <= 80 && start > 0).then_some(start..end)
}

impl Block {
    /// Adds what must be hidden of one line, or of a piece of a line that is too long for one look. Tells whether
    /// the line is one of a certificate.
    pub fn find(&mut self, text: &[u8], whole: bool, hidden: &mut Hidden) -> bool {
        let skipped = prefix(text);
        let starts = matches!(text.first(), Some(b'c' | b'o' | b'f' | b'T' | b'P'));
        let record = skipped > 0
            || starts
                && [&b"changed: ["[..], b"ok: [", b"fatal: [", b"failed: [", b"TASK [", b"PLAY ["]
                    .iter()
                    .any(|start| text.starts_with(start));
        if record || text.first() == Some(&view::APART) {
            *self = Self { key: self.key && skipped == 0, ..Self::default() };
        }
        self.keys(text, hidden);
        if !whole {
            return false;
        }
        let public = self.is_certificate(text, skipped);
        if !public {
            self.wrapped_line(text, skipped, hidden);
        }
        let Self { key, width, wrapped, public: lines, .. } = *self;
        if *self != (Self { key, width, wrapped, public: lines, ..Self::default() }) {
            self.later(text, hidden);
        }
        public
    }

    /// Whether a line is of a certificate that began above it; one that begins here is told to the next.
    fn is_certificate(&mut self, text: &[u8], from: usize) -> bool {
        let is_edge = |byte: &u8| is_blank(*byte) || matches!(byte, b'+' | b'"' | b'\'');
        if self.public == 0 && text[from..].iter().find(|byte| !is_edge(byte)) != Some(&b'-') {
            return false;
        }
        let line = text[from..].trim_ascii();
        let line = &line[line.iter().take_while(|byte| is_edge(byte)).count()..];
        if shapes::PUBLIC.iter().any(|begin| line.starts_with(begin.as_bytes())) && line.len() < 48 {
            self.public = CERTIFICATE;
            return false;
        }
        let goes_on = self.public > 0 && !self.key && line.len() <= 76 && line.iter().all(|byte| value::is_run(*byte));
        self.public = if goes_on { self.public - 1 } else { 0 };
        goes_on
    }

    /// Whether a key began and has not ended.
    pub fn is_within_key(&self) -> bool {
        self.key
    }

    fn keys(&mut self, text: &[u8], hidden: &mut Hidden) {
        let mut at = 0;
        if self.key {
            let trimmed = text.trim_ascii();
            let header = trimmed.starts_with(b"Proc-Type") || trimmed.starts_with(b"DEK-Info");
            match memmem::find(text, END) {
                Some(end) => {
                    let end = end - text[..end].iter().rev().take_while(|byte| b"+- \t\"'".contains(byte)).count();
                    // What a journal writes before its lines is no part of the key.
                    if !text[..end].ends_with(b":") {
                        push(hidden, 0..end, Rule::PrivateKey);
                    }
                    (self.key, at) = (false, memmem::find(text, END).unwrap_or(end) + END.len());
                }
                None if header || !trimmed.contains(&b' ') => {
                    let sign = text.iter().take_while(|byte| b"+ \t\"'".contains(byte)).count();
                    push(hidden, sign..text.trim_ascii_end().len(), Rule::PrivateKey);
                }
                // Behind the mark of a list, or what a journal writes before its lines.
                None => match last_word(text) {
                    Some(word) => push(hidden, word, Rule::PrivateKey),
                    None => self.key = false,
                },
            }
        }
        while let Some(found) = FINDER.find(&text[at..]) {
            let label = &text[..at + found];
            let mut from = at + found + KEY.len();
            let label = &label[memmem::rfind(label, b"-----").map_or(0, |dashes| dashes + 5)..];
            from += if text[from..].starts_with(b" BLOCK") { b" BLOCK".len() } else { 0 };
            if !label.starts_with(b"BEGIN") || !text[from..].starts_with(b"-----") {
                at = from;
                continue;
            }
            from += 5;
            let end = memmem::find(&text[from..], END);
            push(hidden, from..end.map_or(text.trim_ascii_end().len().max(from), |end| from + end), Rule::PrivateKey);
            self.key = end.is_none();
            let Some(end) = end else { return };
            at = from + end + END.len();
        }
    }

    fn wrapped_line(&mut self, text: &[u8], from: usize, hidden: &mut Hidden) {
        let was = std::mem::take(&mut self.wrapped) || self.width > 0;
        let width = std::mem::take(&mut self.width);
        let Some(word) = (was || text.len() >= shapes::LONG).then(|| word(text, from)).flatten() else { return };
        let word = word.start + usize::from(text[word.start] == b'+')..word.end;
        let encoded = &text[word.clone()];
        if !encoded.iter().all(|byte| value::is_run(*byte)) {
            return;
        }
        let long = u16::try_from(encoded.len()).unwrap_or(u16::MAX);
        if shapes::is_encoded(encoded) {
            (self.width, self.wrapped) = (long, true);
            push(hidden, word, Rule::Base64);
        } else if was && (width == 0 || long <= width) && !encoded.iter().all(u8::is_ascii_lowercase) {
            push(hidden, word, Rule::Base64);
        }
    }

    /// What earlier lines told of.
    fn later(&mut self, text: &[u8], hidden: &mut Hidden) {
        let (depth, from) = indent(text);
        let line = text[from..].trim_ascii();
        if line.is_empty() {
            return;
        }
        if let Some(below) = self.below {
            let item = line.starts_with(b"- ") && depth >= below.indent && below.what != Kind::Text;
            let goes_on = match below.what {
                Kind::Registry => !line.starts_with(b"/registry/") || memmem::find(line, b"/secrets/").is_some(),
                _ => depth > below.indent || item,
            };
            if goes_on {
                below_line(text, from, below.what, hidden);
            } else {
                self.below = None;
            }
        }
        if std::mem::take(&mut self.next)
            && let Some((from, open)) =
                value::begin(text, from + if line.starts_with(b"- ") { 2 } else { 0 }, Open::Word)
        {
            push(hidden, from..value::end(text, from, open).unwrap_or(text.len()), Rule::Option);
        }
        if self.pair > 0 {
            self.pair -= 1;
            if line.starts_with(b"- ") || line.starts_with(b"}") {
                self.pair = 0;
            } else if let Some((name, from, open)) = entry(text, from)
                && names_a_value(&text[name])
            {
                push(hidden, from..value::end(text, from, open).unwrap_or(text.len()), Rule::NameBeside);
                self.pair = 0;
            }
        }
        let traced = std::mem::take(&mut self.traced);
        if self.announced > 0 || traced {
            self.announced = self.announced.saturating_sub(1);
            let at = from + if line.starts_with(b"- ") { 2 } else { 0 };
            if let Some(word) = word(text, at).filter(|word| names::is_odd(&text[word.clone()])) {
                let colon = text[word.clone()].ends_with(b":");
                if !colon {
                    push(hidden, word, if traced { Rule::Output } else { Rule::Announced });
                }
            }
        }
        self.output = self.output.saturating_sub(1);
    }

    /// What a name without a value has below it is a secret.
    pub fn begin(&mut self, text: &[u8], literal: bool) {
        let what = if literal { Kind::Text } else { Kind::Values };
        self.below = Some(Below { indent: indent(text).0, what });
    }

    /// What a line of `data:` has below it may be a Secret's.
    pub fn begin_data(&mut self, text: &[u8], all: bool) {
        let what = if all { Kind::Values } else { Kind::Encoded };
        self.below = Some(Below { indent: indent(text).0, what });
    }

    /// Below a key of the registry stands a Secret.
    pub fn begin_registry(&mut self) {
        self.below = Some(Below { indent: 0, what: Kind::Registry });
    }

    /// The value of an entry that has this name follows in a line of its own.
    pub fn expect_value(&mut self) {
        self.pair = SOON;
    }

    /// The next element is a secret.
    pub fn expect_element(&mut self) {
        self.next = true;
    }

    /// A line announced a secret.
    pub fn announce(&mut self) {
        self.announced = SOON;
    }

    /// A program was named that makes or shows secrets.
    pub fn expect_output(&mut self, traced: bool) {
        self.output = LATER;
        self.traced |= traced;
    }
}

/// Whether it is a name as those of a value that stands beside its name.
pub(super) fn names_a_value(name: &[u8]) -> bool {
    const NAMES: [&str; 10] = [
        "value",
        "parametervalue",
        "default",
        "val",
        "content",
        "stringvalue",
        "default_value",
        "new_value",
        "new value",
        "v",
    ];
    NAMES.iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
}

/// The name of an entry that fills a line, and where its value begins.
fn entry(text: &[u8], from: usize) -> Option<(std::ops::Range<usize>, usize, Open)> {
    let from = from + if text[from..].starts_with(b"- ") { 2 } else { 0 };
    let start = value::quote(text, from).map_or(from, |(_, start)| start);
    let quoted = start > from;
    let is_end = |byte: &u8| if quoted { value::is_quote(*byte) } else { matches!(byte, b':' | b'=' | b'\n') };
    let end = start + text[start..].iter().position(is_end)?;
    let mut at = value::quote(text, end).map_or(end, |(_, after)| after);
    at = value::skip_blanks(text, at);
    if !matches!(text.get(at), Some(b':' | b'='))
        || !quoted && text.get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace())
    {
        return None;
    }
    let at = value::skip_blanks(text, at + 1);
    let (from, open) = value::begin(text, at, Open::Line)?;
    Some((start..end, from, open))
}

fn below_line(text: &[u8], from: usize, what: Kind, hidden: &mut Hidden) {
    let whole = from..text.trim_ascii_end().len();
    let line = &text[whole.clone()];
    if what == Kind::Registry || what == Kind::Text {
        return push(hidden, whole, Rule::Block);
    }
    let Some((name, from, open)) = entry(text, from) else {
        let item = if line.starts_with(b"- ") { 2 } else { 0 };
        let opens = line.ends_with(b":") || line.ends_with(b"{") || line.ends_with(b"[") || b"]}".contains(&line[0]);
        if what == Kind::Values && !opens && !names::is_harmless(&line[item..]) {
            push(hidden, whole.start + item..whole.end, Rule::Block);
        }
        return;
    };
    let end = value::end(text, from, open).unwrap_or(text.len());
    let end = end - text[from..end].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let value = &text[from..end];
    let telling = match what {
        Kind::Encoded => shapes::is_base64_of_text(value),
        _ => !names::is_harmless(value) && !matches!(value, b"|" | b">" | b"|-" | b">-") && tells_more(&text[name]),
    };
    if telling {
        push(hidden, from..end, Rule::Block);
    }
}

/// Names of settings below `auth:` and the like whose values everybody may know.
fn tells_more(name: &[u8]) -> bool {
    const KNOWN: [&str; 16] = [
        "user",
        "username",
        "name",
        "type",
        "enabled",
        "namespace",
        "existingsecret",
        "kind",
        "ttl",
        "expire",
        "groups",
        // Of a volume that shows a Secret.
        "secretname",
        "defaultmode",
        "mode",
        "path",
        "optional",
    ];
    names::tells(name) == Tells::Secret || !KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}
