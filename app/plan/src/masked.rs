//! A file's own lines without its secrets, to be shown beside what was found in them.

use std::{collections::HashMap, ops::Range};

use saphyr_parser::{Event, Parser};

use super::{
    MASK, Plan,
    hidden::{Hidden, is_secret, unprintable},
};

/// The lines of a text with everything masked that stands under a key which tells a secret, and every secret of the
/// plan wherever else it stands. What is no YAML is masked from such a word on; lines keep their numbers.
pub fn masked(plan: &Plan, text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text));
    // Whatever is larger is no plan, and is not taken apart.
    if text.len() > super::LONGEST {
        return Vec::new();
    }
    let mut scan = Scan::default();
    let read = scan.read(&text);
    let letters: Vec<char> = text.chars().collect();
    let mut hide: Vec<bool> = vec![false; letters.len()];
    for range in std::mem::take(&mut scan.hidden) {
        if let Some(part) = hide.get_mut(range.start..range.end.min(letters.len())) {
            part.fill(true);
        }
    }
    if let Some(from) = read {
        let within = scan.open.last().is_some_and(|open| open.hide || open.next);
        doubtful(&letters, from.min(letters.len()), within, &mut hide);
    }
    let found = words(&letters, &hide);
    let known = plan.secrets();
    let hidden = Hidden::new(found.iter().map(String::as_str).chain(known));
    let mut lines = lines(&letters, &hide);
    for line in &mut lines {
        hidden.text(line);
        if line.contains(unprintable) {
            *line = line.replace(|one| one != '\t' && unprintable(one), "\u{FFFD}");
        }
    }
    lines
}

/// What is open: a map, whose next scalar may be a key, or a list.
struct Open {
    hide: bool,
    /// Of a map: whether a key comes next, and whether the value after it is secret.
    key: Option<bool>,
    next: bool,
    anchor: usize,
    start: usize,
}

#[derive(Default)]
struct Scan {
    open: Vec<Open>,
    /// In characters.
    hidden: Vec<Range<usize>>,
    anchors: HashMap<usize, Range<usize>>,
}

impl Scan {
    /// Where it stops being YAML, if it does.
    fn read(&mut self, text: &str) -> Option<usize> {
        let mut parser = Parser::new_from_str(text);
        let mut last = 0;
        while let Some(event) = parser.next_event() {
            let Ok((event, span)) = event else { return Some(last) };
            let (start, end) = (span.start.index(), span.end.index());
            match event {
                Event::Scalar(text, _, anchor, _) => {
                    self.anchors.insert(anchor, start..end);
                    match self.open.last_mut() {
                        Some(Open { key: Some(key @ true), next, .. }) => (*key, *next) = (false, is_secret(&text)),
                        _ => self.value(start..end),
                    }
                }
                Event::Alias(anchor) => {
                    if self.value_is_hidden()
                        && let Some(range) = self.anchors.get(&anchor).cloned()
                    {
                        self.hidden.push(range);
                    }
                    self.value(start..end);
                }
                Event::SequenceStart(anchor, _) => self.begin(None, anchor, start),
                Event::MappingStart(anchor, _) => self.begin(Some(true), anchor, start),
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(open) = self.open.pop() {
                        self.anchors.insert(open.anchor, open.start..end);
                        self.value_ends();
                    }
                }
                _ => {}
            }
            last = last.max(end);
        }
        None
    }

    fn value_is_hidden(&self) -> bool {
        self.open.last().is_some_and(|open| open.hide || open.next)
    }

    fn value(&mut self, range: Range<usize>) {
        if self.value_is_hidden() {
            self.hidden.push(range);
        }
        self.value_ends();
    }

    fn value_ends(&mut self) {
        if let Some(Open { key: Some(key), next, .. }) = self.open.last_mut() {
            (*key, *next) = (true, false);
        }
    }

    fn begin(&mut self, key: Option<bool>, anchor: usize, start: usize) {
        let hide = self.value_is_hidden();
        self.open.push(Open { hide, key, next: false, anchor, start });
    }
}

/// Masks what may be a secret in a text that nobody can read: from a telling word to the next line that begins a key.
fn doubtful(letters: &[char], from: usize, mut within: bool, hide: &mut [bool]) {
    let mut at = letters[..from].iter().rposition(|one| *one == '\n').map_or(0, |end| end + 1);
    while at < letters.len() {
        let end = letters[at..].iter().position(|one| *one == '\n').map_or(letters.len(), |length| at + length);
        let line: String = letters[at..end].iter().collect();
        within &= !begins_a_key(&line);
        let hidden = if within { Some(0) } else { telling(&line) };
        if let Some(first) = hidden {
            hide[at + first..end].fill(true);
            within = true;
        }
        at = end + 1;
    }
}

fn begins_a_key(line: &str) -> bool {
    let rest = line.trim_start_matches([' ', '-', '{', '[', ',']);
    rest.split_once(':').is_some_and(|(key, _)| {
        !key.is_empty() && key.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-'))
    })
}

/// Where in a line, in characters, the value of a telling key begins.
fn telling(line: &str) -> Option<usize> {
    let letters: Vec<char> = line.chars().collect();
    let mut word = String::new();
    for (at, one) in letters.iter().enumerate() {
        match one {
            ':' | '=' if is_secret(&word) => return Some(at + 1),
            ',' | '{' | '[' | ':' | '=' => word.clear(),
            one => word.push(*one),
        }
    }
    // The key may be all that is left of it.
    is_secret(&word).then_some(letters.len())
}

/// What is masked, as texts to be looked for elsewhere.
fn words(letters: &[char], hide: &[bool]) -> Vec<String> {
    let mut words = vec![String::new()];
    for (one, hidden) in letters.iter().zip(hide) {
        match words.last_mut() {
            Some(word) if *hidden && *one != '\n' => word.push(*one),
            Some(word) if word.is_empty() => {}
            _ => words.push(String::new()),
        }
    }
    let bare = |word: String| word.trim().trim_matches(['\'', '"', ',', '}', ']']).to_owned();
    words.into_iter().map(bare).filter(|word| !word.is_empty()).collect()
}

fn lines(letters: &[char], hide: &[bool]) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut before = false;
    for (one, hidden) in letters.iter().zip(hide) {
        match (one, lines.last_mut()) {
            ('\n', _) => {
                lines.push(String::new());
                before = false;
            }
            ('\r', _) => {}
            (one, Some(line)) if !hidden => {
                line.push(*one);
                before = false;
            }
            (_, Some(line)) if !before => {
                line.push_str(MASK);
                before = true;
            }
            _ => {}
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
