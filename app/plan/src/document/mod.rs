//! YAML as a tree in which every value knows its place. Nothing is expanded: an alias stands for
//! itself, so that no text grows when it is read.

mod build;
mod text;

pub use build::tree;

use super::{At, Place};

/// Texts that are longer are not read, in bytes.
pub const LONGEST: usize = 1 << 20;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word, a number, a text.
    Scalar {
        /// Without quotes.
        text: String,
        /// Whether it stood without quotes, so that YAML guesses what it is.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text.
    Map(Vec<(At<String>, Node)>),
    /// `*name`: what an anchor stands for.
    Alias,
}

impl Node {
    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it says nothing: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Value::Scalar { .. } => "a word",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Alias => "an alias",
        }
    }

    /// The whole as one line, as YAML's flow style has it.
    pub fn flow(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => text.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Value::Map(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| {
                        let shown = if super::secret::names_a_secret(key) { "…".into() } else { value.flow() };
                        format!("{}: {shown}", key.value)
                    })
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::Alias => "*".into(),
        }
    }
}
