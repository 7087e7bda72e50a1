//! The API asked in the name of whoever sent another request.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{Extensions, HeaderMap, HeaderValue, Uri, header},
};

use crate::access::{Taken, Tls};

/// The same visitor gets something else; `None` where that is no address. It goes through the guard as a request of its
/// own, and takes no room again where the first took some.
pub(crate) fn again(uri: &Uri, headers: &HeaderMap, said: &Extensions, to: &str, accept: &str) -> Option<Request> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = to.parse::<Uri>().ok()?;
    let mut headers = headers.clone();
    for name in [header::ACCEPT, header::IF_NONE_MATCH, header::RANGE, header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        headers.remove(name);
    }
    if let Some(host) = uri.authority() {
        headers.insert(header::HOST, HeaderValue::from_str(host.as_str()).ok()?);
    }
    headers.insert(header::ACCEPT, HeaderValue::from_str(accept).ok()?);
    *request.headers_mut() = headers;
    // All else that is known of the visitor, the guard finds out again.
    let again = request.extensions_mut();
    said.get::<ConnectInfo<SocketAddr>>().map(|peer| again.insert(*peer));
    said.get::<Tls>().map(|tls| again.insert(*tls));
    said.get::<Taken>().map(|taken| again.insert(*taken));
    Some(request)
}
