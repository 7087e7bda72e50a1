//! The page to look at the API and to try it. It is made from the document, and asks as its visitor's program
//! would: through the guard, with what the visitor's browser sent. So nobody gets more here than there.

use std::{sync::LazyLock, time::Duration};

use app::{
    pages::{self, Body as Shown, Field, Kind, Operation, Tried},
    source::Source,
    texts,
};
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use futures::StreamExt;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt;

use super::{
    ROUTES, again,
    document::{answering, example, operations},
};
use crate::{
    access::{Needs, Way, Who, address},
    pages::{Asked, bare, render, theme},
};

/// So much of an answer is shown.
const MOST: usize = 64 << 10;
/// So long is waited for it: some have no end.
const PATIENCE: Duration = Duration::from_secs(2);
/// What tells something of an answer.
const TELLING: [&str; 5] = ["content-type", "etag", "cache-control", "retry-after", "content-disposition"];

#[derive(Clone)]
struct Here {
    asked: Asked,
    /// The API behind its guard.
    api: Router,
}

/// The page; `api` is the API behind its guard.
pub fn router(asked: Asked, api: Router) -> Router {
    Router::new().route("/api", get(page)).with_state(Here { asked, api })
}

/// Every operation, in the document's order.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = &*super::DOCUMENT;
    let all = operations(document).map(|(path, method, told)| operation(document, path, method, told));
    let mut all: Vec<Operation> = all.collect();
    // Stable: within a part the document's order stays.
    all.sort_by(|a, b| a.tag.cmp(&b.tag));
    all
});

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\n', " ")
}

