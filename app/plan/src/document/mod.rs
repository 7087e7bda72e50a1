//! YAML as a tree with places, read within bounds: whatever the text holds, time and memory stay those of its size.

mod bytes;
mod duplicates;
mod flow;
mod plain;
mod tabs;
mod tree;

use super::{At, File, Finding, Place, Rule, Severity};

pub use bytes::LONGEST;
pub(crate) use plain::{Meaning, meaning};

/// Deepest nesting that is read.
pub(crate) const DEPTH: usize = 32;

/// Most values that are read, those of aliases counted each time.
pub(crate) const VALUES: usize = 50_000;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its first character.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// One word or text.
    Scalar {
        /// Without quotes and escapes.
        text: String,
        /// How it was written.
        style: Style,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys with values, in order, doubles included.
    Map(Vec<(At<String>, Node)>),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: YAML may take it for a number, a truth or nothing.
    Plain,
    /// In quotes or as a block: always text.
    Quoted,
}

impl Node {
    /// What it is, in a word or two.
    pub fn described(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_nothing() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Whether it says nothing: no text, `~` or `null`, unquoted.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, style: Style::Plain } if meaning(text) == Meaning::Nothing)
    }
}

/// Reads one document. Without a tree one of the findings says why.
pub(crate) fn parse(file: File, text: &[u8]) -> (Option<Node>, Vec<Finding>) {
    let mut findings = Vec::new();
    let root = match bytes::text(file, text, &mut findings) {
        Ok(text) => tree::build(file, text, &mut findings),
        Err(finding) => Err(finding),
    };
    let root = match root {
        Ok(root) => root,
        Err(finding) => {
            findings.push(*finding);
            return (None, findings);
        }
    };
    duplicates::find(file, &root, &mut findings);
    (Some(root), findings)
}

/// A finding about YAML itself.
fn yaml(
    file: File,
    place: Place,
    severity: Severity,
    what: impl Into<String>,
    why: impl Into<String>,
    todo: impl Into<String>,
) -> Finding {
    Finding { file, place, severity, rule: Rule::Yaml, what: what.into(), why: why.into(), todo: todo.into() }
}

#[cfg(test)]
mod tests;
