//! The keys of one map, taken one by one; what is left over is unknown.

use super::{Reader, secrets};
use crate::{
    At, File, Place, Rule, Secret, Severity, Unknown,
    document::{Meaning, Node, Style, Value, meaning},
};

/// What Compass expects of a word, and so what goes wrong when YAML takes it for something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A text.
    Text,
    /// A text for which the word None is usual.
    TextOrNone,
    /// Six bytes with colons, which YAML may take for a number to the base of 60.
    Mac,
    /// `1.0` or `2.0`, compared as text.
    Version,
    /// A number or a text of digits.
    Number,
}

const WRONG_KIND: (Severity, Rule) = (Severity::Error, Rule::Value);

pub(super) struct Fields<'n> {
    /// What the map is, for findings, as in `hosts[2]`.
    name: String,
    left: Vec<(&'n At<String>, &'n Node)>,
    /// Values of the wrong kind, kept as text.
    kept: Vec<Unknown>,
}

impl<'n> Fields<'n> {
    /// The keys of a map. Anything else is told, and has no keys.
    pub fn of(reader: &mut Reader<'_>, name: impl Into<String>, node: &'n Node) -> Option<Self> {
        let name = name.into();
        match &node.value {
            Value::Map(entries) => {
                Some(Self { name, left: entries.iter().map(|(key, node)| (key, node)).collect(), kept: Vec::new() })
            }
            _ => {
                reader.wrong(&name, node, "a map");
                None
            }
        }
    }

    /// The value of a key, with the key. Of several PyYAML takes the last; the others were told as doubles, and are kept.
    pub fn take(&mut self, key: &str) -> Option<(&'n At<String>, &'n Node)> {
        if !self.left.iter().any(|(one, _)| one.as_str() == key) {
            return None;
        }
        let (mut same, left): (Vec<_>, _) =
            std::mem::take(&mut self.left).into_iter().partition(|(one, _)| one.as_str() == key);
        self.left = left;
        let taken = same.pop();
        for (key, node) in same {
            self.keep(key, node);
        }
        taken
    }

    /// A key with the map's name before it.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Keeps a value that could not be read.
    pub fn keep(&mut self, key: &At<String>, node: &Node) {
        self.kept.push(secrets::unknown(key, node));
    }

    /// One word.
    pub fn word(&mut self, reader: &mut Reader<'_>, key: &str, wanted: Wanted) -> Option<At<String>> {
        let (at, node) = self.take(key)?;
        let word = reader.word(&self.path(key), node, wanted);
        if word.is_none() && !node.is_nothing() {
            self.keep(at, node);
        }
        word
    }

    /// A secret word.
    pub fn secret(&mut self, reader: &mut Reader<'_>, key: &str) -> Option<At<Secret>> {
        let (at, node) = self.take(key)?;
        let path = self.path(key);
        let Value::Scalar { text, style } = &node.value else {
            reader.wrong(&path, node, "a single value");
            self.keep(at, node);
            return None;
        };
        match meaning(text) {
            _ if *style == Style::Quoted => {}
            Meaning::Text => {}
            Meaning::Nothing => {
                reader.nothing(&path, node.place);
                return None;
            }
            Meaning::Number(seen) | Meaning::Fraction(seen) if seen == *text => {}
            _ => reader.say(
                node.place,
                (Severity::Warning, Rule::Value),
                format!("{path} stands without quotes and YAML takes it for something else than a text"),
                "Compass sees another password than the one that stands here",
                "put the value in quotes",
            ),
        }
        Some(At::new(Secret::new(text.as_str()), node.place))
    }

    /// A list of words.
    pub fn words(&mut self, reader: &mut Reader<'_>, key: &str) -> Vec<At<String>> {
        let Some((at, node)) = self.take(key) else { return Vec::new() };
        let path = self.path(key);
        let Value::List(nodes) = &node.value else {
            if node.is_nothing() {
                reader.nothing(&path, node.place);
                return Vec::new();
            }
            reader.wrong(&path, node, "a list of words");
            // Read as one word, so that it is seen; Compass would take it letter by letter.
            if let Value::Scalar { text, .. } = &node.value {
                return vec![At::new(text.clone(), node.place)];
            }
            self.keep(at, node);
            return Vec::new();
        };
        let mut words = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            match reader.word(&format!("{path}[{index}]"), node, Wanted::Text) {
                Some(word) => words.push(word),
                None if node.is_nothing() => {}
                None => self.keep(at, node),
            }
        }
        words
    }

    /// The entries of a list of maps, each with its path.
    pub fn maps(&mut self, reader: &mut Reader<'_>, key: &str) -> Vec<(Place, Fields<'n>)> {
        let Some((at, node)) = self.take(key) else { return Vec::new() };
        let path = self.path(key);
        let nodes = reader.list(&path, node);
        if nodes.is_empty() && !matches!(&node.value, Value::List(_)) && !node.is_nothing() {
            self.keep(at, node);
        }
        let mut maps = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            match Fields::of(reader, format!("{path}[{index}]"), node) {
                Some(fields) => maps.push((node.place, fields)),
                None => self.keep(at, node),
            }
        }
        maps
    }

    /// One map.
    pub fn map(&mut self, reader: &mut Reader<'_>, key: &str) -> Option<(Place, Fields<'n>)> {
        let (at, node) = self.take(key)?;
        if node.is_nothing() {
            reader.nothing(&self.path(key), node.place);
            return None;
        }
        let fields = Fields::of(reader, self.path(key), node);
        if fields.is_none() {
            self.keep(at, node);
        }
        fields.map(|fields| (node.place, fields))
    }

    /// What nobody took, in order, with the paths of its keys.
    pub fn left(&mut self) -> Vec<(String, &'n At<String>, &'n Node)> {
        let left = std::mem::take(&mut self.left);
        left.into_iter().map(|(key, node)| (self.path(key), key, node)).collect()
    }

    /// Ends the map: whatever was not taken is told and kept.
    pub fn rest(mut self, reader: &mut Reader<'_>) -> Vec<Unknown> {
        for (path, key, node) in self.left() {
            reader.unknown(&path, key.place);
            self.keep(key, node);
        }
        self.kept(reader)
    }

    /// What was kept, in the order of the file and without secrets.
    pub fn kept(mut self, reader: &Reader<'_>) -> Vec<Unknown> {
        self.kept.sort_by_key(|unknown| unknown.key.place);
        reader.hidden.rest(&mut self.kept);
        self.kept
    }
}

