//! The Model Context Protocol as an assistant meets it: every tool beside the simulator, whoever may ask, and hostile
//! messages; over HTTP behind the guard, and over the standard streams of a process.

#[path = "rest/house.rs"]
mod house;
#[path = "served/mod.rs"]
mod served;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
    response::Response,
};
use binnacle::access::Role;
use house::{House, bytes, json, send, with};
use serde_json::{Value, json};
use served::{Folder, Process, command};

const VERSION: &str = "2025-11-25";
const ACCEPT: &str = "application/json, text/event-stream";

fn message(body: &str) -> Request<Body> {
    let request = with(send("/mcp", body), "content-type", "application/json");
    with(with(request, "accept", ACCEPT), "mcp-protocol-version", VERSION)
}

fn called(tool: &str, arguments: &Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }).to_string()
}

/// A tool's answer over HTTP as a viewer: whether it is an error, and its text.
async fn tool(house: &House, name: &str, arguments: Value) -> (bool, String) {
    let answer = house.answer(message(&called(name, &arguments)), Role::Viewer).await;
    assert_eq!(answer.status(), StatusCode::OK, "{name} {arguments}");
    told(&json(answer).await)
}

fn told(answer: &Value) -> (bool, String) {
    let result = &answer["result"];
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"));
    (result["isError"] == true, text.to_owned())
}

async fn well(house: &House, name: &str, arguments: Value) -> String {
    let (failed, text) = tool(house, name, arguments.clone()).await;
    assert!(!failed, "{name} {arguments}: {text}");
    text
}

async fn read(house: &House, name: &str, arguments: Value) -> Value {
    let text = well(house, name, arguments).await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name} is no JSON: {text}"))
}

#[tokio::test]
async fn tools_tell_of_the_simulated_cluster_what_the_api_tells() {
    let house = House::still().await;
    let clusters = read(&house, "clusters", json!({})).await;
    assert_eq!(clusters["items"][0]["name"], "demo");
    let state = read(&house, "state", json!({})).await;
    assert!(state["sentence"].as_str().is_some_and(|text| text.contains("3 of 3 masters")), "{state}");
    assert_eq!((&state["name"], &state["attention"]["known"]), (&json!("demo"), &json!(true)));
    for kind in ["nodes", "components", "pods", "services", "endpoints"] {
        let listed = read(&house, "inventory", json!({ "kind": kind, "cluster": "demo", "limit": 3 })).await;
        let from_api = house.json(&format!("/api/v1/clusters/demo/{kind}?limit=3")).await;
        assert_eq!(listed, from_api, "{kind}");
        assert!(!listed["items"].as_array().expect("items").is_empty(), "{kind}");
    }
    let figure = well(&house, "figure", json!({})).await;
    assert!(figure.contains("flowchart") && figure.contains("kube-apiserver"), "{figure}");
    let figure = well(&house, "figure", json!({ "figure": "networking", "format": "dot" })).await;
    assert!(figure.starts_with("digraph"), "{figure}");
    let drift = read(&house, "drift", json!({})).await;
    assert_eq!(drift["planned"], true);
    let answer = read(&house, "what_if", json!({ "lose": ["host1", "host2"] })).await;
    assert_eq!((&answer["outcome"], &answer["survives"]), (&json!("damaged"), &json!(false)), "{answer}");
    assert!(read(&house, "drain_order", json!({})).await["sentence"].is_string());
    assert!(read(&house, "losses", json!({})).await["items"].is_array());
    assert!(read(&house, "events", json!({ "limit": 2 })).await["items"].is_array());
    assert!(read(&house, "runs", json!({})).await["items"].is_array());
    assert_eq!(read(&house, "backups", json!({})).await["total"], 0);
}

