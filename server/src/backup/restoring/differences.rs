//! The page of what is different between two backups.

use app::{
    pages::{
        Tab,
        restore::{self as pages, ChangesPage, Found, GroupLine},
    },
    source::View,
};
use axum::{
    extract::{Path, Query, RawQuery, Request, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::pages::{NoPage, Ways};
use crate::{
    backup::{
        changes::{Changes, Names},
        manifest::Manifest,
        story,
    },
    pages::{self as around, opened, render, troubled},
};

/// Older backups that are offered.
const OFFERED: u32 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// The id of the older; else the one before.
    since: String,
}

pub(super) async fn page(
    State(here): State<Ways>,
    Path((cluster, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    let page = match found(&here, &cluster, &id, &wanted.since).await {
        Ok(page) => page,
        Err(none) => return troubled(&here.asked, none.0, request).await,
    };
    let mut query = around::Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = View::default();
    let mut frame = opened(&here.asked, &cluster, Tab::Backups, &query);
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::changes(&page)).await
}

async fn found(here: &Ways, cluster: &str, id: &str, since: &str) -> Result<ChangesPage, NoPage> {
    let newer = here.found(cluster, id).await?;
    let before = here.backups.store().backups(cluster, Some((newer.0.began, id)), OFFERED).await?;
    let manifests = before.iter().filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok());
    let choices: Vec<(String, String)> =
        manifests.map(|manifest| (manifest.id, story::moment(manifest.began))).collect();
    let older = if since.is_empty() { choices.first().map(|(id, _)| id.clone()) } else { Some(since.to_owned()) };
    let found = match &older {
        None => None,
        Some(older) => {
            let older = here.found(cluster, older).await?;
            let compared = here.backups.compare(&older, &newer).await;
            Some(compared.map(|compared| lines(&compared.changes)).map_err(|error| error.to_string()))
        }
    };
    let newer = (newer.0.id, story::moment(newer.0.began));
    Ok(ChangesPage { cluster: cluster.to_owned(), newer, older, choices, found })
}

fn lines(changes: &Changes) -> Found {
    let names = |names: &Names| (names.count, names.names.clone());
    let groups = changes.groups.iter().map(|group| GroupLine {
        resource: group.resource.clone(),
        namespace: group.namespace.clone(),
        names: [names(&group.added), names(&group.removed), names(&group.changed)],
    });
    Found {
        counts: [changes.added, changes.removed, changes.changed, changes.same],
        groups: groups.collect(),
        elsewhere: changes.elsewhere,
    }
}
