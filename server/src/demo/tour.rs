//! The demonstration's tour: a cookie holds the step, so that the tour goes on over what a visitor does at a step.

use app::texts::demo::STEPS;
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{NAME, breaking::Here};
use crate::access::{self, Refusal, Secure};

const COOKIE: &str = "binnacle-tour";
/// A tour that was left open ends after so many seconds.
const KEPT: u64 = 6 * 3_600;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct To {
    to: usize,
}

/// Leads to the page of a step; any other number ends the tour.
pub(super) async fn lead(
    State(here): State<Here>,
    Extension(Secure(secure)): Extension<Secure>,
    Query(To { to }): Query<To>,
) -> Response {
    let Some(cluster) = here.demonstration.as_ref().map(|it| it.name.as_str()).filter(|name| *name == NAME) else {
        return Refusal::Nowhere.into_response();
    };
    let step = to.checked_sub(1).and_then(|index| STEPS.get(index));
    let (path, word, kept) = step.map_or(("", String::new(), 0), |step| (step.path, to.to_string(), KEPT));
    let page = format!("/c/{cluster}{path}");
    let page = HeaderValue::from_str(&page).unwrap_or_else(|_| HeaderValue::from_static("/"));
    let cookie = access::any_cookie(COOKIE, &word, kept, secure);
    let headers = [(header::LOCATION, page), (header::SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

/// The step that a browser is at; zero for none.
pub fn step(headers: &HeaderMap) -> usize {
    let step = access::cookie_of(headers, COOKIE).and_then(|word| word.parse().ok()).unwrap_or(0);
    if step <= STEPS.len() { step } else { 0 }
}
