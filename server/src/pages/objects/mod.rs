//! Pages of objects of every kind, of events, and of logs.
//!
//! They read the cluster's content and change nothing, so that a viewer may see them, as the figure and its panel. No
//! link to an embedded figure opens them: what an object, an event or a log says is none of a portal's.

mod events;
mod kinds;
mod log;
mod manifest;
mod tail;

use std::sync::Arc;

use app::{
    pages::{
        Tab,
        objects::{KindLine, events_of, log_of, manifest_of},
    },
    source::{Notice, PageLink, Trouble, View},
    texts::objects as words,
};
use axum::{
    Router,
    extract::{RawQuery, Request},
    http::{HeaderName, StatusCode, header},
    response::Response,
    routing::get,
};
use leptos::prelude::AnyView;
use scene::Health;
use topology::inventory::Key;

pub(crate) use events::{fits, told as events_told};

use super::{Asked, Query, Site, opened, render, sentence};
use crate::{
    access::{Needs, Role, Row},
    cluster::{Cluster, ask::Refused, kinds::Kind},
};

const SEE: Needs = Needs::Role(Role::Viewer);

/// What these pages need: a viewer's role, and no link is enough.
pub const ROUTES: &[Row] = &[
    Row::get("/c/{cluster}/objects", SEE),
    Row::get("/c/{cluster}/objects/{group}/{plural}", SEE),
    Row::get("/c/{cluster}/objects/{group}/{plural}/manifest", SEE),
    Row::get("/c/{cluster}/objects/{group}/{plural}/manifest.yaml", SEE),
    Row::get("/c/{cluster}/events", SEE),
    Row::get("/c/{cluster}/pods/{namespace}/{pod}/log", SEE),
    Row::get("/c/{cluster}/pods/{namespace}/{pod}/log.txt", SEE),
    Row::get("/c/{cluster}/pods/{namespace}/{pod}/log/stream", SEE),
];

/// The pages.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/c/{cluster}/objects", get(kinds::kinds))
        .route("/c/{cluster}/objects/{group}/{plural}", get(kinds::rows))
        .route("/c/{cluster}/objects/{group}/{plural}/manifest", get(manifest::page))
        .route("/c/{cluster}/objects/{group}/{plural}/manifest.yaml", get(manifest::file))
        .route("/c/{cluster}/events", get(events::events))
        .route("/c/{cluster}/pods/{namespace}/{pod}/log", get(log::page))
        .route("/c/{cluster}/pods/{namespace}/{pod}/log.txt", get(log::file))
        .route("/c/{cluster}/pods/{namespace}/{pod}/log/stream", get(log::stream))
        .with_state(Asked::of(site))
}

/// A page of these in its frame. `one` is what it is about, for its title.
async fn drawn(
    asked: &Asked,
    cluster: &str,
    tab: Tab,
    one: &str,
    request: Request,
    content: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    let mut query = Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = View::default();
    let mut frame = opened(asked, cluster, tab, &query);
    if !one.is_empty() {
        frame.title = format!("{one} · {}", frame.title);
    }
    render(StatusCode::OK, frame, request, content).await
}

/// Headers of a file that a browser saves under this name.
fn saved_as(kind: &str, name: &str) -> [(HeaderName, String); 3] {
    // A name of Kubernetes has nothing in it that a header cannot hold; of others the letters are kept that can.
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "-._".contains(*letter);
    let name: String = name.chars().filter(plain).collect();
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}

/// Why something cannot be shown, and what to do.
pub(crate) fn notice(why: &Refused) -> Notice {
    let todo = if matches!(why, Refused::Forbidden(_)) { words::GRANT } else { "" };
    Notice { health: Health::Unknown, what: sentence(why), todo: todo.into() }
}

fn line(kind: &Kind) -> KindLine {
    KindLine {
        group: kind.group.clone(),
        version: kind.version.clone(),
        plural: kind.plural.clone(),
        kind: kind.kind.clone(),
        namespaced: kind.namespaced,
        listed: kind.listed,
        secret: kind.is_secret(),
    }
}

/// A kind by what stands in the path.
pub(crate) async fn kind_of(cluster: &Cluster, group: &str, plural: &str) -> Result<Kind, Trouble> {
    let group = if group == "core" { "" } else { group };
    let unreachable = |why: Refused| {
        let notice = notice(&why);
        Trouble::Unreachable { what: notice.what, todo: notice.todo }
    };
    let kinds = cluster.kinds().await.map_err(unreachable)?;
    let missing =
        || Trouble::NoSuchThing(format!("The kind {plural}{}{group}", if group.is_empty() { "" } else { "." }));
    kinds.find(group, plural).cloned().ok_or_else(missing)
}

/// Namespaces with pods, for a choice.
fn namespaces(cluster: &Cluster) -> Vec<String> {
    cluster.read(crate::view::choices).namespaces
}

/// Pages about an object: its manifest, its events, and a pod's log.
pub(super) fn pages_about(cluster: &str, group: &str, plural: &str, kind: &str, key: &Key) -> Vec<PageLink> {
    let link = |name: &str, to: String| PageLink { name: name.into(), to };
    let mut pages = vec![
        link(words::MANIFEST, manifest_of(cluster, group, plural, &key.namespace, &key.name)),
        link(words::EVENTS, events_of(cluster, kind, &key.namespace, &key.name)),
    ];
    if kind == "Pod" {
        pages.insert(0, link(words::LOG, log_of(cluster, &key.namespace, &key.name)));
    }
    pages
}

/// Pages about an owner of pods; only events where its kind is not one of Kubernetes' own.
pub(super) fn pages_about_owner(cluster: &str, kind: &str, key: &Key) -> Vec<PageLink> {
    let known = match kind {
        "Deployment" => Some(("apps", "deployments")),
        "ReplicaSet" => Some(("apps", "replicasets")),
        "StatefulSet" => Some(("apps", "statefulsets")),
        "DaemonSet" => Some(("apps", "daemonsets")),
        "Job" => Some(("batch", "jobs")),
        "CronJob" => Some(("batch", "cronjobs")),
        "Node" => return pages_about(cluster, "", "nodes", kind, &Key::new("", key.name.clone())),
        _ => None,
    };
    match known {
        Some((group, plural)) => pages_about(cluster, group, plural, kind, key),
        None => {
            vec![PageLink { name: words::EVENTS.into(), to: events_of(cluster, kind, &key.namespace, &key.name) }]
        }
    }
}
