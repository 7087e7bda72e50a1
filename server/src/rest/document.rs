//! The OpenAPI document: generated from the routes, and what of a change would break a client.

use app::base::base;
use serde_json::{Value, json};
use utoipa::{OpenApi as _, PartialSchema as _};

use super::{
    acting,
    error::{ACTING, ANYWHERE, Problem},
    idempotency, telling,
};

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
    document["components"]["securitySchemes"]["token"] = json!({
        "type": "http", "scheme": "bearer",
        "description": "A token, as the page of tokens or `binnacle token` makes them.",
    });
    if !base().is_empty() {
        document["servers"] = json!([{ "url": base() }]);
    }
    // Nobody is asked to sign in where only this machine is listened to.
    document["security"] = json!([{ "token": [] }, {}]);
    let acts: Vec<(String, &str)> = operations(&Value::clone(&document))
        .filter(|(_, method, _)| *method != "get")
        .map(|(path, method, _)| (path.to_owned(), method))
        .collect();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let acting = acts.iter().any(|(known, verb)| known == path && verb == method);
            let further = if acting { ACTING.as_slice() } else { &[] };
            for (status, description) in ANYWHERE.iter().chain(further) {
                operation["responses"][status] = json!({
                    "description": description,
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                });
            }
            // The names of functions repeat from noun to noun; of these each is one operation's.
            operation["operationId"] = json!(id(method, path));
            if acting && path != "/api/v1/plans/check" {
                let key = json!({
                    "name": idempotency::KEY, "in": "header", "required": false,
                    "description": "The same request with the same key acts once and is answered the same again, for a day.",
                    "schema": { "type": "string", "maxLength": 200 },
                });
                match operation["parameters"].as_array_mut() {
                    Some(parameters) => parameters.push(key),
                    None => operation["parameters"] = json!([key]),
                }
            }
        }
    }
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

/// What in `new` breaks a client that was written for `old`, each in a sentence. What is only added breaks nobody.
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (path, method, before) in operations(old) {
        let at = format!("{} {path}", method.to_uppercase());
        let Some(after) = new["paths"].get(path).and_then(|item| item.get(method)) else {
            found.push(format!("{at} is gone"));
            continue;
        };
        parameters(&at, before, after, &mut Compared { old, new, found: &mut found, seen: Vec::new() });
        bodies(&at, before, after, &mut Compared { old, new, found: &mut found, seen: Vec::new() });
    }
    found.sort();
    found.dedup();
    found
}

struct Compared<'a> {
    old: &'a Value,
    new: &'a Value,
    found: &'a mut Vec<String>,
    seen: Vec<(String, bool)>,
}

/// Which way a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the client: it may not become narrower.
    In,
    /// To the client: it may not lose anything.
    Out,
}

fn parameters(at: &str, before: &Value, after: &Value, compared: &mut Compared) {
    let list = |operation: &Value| operation["parameters"].as_array().cloned().unwrap_or_default();
    let same = |a: &Value, b: &Value| a["name"] == b["name"] && a["in"] == b["in"];
    let required = |parameter: &Value| parameter["required"] == Value::Bool(true);
    let (before, after) = (list(before), list(after));
    for parameter in &before {
        let name = format!("{at}: the parameter {}", parameter["name"].as_str().unwrap_or_default());
        let Some(now) = after.iter().find(|now| same(now, parameter)) else {
            compared.found.push(format!("{name} is gone"));
            continue;
        };
        if required(now) && !required(parameter) {
            compared.found.push(format!("{name} is required now"));
        }
        schemas(&name, &parameter["schema"], &now["schema"], Way::In, compared);
    }
    for parameter in after.iter().filter(|now| required(now) && !before.iter().any(|was| same(was, now))) {
        let name = parameter["name"].as_str().unwrap_or_default();
        compared.found.push(format!("{at}: the parameter {name} is new and required"));
    }
}

