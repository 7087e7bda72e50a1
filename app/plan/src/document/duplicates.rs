//! Keys written twice in one map.

use std::collections::HashMap;

use super::{File, Finding, Node, Severity, Value, yaml};

/// Reports each key of a map that was there before; PyYAML takes the last without a word.
pub(super) fn find(file: File, root: &Node, findings: &mut Vec<Finding>) {
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        match &node.value {
            Value::Scalar { .. } => {}
            Value::List(nodes) => left.extend(nodes),
            Value::Map(entries) => {
                let mut seen = HashMap::new();
                for (key, value) in entries {
                    left.push(value);
                    let Some(before) = seen.insert(key.as_str(), key.place) else { continue };
                    findings.push(yaml(
                        file,
                        key.place,
                        Severity::Error,
                        format!(
                            "the key {} is written twice: in line {} and in line {}",
                            crate::shown(key),
                            before.line,
                            key.place.line
                        ),
                        "Compass takes the last one without a word, and the other is lost",
                        "delete or rename one of them",
                    ));
                }
            }
        }
    }
}
