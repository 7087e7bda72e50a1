//! What is sent, and what need not be: figures and lists that a client has already, and everything in fewer bytes.

#[path = "rest/house.rs"]
mod house;

use std::{
    io::Read,
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use binnacle::access::Role;
use house::{House, ask, bytes, with};

const CLUSTER: &str = "/api/v1/clusters/demo";
const LISTS: [&str; 6] = ["/nodes", "/components", "/pods?limit=7", "/services", "/endpoints", "/drift"];

fn tag(answer: &Response) -> String {
    answer.headers()[header::ETAG].to_str().expect("text").to_owned()
}

/// Asks with the tag of what one has, in each of its spellings; answers the tag and the type.
///
/// On a busy machine minutes go by, and a figure may tell that: what has changed has another tag, and is asked anew.
async fn held(house: &House, path: &str) -> (String, HeaderValue) {
    for _ in 0..20 {
        let first = house.get(path).await;
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        let tag = tag(&first);
        let (kind, length) = (first.headers()[header::CONTENT_TYPE].clone(), bytes(first).await.len());
        assert!(length > 10, "{path}");
        let spellings =
            [tag.clone(), format!("W/\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".into()];
        let mut unchanged = true;
        for sent in spellings {
            let answer = house.answer(with(ask(Method::GET, path), "if-none-match", &sent), Role::Viewer).await;
            unchanged = answer.headers()[header::ETAG] == tag.as_str();
            if !unchanged {
                break;
            }
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{path} with {sent}");
            assert!(bytes(answer).await.is_empty(), "{path}");
        }
        if unchanged {
            return (tag, kind);
        }
    }
    panic!("{path} is never the same twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_figure_or_a_list_of_what_has_not_changed_is_sent_nothing() {
    let house = House::still().await;
    // Kinds that no figure shows are read after the others, and the cluster's own page tells how far that is.
    let began = Instant::now();
    while String::from_utf8_lossy(&bytes(house.get(CLUSTER).await).await).contains("not-yet") {
        assert!(began.elapsed() < Duration::from_secs(60), "not every kind was read within a minute");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut paths = vec!["/api/v1/clusters".to_owned(), "/api/v1/plans".to_owned(), CLUSTER.to_owned()];
    paths.extend(LISTS.iter().map(|list| format!("{CLUSTER}{list}")));
    for figure in ["architecture", "networking"] {
        let ending = |ending: &str| format!("{CLUSTER}/diagrams/{figure}.{ending}");
        paths.extend(["svg", "png", "json", "dot", "mmd", "svg?theme=dark"].map(ending));
    }
    let mut tags = Vec::new();
    for path in &paths {
        let (tag, kind) = held(&house, path).await;
        let other = house.answer(with(ask(Method::GET, path), "if-none-match", "W/\"0\""), Role::Viewer).await;
        assert_eq!((other.status(), &other.headers()[header::CONTENT_TYPE]), (StatusCode::OK, &kind), "{path}");
        tags.push(tag);
    }
    let figures = tags.split_off(paths.len() - 12);
    assert!(figures.iter().enumerate().all(|(n, tag)| !figures[..n].contains(tag)), "each is another: {figures:?}");
}

async fn encoded(house: &House, path: &str, encodings: &str) -> Response {
    let asked = with(with(ask(Method::GET, path), "accept-encoding", encodings), "accept", "*/*");
    let answer = house.answer(asked, Role::Viewer).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer
}

/// What a client makes of it.
fn decoded(encoding: &str, sent: &[u8]) -> Vec<u8> {
    let mut told = Vec::new();
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(sent).read_to_end(&mut told),
        "br" => brotli::Decompressor::new(sent, 4_096).read_to_end(&mut told),
        other => panic!("nobody asked for {other}"),
    };
    read.expect("what the encoding says");
    told
}

/// Without the nonce, which is another in each answer.
fn without_nonce(text: Vec<u8>) -> String {
    let text = String::from_utf8(text).expect("text");
    let nonce =
        text.split_once("nonce=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(nonce, _)| nonce.to_owned());
    nonce.map_or(text.clone(), |nonce| text.replace(&nonce, ""))
}

/// What is sent plainly and so encoded. Ages go on, so both are asked for until no second lies in between.
async fn both(house: &House, path: &str, encodings: &str, chosen: &str) -> (usize, String) {
    for _ in 0..20 {
        let plain = encoded(house, path, "identity").await;
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING), "{path}");
        let plain = without_nonce(bytes(plain).await.to_vec());
        let answer = encoded(house, path, encodings).await;
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], chosen, "{path}");
        assert!(answer.headers().get_all(header::VARY).iter().any(|vary| vary == "accept-encoding"), "{path}");
        let body = bytes(answer).await;
        if without_nonce(decoded(chosen, &body)) == plain {
            return (body.len(), plain);
        }
    }
    panic!("{path} by {chosen} is never what is sent plainly");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_answers_come_in_fewer_bytes_to_who_takes_them() {
    let house = House::still().await;
    let figure = |ending: &str| format!("{CLUSTER}/diagrams/architecture.{ending}");
    let pages = ["/c/demo".to_owned(), "/c/demo/table".into(), "/c/demo/architecture.svg".into()];
    let answers =
        [figure("svg"), figure("json"), figure("dot"), format!("{CLUSTER}/pods"), "/api/v1/openapi.json".into()];
    for path in pages.iter().chain(&answers) {
        for (encodings, chosen) in
            [("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br, zstd", "br"), ("x, gzip", "gzip")]
        {
            let (sent, plain) = both(&house, path, encodings, chosen).await;
            assert!(sent * 2 < plain.len(), "{path}: {sent} of {} bytes by {chosen}", plain.len());
        }
    }
}
