//! The OpenAPI document, generated from the routes and their types.
//!
//! `figures` gives each kind of file an operation, `answers` tells headers and the statuses that every route has,
//! `names` gives what generators name their types by, and `breaks` finds what would break a client.

mod answers;
mod breaks;
mod figures;
mod names;

pub use breaks::breaks;
pub(super) use figures::answering;

use app::base::base;
use serde_json::{Value, json};
use utoipa::{OpenApi as _, PartialSchema as _};

use super::{acting, error::Problem, telling};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Binnacle",
    version = "1",
    description = "A live picture of the Kubernetes cluster that Compass4nfv made, for programs.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Base;

/// The document, OpenAPI 3.1.
pub fn document() -> Value {
    let mut document = Base::openapi();
    document.merge(telling().merge(acting()).into_openapi());
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["schemas"]["Problem"] = serde_json::to_value(Problem::schema()).unwrap_or_default();
    document["components"]["securitySchemes"]["bearer"] = json!({
        "type": "http", "scheme": "bearer",
        "description": "A token, as the page of tokens or `binnacle token` makes them.",
    });
    if !base().is_empty() {
        document["servers"] = json!([{ "url": base() }]);
    }
    // Nobody is asked to sign in where only this machine is listened to.
    document["security"] = json!([{ "bearer": [] }, {}]);
    figures::add(&mut document);
    answers::shared(&mut document);
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let acting = method != "get";
            answers::tell(operation, acting, acting && path != "/api/v1/plans/check");
            // The names of functions repeat from noun to noun; of these each is one operation's.
            operation["operationId"] = json!(id(method, path));
        }
    }
    names::give(&mut document);
    document
}

fn id(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(super) fn operations(document: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

/// What a reference within the document leads to; anything else is itself.
fn followed<'a>(document: &'a Value, told: &'a Value) -> &'a Value {
    let target = told["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.map_or(told, |target| document.pointer(target).unwrap_or(&Value::Null))
}

fn words(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        one => vec![text(one)],
    }
}

/// A value that fits a schema, for people to start from.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    let schema = followed(document, schema);
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    if let Some(choice) = ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema[*name].as_array()?.first()) {
        return example(document, choice);
    }
    match words(&schema["type"]).first().map(String::as_str) {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, property)| (name.clone(), example(document, property))).collect()
        }
        Some("array") => json!([example(document, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        _ => json!("…"),
    }
}
