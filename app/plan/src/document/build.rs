//! From a text to a tree, one event at a time: what was opened is kept on a stack, so that depth
//! costs no calls.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{
    Node, Value,
    text::{text, yaml},
};
use crate::{At, File, Finding, Place, Rule, Severity};

/// Deeper texts are not read.
const DEEPEST: usize = 32;
/// Texts with more values are not read.
const MOST: usize = 100_000;

/// What is open.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<(At<String>, Node)>, Option<At<String>>),
}

/// The first document of a text; `None` when there is none that can be read.
pub fn tree(file: File, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<Node> {
    let text = text(file, bytes, findings)?;
    let mut builder = Builder { file, findings, open: Vec::new(), root: None, values: 0 };
    let mut parser = Parser::new_from_str(&text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let mark = error.marker();
                let place = place(mark.line(), mark.col());
                let line = text.lines().nth(mark.line().saturating_sub(1)).unwrap_or_default();
                let tab =
                    if line.contains('\t') { "; the line holds a tab, which YAML forbids in indentation" } else { "" };
                builder.findings.push(yaml(file, place, Severity::Error, format!("not YAML: {}{tab}", error.info())));
                return None;
            }
        };
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let place = start(&span);
                builder.findings.push(yaml(file, place, Severity::Error, "a second document begins here".into()));
                break;
            }
        }
        if !builder.take(event, start(&span)) {
            return None;
        }
    }
    let root = builder.root;
    if root.is_none() {
        findings.push(yaml(file, Place { line: 1, column: 1 }, Severity::Error, "the file is empty".into()));
    }
    root
}

struct Builder<'a> {
    file: File,
    findings: &'a mut Vec<Finding>,
    open: Vec<Open>,
    root: Option<Node>,
    values: usize,
}

impl Builder<'_> {
    /// Takes an event in; false when nothing more can be read.
    fn take(&mut self, event: Event<'_>, place: Place) -> bool {
        let anchor = match &event {
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                *anchor
            }
            _ => 0,
        };
        if anchor > 0 {
            self.findings.push(yaml(self.file, place, Severity::Warning, "an anchor stands here".into()));
        }
        let tag = match &event {
            Event::Scalar(.., tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag.as_ref(),
            _ => None,
        };
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            self.findings.push(Finding {
                rule: Rule::Shell,
                why: "Compass's reader makes what a tag names: it can run a program.".into(),
                todo: "Take the tag out.".into(),
                ..yaml(self.file, place, Severity::Error, format!("the tag {}{} stands here", tag.handle, tag.suffix))
            });
        }
        match event {
            Event::Scalar(text, style, ..) => self.put(Node {
                place,
                value: Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain },
            }),
            Event::Alias(_) => {
                self.findings.push(yaml(
                    self.file,
                    place,
                    Severity::Error,
                    "an alias stands here; Compass expands it, which is not done here".into(),
                ));
                self.put(Node { place, value: Value::Alias })
            }
            Event::SequenceStart(..) => self.begin(Open::List(place, Vec::new())),
            Event::MappingStart(..) => self.begin(Open::Map(place, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(place, items)) => self.put(Node { place, value: Value::List(items) }),
                Some(Open::Map(place, pairs, _)) => self.put(Node { place, value: Value::Map(pairs) }),
                None => true,
            },
            _ => true,
        }
    }

    fn begin(&mut self, open: Open) -> bool {
        let (Open::List(place, _) | Open::Map(place, ..)) = &open;
        if self.open.len() >= DEEPEST {
            let what = format!("more than {DEEPEST} levels deep");
            self.findings.push(yaml(self.file, *place, Severity::Error, what));
            return false;
        }
        self.open.push(open);
        true
    }

    fn put(&mut self, node: Node) -> bool {
        self.values += 1;
        if self.values > MOST {
            let what = format!("more than {MOST} values");
            self.findings.push(yaml(self.file, node.place, Severity::Error, what));
            return false;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, pairs, key @ None)) => {
                let text = node.flow();
                let twice = pairs.iter().find(|(known, _)| known.value == text).map(|(known, _)| known.place.line);
                if let Some(line) = twice {
                    self.findings.push(Finding {
                        why: "Compass takes the last one and says nothing.".into(),
                        todo: "Leave one of them out.".into(),
                        ..yaml(
                            self.file,
                            node.place,
                            Severity::Error,
                            format!("the key {text} stood in line {line} already"),
                        )
                    });
                }
                *key = Some(At::new(text, node.place));
            }
            Some(Open::Map(_, pairs, key)) => pairs.extend(key.take().map(|key| (key, node))),
        }
        true
    }
}

fn start(span: &Span) -> Place {
    place(span.start.line(), span.start.col())
}

/// The parser counts lines from 1 and columns from 0.
fn place(line: usize, column: usize) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Place { line: number(line.max(1)), column: number(column + 1) }
}
