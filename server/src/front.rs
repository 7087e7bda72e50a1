//! Everything that answers, behind the one guard.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Extension, Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    access::{self, Door, Gate, Limits},
    backup::{
        self, Shelf,
        restoring::{self, Ways},
    },
    demo::{self, Demonstration},
    deploy::{self, Deployments, Office},
    embed::{self, Embed},
    listen, mcp,
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
    /// Where deployments are ordered; none where they are not.
    pub office: Option<Arc<Office>>,
    /// The demonstration, where it is shown.
    pub demonstration: Option<Demonstration>,
    /// Requests of the API a minute, and requests that are refused, for each who asks.
    pub a_minute: NonZeroU32,
}

/// All that is served. What each route needs stands in [`access::table`].
pub fn router(front: &Front) -> Router {
    let (door, limits) = (front.door.clone(), Arc::new(Limits::new(front.a_minute)));
    let api = rest::router(
        front.site.clone(),
        door.clone(),
        front.embed.clone(),
        front.office.clone(),
        limits.clone(),
        front.running.backups.clone(),
    );
    let gate = Gate { door: door.clone(), limits };
    let guarded = |router: Router| {
        router
            .layer(from_fn(listen::in_time))
            .layer(Extension(front.running.stopping.clone()))
            .layer(Extension(front.office.clone()))
            .layer(Extension(front.door.clone()))
            .layer(Extension(front.running.backups.clone()))
            .layer(from_fn_with_state(gate.clone(), access::guard))
            .layer(from_fn(listen::within))
    };
    let all = Router::new()
        .merge(pages::router(front.site.clone()))
        .merge(pages::objects::router(front.site.clone()))
        .merge(rest::page(Asked::of(front.site.clone()), guarded(api.clone())))
        .merge(mcp::router(guarded(api.clone())))
        .merge(api)
        .merge(deploy::router(Deployments::new(front.site.clone(), front.office.clone())))
        .merge(demo::router(front.site.clone(), front.demonstration.clone()))
        .merge(restoring::router(Ways::new(front.site.clone(), front.running.backups.clone())))
        .merge(backup::router(Shelf::new(front.site.clone(), front.running.backups.clone())))
        .merge(access::router(door, Asked::of(front.site.clone())))
        .merge(embed::router(front.embed.clone()))
        .merge(running::router(front.running.clone()));
    let router = guarded(all)
        .layer(from_fn(access::around))
        .layer(from_fn(pages::at_once))
        // What has no end, or is very long.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest));
    access::below(running::around(router), front.door.clone())
}
