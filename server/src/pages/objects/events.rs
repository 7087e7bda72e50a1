//! Events of the cluster and of one object.

use std::{collections::BTreeSet, sync::Arc};

use app::pages::{
    Tab,
    objects::{self as pages, EventRow, EventsPage, EventsSought, manifest_of},
};
use axum::{
    extract::{Path, Query, Request, State},
    response::Response,
};
use serde::Deserialize;
use topology::{Stamp, health::age, inventory::Key};

use super::{Asked, drawn, namespaces, notice};
use crate::{
    cluster::{
        Cluster,
        ask::{self, Event, Refused},
        kinds::Kinds,
    },
    pages::troubled,
};

/// Events on one page.
const MOST: usize = 300;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    ns: String,
    kind: String,
    name: String,
    r#type: String,
    q: String,
}

/// The page.
pub(super) async fn events(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    Query(sought): Query<Sought>,
    request: Request,
) -> Response {
    let watched = match asked.0.cluster(&cluster).await {
        Ok(watched) => watched,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let sought = EventsSought {
        namespace: sought.ns.trim().to_owned(),
        kind: sought.kind.trim().to_owned(),
        name: sought.name.trim().to_owned(),
        of_type: sought.r#type,
        text: sought.q,
    };
    let (told, kinds) = tokio::join!(told(&watched, &sought), watched.kinds());
    let kinds = kinds.unwrap_or_default();
    let now = watched.now();
    let mut page = EventsPage {
        sought,
        namespaces: namespaces(&watched),
        kinds: Vec::new(),
        events: Ok(Vec::new()),
        total: 0,
        cut: false,
    };
    match told {
        Err(why) => page.events = Err(notice(&why)),
        Ok(told) => {
            let (events, whole) = &*told;
            let of_kinds: BTreeSet<&str> = events.iter().map(|event| event.involved_object.kind.as_str()).collect();
            page.kinds = of_kinds.into_iter().filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
            let found: Vec<&Event> = events.iter().filter(|event| fits(event, &page.sought)).collect();
            page.total = found.len();
            page.cut = !whole;
            let row = |event: &&Event| row(&cluster, event, &kinds, now);
            page.events = Ok(found.iter().take(MOST).map(row).collect());
        }
    }
    let (of, one) = (cluster.clone(), page.sought.name.clone());
    drawn(&asked, &cluster, Tab::Events, &one, request, move || pages::events(&of, &page)).await
}

/// Events, newest first, and whether these are all.
pub(crate) type Told = Arc<(Vec<Event>, bool)>;

/// As few events as the filters let ask for: those of an object by its name, those of a namespace, or all.
pub(crate) async fn told(cluster: &Cluster, sought: &EventsSought) -> Result<Told, Refused> {
    let client = cluster.client();
    if !sought.kind.is_empty() && !sought.name.is_empty() {
        let key = Key::new(sought.namespace.as_str(), sought.name.as_str());
        return Ok(Arc::new((ask::events(client, &sought.kind, &key).await?, true)));
    }
    match cluster.events().await {
        // Whoever may read one namespace only can read that one.
        Err(Refused::Forbidden(_)) if !sought.namespace.is_empty() => {
            ask::all_events(client, &sought.namespace).await.map(Arc::new)
        }
        Ok(all) if !all.1 && !sought.namespace.is_empty() => {
            ask::all_events(client, &sought.namespace).await.map(Arc::new)
        }
        told => told,
    }
}

/// Whether an event is sought.
pub(crate) fn fits(event: &Event, sought: &EventsSought) -> bool {
    let about = &event.involved_object;
    let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
    let text = sought.text.trim().to_lowercase();
    let told = [&event.reason, &about.name, &about.kind];
    is(&sought.namespace, &about.namespace)
        && is(&sought.kind, &about.kind)
        && is(&sought.name, &about.name)
        && is(&sought.of_type, &event.r#type)
        && (text.is_empty() || told.iter().any(|part| part.to_lowercase().contains(&text)) || event.says(&text))
}

fn row(cluster: &str, event: &Event, kinds: &Kinds, now: Stamp) -> EventRow {
    let about = &event.involved_object;
    let group = about.api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = kinds.kinds.iter().find(|kind| kind.kind == about.kind && kind.group == group && !kind.is_secret());
    let leads = kind.map(|kind| manifest_of(cluster, group, &kind.plural, &about.namespace, &about.name));
    let inside = if about.namespace.is_empty() { String::new() } else { format!("{}/", about.namespace) };
    let at: Option<jiff::Timestamp> = event.at().parse().ok();
    EventRow {
        at: event.at().to_owned(),
        age: at.map_or_else(|| "unknown".into(), |at| age((now.0 - at.as_millisecond()).max(0))),
        warning: event.r#type == "Warning",
        of_type: event.r#type.clone(),
        reason: event.reason.clone(),
        object: format!("{} {inside}{}", about.kind, about.name),
        leads,
        message: event.message().to_owned(),
        count: event.count(),
    }
}
