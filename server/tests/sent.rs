//! What is sent, and what need not be: figures and lists that a client has already, and everything in fewer bytes.

#[path = "rest/house.rs"]
mod house;

use std::{
    io::Read,
    time::{Duration, Instant},
};

use axum::{
    http::{Method, StatusCode, header},
    response::Response,
};
use binnacle::access::Role;
use house::{House, ask, bytes, with};

const CLUSTER: &str = "/api/v1/clusters/demo";
const LISTS: [&str; 6] = ["/nodes", "/components", "/pods?limit=7", "/services", "/endpoints", "/drift"];

fn tag(answer: &Response) -> String {
    answer.headers()[header::ETAG].to_str().expect("text").to_owned()
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
        let first = house.get(path).await;
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        let tag = tag(&first);
        let (kind, length) = (first.headers()[header::CONTENT_TYPE].clone(), bytes(first).await.len());
        assert!(length > 10, "{path}");
        for sent in [tag.clone(), format!("W/\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".into()] {
            let held = house.answer(with(ask(Method::GET, path), "if-none-match", &sent), Role::Viewer).await;
            assert_eq!(held.status(), StatusCode::NOT_MODIFIED, "{path} with {sent}");
            assert_eq!(held.headers()[header::ETAG], tag.as_str(), "{path}");
            assert!(bytes(held).await.is_empty(), "{path}");
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_answers_come_in_fewer_bytes_to_who_takes_them() {
    let house = House::still().await;
    let figure = |ending: &str| format!("{CLUSTER}/diagrams/architecture.{ending}");
    let pages = ["/c/demo".to_owned(), "/c/demo/table".into(), "/c/demo/architecture.svg".into()];
    let answers =
        [figure("svg"), figure("json"), figure("dot"), format!("{CLUSTER}/pods"), "/api/v1/openapi.json".into()];
    for (path, is_page) in pages.iter().map(|path| (path, true)).chain(answers.iter().map(|path| (path, false))) {
        let plain = encoded(&house, path, "identity").await;
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING), "{path}");
        let plain = bytes(plain).await;
        for (encodings, chosen) in
            [("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br, zstd", "br"), ("x, gzip", "gzip")]
        {
            let answer = encoded(&house, path, encodings).await;
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], chosen, "{path}");
            assert!(answer.headers().get_all(header::VARY).iter().any(|vary| vary == "accept-encoding"), "{path}");
            let body = bytes(answer).await;
            assert!(body.len() * 2 < plain.len(), "{path}: {} of {} bytes by {chosen}", body.len(), plain.len());
            let told = decoded(chosen, &body);
            // A page has another nonce each time.
            let same = if is_page { told.len() == plain.len() } else { told == plain };
            assert!(same, "{path} by {chosen}");
        }
    }
}
