//! The list of kinds, and the objects of one.

use app::pages::{
    Tab,
    objects::{self as pages, KindsPage, ObjectRow, RowsPage},
};
use axum::{
    extract::{Path, Query, Request, State},
    response::Response,
};
use scene::Health;
use serde::Deserialize;

use super::{Asked, drawn, kind_of, line, namespaces, notice};
use crate::{
    cluster::{
        kinds::Kind,
        rows::{self, Rows, Wanted},
    },
    pages::troubled,
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    q: String,
    ns: String,
    next: String,
}

/// Every kind that is served.
pub(super) async fn kinds(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    Query(sought): Query<Sought>,
    request: Request,
) -> Response {
    let watched = match asked.0.cluster(&cluster).await {
        Ok(watched) => watched,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let text = sought.q.trim().to_lowercase();
    let fits = |kind: &&Kind| {
        let told = [&kind.kind, &kind.plural, &kind.group];
        told.iter().any(|name| name.to_lowercase().contains(&text))
    };
    let page = match watched.kinds().await {
        Ok(kinds) => {
            let mut found: Vec<_> = kinds.kinds.iter().filter(fits).map(line).collect();
            found.sort_by(|a, b| (&a.group, &a.kind).cmp(&(&b.group, &b.kind)));
            KindsPage { kinds: Ok(found), missing: kinds.missing.clone(), sought: sought.q }
        }
        Err(why) => KindsPage { kinds: Err(notice(&why)), missing: Vec::new(), sought: sought.q },
    };
    let of = cluster.clone();
    drawn(&asked, &cluster, Tab::Objects, "", request, move || pages::kinds(&of, &page)).await
}

/// The objects of a kind.
pub(super) async fn rows(
    State(asked): State<Asked>,
    Path((cluster, group, plural)): Path<(String, String, String)>,
    Query(sought): Query<Sought>,
    request: Request,
) -> Response {
    let found = async {
        let watched = asked.0.cluster(&cluster).await?;
        let kind = kind_of(&watched, &group, &plural).await?;
        Ok((watched, kind))
    };
    let (watched, kind) = match found.await {
        Ok(found) => found,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    // Where only some namespaces may be read, all of them cannot be asked for at once.
    let first = watched.read(|inventory| inventory.scope().names().and_then(|names| names.first().cloned()));
    let namespace = match first.filter(|_| sought.ns.is_empty()) {
        _ if !kind.namespaced => String::new(),
        Some(first) => first.to_string(),
        None => sought.ns,
    };
    let wanted = Wanted { namespace: namespace.clone(), text: sought.q.clone(), next: sought.next };
    // Rows without objects do not tell their namespaces, and of Secrets no object is asked for.
    let choose = kind.is_secret() && namespace.is_empty();
    let told = if choose {
        let what = app::texts::objects::SECRETS_CHOOSE.into();
        Err(app::source::Notice { health: Health::Unknown, what, todo: String::new() })
    } else {
        rows::rows(watched.client(), &kind, &wanted).await.map_err(|why| notice(&why))
    };
    let (rows, Rows { columns, next, cut, .. }) = match told {
        Ok(mut rows) => (Ok(std::mem::take(&mut rows.rows)), rows),
        Err(why) => (Err(why), Rows::default()),
    };
    let row = |row: rows::Row| ObjectRow { namespace: row.namespace, name: row.name, cells: row.cells };
    let page = RowsPage {
        kind: line(&kind),
        namespace,
        namespaces: namespaces(&watched),
        sought: sought.q,
        columns,
        rows: rows.map(|rows| rows.into_iter().map(row).collect()),
        next,
        cut,
    };
    let of = cluster.clone();
    drawn(&asked, &cluster, Tab::Objects, &kind.kind, request, move || pages::rows(&of, &page)).await
}