impl Reader<'_> {
    /// A value of another kind than expected.
    pub fn wrong(&mut self, path: &str, node: &Node, expected: &str) {
        if self.file == File::Dha {
            self.shell(path, node);
        }
        let what = format!("{path} is {}, and {expected} is expected", node.described());
        self.say(
            node.place,
            WRONG_KIND,
            what,
            "Compass stops or makes something else of it",
            "write it as in the samples",
        );
    }

    /// A key without a value.
    pub fn nothing(&mut self, path: &str, place: Place) {
        self.say(
            place,
            (Severity::Warning, Rule::Value),
            format!("{path} has no value"),
            "Compass sees the word None where a text is put together, or stops",
            "write a value, or delete the key",
        );
    }

    /// A key that Compass does not know.
    pub fn unknown(&mut self, path: &str, place: Place) {
        self.say(
            place,
            (Severity::Warning, Rule::Unknown),
            format!("{} is no key of Compass", self.hidden.shown(path)),
            "Compass leaves it aside, and nothing comes of it",
            "delete it, or correct its spelling",
        );
    }

    /// The entries of a list; anything else is told, and has none.
    pub fn list<'n>(&mut self, path: &str, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(nodes) => nodes,
            _ if node.is_nothing() => {
                self.nothing(path, node.place);
                &[]
            }
            _ => {
                self.wrong(path, node, "a list");
                &[]
            }
        }
    }

    /// One word; what YAML would take for something else is told.
    pub fn word(&mut self, path: &str, node: &Node, wanted: Wanted) -> Option<At<String>> {
        let Value::Scalar { text, style } = &node.value else {
            self.wrong(path, node, "a single value");
            return None;
        };
        if node.is_nothing() {
            self.nothing(path, node.place);
            return None;
        }
        if *style == Style::Plain {
            self.misread(path, node.place, text, wanted);
        }
        if wanted == Wanted::Text && text == "None" {
            self.say(
                node.place,
                (Severity::Note, Rule::Value),
                format!("{path} is the word None"),
                "to YAML that is a text like any other, not nothing",
                "delete the key if there is to be no value",
            );
        }
        Some(At::new(text.clone(), node.place))
    }

    fn misread(&mut self, path: &str, place: Place, text: &str, wanted: Wanted) {
        let meant = meaning(text);
        let (severity, seen) = match (&meant, wanted) {
            (Meaning::Text | Meaning::Nothing, _) => return,
            (Meaning::Number(seen), Wanted::Number) if seen == text => return,
            (Meaning::Number(seen), Wanted::Mac) => {
                (Severity::Error, format!("the number {seen}, counted to the base of 60"))
            }
            (Meaning::Fraction(seen), Wanted::Version) => (Severity::Warning, format!("the number {seen}, not a text")),
            (Meaning::Number(seen) | Meaning::Fraction(seen), _) if seen == text => {
                (Severity::Note, format!("the number {seen}, not a text"))
            }
            (Meaning::Number(seen) | Meaning::Fraction(seen), _) => (Severity::Warning, format!("the number {seen}")),
            (Meaning::Truth(true), _) => (Severity::Warning, "the truth True".into()),
            (Meaning::Truth(false), _) => (Severity::Warning, "the truth False".into()),
            (Meaning::Moment, _) => (Severity::Warning, "a date".into()),
        };
        let why = if wanted == Wanted::Version {
            format!("Compass sees {seen}; it compares with the text 2.0, finds no match and speaks IPMI 1.5 (lan)")
        } else {
            format!("Compass sees {seen}")
        };
        let what = format!("{path} is {} without quotes", self.hidden.shown(text).trim_matches('"'));
        self.say(place, (severity, Rule::Value), what, &why, "put the value in quotes");
    }
}
