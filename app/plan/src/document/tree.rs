//! From the parser's events to a tree.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{
    At, DEPTH, File, Finding, LONGEST, Node, Place, Rule, Severity, Style, VALUES, Value, bytes::count, tabs, yaml,
};

/// Why there is no tree. Boxed, for a finding is large.
type Stopped = Box<Finding>;

/// The first document of a text.
pub(super) fn build(file: File, text: &str, findings: &mut Vec<Finding>) -> Result<Node, Stopped> {
    let letters: Vec<char> = text.chars().collect();
    let mut tree = Tree::new(file, &letters, findings);
    let root = tree.read(text);
    let inside = std::mem::take(&mut tree.inside);
    let tab = tabs::first(&letters, &inside);
    if let Some(place) = tab {
        findings.push(yaml(
            file,
            place,
            Severity::Error,
            "a tab stands where YAML wants spaces",
            "Compass's YAML reader stops at it, and nothing is deployed",
            "write spaces instead",
        ));
    }
    match root {
        // Told already.
        Err(stopped) if tab.is_some_and(|tab| tab.line == stopped.place.line) => {
            findings.pop().map_or(Err(stopped), |tab| Err(Box::new(tab)))
        }
        other => other,
    }
}

struct Tree<'t> {
    file: File,
    letters: &'t [char],
    findings: &'t mut Vec<Finding>,
    /// What is open, outermost first.
    open: Vec<Open>,
    /// Whole values that have an anchor, by its number.
    anchored: HashMap<usize, Anchored>,
    /// Places of quoted and block scalars, in characters.
    inside: Vec<Range<usize>>,
    values: usize,
    /// Bytes that aliases added.
    added: usize,
    /// Anchors whose aliases were told of.
    told: HashSet<usize>,
}

/// A list or a map that is not at its end.
struct Open {
    place: Place,
    anchor: usize,
    /// In `[]` or `{}`.
    flow: bool,
    holds: Holds,
}

enum Holds {
    List(Vec<Node>),
    Map { entries: Vec<(At<String>, Node)>, key: Option<At<String>>, merges: Vec<(Place, Node)> },
}

struct Anchored {
    node: Node,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
    /// Levels, itself included.
    height: usize,
}

impl<'t> Tree<'t> {
    fn new(file: File, letters: &'t [char], findings: &'t mut Vec<Finding>) -> Self {
        let (open, anchored, inside) = (Vec::new(), HashMap::new(), Vec::new());
        Self { file, letters, findings, open, anchored, inside, values: 0, added: 0, told: HashSet::new() }
    }

