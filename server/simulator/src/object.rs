//! An object as it is kept: written out once, in parts, so that what pods of one owner have in
//! common is held once and a new resourceVersion costs nothing.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use crate::{kind::Kind, pool::Pool};

/// Where an object is found among those of its kind: namespace (empty for none), then name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    pub(crate) fn new(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// Labels, and how they are written.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Labels {
    pub(crate) map: BTreeMap<String, String>,
    json: String,
}

/// What objects of one kind share.
#[derive(Default)]
pub(crate) struct Pools {
    labels: Pool<Labels>,
    texts: Pool<String>,
    known: BTreeMap<String, Arc<str>>,
}

impl Pools {
    /// One `Arc` for each namespace and node name.
    pub(crate) fn word(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let kept: Arc<str> = word.into();
        self.known.insert(word.to_owned(), kept.clone());
        kept
    }
}

/// An object, at one resourceVersion.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) labels: Arc<Labels>,
    /// `spec.nodeName` of a pod that has been scheduled.
    pub(crate) node: Option<Arc<str>>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub(crate) dying: bool,
    /// The fields of `metadata` but for labels and resourceVersion, without braces.
    metadata: Box<str>,
    /// A pod's `spec` without its node name: its fields and the closing brace.
    spec: Option<Arc<String>>,
    /// A pod's `status.conditions`, which pods of one age have in common.
    conditions: Option<Arc<String>>,
    /// All other fields, each after a comma, and the closing brace; what is left of `status` first
    /// where its conditions are written apart.
    rest: Box<str>,
}

/// The fields of a map as JSON, without the braces around them.
fn fields(map: &Map<String, Value>) -> String {
    let mut text = serde_json::to_string(map).unwrap_or_else(|_| "{}".to_owned());
    text.pop();
    text.remove(0);
    text
}

impl Object {
    /// Takes an object apart. `value` must be an object with `metadata.name`.
    pub(crate) fn new(kind: Kind, mut value: Value, version: u64, pools: &mut Pools) -> Self {
        let Some(top) = value.as_object_mut() else {
            return Self::new(kind, Value::Object(Map::new()), version, pools);
        };
        top.remove("kind");
        top.remove("apiVersion");
        let mut metadata = match top.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            _ => Map::new(),
        };
        metadata.remove("resourceVersion");
        metadata.remove("managedFields");
        let map: BTreeMap<String, String> = match metadata.remove("labels") {
            Some(Value::Object(labels)) => {
                labels.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
            }
            _ => BTreeMap::new(),
        };
        let json = serde_json::to_string(&map).unwrap_or_default();
        let labels = pools.labels.share(Labels { map, json });
        let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default();
        let key = Key { namespace: pools.word(text("namespace")), name: text("name").into() };
        let dying = metadata.contains_key("deletionTimestamp");
        let (node, spec) = if kind == Kind::Pod { take_spec(top, pools) } else { (None, None) };
        let (conditions, status) = if kind == Kind::Pod { take_conditions(top, pools) } else { (None, String::new()) };
        let rest = if top.is_empty() { format!("{status}}}") } else { format!("{status},{}}}", fields(top)) };
        Self {
            kind,
            key,
            version,
            labels,
            node,
            dying,
            metadata: fields(&metadata).into(),
            spec,
            conditions,
            rest: rest.into(),
        }
    }

    /// Writes it at the end of `out`, as of `version`; with kind and apiVersion, which items of a
    /// list go without.
    pub(crate) fn write(&self, out: &mut Vec<u8>, version: u64, typed: bool) {
        out.push(b'{');
        if typed {
            let names = self.kind.names();
            push(out, &["\"kind\":\"", names.kind, "\",\"apiVersion\":\"", names.api_version, "\","]);
        }
        push(out, &["\"metadata\":{\"resourceVersion\":\"", &version.to_string(), "\""]);
        if !self.labels.map.is_empty() {
            push(out, &[",\"labels\":", &self.labels.json]);
        }
        if !self.metadata.is_empty() {
            push(out, &[",", &self.metadata]);
        }
        push(out, &["}"]);
        if let Some(spec) = &self.spec {
            push(out, &[",\"spec\":{"]);
            if let Some(node) = &self.node {
                push(out, &["\"nodeName\":\"", node, "\","]);
            }
            push(out, &[spec]);
        }
        if let Some(conditions) = &self.conditions {
            push(out, &[",\"status\":{\"conditions\":", conditions]);
        }
        push(out, &[&self.rest]);
    }

    /// Its text, whole.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size() + 256);
        self.write(&mut out, self.version, true);
        out
    }

    /// Its value, whole.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.text()).unwrap_or(Value::Null)
    }

    /// How many bytes are its own or shared, about.
    pub(crate) fn size(&self) -> usize {
        self.metadata.len() + self.rest.len() + self.labels.json.len() + self.spec.as_ref().map_or(0, |spec| spec.len())
    }
}

/// A pod's node name and the rest of its spec, when both can be written apart: node names that
/// need escapes (none that the API takes) stay in the spec.
fn take_spec(top: &mut Map<String, Value>, pools: &mut Pools) -> (Option<Arc<str>>, Option<Arc<String>>) {
    let Some(Value::Object(mut spec)) = top.remove("spec") else { return (None, None) };
    let plain = |node: &str| node.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let node = spec.get("nodeName").and_then(Value::as_str).filter(|node| plain(node)).map(|node| pools.word(node));
    if node.is_some() {
        spec.remove("nodeName");
    }
    if spec.is_empty() {
        spec.insert("containers".into(), Value::Array(Vec::new()));
    }
    let node = node.filter(|node| !node.is_empty());
    (node, Some(pools.texts.share(format!("{}}}", fields(&spec)))))
}

/// A pod's conditions, and what is left of its status: fields after commas and the closing brace.
fn take_conditions(top: &mut Map<String, Value>, pools: &mut Pools) -> (Option<Arc<String>>, String) {
    let Some(Value::Object(status)) = top.get_mut("status") else { return (None, String::new()) };
    let Some(conditions) = status.remove("conditions") else { return (None, String::new()) };
    let left = if status.is_empty() { "}".to_owned() } else { format!(",{}}}", fields(status)) };
    top.remove("status");
    (Some(pools.texts.share(conditions.to_string())), left)
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_comes_back_as_it_went_in() {
        let metadata = json!({"name": "a", "namespace": "b", "labels": {"c": "d"}, "resourceVersion": "7"});
        for (kind, value) in [
            (
                Kind::Pod,
                json!({"spec": {"nodeName": "host1", "containers": []}, "status": {"phase": "Running", "conditions": []}}),
            ),
            (
                Kind::Pod,
                json!({"spec": {"containers": [1]}, "status": {"conditions": [{"type": "Ready"}]}, "extra": {}}),
            ),
            (Kind::Pod, json!({"spec": {"containers": []}, "status": {}})),
            (Kind::Pod, json!({"spec": {"containers": []}})),
            (Kind::Node, json!({"spec": {"podCIDR": "10.0.0.0/24"}, "status": {"conditions": [1]}})),
            (Kind::Endpoints, json!({})),
        ] {
            let mut value = value;
            value["metadata"] = metadata.clone();
            value["kind"] = kind.names().kind.into();
            value["apiVersion"] = kind.names().api_version.into();
            let object = Object::new(kind, value.clone(), 7, &mut Pools::default());
            assert_eq!(object.value(), value);
        }
    }
}
