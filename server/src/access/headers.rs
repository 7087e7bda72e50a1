//! What browsers are told on every answer.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// What a page may load and run: only what comes from here, and of scripts in the page only those
/// with its nonce. `frames` may show it; `'none'` for all but embedded figures.
pub fn policy(nonce: Option<&str>, frames: &str) -> String {
    let nonce = nonce.map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
}

/// For files that are no pages: an SVG has its style inside, and nothing runs in it.
const STILL: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// Adds what every answer carries; what a handler said itself stays.
pub async fn around(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    dress(&mut response);
    response
}

/// The same, for answers that are given before anything else.
pub(super) fn dress(response: &mut Response) {
    let page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let headers = response.headers_mut();
    let policy = if page { policy(None, "'none'") } else { STILL.to_owned() };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // Another site's page can neither show a figure nor learn its size; links for portals say otherwise.
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