    fn read(&mut self, text: &str) -> Result<Node, Stopped> {
        let mut parser = Parser::new_from_str(text);
        let mut root = None;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let place = place(*error.marker());
                let what = format!("invalid YAML: {}", error.info());
                let why = "Compass's YAML reader stops here, and nothing is deployed";
                Box::new(yaml(self.file, place, Severity::Error, what, why, "fix this line"))
            })?;
            let at = place(span.start);
            if matches!(event, Event::DocumentStart(_)) && root.is_some() {
                self.say(
                    at,
                    Severity::Error,
                    "a second document begins here",
                    "Compass's YAML reader wants one document and stops",
                    "keep one, and delete the line --- before the other",
                );
                break;
            }
            let done = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    if style != ScalarStyle::Plain {
                        self.inside.push(span.start.index()..span.end.index());
                    }
                    let style = self.style(at, style, tag.as_deref());
                    self.colon(at, &text, style);
                    let node = Node { place: at, value: Value::Scalar { text: text.into_owned(), style } };
                    self.put(node, anchor)?
                }
                Event::SequenceStart(anchor, tag) => {
                    self.tag(at, tag.as_deref());
                    self.begin(at, span.start, anchor, Holds::List(Vec::new()))?;
                    None
                }
                Event::MappingStart(anchor, tag) => {
                    self.tag(at, tag.as_deref());
                    let holds = Holds::Map { entries: Vec::new(), key: None, merges: Vec::new() };
                    self.begin(at, span.start, anchor, holds)?;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(anchor) => self.alias(at, anchor)?,
                _ => None,
            };
            root = root.or(done);
        }
        root.ok_or_else(|| {
            let place = Place { line: 1, column: 1 };
            let why = "Compass stops without hosts or networks";
            Box::new(yaml(self.file, place, Severity::Error, "there is nothing in the file", why, "write a plan in it"))
        })
    }

    fn say(&mut self, place: Place, severity: Severity, what: &str, why: &str, todo: &str) {
        self.findings.push(yaml(self.file, place, severity, what, why, todo));
    }

    fn stopped<T>(&self, place: Place, what: impl Into<String>, why: &str, todo: &str) -> Result<T, Stopped> {
        Err(Box::new(yaml(self.file, place, Severity::Error, what, why, todo)))
    }

    fn begin(&mut self, at: Place, start: Marker, anchor: usize, holds: Holds) -> Result<(), Stopped> {
        if self.open.len() >= DEPTH {
            return self.stopped(
                at,
                format!("lists and maps lie more than {DEPTH} deep in each other"),
                "it was not read further: a plan needs six levels",
                "give the DHA file or the network file itself",
            );
        }
        if let Some(Open { holds: Holds::Map { key: None, .. }, .. }) = self.open.last() {
            return self.stopped(
                at,
                "a list or a map stands where a key is expected",
                "Compass's YAML reader stops here",
                "quote a value that begins with [ or {",
            );
        }
        let flow = self.in_flow() || matches!(self.letters.get(start.index()), Some('[' | '{'));
        self.open.push(Open { place: at, anchor, flow, holds });
        Ok(())
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| open.flow)
    }

    fn end(&mut self) -> Result<Option<Node>, Stopped> {
        let Some(Open { place, anchor, holds, .. }) = self.open.pop() else { return Ok(None) };
        let value = match holds {
            Holds::List(nodes) => Value::List(nodes),
            Holds::Map { entries, merges, .. } => Value::Map(self.merged(entries, merges)?),
        };
        self.put(Node { place, value }, anchor)
    }

    /// Puts a whole value where it belongs; the outermost is handed back.
    fn put(&mut self, node: Node, anchor: usize) -> Result<Option<Node>, Stopped> {
        self.values += 1;
        if self.values > VALUES {
            return self.stopped(
                node.place,
                format!("the file holds more than {VALUES} values"),
                "it was not read further",
                "give the DHA file or the network file itself",
            );
        }
        if anchor > 0 {
            self.anchored.insert(anchor, Anchored { size: size(&node), node: node.clone() });
        }
        let Some(open) = self.open.last_mut() else { return Ok(Some(node)) };
        match &mut open.holds {
            Holds::List(nodes) => nodes.push(node),
            Holds::Map { entries, key, merges } => match (key.take(), node.value) {
                (None, Value::Scalar { text, .. }) => *key = Some(At::new(text, node.place)),
                (None, _) => {
                    return self.stopped(
                        node.place,
                        "a list or a map stands where a key is expected",
                        "Compass's YAML reader stops here",
                        "write a word as the key",
                    );
                }
                (Some(key), value) => {
                    let node = Node { place: node.place, value };
                    if key.as_str() == "<<" { merges.push((key.place, node)) } else { entries.push((key, node)) }
                }
            },
        }
        Ok(None)
    }

    /// Adds what `<<` names, as PyYAML does: keys of the map itself win.
    fn merged(
        &mut self,
        mut entries: Vec<(At<String>, Node)>,
        merges: Vec<(Place, Node)>,
    ) -> Result<Vec<(At<String>, Node)>, Stopped> {
        if merges.is_empty() {
            return Ok(entries);
        }
        let mut known: HashSet<String> = entries.iter().map(|(key, _)| key.value.clone()).collect();
        for (place, node) in merges {
            self.say(
                place,
                Severity::Warning,
                "<< takes keys over from another map",
                "Compass's YAML reader does it; people who read the plan may miss it",
                "write the keys out",
            );
            let maps = match node.value {
                Value::List(nodes) => nodes,
                value => vec![Node { place: node.place, value }],
            };
            for map in maps {
                let Value::Map(more) = map.value else {
                    let why = "Compass's YAML reader stops here";
                    return self.stopped(map.place, "<< wants a map", why, "write the keys out");
                };
                for (key, value) in more {
                    if known.insert(key.value.clone()) {
                        entries.push((key, value));
                    }
                }
            }
        }
        Ok(entries)
    }

    fn alias(&mut self, at: Place, anchor: usize) -> Result<Option<Node>, Stopped> {
        let why = "an alias can make a small file very large";
        let todo = "write the value out";
        let Some(Anchored { node, size }) = self.anchored.get(&anchor) else {
            return self.stopped(at, "an alias stands in the value that it names", why, todo);
        };
        let node = Node { place: at, value: node.value.clone() };
        self.values += size.values.saturating_sub(1);
        self.added += size.bytes;
        if self.values > VALUES || self.added > LONGEST || self.open.len() + size.height > DEPTH {
            return self.stopped(at, "aliases make the file too large", why, todo);
        }
        // Once for each value: of a hundred hosts with the same roles one is enough.
        if self.told.insert(anchor) {
            self.say(
                at,
                Severity::Warning,
                "an alias stands for a value written elsewhere",
                "Compass's YAML reader puts the value here; people who read the plan may miss it",
                todo,
            );
        }
        self.put(node, 0)
    }

    fn style(&mut self, at: Place, style: ScalarStyle, tag: Option<&Tag>) -> Style {
        self.tag(at, tag);
        match (style, tag) {
            (ScalarStyle::Plain, None) => Style::Plain,
            _ => Style::Quoted,
        }
    }

    fn tag(&mut self, at: Place, tag: Option<&Tag>) {
        let Some(tag) = tag else { return };
        let core = tag.is_yaml_core_schema();
        if core && matches!(tag.suffix.as_str(), "str" | "map" | "seq") || tag.handle.is_empty() && tag.suffix == "!" {
            return;
        }
        let named = crate::shown(&tag.to_string());
        let python = tag.suffix.contains("python") || tag.handle.contains("python");
        let (severity, rule, why) = if python {
            (Severity::Error, Rule::Shell, "a YAML reader of Python may build objects and run code for it")
        } else if core {
            (Severity::Warning, Rule::Yaml, "Compass may see another kind of value; Binnacle reads it as text")
        } else {
            (Severity::Error, Rule::Yaml, "Compass's YAML reader does not know it and stops")
        };
        let what = format!("the tag {named} asks for a special kind of value");
        let finding = Finding { rule, ..yaml(self.file, at, severity, what, why, "delete the tag") };
        self.findings.push(finding);
    }

    /// PyYAML 3.12, which Compass has, stops at a colon in an unquoted word between braces: a MAC, say.
    fn colon(&mut self, at: Place, text: &str, style: Style) {
        if self.in_flow() && style == Style::Plain && text.contains([':', '?']) {
            self.say(
                at,
                Severity::Error,
                "an unquoted value with a colon stands in [] or {}",
                "the YAML reader that Compass brings (PyYAML 3.12) stops at the colon",
                "put the value in quotes",
            );
        }
    }
}

/// Lines count from 1 in the parser, columns from 0.
fn place(marker: Marker) -> Place {
    Place { line: count(marker.line()), column: count(marker.col() + 1) }
}

fn size(node: &Node) -> Size {
    let mut whole = Size { values: 1, bytes: 0, height: 1 };
    let mut add = |part: Size| {
        whole.values += part.values;
        whole.bytes += part.bytes;
        whole.height = whole.height.max(part.height + 1);
    };
    match &node.value {
        Value::Scalar { text, .. } => return Size { values: 1, bytes: text.len(), height: 0 },
        Value::List(nodes) => nodes.iter().for_each(|node| add(size(node))),
        Value::Map(entries) => entries.iter().for_each(|(key, node)| {
            add(size(node));
            add(Size { values: 1, bytes: key.len(), height: 0 });
        }),
    }
    whole
}
