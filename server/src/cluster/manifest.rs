//! One object of any kind as YAML, without secrets.

use std::collections::HashMap;

use kube::Client;
use serde_json::{Map, Value};
use transcript::{MASK, redacted};

use super::{
    bounded::{PATIENCE, Refused, in_time, json, part},
    kinds::Kind,
};

/// Holds a whole object as text, values of secrets included.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The object without its managed fields.
    pub yaml: String,
    /// Its managed fields, as they stand under `metadata`; empty where there are none.
    pub managed: String,
    /// How many values are hidden.
    pub hidden: usize,
    /// The object itself, as it is shown.
    pub object: Value,
}

/// An object as its server tells it.
///
/// # Errors
/// [`Refused`]: also for Secrets, which are never asked for.
pub async fn manifest(client: &Client, kind: &Kind, namespace: &str, name: &str) -> Result<Manifest, Refused> {
    if kind.is_secret() {
        return Err(Refused::Nothing("Secrets are never opened".into()));
    }
    let path = format!("{}/{}", kind.path(namespace), part(name));
    let asked = json::<Value>(client, &path, &[]);
    Ok(written(in_time(PATIENCE, &format!("get {}", kind.resource()), asked).await?))
}

/// Hides what is secret and writes the rest.
fn written(mut object: Value) -> Manifest {
    let managed =
        object.get_mut("metadata").and_then(Value::as_object_mut).and_then(|meta| meta.remove("managedFields"));
    let mut hider = Hider::default();
    // Another kind's name on a Secret changes nothing of what it holds.
    if object["kind"] == "Secret" {
        hider.secret(&mut object);
    }
    for item in object.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        hider.secret(item);
    }
    hider.value(&mut object);
    let managed = managed.map(|fields| {
        let mut one = Map::new();
        one.insert("managedFields".into(), fields);
        yaml(&Value::Object(one))
    });
    Manifest { yaml: yaml(&object), managed: managed.unwrap_or_default(), hidden: hider.hidden, object }
}

