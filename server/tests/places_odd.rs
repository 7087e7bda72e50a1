//! Stores that lack something, and answers that are none of a store's: each is made do with, or told by its cause.

#[expect(dead_code, unused_macros, unused_imports, reason = "the promises are those of whole stores")]
mod places;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use binnacle::backup::places::{Known, Place};
use places::{Folder, KEY, backup, listed};

/// How a store behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It refuses `If-None-Match`.
    Unconditional,
    /// Its answers are a console's pages.
    Console,
    /// It sends to another region without saying where.
    Moved,
    /// It names the region that was meant.
    OtherRegion,
    /// It sends to another address, as a new bucket's store does for a while.
    Elsewhere,
    /// It sends to its page for signing in.
    SignIn,
}

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

fn refused(status: StatusCode, body: &str) -> Response {
    let head = [(header::CONTENT_TYPE, "application/xml")];
    (status, head, format!("<?xml version=\"1.0\"?><Error>{body}</Error>")).into_response()
}

async fn answer(
    State((mode, objects)): State<(Mode, Objects)>,
    method: Method,
    uri: Uri,
    head: HeaderMap,
    body: Bytes,
) -> Response {
    match mode {
        Mode::Unconditional => {}
        Mode::Console => return ([(header::CONTENT_TYPE, "text/html")], "<html>Sign in</html>").into_response(),
        Mode::Moved => return refused(StatusCode::MOVED_PERMANENTLY, "<Code>PermanentRedirect</Code>"),
        Mode::Elsewhere => {
            let head = [(header::LOCATION, "http://127.0.0.1:9/b/p?X-Amz-Signature=0123")];
            return (StatusCode::TEMPORARY_REDIRECT, head, "<Error><Code>TemporaryRedirect</Code></Error>")
                .into_response();
        }
        Mode::SignIn => return (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response(),
        Mode::OtherRegion => {
            let body = "<Code>AuthorizationHeaderMalformed</Code><Message>The region is wrong</Message><Region>eu-west-1</Region>";
            return refused(StatusCode::BAD_REQUEST, body);
        }
    }
    let mut objects = objects.lock().expect("no panic");
    let path = uri.path().trim_start_matches("/b").trim_start_matches('/').to_owned();
    let tag = |bytes: &Bytes| format!("\"{}\"", bytes.len());
    let stamp = "Thu, 01 Jan 2026 00:00:00 GMT";
    match method {
        Method::PUT if head.contains_key(header::IF_NONE_MATCH) => {
            refused(StatusCode::NOT_IMPLEMENTED, "<Code>NotImplemented</Code><Message>If-None-Match</Message>")
        }
        Method::PUT => {
            let tag = tag(&body);
            objects.insert(path, body);
            [(header::ETAG, tag)].into_response()
        }
        Method::DELETE => {
            objects.remove(&path);
            StatusCode::NO_CONTENT.into_response()
        }
        _ if uri.query().is_some_and(|query| query.contains("list-type")) => {
            let items: String = objects
                .iter()
                .map(|(key, bytes)| {
                    format!(
                        "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
                         <ETag>x</ETag><Size>{}</Size></Contents>",
                        bytes.len()
                    )
                })
                .collect();
            let list = format!(
                "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"
            );
            ([(header::CONTENT_TYPE, "application/xml")], list).into_response()
        }
        _ => match objects.get(&path) {
            Some(bytes) => {
                let head = [(header::ETAG, tag(bytes)), (header::LAST_MODIFIED, stamp.to_owned())];
                (head, bytes.clone()).into_response()
            }
            None => refused(StatusCode::NOT_FOUND, "<Code>NoSuchKey</Code>"),
        },
    }
}

/// A store of this mode, and the place that it is.
async fn store(mode: Mode, folder: &Folder) -> (Place, Objects) {
    let keys = folder.0.join("keys");
    std::fs::write(&keys, "[default]\naws_access_key_id = A\naws_secret_access_key = s\n").expect("written");
    let objects = Objects::default();
    let app = Router::new().fallback(answer).with_state((mode, objects.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let place = Place::open(&format!("s3://b/p?endpoint=http://{address}&credentials={}", keys.display()));
    (place.expect("a place"), objects)
}

#[tokio::test]
async fn a_store_without_conditional_puts_keeps_backups_and_overwrites_none() {
    let here = Folder::new();
    let (place, objects) = store(Mode::Unconditional, &here).await;
    let (file, manifest) = backup(&here.0, "one", "harbour", 1_000);
    place.put(&file, &manifest, KEY).await.expect("it is put");
    place.put(&file, &manifest, KEY).await.expect("it is there already");
    let (other, changed) = backup(&here.0, "one", "harbour", 2_000);
    let taken = place.put(&other, &changed, KEY).await.expect_err("the name is taken").to_string();
    assert!(taken.contains("another backup named one"), "{taken}");
    assert_eq!(listed(&place).await, ["one"]);
    let (empty, _) = store(Mode::Unconditional, &here).await;
    assert!(listed(&empty).await.is_empty(), "a bucket without an object is no error");
    assert_eq!(objects.lock().expect("no panic").len(), 2, "the backup and its manifest");
}

#[tokio::test]
async fn answers_that_are_no_stores_are_told_by_their_cause() {
    let here = Folder::new();
    for (mode, says) in [
        (Mode::Console, "web console"),
        (Mode::Moved, "region=NAME"),
        (Mode::Elsewhere, "it sends to http://127.0.0.1:9: name the bucket's region"),
        (Mode::SignIn, "web console"),
        (Mode::OtherRegion, "Say region=eu-west-1"),
    ] {
        let (place, _) = store(mode, &here).await;
        let (file, manifest) = backup(&here.0, "one", "harbour", 1_000);
        let put = place.put(&file, &manifest, KEY).await.expect_err("it is no store").to_string();
        assert!(put.contains(says), "{mode:?}: {put}");
        let listed = place.stock(None, KEY, &Known::new()).await.expect_err("it is no store").to_string();
        assert!(listed.contains(says), "{mode:?}: {listed}");
    }
}
