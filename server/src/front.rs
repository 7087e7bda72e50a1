//! Everything that answers, behind the one guard.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Extension, Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    access::{self, Door},
    embed::{self, Embed},
    listen,
    pages::{self, Asked, Site},
    rest,
    running::{self, Running},
};

/// What answers.
#[derive(Clone)]
pub struct Front {
    /// The pages' clusters and views.
    pub site: Arc<Site>,
    /// Who may what.
    pub door: Arc<Door>,
    /// What portals may show.
    pub embed: Embed,
    /// What whoever runs it is told.
    pub running: Running,
    /// Requests of the API a minute, for each who asks.
    pub a_minute: NonZeroU32,
}

/// All that is served. What each route needs stands in [`access::table`].
pub fn router(front: &Front) -> Router {
    let door = front.door.clone();
    let api = rest::router(front.site.clone(), door.clone(), front.a_minute, front.running.backups.clone());
    let guarded = |router: Router| {
        router
            .layer(from_fn(listen::in_time))
            .layer(Extension(front.running.stopping.clone()))
            .layer(from_fn_with_state(door.clone(), access::guard))
            .layer(from_fn(listen::within))
    };
    let all = Router::new()
        .merge(pages::router(front.site.clone()))
        .merge(rest::page(Asked::of(front.site.clone()), guarded(api.clone())))
        .merge(api)
        .merge(access::router(door.clone(), Asked::of(front.site.clone())))
        .merge(embed::router(front.embed.clone()))
        .merge(running::router(front.running.clone()));
    let router = guarded(all)
        .layer(from_fn(access::around))
        // Pages are made anew each time: a little larger and much sooner.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest));
    access::below(running::around(router), front.door.clone())
}
