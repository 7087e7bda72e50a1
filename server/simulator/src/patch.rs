//! Patches: RFC 7396, and the strategic kind for the lists that have a key.

use serde_json::{Map, Value};

/// How a patch is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Lists are replaced.
    Merge,
    /// Lists of keyed things are merged by their key.
    Strategic,
}

/// By which field the entries of a list are told apart, where the API defines one.
fn list_key(field: &str) -> Option<&'static str> {
    match field {
        "conditions" | "addresses" => Some("type"),
        "containers" | "initContainers" | "volumes" | "env" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "ownerReferences" => Some("uid"),
        "hostAliases" | "podIPs" | "hostIPs" => Some("ip"),
        _ => None,
    }
}

/// Changes `target` as `patch` says.
pub(crate) fn apply(style: Style, target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(held) = target else { return };
    for (field, value) in fields {
        if field.starts_with('$') {
            continue;
        }
        if value.is_null() {
            held.remove(field);
            continue;
        }
        let slot = held.entry(field.clone()).or_insert(Value::Null);
        match (style, list_key(field), value) {
            (Style::Strategic, Some(key), Value::Array(entries)) => merge_list(slot, key, entries),
            _ => apply(style, slot, value),
        }
    }
}

fn merge_list(target: &mut Value, key: &str, entries: &[Value]) {
    let mut held = match target.take() {
        Value::Array(held) => held,
        _ => Vec::new(),
    };
    for entry in entries {
        let place = held.iter().position(|known| known[key] == entry[key]);
        match (place, entry["$patch"] == "delete") {
            (Some(place), true) => {
                held.remove(place);
            }
            (None, true) => {}
            (Some(place), false) => apply(Style::Strategic, &mut held[place], entry),
            (None, false) => held.push(entry.clone()),
        }
    }
    *target = Value::Array(held);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_replaces_lists_and_null_removes() {
        let mut node = json!({"spec": {"a": 1, "b": 2}, "list": [1]});
        apply(Style::Merge, &mut node, &json!({"spec": {"a": null, "c": {"d": null, "e": 1}}, "list": [2]}));
        assert_eq!(node, json!({"spec": {"b": 2, "c": {"e": 1}}, "list": [2]}));
    }

    #[test]
    fn a_strategic_patch_touches_one_condition() {
        let mut node =
            json!({"conditions": [{"type": "Ready", "status": "True", "reason": "x"}, {"type": "DiskPressure"}]});
        apply(
            Style::Strategic,
            &mut node,
            &json!({"conditions": [{"type": "Ready", "status": "False"}, {"type": "New"},
            {"type": "DiskPressure", "$patch": "delete"}]}),
        );
        assert_eq!(node, json!({"conditions": [{"type": "Ready", "status": "False", "reason": "x"}, {"type": "New"}]}));
    }
}