fn bodies(at: &str, before: &Value, after: &Value, compared: &mut Compared) {
    if after.get("requestBody").is_some() && before.get("requestBody").is_none() {
        compared.found.push(format!("{at} wants a body now"));
    }
    contents(&format!("{at}: the body"), &before["requestBody"], &after["requestBody"], Way::In, compared);
    for (status, answer) in before["responses"].as_object().into_iter().flatten() {
        match after["responses"].get(status) {
            None if status.starts_with('2') => compared.found.push(format!("{at} does not answer {status} any more")),
            None => {}
            Some(now) => contents(&format!("{at}: the answer {status}"), answer, now, Way::Out, compared),
        }
    }
}

fn contents(at: &str, before: &Value, after: &Value, way: Way, compared: &mut Compared) {
    for (media, was) in before["content"].as_object().into_iter().flatten() {
        match after["content"].get(media) {
            None => compared.found.push(format!("{at} is not {media} any more")),
            Some(now) => schemas(at, &was["schema"], &now["schema"], way, compared),
        }
    }
}

fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/components/schemas/"));
    target.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn words(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        one => vec![text(one)],
    }
}

fn schemas(at: &str, before: &Value, after: &Value, way: Way, compared: &mut Compared) {
    if let Some(name) = before["$ref"].as_str() {
        let seen = (name.to_owned(), way == Way::In);
        if compared.seen.contains(&seen) {
            return;
        }
        compared.seen.push(seen);
    }
    let (old, new) = (compared.old, compared.new);
    let (before, after) = (followed(old, before), followed(new, after));
    let (was, now) = (words(&before["type"]), words(&after["type"]));
    let lost = was.iter().filter(|kind| !now.contains(kind)).count() > 0;
    let gained = now.iter().any(|kind| !was.contains(kind));
    if !was.is_empty() && if way == Way::In { lost && !now.is_empty() } else { gained || now.is_empty() } {
        compared.found.push(format!("{at} was {} and is {}", was.join(" or "), now.join(" or ")));
    }
    let (was, now) = (words(&before["enum"]), words(&after["enum"]));
    let narrowed =
        way == Way::In && (!now.is_empty() && (was.is_empty() || was.iter().any(|word| !now.contains(word))));
    if narrowed {
        compared.found.push(format!("{at} takes fewer words: {}", now.join(", ")));
    }
    bounds(at, before, after, way, compared);
    let required = |schema: &Value| words(&schema["required"]);
    for (name, property) in before["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        match after["properties"].get(name) {
            None => compared.found.push(format!("{at} is gone")),
            Some(now) => schemas(&at, property, now, way, compared),
        }
        if way == Way::Out && required(before).contains(name) && !required(after).contains(name) {
            compared.found.push(format!("{at} may be missing now"));
        }
    }
    if way == Way::In {
        for name in required(after).iter().filter(|name| !required(before).contains(name)) {
            compared.found.push(format!("{at}.{name} is required now"));
        }
    }
    if before.get("items").is_some() {
        schemas(&format!("{at}[]"), &before["items"], &after["items"], way, compared);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let list = |schema: &Value| schema[choice].as_array().cloned().unwrap_or_default();
        let (was, now) = (list(before), list(after));
        if now.len() < was.len() {
            compared.found.push(format!("{at} has fewer variants"));
        }
        for (was, now) in was.iter().zip(&now) {
            schemas(at, was, now, way, compared);
        }
    }
}

/// What is taken may not become shorter, smaller or of another pattern.
fn bounds(at: &str, before: &Value, after: &Value, way: Way, compared: &mut Compared) {
    if way == Way::Out {
        return;
    }
    let number = |schema: &Value, name: &str| schema[name].as_f64();
    for (name, narrower) in [
        ("maximum", f64::lt as fn(&f64, &f64) -> bool),
        ("maxLength", f64::lt),
        ("minimum", f64::gt),
        ("minLength", f64::gt),
    ] {
        let (was, now) = (number(before, name), number(after, name));
        if now.is_some_and(|now| was.is_none_or(|was| narrower(&now, &was))) {
            compared.found.push(format!("{at} has a narrower {name}"));
        }
    }
    if !after["pattern"].is_null() && after["pattern"] != before["pattern"] {
        compared.found.push(format!("{at} has another pattern"));
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
