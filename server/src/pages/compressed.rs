//! Answers that are whole are compressed whole, before the first byte is sent: a client that reads none of them holds
//! the compressed bytes and no compressor.

use std::io::Write;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use http_body::Body as _;

use super::assets;

/// What is shorter gains nothing.
const SHORTEST: u64 = 1 << 10;
/// What is longer is compressed as it goes, piece by piece.
const LONGEST: u64 = 2 << 20;

/// Compresses what is whole, as far as the client takes it.
pub(crate) async fn at_once(request: Request, next: Next) -> Response {
    let coding = assets::coding(request.headers());
    let response = next.run(request).await;
    let Some(coding) = coding.filter(|_| is_worth_it(&response)) else { return response };
    let (mut head, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else {
        return Response::from_parts(head, Body::empty());
    };
    let compressed = if coding == "br" { brotli(&whole) } else { gzip(&whole) };
    let Some(compressed) = compressed else { return Response::from_parts(head, Body::from(whole)) };
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    head.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    Response::from_parts(head, Body::from(compressed))
}

fn is_worth_it(response: &Response) -> bool {
    let size = response.body().size_hint().exact();
    let text = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_text = ["text/html", "text/css", "text/plain", "application/json", "application/jsonl", "image/svg+xml"]
        .into_iter()
        .any(|kind| text.starts_with(kind));
    let is_plain =
        [header::CONTENT_ENCODING, header::CONTENT_RANGE].iter().all(|name| !response.headers().contains_key(name));
    is_text
        && is_plain
        && response.status() != StatusCode::NOT_MODIFIED
        && size.is_some_and(|size| (SHORTEST..=LONGEST).contains(&size))
}

/// A page is made anew each time: a little larger and much sooner.
fn brotli(whole: &[u8]) -> Option<Bytes> {
    let parameters = BrotliEncoderParams { quality: 1, lgwin: 18, size_hint: whole.len(), ..Default::default() };
    let mut compressed = Vec::with_capacity(whole.len() / 4);
    brotli::BrotliCompress(&mut &whole[..], &mut compressed, &parameters).ok()?;
    Some(tight(compressed))
}

fn gzip(whole: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(whole.len() / 4), Compression::fast());
    encoder.write_all(whole).ok()?;
    encoder.finish().ok().map(tight)
}

/// Without the room that it grew by.
fn tight(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_at_once_is_the_same_when_it_is_read() {
        let whole = "<p>host1 is ready, host2 is not</p>".repeat(400);
        let mut read = String::new();
        let compressed = brotli(whole.as_bytes()).unwrap();
        brotli::Decompressor::new(&compressed[..], 4_096).read_to_string(&mut read).unwrap();
        assert_eq!(read, whole);
        read.clear();
        let compressed = gzip(whole.as_bytes()).unwrap();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut read).unwrap();
        assert!(read == whole && compressed.len() < whole.len() / 4);
    }

    #[test]
    fn streams_and_what_is_compressed_already_stay_as_they_are() {
        let answer = |kind: &'static str, body: Body| {
            let mut answer = Response::new(body);
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            answer
        };
        let long = "x".repeat(5_000);
        assert!(is_worth_it(&answer("text/html; charset=utf-8", Body::from(long.clone()))));
        assert!(!is_worth_it(&answer("image/png", Body::from(long.clone()))));
        assert!(!is_worth_it(&answer("text/html", Body::from("short"))));
        let stream = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        assert!(!is_worth_it(&answer("text/html", Body::from_stream(stream))));
        let mut twice = answer("text/html", Body::from(long));
        twice.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        assert!(!is_worth_it(&twice));
    }
}
