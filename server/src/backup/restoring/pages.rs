//! Pages of restore guides, and the routes of what is different.

use std::{sync::Arc, time::Duration};

use app::{
    pages::{
        Tab,
        restore::{self as pages, GuidePage, WayLine},
    },
    source::{Source, Trouble},
    texts::{backups as said, restore as words},
};
use axum::{
    Router,
    extract::{Path, Query, RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use restore::{Facts, Guide, Lost, guide, lost};
use serde::Deserialize;

use super::{Known, facts};
use crate::{
    access::{Needs, Role, Row},
    backup::{Backups, manifest::Manifest, story},
    etcd::{Hashes, Members, look},
    pages::{self as around, Asked, Site, opened, render, troubled},
    store::{CopyState, StoreError},
};

const SEE: Needs = Needs::Role(Role::Viewer);

/// What these pages need.
pub const ROUTES: &[Row] = &[
    Row::get("/c/{cluster}/backups/{id}/restore", SEE),
    Row::get("/c/{cluster}/backups/{id}/restore.md", SEE),
    // Names of Secrets are told to nobody who may only look.
    Row::get("/c/{cluster}/backups/{id}/changes", Needs::Role(Role::Operator)),
];

/// etcd that is away is away: whoever reads a guide has no time to wait for it.
const PATIENCE: Duration = Duration::from_secs(4);
/// What `lost` is when it is no member.
const QUORUM: &str = "quorum";

/// What these pages are made from.
#[derive(Clone)]
pub struct Ways {
    pub(super) site: Arc<Site>,
    pub(super) asked: Asked,
    pub(super) backups: Backups,
}

impl Ways {
    /// Of a site and its backups.
    pub fn new(site: Arc<Site>, backups: Backups) -> Self {
        Self { asked: Asked::of(site.clone()), site, backups }
    }
}

/// The pages.
pub fn router(here: Ways) -> Router {
    Router::new()
        .route("/c/{cluster}/backups/{id}/restore", get(page))
        .route("/c/{cluster}/backups/{id}/restore.md", get(markdown))
        .route("/c/{cluster}/backups/{id}/changes", get(super::differences::page))
        .with_state(here)
}

/// Which guide is wanted: `quorum`, a member by name or id; else what seems to be lost.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    lost: String,
}

impl Wanted {
    /// From a word; without one, what seems to be lost.
    pub(crate) fn of(lost: Option<String>) -> Self {
        Self { lost: lost.unwrap_or_default() }
    }
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self(Trouble::Unreachable { what: error.to_string(), todo: "Binnacle keeps trying.".into() })
    }
}

/// Why there is none.
pub(crate) struct NoPage(pub(crate) Trouble);

impl Ways {
    /// A backup of a cluster, and where it lies.
    pub(crate) async fn found(&self, cluster: &str, id: &str) -> Result<(Manifest, Vec<crate::store::Copy>), NoPage> {
        if !self.asked.clusters().iter().any(|line| line.name == cluster) {
            return Err(NoPage(Trouble::NoSuchCluster(cluster.to_owned())));
        }
        let found = self.backups.store().backup(cluster, id).await?;
        let found = found.ok_or_else(|| NoPage(Trouble::NoSuchThing(said::NO_SUCH.into())))?;
        let unreadable = |_| NoPage(Trouble::Unusable { what: said::UNREADABLE.into(), todo: String::new() });
        Ok((Manifest::read(found.manifest.as_bytes()).map_err(unreadable)?, found.copies))
    }

    /// All that is known for a guide to this backup, asked now.
    pub(crate) async fn known(&self, cluster: &str, id: &str) -> Result<(Manifest, Facts), NoPage> {
        let (manifest, copies) = self.found(cluster, id).await?;
        let kept = copies.iter().filter(|copy| copy.state == CopyState::Kept);
        let places: Vec<String> = kept.map(|copy| copy.place.clone()).collect();
        let (life, nodes) = tokio::join!(self.life(cluster), self.site.hosts(cluster));
        let planned = self.site.planned(cluster);
        let known = Known { places: &places, life: life.as_ref(), planned: planned.as_deref(), nodes: &nodes };
        let facts = facts(&manifest, &known, jiff::Timestamp::now().as_millisecond());
        Ok((manifest, facts))
    }

    async fn life(&self, cluster: &str) -> Option<Members> {
        let access = self.backups.access(cluster)?;
        tokio::time::timeout(PATIENCE, look(&access.endpoints, &access.tls, Hashes::Leave)).await.ok()?.ok()
    }
}

/// The word of a member in an address.
fn word(facts: &Facts, n: usize) -> Option<&str> {
    let member = facts.members.get(n)?;
    member.name.as_deref().or(member.id.as_deref())
}

/// The guide that is wanted, and what is lost by it.
pub(crate) fn chosen(facts: &Facts, wanted: &Wanted) -> (Guide, Lost) {
    let named = (0..facts.members.len()).find(|n| word(facts, *n) == Some(wanted.lost.as_str())).map(Lost::Member);
    let lost = match wanted.lost.as_str() {
        QUORUM => Lost::Quorum,
        _ => named.unwrap_or_else(|| lost(facts)),
    };
    (guide(facts, lost), lost)
}

async fn page(
    State(here): State<Ways>,
    Path((cluster, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    let (manifest, facts) = match here.known(&cluster, &id).await {
        Ok(known) => known,
        Err(none) => return troubled(&here.asked, none.0, request).await,
    };
    let (guide, lost) = chosen(&facts, &wanted);
    let mut ways = vec![WayLine { word: QUORUM.into(), title: words::QUORUM.into(), open: lost == Lost::Quorum }];
    ways.extend((0..facts.members.len()).filter_map(|n| {
        let word = word(&facts, n)?.to_owned();
        Some(WayLine { title: words::member(&word), word, open: lost == Lost::Member(n) })
    }));
    let page = GuidePage { cluster: cluster.clone(), id, taken: story::moment(manifest.began), ways, guide };
    let mut query = around::Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = app::source::View::default();
    let mut frame = opened(&here.asked, &cluster, Tab::Backups, &query);
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::guide(&page)).await
}

async fn markdown(
    State(here): State<Ways>,
    Path((cluster, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Response {
    match here.known(&cluster, &id).await {
        Ok((_, facts)) => as_markdown(&chosen(&facts, &wanted).0, &id),
        Err(NoPage(trouble)) => (around::status(&trouble), trouble.to_string()).into_response(),
    }
}

/// As a file that is kept.
pub(crate) fn as_markdown(guide: &Guide, id: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"restore-{id}.md\"")),
    ];
    (headers, guide.markdown()).into_response()
}
