//! The API as a program meets it: lists in pages, figures in every format, streams, problems, keys and limits; and
//! its document, held to what was promised.

#[path = "rest/house.rs"]
mod house;

use axum::http::{Method, StatusCode, header};
use binnacle::{
    access::Role,
    cluster::contexts::Context,
    demo,
    rest::{breaks, document},
};
use house::{House, ask, bytes, json, send, with};
use http_body_util::BodyExt;
use serde_json::{Value, json};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

fn promised() -> Value {
    serde_json::from_str(&std::fs::read_to_string(SNAPSHOT).expect("docs/openapi.json")).expect("JSON")
}

#[test]
fn the_document_breaks_no_promise_and_is_the_committed_one() {
    let now = document();
    if std::env::var("UPDATE_OPENAPI").is_ok() {
        let text = serde_json::to_string_pretty(&now).expect("JSON") + "\n";
        std::fs::write(SNAPSHOT, text).expect("written");
    }
    let broken = breaks(&promised(), &now);
    assert!(broken.is_empty(), "this breaks clients:\n{}\nGive it a new version of the API.", broken.join("\n"));
    assert!(
        promised() == now,
        "what the document says has grown: UPDATE_OPENAPI=1 cargo test --test rest, and commit it"
    );
}

#[test]
fn what_breaks_a_client_is_named_and_what_is_added_is_not() {
    let old = document();
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("GET /api/v1/plans is gone", |new| {
            new["paths"].as_object_mut().expect("paths").remove("/api/v1/plans");
        }),
        ("GET /api/v1/clusters: the answer 200.items[].demo is gone", |new| {
            new["components"]["schemas"]["ClusterLine"]["properties"].as_object_mut().expect("object").remove("demo");
        }),
        ("GET /api/v1/clusters: the answer 200.items[].name may be missing now", |new| {
            new["components"]["schemas"]["ClusterLine"]["required"] = json!(["origin", "demo"]);
        }),
        ("GET /api/v1/version: the answer 200.api was integer and is string", |new| {
            new["components"]["schemas"]["Version"]["properties"]["api"]["type"] = json!("string");
        }),
        ("POST /api/v1/tokens: the body.note is required now", |new| {
            new["components"]["schemas"]["WantedToken"]["required"] = json!(["name", "role", "days", "note"]);
        }),
        ("POST /api/v1/tokens: the body.days has a narrower maximum", |new| {
            new["components"]["schemas"]["WantedToken"]["properties"]["days"]["maximum"] = json!(30);
        }),
        ("POST /api/v1/tokens: the body.role takes fewer words: viewer", |new| {
            new["components"]["schemas"]["Role"]["enum"] = json!(["viewer"]);
        }),
        ("GET /api/v1/plans: the parameter folder is new and required", |new| {
            let folder = json!([{ "name": "folder", "in": "query", "required": true, "schema": { "type": "string" } }]);
            new["paths"]["/api/v1/plans"]["get"]["parameters"] = folder;
        }),
        ("GET /api/v1/version does not answer 200 any more", |new| {
            new["paths"]["/api/v1/version"]["get"]["responses"].as_object_mut().expect("object").remove("200");
        }),
    ];
    for (name, change) in changes {
        let mut new = old.clone();
        change(&mut new);
        assert!(breaks(&old, &new).contains(&name.to_owned()), "{name}: {:?}", breaks(&old, &new));
    }
    let mut more = old.clone();
    more["paths"]["/api/v1/backups"] = old["paths"]["/api/v1/plans"].clone();
    more["components"]["schemas"]["Version"]["properties"]["commit"] = json!({ "type": "string" });
    more["components"]["schemas"]["Version"]["required"] = json!(["name", "version", "api", "commit"]);
    let folder = json!({ "name": "folder", "in": "query", "required": false, "schema": { "type": "string" } });
    more["paths"]["/api/v1/plans"]["get"]["parameters"].as_array_mut().expect("parameters").push(folder);
    assert_eq!(breaks(&old, &more), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_are_the_whole_list_and_filters_leave_out_the_rest() {
    let house = House::new().await;
    let all = house.json("/api/v1/clusters/demo/pods?limit=1000").await;
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = house.json(&format!("/api/v1/clusters/demo/pods?limit=3{next}")).await;
        assert_eq!(page["total"], all["total"]);
        names.extend(page["items"].as_array().expect("items").iter().map(|pod| pod["name"].clone()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&next={cursor}");
    }
    let whole: Vec<Value> = all["items"].as_array().expect("items").iter().map(|pod| pod["name"].clone()).collect();
    assert_eq!(names, whole);
    assert!(names.len() > 10);
    let system = house.json("/api/v1/clusters/demo/pods?namespace=kube-system&node=host1").await;
    for pod in system["items"].as_array().expect("items") {
        assert_eq!((&pod["namespace"], &pod["node"]), (&json!("kube-system"), &json!("host1")));
    }
    let servers = house.json("/api/v1/clusters/demo/components?search=apiserver").await;
    assert_eq!(servers["total"], 3, "{servers}");
    for list in ["nodes", "services", "endpoints"] {
        assert!(house.json(&format!("/api/v1/clusters/demo/{list}")).await["total"].as_u64() > Some(1), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_comes_in_every_format_by_its_ending_and_by_accept() {
    let house = House::new().await;
    let formats = [
        ("svg", "image/svg+xml", "<?xml"),
        ("png", "image/png", "\u{fffd}PNG"),
        ("json", "application/json", "{\"title\""),
        ("dot", "text/vnd.graphviz", "digraph"),
        ("mmd", "text/vnd.mermaid", "---\ntitle"),
    ];
    for figure in ["architecture", "networking"] {
        for (ending, media, begins) in formats {
            let path = format!("/api/v1/clusters/demo/diagrams/{figure}");
            let by_ending = house.get(&format!("{path}.{ending}")).await;
            assert_eq!(by_ending.headers()[header::CONTENT_TYPE], media, "{ending}");
            let text = String::from_utf8_lossy(&bytes(by_ending).await).into_owned();
            assert!(text.starts_with(begins), "{ending}: {}", &text[..40]);
            // A file that is sent on says of which cluster it is, and when.
            assert!(ending == "png" || text.contains("demo, 20"), "{ending}: {}", &text[..200]);
            let asked = with(ask(Method::GET, &path), "accept", &format!("text/html;q=0.9, {media}"));
            let by_accept = house.answer(asked, Role::Viewer).await;
            assert_eq!(by_accept.headers()[header::CONTENT_TYPE], media, "{ending}");
        }
    }
    let asked = with(ask(Method::GET, "/api/v1/clusters/demo/diagrams/architecture"), "accept", "text/html");
    assert_eq!(house.answer(asked, Role::Viewer).await.status(), StatusCode::NOT_ACCEPTABLE);
    let dark = bytes(house.get("/api/v1/clusters/demo/diagrams/architecture.svg?theme=dark").await).await;
    assert!(String::from_utf8_lossy(&dark).contains("#151d2c"), "the dark paper");
    let nowhere = house.get("/api/v1/clusters/demo/diagrams/architecture.svg?at=node/nowhere").await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_answer_already_is_told_so_and_a_head_has_no_body() {
    let house = House::new().await;
    for path in ["/api/v1/plans", "/api/v1/clusters", "/api/v1/clusters/demo/diagrams/architecture.svg"] {
        let first = house.get(path).await;
        let tag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
        let again = house.answer(with(ask(Method::GET, path), "if-none-match", "W/\"other\""), Role::Viewer).await;
        assert_eq!(again.status(), StatusCode::OK, "{path}");
        let head = house.answer(ask(Method::HEAD, path), Role::Viewer).await;
        assert_eq!(head.status(), StatusCode::OK);
        assert!(head.headers().contains_key(header::ETAG), "{path}");
        assert!(bytes(head).await.is_empty());
        assert!(tag.starts_with("W/"), "{tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem() {
    let house = House::new().await;
    let large = format!("{{\"dha\":\"{}\"}}", "x".repeat(5 << 20));
    let plan = |kind: &str, body: &str| with(send("/api/v1/plans/check", body), "content-type", kind);
    let cases = [
        (ask(Method::GET, "/api/v1/nowhere"), 404),
        (ask(Method::GET, "/api/v1/clusters/nowhere"), 404),
        (ask(Method::GET, "/api/v1/clusters/demo/diagrams/architecture.gif"), 404),
        (ask(Method::DELETE, "/api/v1/plans"), 405),
        (ask(Method::GET, "/api/v1/clusters/demo/pods?limit=many"), 400),
        (ask(Method::GET, "/api/v1/clusters/demo/pods?stat=ok"), 400),
        (ask(Method::GET, "/api/v1/audit"), 403),
        (plan("text/plain", "{}"), 415),
        (plan("application/json", "{"), 400),
        (plan("application/json", "{\"dha\":7}"), 422),
        (plan("application/json", &large), 413),
    ];
    for (request, status) in cases {
        let name = format!("{} {}", request.method(), request.uri());
        let answer = house.answer(request, Role::Viewer).await;
        assert_eq!(answer.status().as_u16(), status, "{name}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{name}");
        let problem = json(answer).await;
        assert_eq!(problem["status"], status, "{name}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
    }
    let other = house.answer(ask(Method::PUT, "/api/v1/tokens"), Role::Admin).await;
    assert_eq!(other.headers()[header::ALLOW], "GET, HEAD, POST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_brings_its_plan_whether_it_has_a_key_or_not() {
    let house = House::new().await;
    let order = |padding: usize| {
        let body = json!({ "kind": "deploy", "confirm": "demo", "dha": "#".repeat(padding) }).to_string();
        with(send("/api/v1/clusters/demo/deployments", &body), "content-type", "application/json")
    };
    for (padding, status) in [(3 << 20, StatusCode::SERVICE_UNAVAILABLE), (5 << 20, StatusCode::PAYLOAD_TOO_LARGE)] {
        // There is no jump host here, which is found out when the plan has come.
        assert_eq!(house.answer(order(padding), Role::Operator).await.status(), status);
        let keyed = with(order(padding), "idempotency-key", &format!("plan-{padding}"));
        assert_eq!(house.answer(keyed, Role::Operator).await.status(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_acts_acts_once_for_a_key() {
    let house = House::new().await;
    let make = |key: &str, name: &str| {
        let body = json!({ "name": name, "role": "viewer", "days": 1 }).to_string();
        with(with(send("/api/v1/tokens", &body), "content-type", "application/json"), "idempotency-key", key)
    };
    let first = json(house.answer(make("one", "a"), Role::Admin).await).await;
    assert!(first["secret"].as_str().is_some_and(|secret| secret.starts_with("bnc_")));
    let again = house.answer(make("one", "a"), Role::Admin).await;
    assert_eq!(
        (again.status(), &again.headers()["idempotency-replayed"]),
        (StatusCode::CREATED, &"true".parse().expect("a value"))
    );
    let again = json(again).await;
    assert_eq!((&again["token"], &again["secret"]), (&first["token"], &Value::Null), "a secret is told once");
    assert_eq!(house.answer(make("one", "b"), Role::Admin).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let both = tokio::join!(house.answer(make("two", "c"), Role::Admin), house.answer(make("two", "c"), Role::Admin));
    let both = [both.0.status().as_u16(), both.1.status().as_u16()];
    assert!(both.contains(&201) && both.iter().all(|status| [201, 409].contains(status)), "{both:?}");
    let listed = json(house.answer(ask(Method::GET, "/api/v1/tokens"), Role::Admin).await).await;
    let named = |name: &str| listed["items"].as_array().expect("items").iter().filter(|t| t["name"] == name).count();
    assert_eq!([named("a"), named("b"), named("c")], [1, 0, 1]);
    let path = format!("/api/v1/tokens/{}", first["token"]["id"].as_str().expect("an id"));
    assert_eq!(house.answer(ask(Method::DELETE, &path), Role::Admin).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(house.answer(ask(Method::DELETE, &path), Role::Admin).await.status(), StatusCode::NOT_FOUND);
    let audit = json(house.answer(ask(Method::GET, "/api/v1/audit?action=token."), Role::Admin).await).await;
    assert!(audit["items"].as_array().is_some_and(|items| items.len() >= 3), "{audit}");
    let lines = with(ask(Method::GET, "/api/v1/audit?limit=2"), "accept", "application/x-ndjson");
    let lines = bytes(house.answer(lines, Role::Admin).await).await;
    assert_eq!(String::from_utf8_lossy(&lines).lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_a_dead_server_began_it_is_said_that_it_is_not_known_and_what_may_be_done_twice_is() {
    let house = House::new().await;
    let body = json!({ "name": "a", "role": "viewer", "days": 1 }).to_string();
    let make = || with(with(send("/api/v1/tokens", &body), "content-type", "application/json"), "idempotency-key", "k");
    let made = json(house.answer(make(), Role::Admin).await).await;
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().expect("an id"));
    let revoke = || with(ask(Method::DELETE, &path), "idempotency-key", "r");
    assert_eq!(house.answer(revoke(), Role::Admin).await.status(), StatusCode::NO_CONTENT);
    // As if the server had been killed after it acted and before it said so.
    house.by_hand("UPDATE idempotency SET status = NULL, body = NULL, until = 0").await;
    let unsure = house.answer(make(), Role::Admin).await;
    assert_eq!((unsure.status(), unsure.headers().get(header::RETRY_AFTER)), (StatusCode::CONFLICT, None));
    let unsure = json(unsure).await;
    assert!(unsure["detail"].as_str().is_some_and(|detail| detail.ends_with("is not known")), "{unsure}");
    assert!(unsure["todo"].as_str().is_some_and(|todo| todo.starts_with("GET /api/v1/tokens ")), "{unsure}");
    let again = house.answer(revoke(), Role::Admin).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "it was revoked before");
    assert!(!again.headers().contains_key("idempotency-replayed"));
    let refused = house.answer(revoke(), Role::Admin).await;
    assert!(!refused.headers().contains_key("idempotency-replayed"), "a refusal is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_told_once_and_only_its_maker_and_admins_know_of_it() {
    let house = House::new().await;
    let wanted = json!({ "cluster": "demo", "view": "networking" }).to_string();
    let make = || with(send("/api/v1/embed-links", &wanted), "content-type", "application/json");
    let make = || with(make(), "idempotency-key", "a link");
    let made = json(house.answer(make(), Role::Viewer).await).await;
    assert!(made["page"].as_str().is_some_and(|page| page.contains("/embed/demo/networking?link=")), "{made}");
    let again = json(house.answer(make(), Role::Viewer).await).await;
    assert_eq!((&again["id"], &again["page"], &again["picture"]), (&made["id"], &Value::Null, &Value::Null));
    let list = async |role| json(house.answer(ask(Method::GET, "/api/v1/embed-links"), role).await).await;
    for (role, links) in [(Role::Viewer, 1), (Role::Operator, 0), (Role::Admin, 1)] {
        assert_eq!(list(role).await["items"].as_array().map(Vec::len), Some(links), "{role:?}");
    }
    let path = format!("/api/v1/embed-links/{}", made["id"].as_str().expect("an id"));
    assert_eq!(house.answer(ask(Method::DELETE, &path), Role::Operator).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(house.answer(ask(Method::DELETE, &path), Role::Viewer).await.status(), StatusCode::NO_CONTENT);
    assert!(list(Role::Viewer).await["items"][0]["revoked"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let house = House::with_rate(3).await;
    for left in ["2", "1", "0"] {
        let answer = house.get("/api/v1/version").await;
        assert!(answer.headers()["ratelimit"].to_str().is_ok_and(|told| told.contains(&format!("r={left};"))));
    }
    let slow = house.get("/api/v1/version").await;
    assert_eq!(slow.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slow.headers()[header::CONTENT_TYPE], "application/problem+json");
    let wait: u64 = slow.headers()[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=21).contains(&wait), "{wait}");
    let other = house.answer(ask(Method::GET, "/api/v1/version"), Role::Operator).await;
    assert_eq!(other.status(), StatusCode::OK, "another token has room of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_has_asked_as_often_as_who_is_answered() {
    let house = House::with_rate(3).await;
    let audit = || house.answer(ask(Method::GET, "/api/v1/audit"), Role::Viewer);
    for left in ["2", "1", "0"] {
        let refused = audit().await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(refused.headers()["ratelimit"].to_str().is_ok_and(|told| told.contains(&format!("r={left};"))));
    }
    let slow = audit().await;
    assert_eq!(slow.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(slow.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(json(slow).await["status"], 429);
    assert_eq!(house.get("/api/v1/version").await.status(), StatusCode::TOO_MANY_REQUESTS, "it is one room");
    // Whoever guesses tokens takes from the room of their address, and of no one else there.
    let guess = || house.raw(with(ask(Method::GET, "/api/v1/version"), "authorization", "Bearer bnc_0_0"));
    for _ in 0..3 {
        assert_eq!(guess().await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guess().await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.raw(ask(Method::GET, "/plans")).await.status(), StatusCode::TOO_MANY_REQUESTS, "nor by pages");
    let other = house.answer(ask(Method::GET, "/api/v1/version"), Role::Operator).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_whole_goes_on_and_resumes_behind_what_is_known() {
    let house = House::new().await;
    for accept in ["text/event-stream", "application/x-ndjson"] {
        let path = "/api/v1/clusters/demo/changes?figure=networking";
        let answer = house.answer(with(ask(Method::GET, path), "accept", accept), Role::Viewer).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], accept);
        let mut body = answer.into_body();
        let first = body.frame().await.expect("an event").expect("bytes").into_data().expect("data");
        let first = String::from_utf8_lossy(&first).into_owned();
        assert!(first.contains("\"type\":\"whole\""), "{}", &first[..80]);
        let data: Value = serde_json::from_str(
            first.lines().find_map(|l| l.strip_prefix("data: ").or(l.strip_prefix('{').map(|_| l))).expect("data"),
        )
        .expect("JSON");
        let id = data["id"].as_str().expect("an id");
        let resumed = with(with(ask(Method::GET, path), "accept", accept), "last-event-id", id);
        let mut resumed = house.answer(resumed, Role::Viewer).await.into_body();
        let next = resumed.frame().await.expect("an event").expect("bytes").into_data().expect("data");
        let next = String::from_utf8_lossy(&next).into_owned();
        assert!(!next.contains("\"type\":\"whole\""), "only what was missed, or that it is alive: {next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_checked_and_its_secrets_stay_out() {
    let house = House::new().await;
    let dha = "TYPE: baremetal\nFLAVOR: cluster\nPOWER_PASS: hunter2-secret\nhosts:\n  - name: host1\n";
    let body = json!({ "dha": dha }).to_string();
    let request = with(send("/api/v1/plans/check", &body), "content-type", "application/json");
    let checked = json(house.answer(request, Role::Viewer).await).await;
    assert!(checked["errors"].as_u64() > Some(0), "{checked}");
    assert!(!checked.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_of_many_clusters_come_in_pages_and_the_search_covers_all() {
    // One still cluster stands for all: what nobody looks at is not watched.
    let still = demo::still();
    let named = |n: usize| {
        let mut one: Context = still.clone();
        one.name = format!("lab-{n:03}");
        one
    };
    let house = House::of_all((1..=450).map(named).collect()).await;
    let read = async |path: &str| {
        let answer = house.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(bytes(answer).await.to_vec()).expect("UTF-8")
    };
    let names = |page: &str| -> Vec<usize> {
        let cards = page.split("<strong>lab-").skip(1);
        cards.map(|card| card[..3].parse().expect("a number")).collect()
    };
    for (query, cards, line) in [
        ("", 1..=200, "Showing clusters 1 to 200 of 450."),
        ("?page=2", 201..=400, "Showing clusters 201 to 400 of 450."),
        ("?page=3", 401..=450, "Showing clusters 401 to 450 of 450."),
        // A page that is not there is the nearest that is.
        ("?page=99", 401..=450, "Showing clusters 401 to 450 of 450."),
        ("?page=0", 1..=200, "Showing clusters 1 to 200 of 450."),
        ("?page=x", 1..=200, "Showing clusters 1 to 200 of 450."),
    ] {
        let (page, wanted) = (read(&format!("/{query}")).await, cards.collect::<Vec<_>>());
        assert_eq!(names(&page), wanted, "{query}");
        assert!(page.contains(line), "{query}: {page}");
        assert_eq!(names(&read(&format!("/cards{query}")).await), wanted, "/cards{query}");
    }
    let second = read("/?page=2").await;
    for to in ["/?page=1", "/?page=3"] {
        assert!(second.contains(&format!("href=\"{to}\"")), "{to}: {second}");
    }
    assert!(second.contains("aria-current=\"page\""), "{second}");
    let found = read("/find?typed=lab-443").await;
    assert!(found.contains("href=\"/c/lab-443\""), "{found}");
    assert!(!read("/cards?page=2").await.contains("lab-443"));
    let few = House::of_all((1..=200).map(named).collect()).await;
    let page = String::from_utf8(bytes(few.get("/").await).await.to_vec()).expect("UTF-8");
    assert!(names(&page).len() == 200 && !page.contains("Showing clusters"), "{page}");
}
