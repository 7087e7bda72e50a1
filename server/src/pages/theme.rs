//! The colours that a browser's person chose: kept in a cookie, so that no link carries them to somebody else.

use app::pages::Theme;
use axum::{
    Extension,
    extract::{Query, RawQuery, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::access::{self, Secure};

const COOKIE: &str = "binnacle-theme";
/// A year, in seconds.
const KEPT: u64 = 365 * 24 * 3_600;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    to: String,
    back: String,
}

/// Keeps a choice and leads back to the page that it was made on.
pub(super) async fn choose(Extension(Secure(secure)): Extension<Secure>, Query(choice): Query<Choice>) -> Response {
    let (word, kept) = Theme::from_word(&choice.to).word().map_or(("", 0), |word| (word, KEPT));
    let cookie = access::any_cookie(COOKIE, word, kept, secure);
    let back = HeaderValue::from_str(access::inside(&choice.back)).unwrap_or_else(|_| HeaderValue::from_static("/"));
    let headers = [(header::LOCATION, back), (header::SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

/// The choice that a browser sends.
pub(super) fn chosen(headers: &HeaderMap) -> Theme {
    access::cookie_of(headers, COOKIE).map_or(Theme::System, Theme::from_word)
}

/// The address of a request without the colours that it asks for: where a new choice leads back to. Ways in hold codes
/// and keys in their addresses, which no page repeats.
pub(super) fn here(request: &Request) -> String {
    let uri = request.uri();
    if ["/sign-in", "/first"].iter().any(|way| uri.path().starts_with(way)) {
        return "/".into();
    }
    let query = RawQuery(uri.query().map(str::to_owned)).0.unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("theme=")).collect();
    if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_choice_leads_back_to_its_page_without_colours_in_the_address() {
        let of = |uri: &str| here(&Request::builder().uri(uri).body(Body::empty()).expect("a request"));
        assert_eq!(of("/c/demo?ns=ims&theme=dark&sel=node/host1"), "/c/demo?ns=ims&sel=node/host1");
        assert_eq!(of("/plans?theme=light"), "/plans");
        assert_eq!(of("/plans"), "/plans");
        assert_eq!(of("/sign-in/callback?code=secret&state=secret"), "/");
        assert_eq!(of("/first?key=secret"), "/");
    }
}
