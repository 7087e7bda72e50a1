//! Figures in frames of other sites' pages: the figure alone, for origins that the configuration names.
//!
//! ```text
//! rest/links ─▶ links (kept in the store) ─▶ link (signed) ─▶ portal's page
//! /embed/{cluster}/{figure}?link=… ─▶ frames (whose frame? which link?) ─▶ view
//! ```
//! Invariants: a link opens one figure of one cluster, and nothing else that this server has; it never reaches a
//! log, and no other site as a referrer. A page that is not of a named origin shows nothing.

mod frames;
mod link;
mod links;
mod origins;

use std::sync::Arc;

use axum::{Router, routing::get};

pub use frames::Figure;
pub use link::{Claims, Refused, Signer};
pub use links::{LASTS, LONGEST, LinkError, SHORTEST, Wanted};
pub use origins::{Origin, Origins};

use crate::{
    access::{Needs, Row, random},
    pages::{Asked, Site},
    store::{Store, StoreError},
};

/// The name of the key that links are signed with.
const KEY: &str = "embed-links";

/// What each of these routes needs.
pub const ROUTES: &[Row] = &[
    Row::get("/embed/{cluster}/architecture", Needs::Link),
    Row::get("/embed/{cluster}/architecture.svg", Needs::Link),
    Row::get("/embed/{cluster}/architecture.png", Needs::Link),
    Row::get("/embed/{cluster}/architecture/stream", Needs::Link),
    Row::get("/embed/{cluster}/architecture/panel", Needs::Link),
    Row::get("/embed/{cluster}/networking", Needs::Link),
    Row::get("/embed/{cluster}/networking.svg", Needs::Link),
    Row::get("/embed/{cluster}/networking.png", Needs::Link),
    Row::get("/embed/{cluster}/networking/stream", Needs::Link),
    Row::get("/embed/{cluster}/networking/panel", Needs::Link),
];

/// What portals may show.
#[derive(Clone)]
pub struct Embed {
    asked: Asked,
    store: Store,
    origins: Arc<Origins>,
    signer: Arc<Signer>,
    /// Where portals reach this server, where that is set.
    public: Option<Arc<str>>,
}

impl Embed {
    /// Frames of a site for these origins. `public` is the address by which portals reach this server, where it is set.
    /// The key comes from the database, so that every replica takes every link.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn new(
        site: Arc<Site>,
        store: Store,
        origins: Origins,
        public: Option<String>,
    ) -> Result<Self, StoreError> {
        let key = store.key(KEY, &random::<32>()).await?;
        let (origins, signer, public) = (Arc::new(origins), Arc::new(Signer::new(&key)), public.map(Into::into));
        Ok(Self { asked: Asked::of(site), store, origins, signer, public })
    }

    /// Where portals reach this server, as the setting `public_url` says.
    pub fn public(&self) -> Option<&str> {
        self.public.as_deref()
    }
}

/// The routes.
pub fn router(embed: Embed) -> Router {
    let mut router = Router::new();
    for figure in frames::Figure::ALL {
        let base = format!("/embed/{{cluster}}/{}", figure.word());
        let (page, picture, pixels, stream, panel) = (figure, figure, figure, figure, figure);
        router = router
            .route(&base, get(move |embed, cluster, who, raw, request| page.page(embed, cluster, who, raw, request)))
            .route(&format!("{base}.svg"), get(move |embed, cluster, who, raw| picture.svg(embed, cluster, who, raw)))
            .route(&format!("{base}.png"), get(move |embed, cluster, who, raw| pixels.png(embed, cluster, who, raw)))
            .route(
                &format!("{base}/stream"),
                get(move |embed, cluster, who, stopping, raw, upgrade| {
                    stream.stream(embed, cluster, who, stopping, raw, upgrade)
                }),
            )
            .route(
                &format!("{base}/panel"),
                get(move |embed, cluster, who, raw| panel.panel(embed, cluster, who, raw)),
            );
    }
    router.with_state(embed)
}
