//! A tree as one line, for values that are only shown.

use super::{Node, Style, Value};

/// Longest line that is made.
const LONGEST: usize = 400;

impl Node {
    /// One line of YAML, cut when it is long. `hide` names keys whose values are not written.
    pub fn flow(&self, hide: impl Fn(&str) -> bool) -> String {
        let mut line = String::new();
        self.write(&mut line, &hide);
        if line.len() > LONGEST {
            let end = line.floor_char_boundary(LONGEST);
            line.truncate(end);
            line.push('…');
        }
        line
    }

    fn write(&self, line: &mut String, hide: &impl Fn(&str) -> bool) {
        if line.len() > LONGEST {
            return;
        }
        match &self.value {
            Value::Scalar { text, style: Style::Plain } => line.push_str(text),
            Value::Scalar { text, style: Style::Quoted } => line.push_str(&format!("{text:?}")),
            Value::List(nodes) => {
                line.push('[');
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        line.push_str(", ");
                    }
                    node.write(line, hide);
                }
                line.push(']');
            }
            Value::Map(entries) => {
                line.push('{');
                for (at, (key, node)) in entries.iter().enumerate() {
                    if at > 0 {
                        line.push_str(", ");
                    }
                    line.push_str(key);
                    line.push_str(": ");
                    if hide(key) { line.push_str(crate::MASK) } else { node.write(line, hide) }
                }
                line.push('}');
            }
        }
    }
}
