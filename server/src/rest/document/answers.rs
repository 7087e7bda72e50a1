//! What the document tells of answers beside their content: headers, and the statuses that every route has.

use serde_json::{Map, Value, json};

use super::super::{
    error::{ACTING, ANYWHERE},
    idempotency,
};

/// Headers of answers: the name in the document, the header, its meaning, its schema's type.
const HEADERS: [(&str, &str, &str, &str); 7] = [
    ("ETag", "ETag", "Names this state of the answer; If-None-Match with it gets a 304 until it changes.", "string"),
    ("RetryAfter", "Retry-After", "Seconds to wait before the request is sent again.", "integer"),
    (
        "RateLimit",
        "RateLimit",
        "Requests that are left (`r`) and seconds until all of them are there again (`t`), as in `\"caller\";r=9;t=3`.",
        "string",
    ),
    (
        "RateLimitPolicy",
        "RateLimit-Policy",
        "Requests that a caller has (`q`) in a number of seconds (`w`), as in `\"caller\";q=1200;w=60`.",
        "string",
    ),
    (
        "IdempotencyReplayed",
        "Idempotency-Replayed",
        "`true` when this is the answer to an earlier request with the same Idempotency-Key.",
        "string",
    ),
    ("Authenticate", "WWW-Authenticate", "How a token is sent: `Bearer realm=\"binnacle\"`.", "string"),
    ("Allow", "Allow", "The methods that this path has, with commas between.", "string"),
];
/// Who asks too often learns it from every answer.
const EVERYWHERE: [&str; 2] = ["RateLimit", "RateLimitPolicy"];

/// Puts headers and refusals into the components, for operations to point at.
pub(super) fn shared(document: &mut Value) {
    let components = &mut document["components"];
    for (name, _, about, kind) in HEADERS {
        components["headers"][name] = json!({ "description": about, "schema": { "type": kind } });
    }
    for (status, about) in ANYWHERE.iter().chain(&ACTING) {
        let further: &[&str] = match *status {
            "401" => &["Authenticate"],
            "405" => &["Allow"],
            "409" | "429" | "502" | "503" => &["RetryAfter"],
            _ => &[],
        };
        components["responses"][name(status)] = json!({
            "description": about,
            "headers": headers(further),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
    }
    components["responses"]["NotModified"] = json!({
        "description": "It is still as If-None-Match says",
        "headers": headers(&["ETag"]),
    });
}

/// Tells an operation's headers, and the statuses that it shares with all others.
pub(super) fn tell(operation: &mut Value, acting: bool, keyed: bool) {
    let is_tagged = |content: &Value| {
        let mut kinds = content.as_object().into_iter().flatten();
        kinds.any(|(kind, _)| kind == "application/json" || kind.starts_with("image/") || kind.starts_with("text/vnd."))
    };
    let mut tagged = false;
    for (_, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        let mut further = Vec::new();
        if !acting && is_tagged(&answer["content"]) {
            tagged = true;
            further.push("ETag");
        }
        if keyed {
            further.push("IdempotencyReplayed");
        }
        answer["headers"] = headers(&further);
        for (kind, told) in answer.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
            if kind.starts_with("image/") || kind == "application/octet-stream" {
                told["schema"] = json!({ "type": "string", "format": "binary" });
            }
        }
    }
    if tagged {
        operation["responses"]["304"] = json!({ "$ref": "#/components/responses/NotModified" });
        parameter(operation, "If-None-Match", "An ETag of an earlier answer: it is sent only if it has changed.", None);
    }
    if keyed {
        let about = "The same request with the same key acts once, and its success is answered again for a day. When the \
                     server died while it acted, DELETE is done again; of POST the answer 409 says that it is not \
                     known whether it was done, and how to find out.";
        parameter(operation, idempotency::KEY, about, Some(200));
    }
    // A moment of which nothing is kept is understood and cannot be shown.
    let past = operation["parameters"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["name"] == "t" || one["name"] == "t1"));
    if past {
        operation["responses"]["422"] = json!({ "$ref": format!("#/components/responses/{}", name("422")) });
    }
    let further = if acting { ACTING.as_slice() } else { &[] };
    for (status, _) in ANYWHERE.iter().chain(further) {
        operation["responses"][status] = json!({ "$ref": format!("#/components/responses/{}", name(status)) });
    }
}

/// A header that a request may have. `longest` is for what a longer text is refused by.
fn parameter(operation: &mut Value, name: &str, about: &str, longest: Option<u32>) {
    let schema = match longest {
        Some(longest) => json!({ "type": "string", "maxLength": longest }),
        None => json!({ "type": "string" }),
    };
    let told = json!({
        "name": name, "in": "header", "required": false, "description": about, "schema": schema,
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(told),
        None => operation["parameters"] = json!([told]),
    }
}

fn headers(further: &[&str]) -> Value {
    let named = EVERYWHERE.iter().chain(further).filter_map(|name| HEADERS.iter().find(|header| header.0 == *name));
    let told = named
        .map(|(name, header, ..)| ((*header).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })));
    Value::Object(told.collect::<Map<_, _>>())
}

/// What a refusal is called in the document.
fn name(status: &str) -> &'static str {
    match status {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "405" => "MethodNotAllowed",
        "406" => "NotAcceptable",
        "409" => "Conflict",
        "413" => "ContentTooLarge",
        "415" => "UnsupportedMediaType",
        "421" => "MisdirectedRequest",
        "422" => "Unprocessable",
        "429" => "TooManyRequests",
        "502" => "BadGateway",
        _ => "Unavailable",
    }
}
