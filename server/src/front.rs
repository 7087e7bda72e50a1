//! Everything that answers, behind the one guard.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    access::{self, Door},
    pages::{self, Asked, Site},
};

/// What answers.
#[derive(Clone)]
pub struct Front {
    /// The pages' clusters and views.
    pub site: Arc<Site>,
    /// Who may what.
    pub door: Arc<Door>,
}

/// All that is served. What each route needs stands in [`access::table`].
pub fn router(front: &Front) -> Router {
    let door = front.door.clone();
    Router::new()
        .merge(pages::router(front.site.clone()))
        .merge(access::router(door.clone(), Asked::of(front.site.clone())))
        .layer(from_fn_with_state(door, access::guard))
        .layer(from_fn(access::around))
        // Pages are made anew each time: a little larger and much sooner.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}
