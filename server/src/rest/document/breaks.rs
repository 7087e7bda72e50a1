//! What of a change of the document breaks the clients that were written for it before.

use serde_json::Value;

use super::{followed, operations, words};

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
        let answer = followed(compared.old, answer);
        match after["responses"].get(status).map(|now| followed(compared.new, now)) {
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
            // Of bytes and pictures a schema says nothing that is sent.
            Some(now) if media.ends_with("json") => schemas(at, &was["schema"], &now["schema"], way, compared),
            Some(_) => {}
        }
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