fn operation(document: &Value, path: &str, method: &str, told: &Value) -> Operation {
    let row = ROUTES.iter().find(|row| row.path == answering(path) && row.method.as_str().eq_ignore_ascii_case(method));
    let role = row.map_or("", |row| if let Needs::Role(role) = row.needs { role.word() } else { "" });
    let fields: Vec<Field> = told["parameters"].as_array().into_iter().flatten().map(field).collect();
    let kinds: Vec<String> =
        told["responses"]["200"]["content"].as_object().into_iter().flatten().map(|kind| kind.0.clone()).collect();
    // Where the path names a format there is nothing else to choose.
    let named = fields.iter().any(|field| field.place == "path" && field.kind != Kind::Text);
    let body = &told["requestBody"]["content"]["application/json"]["schema"];
    Operation {
        id: text(&told["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: text(&told["tags"][0]),
        about: text(&told["summary"]),
        role: role.to_owned(),
        fields,
        kinds: if kinds.len() > 1 && !named { kinds } else { Vec::new() },
        curl: if body.is_null() { String::new() } else { example(document, body).to_string() },
    }
}

fn field(told: &Value) -> Field {
    let schema = &told["schema"];
    let words: Vec<String> = schema["enum"].as_array().into_iter().flatten().map(text).collect();
    Field {
        name: text(&told["name"]),
        place: text(&told["in"]),
        required: told["required"] == Value::Bool(true),
        about: text(&told["description"]),
        kind: match (words.is_empty(), schema["type"].as_str()) {
            (false, _) => Kind::Choice(words),
            (true, Some("integer")) => Kind::Number(schema["minimum"].as_i64(), schema["maximum"].as_i64()),
            _ => Kind::Text,
        },
        value: String::new(),
    }
}

/// What the visitor said: pairs of the query.
struct Said(Vec<(String, String)>);

impl Said {
    fn of(raw: RawQuery) -> Self {
        let pairs = form_urlencoded::parse(raw.0.unwrap_or_default().as_bytes()).into_owned().collect();
        Self(pairs)
    }

    fn get(&self, wanted: &str) -> &str {
        self.0.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value)
    }
}

async fn page(State(here): State<Here>, raw: RawQuery, request: Request) -> Response {
    let said = Said::of(raw);
    let open = request.extensions().get::<Who>().is_some_and(|who| who.way == Way::Loopback);
    let us = address(&request);
    let clusters: Vec<String> = here.asked.clusters().into_iter().map(|line| line.name).collect();
    let mut all = OPERATIONS.clone();
    let mut tried = None;
    for operation in &mut all {
        let here_tried = operation.method == "GET" && said.get("try") == operation.id;
        for field in &mut operation.fields {
            if field.name == "cluster" && field.place == "path" && !clusters.is_empty() {
                field.kind = Kind::Choice(clusters.clone());
            }
            if here_tried {
                field.value = said.get(&format!("p.{}", field.name)).to_owned();
            }
        }
        let accept = if here_tried { said.get("accept") } else { "" };
        let to = if here_tried { filled(operation) } else { operation.path.clone() };
        operation.curl = curl(operation, &format!("{us}{to}"), accept, open);
        if here_tried {
            let accept = if accept.is_empty() { "*/*" } else { accept };
            let asked = again(request.uri(), request.headers(), request.extensions(), &to, accept);
            tried = Some(ask(here.api.clone(), asked, operation, &to, said.get("accept")).await);
        }
    }
    let theme = theme(&request);
    let frame = bare(texts::API, &here.asked);
    render(StatusCode::OK, frame, request, move || pages::api(&all, tried.as_ref(), theme)).await
}

/// The address with what was said in it; what was left empty is left out.
fn filled(operation: &Operation) -> String {
    let mut path = operation.path.clone();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for field in &operation.fields {
        match field.place.as_str() {
            "path" => {
                path = path.replace(&format!("{{{}}}", field.name), &scene::segment(&field.value));
            }
            "query" if !field.value.is_empty() => {
                query.append_pair(&field.name, &field.value);
            }
            _ => {}
        }
    }
    let query = query.finish();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// How a program asks. An acting operation's `curl` holds an example of its body until now.
fn curl(operation: &Operation, address: &str, accept: &str, open: bool) -> String {
    let mut out = String::from("curl -s");
    if operation.kinds.iter().any(|kind| kind == "text/event-stream") {
        out += "N";
    }
    if operation.method != "GET" {
        out += &format!(" -X {}", operation.method);
    }
    if !open && !operation.role.is_empty() {
        out += " -H \"Authorization: Bearer $TOKEN\"";
    }
    if !accept.is_empty() {
        out += &format!(" -H 'Accept: {}'", accept.replace('\'', ""));
    }
    if operation.fields.iter().any(|field| field.name == super::idempotency::KEY) {
        out += " \\\n  -H \"Idempotency-Key: $(uuidgen)\"";
    }
    if !operation.curl.is_empty() {
        out += &format!(" \\\n  -H 'Content-Type: application/json' -d '{}'", operation.curl);
    }
    out + &format!(" \\\n  '{}'", address.replace('\'', "%27"))
}

async fn ask(api: Router, request: Option<Request>, operation: &Operation, to: &str, accept: &str) -> Tried {
    let mut tried = Tried {
        id: operation.id.clone(),
        kind: accept.to_owned(),
        address: to.to_owned(),
        status: String::new(),
        well: false,
        headers: Vec::new(),
        body: Shown::Text(String::new(), false),
    };
    let Some(request) = request else {
        tried.status = StatusCode::BAD_REQUEST.to_string();
        return tried;
    };
    let Ok(response) = api.oneshot(request).await;
    let (parts, body) = response.into_parts();
    tried.status = parts.status.to_string();
    tried.well = parts.status.is_success();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    tried.headers = TELLING.iter().filter_map(|name| Some(((*name).to_owned(), header(name)?))).collect();
    let kind = header("content-type").unwrap_or_default();
    tried.body = if kind.starts_with("image/") {
        Shown::Picture
    } else {
        let (bytes, cut) = beginning(body).await;
        let text = String::from_utf8_lossy(&bytes);
        Shown::Text(if kind.ends_with("json") { indented(&text) } else { text.into_owned() }, cut)
    };
    tried
}

/// What comes first, and whether there is more.
async fn beginning(body: Body) -> (Vec<u8>, bool) {
    let (until, mut pieces, mut bytes) = (Instant::now() + PATIENCE, body.into_data_stream(), Vec::new());
    loop {
        match timeout_at(until, pieces.next()).await {
            Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
            Ok(None) => return (bytes, false),
            Ok(Some(Err(_))) | Err(_) => return (bytes, true),
        }
        if bytes.len() > MOST {
            bytes.truncate(MOST);
            return (bytes, true);
        }
    }
}

/// JSON on lines of its own, in the order in which it came; what was cut stays cut.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut within, mut escaped) = (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if within {
            out.push(c);
            within = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                within = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                if chars.next_if(|next| matches!(next, '}' | ']')).is_some() {
                    out.push(if c == '{' { '}' } else { ']' });
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_on_lines_in_its_own_order_even_when_it_was_cut() {
        let shown = indented(r#"{"b":[1,{}],"a":"x\",{: y"}"#);
        assert_eq!(shown, "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\\\",{: y\"\n}");
        assert_eq!(indented(r#"{"a":["b"#), "{\n  \"a\": [\n    \"b");
    }

    #[test]
    fn what_is_said_of_a_path_stays_in_its_part() {
        let named = |value: &str| {
            let mut operation = OPERATIONS.iter().find(|one| one.path.ends_with("/pods")).expect("pods").clone();
            for field in
                operation.fields.iter_mut().filter(|field| ["cluster", "search"].contains(&field.name.as_str()))
            {
                field.value = value.to_owned();
            }
            filled(&operation)
        };
        assert_eq!(named("lab"), "/api/v1/clusters/lab/pods?search=lab");
        assert_eq!(named("../a b?c#d"), "/api/v1/clusters/..%2Fa%20b%3Fc%23d/pods?search=..%2Fa+b%3Fc%23d");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_part_and_a_sentence() {
        let mut ids: Vec<&str> = OPERATIONS.iter().map(|one| one.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), OPERATIONS.len());
        assert!(OPERATIONS.iter().all(|one| !one.tag.is_empty() && !one.about.is_empty()));
        let made = OPERATIONS.iter().find(|one| one.id == "post_tokens").expect("making tokens");
        assert_eq!(made.curl, r#"{"days":1,"name":"…","role":"viewer"}"#);
    }
}