#[tokio::test]
async fn a_followed_service_is_told_hop_by_hop() {
    let house = House::still().await;
    let services = house.json("/api/v1/clusters/demo/services?limit=1000").await;
    let node_port =
        |service: &&Value| service["ports"].as_array().is_some_and(|p| p.iter().any(|p| p["node_port"].is_u64()));
    let service = services["items"].as_array().expect("items").iter().find(node_port).expect("a node port");
    let name = format!("{}/{}", service["namespace"].as_str().expect("text"), service["name"].as_str().expect("text"));
    let way = read(&house, "follow", json!({ "of": format!("service/{name}") })).await;
    let hops = way["items"].as_array().expect("hops");
    for kind in ["outside", "entry", "service", "node", "card"] {
        assert!(hops.iter().any(|hop| hop["kind"] == kind), "no {kind} on {way}");
    }
    let ids: Vec<&Value> = hops.iter().map(|hop| &hop["id"]).collect();
    let led = hops.iter().flat_map(|hop| hop["to"].as_array().expect("a list"));
    for to in led {
        assert!(ids.contains(&to), "{to} is no hop");
    }
    let nothing = read(&house, "follow", json!({ "of": "service/none/none" })).await;
    assert_eq!(nothing["items"], json!([]));
    assert!(nothing["notes"][0].as_str().is_some_and(|note| note.starts_with("Nothing in the cluster")), "{nothing}");
    let (failed, text) = tool(&house, "follow", json!({ "of": "???" })).await;
    assert!(failed && text.contains("you can trace NAMESPACE/SERVICE"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error_that_says_what_to_do() {
    let house = House::still().await;
    for (name, arguments, wanted) in [
        ("state", json!({ "cluster": "nowhere" }), "there is no cluster of this name: demo are there"),
        ("state", json!({ "t": "yesterday" }), "Write it as in 2026-11-29T03:02:00Z"),
        ("state", json!({ "t": "2026-11-29T03:02:00Z" }), "history"),
        ("difference", json!({ "t1": "2026-11-29T03:02:00Z" }), "history"),
        ("difference", json!({}), "`t1` is missing"),
        ("incidents", json!({}), "Set `history`"),
        ("inventory", json!({ "kind": "secrets" }), "`kind` is none of `nodes`"),
        ("inventory", json!({ "kind": "pods", "limit": 2_000 }), "a limit lies between 1 and 1000"),
        ("inventory", json!({ "kind": "pods", "limit": "many" }), "is no whole number"),
        ("what_if", json!({ "lose": ["host99"] }), "host99"),
        ("what_if", json!({ "lose": "h".repeat(20_000) }), "more than 8000 bytes"),
        ("run", json!({ "id": "../../tokens" }), "`id` is no name"),
        ("run", json!({ "id": "none" }), "Set `compass`"),
        ("backup", json!({ "id": "none" }), "the backup none"),
    ] {
        let (failed, text) = tool(&house, name, arguments.clone()).await;
        assert!(failed && text.contains(wanted), "{name} {arguments}: {text}");
    }
}

#[tokio::test]
async fn the_protocol_needs_the_same_token_as_the_api() {
    let house = House::new().await;
    let body = called("clusters", &json!({}));
    let nobody = house.raw(message(&body)).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.headers()["content-type"], "application/problem+json");
    assert!(nobody.headers().contains_key("www-authenticate"));
    let forged = with(message(&body), "authorization", &format!("Bearer bnc_0123456789abcdef_{}", "0".repeat(64)));
    assert_eq!(house.raw(forged).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.answer(message(&body), Role::Viewer).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_even_with_a_token() {
    let house = House::new().await;
    let body = called("clusters", &json!({}));
    for origin in ["http://evil.example", "null", "http://127.0.0.1:9"] {
        let request = with(message(&body), "origin", origin);
        assert_eq!(house.answer(request, Role::Viewer).await.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    let ours = with(message(&body), "origin", "http://127.0.0.1:8080");
    assert_eq!(house.answer(ours, Role::Viewer).await.status(), StatusCode::OK);
    let mut rebound = message(&body);
    rebound.headers_mut().insert("host", "rebound.example".parse().expect("a host"));
    assert_eq!(house.answer(rebound, Role::Viewer).await.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn messages_count_once_toward_the_rate_and_then_are_refused() {
    let house = House::with_rate(5).await;
    let body = called("clusters", &json!({}));
    for _ in 0..5 {
        assert_eq!(house.answer(message(&body), Role::Viewer).await.status(), StatusCode::OK);
    }
    let refused = house.answer(message(&body), Role::Viewer).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
}

/// A status, and the code of the error in the body where there is one.
async fn refusal(answer: Response) -> (u16, Option<i64>) {
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_slice(&bytes(answer).await).unwrap_or_default();
    (status, body["error"]["code"].as_i64())
}

#[tokio::test]
async fn hostile_messages_over_http_are_refused_and_the_next_is_answered() {
    let house = House::new().await;
    let huge = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(400_000) } });
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (body, status) in [
        ("{".to_owned(), 400..=422),
        (String::new(), 400..=422),
        ("null".to_owned(), 400..=422),
        (deep, 400..=422),
        (huge.to_string(), 413..=413),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#.to_owned(), 400..=422),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(), 400..=422),
    ] {
        let answered = refusal(house.answer(message(&body), Role::Viewer).await).await;
        let shown: String = body.chars().take(60).collect();
        assert!(status.contains(&answered.0), "{shown}: {answered:?}");
    }
    let unknown = json(house.answer(message(&called("rm -rf\n/", &json!({}))), Role::Viewer).await).await;
    assert_eq!(unknown["error"]["code"], -32_602, "{unknown}");
    assert!(unknown["error"]["message"].as_str().is_some_and(|text| text.contains("there is no tool rm -rf /")));
    let strange = r#"{"jsonrpc":"2.0","id":1,"method":"nodes/delete","params":{}}"#;
    assert_eq!(json(house.answer(message(strange), Role::Admin).await).await["error"]["code"], -32_601);
    let mut wrong = message(&called("clusters", &json!({})));
    wrong.headers_mut().insert("mcp-protocol-version", "1999-01-01".parse().expect("a version"));
    assert_eq!(house.answer(wrong, Role::Viewer).await.status(), StatusCode::BAD_REQUEST);
    let listened = with(house::ask(axum::http::Method::GET, "/mcp"), "accept", "text/event-stream");
    assert_eq!(house.answer(listened, Role::Viewer).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(house.answer(message(&called("clusters", &json!({}))), Role::Viewer).await.status(), StatusCode::OK);
}

/// An assistant's end of a process that speaks the protocol.
struct Assistant {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Drop for Assistant {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Assistant {
    fn start(args: &[&str]) -> Self {
        let mut command = command(&[&["mcp"], args].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("its output")));
        Self { child, input, output }
    }

    /// After the two have greeted each other.
    fn greeted(args: &[&str]) -> Self {
        let mut assistant = Self::start(args);
        let answer = assistant.greet(VERSION);
        assert_eq!(answer["result"]["serverInfo"]["name"], "binnacle", "{answer}");
        assistant
    }

    fn greet(&mut self, version: &str) -> Value {
        let params =
            json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
        self.say(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string());
        let answer = self.hear();
        self.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        answer
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input");
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).expect("said");
    }

    /// The next line; every line is a message of the protocol.
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no protocol: {line:?}"));
        assert_eq!(answer["jsonrpc"], "2.0", "{line}");
        answer
    }

    fn tool(&mut self, name: &str, arguments: &Value) -> (bool, String) {
        self.say(&called(name, arguments));
        told(&self.hear())
    }

    /// Ends its input and tells how it ended.
    fn leave(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().expect("its end").code()
    }
}

#[test]
fn standard_streams_tell_of_the_built_in_cluster_and_leave_nothing() {
    let folder = Folder::new();
    let mut command = command(&["mcp", "--demo"]);
    command.env("TMPDIR", &folder.0).env("BINNACLE_LOG", "trace").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("it runs");
    let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("its output")));
    let mut assistant = Assistant { child, input, output };
    assistant.greet(VERSION);
    let (failed, text) = assistant.tool("state", &json!({}));
    assert!(!failed && text.contains("3 of 3 masters"), "{text}");
    let (failed, text) = assistant.tool("state", &json!({ "t": "2026-11-29T03:02:00Z" }));
    assert!(failed && text.contains("--data or --server"), "{text}");
    assistant.say(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#);
    let listed = assistant.hear();
    let names: Vec<&str> =
        listed["result"]["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.contains(&"what_if") && !names.contains(&"runs"), "{names:?}");
    assert_eq!(assistant.leave(), Some(0));
    assert_eq!(std::fs::read_dir(&folder.0).expect("the folder").count(), 0, "something is left");
}

#[test]
fn hostile_lines_end_nothing_and_a_client_that_disappears_ends_it() {
    let mut assistant = Assistant::greeted(&["--demo"]);
    for line in ["{", "", "null", "\u{0}\u{1b}[31m", "[[[[", r#"{"jsonrpc":"1.0"}"#] {
        assistant.say(line);
    }
    assistant.say(&"x".repeat(2 << 20));
    assistant.say(r#"{"jsonrpc":"2.0","id":99,"method":"ping"}"#);
    let mut answer = assistant.hear();
    while answer["id"] != 99 {
        assert!(answer["error"].is_object(), "{answer}");
        answer = assistant.hear();
    }
    assert_eq!(assistant.leave(), Some(0));
    assert_eq!(Assistant::start(&["--demo"]).leave(), Some(0), "one that never greets");
    let mut newer = Assistant::start(&["--demo"]);
    let version = newer.greet("2099-01-01")["result"]["protocolVersion"].clone();
    assert!(version.as_str().is_some_and(|version| version < "2099"), "{version}");
}

#[test]
fn a_server_is_asked_with_the_token_of_a_file() {
    let folder = Folder::new();
    let data = folder.0.to_str().expect("text").to_owned();
    let server = Process::demo(&folder, &["--sign-in", "tokens", "--base-path", "/lab"]);
    let made = command(&["token", "add", "assistant", "--data", &data]).output().expect("a token");
    let token = folder.file("token", &String::from_utf8_lossy(&made.stdout));
    let token = token.to_str().expect("text");
    let mut assistant = Assistant::greeted(&["--server", &server.url, "--token-file", token]);
    let (failed, text) = assistant.tool("state", &json!({}));
    assert!(!failed && text.contains("masters"), "{text}");
    let (failed, text) = assistant.tool("state", &json!({ "cluster": "other" }));
    assert!(failed && text.contains("demo are there"), "{text}");
    let stale = folder.file("stale", &format!("bnc_0123456789abcdef_{}", "0".repeat(64)));
    let mut refused = Assistant::greeted(&["--server", &server.url, "--token-file", stale.to_str().expect("text")]);
    let (failed, text) = refused.tool("clusters", &json!({}));
    assert!(failed && text.contains("Ask an admin for another"), "{text}");
    assert!(!text.contains("bnc_"), "{text}");
    drop(server);
    let (failed, text) = assistant.tool("state", &json!({}));
    assert!(failed && text.contains("does not answer"), "{text}");
    assert_eq!(assistant.leave(), Some(0));
}

#[test]
fn flags_that_do_not_fit_are_refused_before_anything_is_said() {
    for (args, wanted) in [
        (&["mcp", "--server", "https://lab.example"][..], "--token-file"),
        (&["mcp", "--server", "http://lab.example", "--token-file", "/dev/null"][..], "unencrypted"),
        (&["mcp", "--server", "https://lab.example", "--token-file", "/nonexistent"][..], "cannot be read"),
        (&["mcp", "--kubeconfig", "/nonexistent"][..], "/nonexistent"),
        (&["mcp", "--demo=none"][..], "there is no built-in cluster none"),
    ] {
        let ended = command(args).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(wanted), "{args:?}: {said}");
        assert!(ended.stdout.is_empty(), "{args:?}");
    }
}