fn yaml(value: &Value) -> String {
    // A value of JSON is one of YAML; should a writer refuse it, JSON is YAML as well.
    serde_saphyr::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// Hides values whose names or shapes tell that they are secret, by the rules for logs.
#[derive(Default)]
struct Hider {
    hidden: usize,
    names: HashMap<String, bool>,
}

impl Hider {
    /// Whether a value of this name is a secret.
    fn is_secret(&mut self, name: &str) -> bool {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        // The probe is too short to look random, so that the name alone decides.
        let secret = name.len() < 200 && redacted(&format!("{name}=Zq81probe7")).contains(MASK);
        self.names.insert(name.to_owned(), secret);
        secret
    }

    fn hide(&mut self, text: &mut String) {
        if !text.is_empty() && text != MASK {
            self.hidden += 1;
            MASK.clone_into(text);
        }
    }

    fn secret(&mut self, object: &mut Value) {
        for field in ["data", "stringData"] {
            for value in object.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
                self.hidden += 1;
                *value = MASK.into();
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) => self.map(map),
            Value::Array(values) => self.words(values),
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A list, as of the words of a command: the word behind a secret's option is the secret.
    fn words(&mut self, values: &mut [Value]) {
        let mut secret = false;
        for value in values {
            // Such an option may be a switch: then the word behind it is an option as well, and may have a secret.
            let option = value.as_str().filter(|text| text.starts_with('-') && !text.contains('='));
            let next = option.is_some_and(|text| self.is_secret(text.trim_start_matches('-')));
            if std::mem::replace(&mut secret, next) {
                self.whole(value);
            } else {
                self.value(value);
            }
        }
    }

    /// A value that is called as secrets are. Of an object below such a name each value has a name of its own.
    fn whole(&mut self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.whole(value)),
            Value::Object(_) => self.value(value),
            Value::String(text) => self.hide(text),
            Value::Number(_) => {
                self.hidden += 1;
                *value = MASK.into();
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn map(&mut self, map: &mut Map<String, Value>) {
        // As variables of an environment and headers are written: the name of a value stands beside it.
        let beside = map.get("name").or_else(|| map.get("key")).and_then(Value::as_str).map(str::to_owned);
        for (field, value) in map.iter_mut() {
            let name = beside.as_ref().filter(|_| field == "value").unwrap_or(field);
            // Names of objects and of keys are no secrets, whatever they are called.
            let secret = !NAMES.contains(&field.as_str()) && self.is_secret(name);
            match value {
                Value::String(text) if field == APPLIED => self.applied(text),
                Value::Number(_) if !may_be_number(name) => {}
                other if secret => self.whole(other),
                other => self.value(other),
            }
        }
    }

    fn text(&mut self, text: &mut String) {
        let shown = redacted(text);
        if shown != *text {
            self.hidden += 1;
            *text = shown;
        }
    }

    fn applied(&mut self, text: &mut String) {
        match serde_json::from_str::<Value>(text) {
            Ok(mut object) => {
                if object["kind"] == "Secret" {
                    self.secret(&mut object);
                }
                let before = self.hidden;
                self.value(&mut object);
                if self.hidden > before || object["kind"] == "Secret" {
                    *text = object.to_string();
                }
            }
            Err(_) => self.hide(text),
        }
    }
}

/// Fields whose values are names.
const NAMES: [&str; 6] = ["name", "key", "kind", "secretName", "type", "namespace"];

/// Whether a number of a secret's name may be the secret: most such numbers are times, versions and counts.
fn may_be_number(name: &str) -> bool {
    let name = name.to_lowercase();
    ["pass", "password", "passwd", "passphrase", "passcode", "pwd"].iter().any(|word| name.ends_with(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_are_secret_are_hidden_and_all_others_stay() {
        let manifest = written(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "web", "managedFields": [{ "manager": "kubectl" }],
                "annotations": { APPLIED: "{\"kind\":\"Pod\",\"spec\":{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}]}}" } },
            "spec": { "containers": [{ "name": "c", "args": ["--port=80", "--token=abc123def"],
                "env": [{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "COLOUR", "value": "blue" },
                    { "name": "API_TOKEN", "valueFrom": { "secretKeyRef": { "name": "api", "key": "token" } } }] }] },
        }));
        let yaml = &manifest.yaml;
        assert!(!yaml.contains("hunter2") && !yaml.contains("abc123def"), "{yaml}");
        for kept in ["value: blue", "--port=80", "key: token", "name: DB_PASSWORD", "kind: Pod"] {
            assert!(yaml.contains(kept), "{kept} in {yaml}");
        }
        assert_eq!(manifest.hidden, 3);
        assert!(!yaml.contains("managedFields") && manifest.managed.contains("manager: kubectl"), "{yaml}");
    }

    #[test]
    fn secrets_that_are_no_single_text_are_hidden_too() {
        let manifest = written(json!({ "spec": {
            "command": ["mysql", "--password", "hunter2", "--port", "3306"], "adminPassword": 12_345_678,
            "args": ["--ask-password", "--password", "hunter3"],
            "tokens": ["s3cr3tvalue"], "settings": [{ "key": "password", "value": "open1" },
                { "name": "DB_PASSWORD", "value": 87_654_321 }, { "name": "API_TOKENS", "value": ["open2"] }],
            "tokenExpirationSeconds": 3_607, "imagePullSecrets": [{ "name": "registry" }], "replicas": 3 } }));
        let yaml = &manifest.yaml;
        for hidden in ["hunter2", "12345678", "hunter3", "s3cr3tvalue", "open1", "87654321", "open2"] {
            assert!(!yaml.contains(hidden), "{hidden} in {yaml}");
        }
        for kept in ["3306", "name: registry", "replicas: 3", "mysql", "3607"] {
            assert!(yaml.contains(kept), "{kept} in {yaml}");
        }
    }

    #[test]
    fn a_secret_loses_every_value_whatever_its_name() {
        let applied = "{\"kind\":\"Secret\",\"data\":{\"a\":\"c2VjcmV0\"}}";
        let manifest = written(json!({ "kind": "Secret", "data": { "a": "c2VjcmV0" }, "stringData": { "b": "open" },
            "metadata": { "annotations": { APPLIED: applied } } }));
        assert!(!manifest.yaml.contains("c2VjcmV0") && !manifest.yaml.contains("open"), "{}", manifest.yaml);
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        let odd = ["yes", "null", "1.0", "0x1f", "~", "a: b", "# c", "two\nlines\n", " led", "-", "2026-01-01", ""];
        let manifest = written(json!({ "data": odd, "more": { "on": "off" } }));
        let back: Value = serde_saphyr::from_str(&manifest.yaml).unwrap();
        assert_eq!(back, json!({ "data": odd, "more": { "on": "off" } }));
    }

    fn kind(plural: &str, kind: &str, namespaced: bool) -> Kind {
        let (group, version) = (String::new(), "v1".into());
        Kind { group, version, plural: plural.into(), kind: kind.into(), namespaced, listed: true }
    }

    #[tokio::test]
    async fn no_name_leaves_its_place_in_a_path() {
        let client = crate::cluster::bounded::tests::server(|path, _| panic!("{path} was asked for"));
        let nodes = kind("nodes", "Node", false);
        for name in ["kube-system/secrets", "n1/proxy/pods", "..", ".", ""] {
            let told = manifest(&client, &nodes, "", name).await;
            assert!(matches!(told, Err(Refused::Missing(_))), "{name}: {told:?}");
        }
        let pods = kind("pods", "Pod", true);
        let told = manifest(&client, &pods, "a/../b", "c").await;
        assert!(matches!(told, Err(Refused::Missing(_))), "{told:?}");
    }

    #[tokio::test]
    async fn secrets_are_never_asked_for() {
        let client = crate::cluster::bounded::tests::server(|path, _| panic!("{path} was asked for"));
        let kind = kind("secrets", "Secret", true);
        assert_eq!(manifest(&client, &kind, "a", "b").await, Err(Refused::Nothing("Secrets are never opened".into())));
    }
}
