//! Which objects a request is about: label and field selectors, read as the API reads them.

use serde_json::Value;

use crate::{kind::Kind, object::Object};

/// A label selector and a field selector. All of their terms must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Clone, Debug)]
enum LabelTerm {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

#[derive(Clone, Debug)]
struct FieldTerm {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// From the two query parameters. `Err` says which term is not understood, and why.
    pub(crate) fn parse(kind: Kind, labels: &str, fields: &str) -> Result<Self, String> {
        let labels = split(labels).into_iter().map(label_term).collect::<Result<_, _>>()?;
        let fields = fields
            .split(',')
            .filter(|term| !term.trim().is_empty())
            .map(|term| field_term(kind, term.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    /// Whether nothing is asked.
    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        let label = |key: &String| object.labels.map.get(key);
        self.labels.iter().all(|term| match term {
            LabelTerm::In(key, values) => label(key).is_some_and(|value| values.contains(value)),
            LabelTerm::NotIn(key, values) => label(key).is_none_or(|value| !values.contains(value)),
            LabelTerm::Exists(key) => label(key).is_some(),
            LabelTerm::Absent(key) => label(key).is_none(),
        }) && self.fields_match(object)
    }

    fn fields_match(&self, object: &Object) -> bool {
        let mut value = None;
        self.fields.iter().all(|term| {
            let found = match term.path.as_str() {
                "metadata.name" => &*object.key.name == term.value.as_str(),
                "metadata.namespace" => &*object.key.namespace == term.value.as_str(),
                "spec.nodeName" => object.node.as_deref().unwrap_or_default() == term.value.as_str(),
                path => {
                    let value = value.get_or_insert_with(|| object.value());
                    as_text(path.split('.').fold(&*value, |value: &Value, step| &value[step])) == term.value
                }
            };
            found == term.equal
        })
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Splits at commas outside parentheses.
fn split(labels: &str) -> Vec<&str> {
    let mut depth = 0;
    let terms = labels.split(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    terms.map(str::trim).filter(|term| !term.is_empty()).collect()
}

fn label_term(term: &str) -> Result<LabelTerm, String> {
    let values = |list: &str| -> Option<Vec<String>> {
        let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    let bad = || format!("unable to parse requirement: {term:?}");
    for (word, negative) in [(" notin ", true), (" in ", false)] {
        if let Some((key, list)) = term.split_once(word) {
            let values = values(list).ok_or_else(bad)?;
            let key = key.trim().to_owned();
            return Ok(if negative { LabelTerm::NotIn(key, values) } else { LabelTerm::In(key, values) });
        }
    }
    let pair = |operator: &str| {
        term.split_once(operator).map(|(key, value)| (key.trim().to_owned(), vec![value.trim().to_owned()]))
    };
    if let Some((key, value)) = pair("!=") {
        return Ok(LabelTerm::NotIn(key, value));
    }
    if let Some((key, value)) = pair("==").or_else(|| pair("=")) {
        return Ok(LabelTerm::In(key, value));
    }
    if let Some(key) = term.strip_prefix('!') {
        return Ok(LabelTerm::Absent(key.trim().to_owned()));
    }
    if term.contains([' ', '(', ')']) {
        return Err(bad());
    }
    Ok(LabelTerm::Exists(term.to_owned()))
}

fn field_term(kind: Kind, term: &str) -> Result<FieldTerm, String> {
    let split = term
        .split_once("!=")
        .map(|pair| (pair, false))
        .or_else(|| term.split_once("==").map(|pair| (pair, true)))
        .or_else(|| term.split_once('=').map(|pair| (pair, true)));
    let Some(((path, value), equal)) = split else {
        return Err(format!("invalid field selector: {term:?}"));
    };
    if !known_field(kind, path) {
        return Err(format!("field label not supported: {path}"));
    }
    Ok(FieldTerm { path: path.to_owned(), value: value.to_owned(), equal })
}

fn known_field(kind: Kind, path: &str) -> bool {
    if matches!(path, "metadata.name" | "metadata.namespace") {
        return true;
    }
    match kind {
        Kind::Pod => {
            matches!(
                path,
                "spec.nodeName" | "status.phase" | "spec.restartPolicy" | "spec.schedulerName" | "status.podIP"
            )
        }
        Kind::Node => path == "spec.unschedulable",
        Kind::Event => path.starts_with("involvedObject.") || matches!(path, "reason" | "type" | "reportingComponent"),
        Kind::Namespace => path == "status.phase",
        Kind::Job => path == "status.successful",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Pools;

    fn matches(labels: &str, fields: &str) -> bool {
        let pod = json!({"metadata": {"name": "mme-0", "namespace": "vepc", "labels": {"app": "mme", "tier": "core"}},
            "spec": {"nodeName": "host4", "containers": []}, "status": {"phase": "Running"}});
        let pod = Object::new(Kind::Pod, pod, 1, &mut Pools::default());
        Selector::parse(Kind::Pod, labels, fields).expect("selector").matches(&pod)
    }

    #[test]
    fn labels_select_as_kubectl_writes_them() {
        for held in
            ["app=mme", "app==mme,tier", "app in (sgw, mme)", "!gone", "app notin (sgw),tier!=edge", "app!=x", ""]
        {
            assert!(matches(held, ""), "{held}");
        }
        for broken in ["app=sgw", "gone", "!app", "app in (sgw)", "app!=mme", "app=mme,tier=edge"] {
            assert!(!matches(broken, ""), "{broken}");
        }
    }

    #[test]
    fn fields_select_what_the_api_knows_and_refuse_the_rest() {
        for held in ["spec.nodeName=host4", "metadata.name=mme-0,metadata.namespace==vepc", "status.phase!=Failed"] {
            assert!(matches("", held), "{held}");
        }
        assert!(!matches("", "spec.nodeName=host5"));
        let refused = Selector::parse(Kind::Service, "", "spec.nodeName=x").expect_err("unknown field");
        assert_eq!(refused, "field label not supported: spec.nodeName");
        assert!(Selector::parse(Kind::Pod, "a b", "").is_err());
    }
}
