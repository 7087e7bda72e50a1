//! The base path: it comes off a request before anything else looks at it, and before our own redirects.
//!
//! A proxy may send the path as its visitor asked for it, or without the base. The second is taken from trusted
//! proxies alone, and from whoever asks for health and numbers, for they stand beside the server and not before it.

use std::{net::SocketAddr, sync::Arc};

use app::base::{at, base};
use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Uri, header, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::Response,
};

use super::{Door, Refusal, headers};

/// All that is served, below the base path.
pub fn below(router: Router, door: Arc<Door>) -> Router {
    if base().is_empty() {
        return router;
    }
    // Around a router of its own: what is inside is matched by the path that is left.
    Router::new().fallback_service(router).layer(from_fn_with_state(door, strip))
}

async fn strip(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    match inside(path, base()) {
        Some(rest) => match without_base(request.uri(), rest) {
            Some(uri) => *request.uri_mut() = uri,
            None => return outside(path),
        },
        None if comes_stripped(&door, &request) => {}
        None => return outside(path),
    }
    let mut response = next.run(request).await;
    redirect(response.headers_mut());
    response
}

/// What is left of a path below the base.
fn inside<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    match path.strip_prefix(base)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

fn without_base(uri: &Uri, rest: &str) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{rest}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

fn comes_stripped(door: &Door, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    super::guard::is_beside(request.uri().path()) || peer.is_some_and(|peer| door.proxies.trusts(peer.to_canonical()))
}

fn outside(path: &str) -> Response {
    let mut response = Refusal::Outside(at("/")).answer(path);
    headers::dress(&mut response);
    response
}

/// Our own redirects lead below the base, too.
fn redirect(headers: &mut HeaderMap) {
    let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
    let ours = to.filter(|to| to.starts_with('/') && !to.starts_with("//")).map(at);
    if let Some(to) = ours.and_then(|to| HeaderValue::from_str(&to).ok()) {
        headers.insert(header::LOCATION, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_parts_of_a_path_are_the_base() {
        for (path, rest) in [("/b", "/"), ("/b/", "/"), ("/b/c/x", "/c/x"), ("/b//x", "//x"), ("/b/b/x", "/b/x")] {
            assert_eq!(inside(path, "/b"), Some(rest), "{path}");
        }
        for path in ["/", "/bb", "/a/b", "/B/", "/%62/", "/b%2f"] {
            assert_eq!(inside(path, "/b"), None, "{path}");
        }
    }

    #[test]
    fn what_is_asked_stays_when_the_base_comes_off() {
        let uri = "/b/c/demo?q=%41&sel=/b".parse().unwrap();
        assert_eq!(without_base(&uri, "/c/demo").unwrap(), "/c/demo?q=%41&sel=/b");
        let whole = "https://binnacle.example/b/c/demo".parse().unwrap();
        assert_eq!(without_base(&whole, "/c/demo").unwrap(), "https://binnacle.example/c/demo");
    }
}
