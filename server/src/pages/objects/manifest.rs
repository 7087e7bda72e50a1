//! One object as YAML: on a page, and as a file.

use app::{
    pages::{
        Tab,
        objects::{self as pages, ManifestPage},
    },
    source::Trouble,
};
use axum::{
    extract::{Path, Query, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{Asked, drawn, kind_of, line, notice, saved_as};
use crate::{
    cluster::{
        ask::Refused,
        kinds::Kind,
        manifest::{self, Manifest},
    },
    pages::{status, troubled},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    ns: String,
    name: String,
}

async fn read(
    asked: &Asked,
    (cluster, group, plural): &(String, String, String),
    which: &Which,
) -> Result<(Kind, Result<Manifest, Refused>), Trouble> {
    let watched = asked.0.cluster(cluster).await?;
    let kind = kind_of(&watched, group, plural).await?;
    if which.name.is_empty() || (kind.namespaced && which.ns.is_empty()) {
        return Err(Trouble::NoSuchThing(format!("{} without a name or a namespace", kind.kind)));
    }
    let namespace = if kind.namespaced { which.ns.as_str() } else { "" };
    match manifest::manifest(watched.client(), &kind, namespace, &which.name).await {
        Err(Refused::Missing(_)) => {
            let inside = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
            Err(Trouble::NoSuchThing(format!("{} {inside}{}", kind.kind, which.name)))
        }
        manifest => Ok((kind, manifest)),
    }
}

/// The page.
pub(super) async fn page(
    State(asked): State<Asked>,
    Path(path): Path<(String, String, String)>,
    Query(which): Query<Which>,
    request: Request,
) -> Response {
    let (kind, manifest) = match read(&asked, &path, &which).await {
        Ok(found) => found,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let (yaml, manifest) = match manifest {
        Ok(mut manifest) => (Ok(std::mem::take(&mut manifest.yaml)), manifest),
        Err(why) => (Err(notice(&why)), Manifest::default()),
    };
    let page = ManifestPage {
        kind: line(&kind),
        namespace: if kind.namespaced { which.ns } else { String::new() },
        name: which.name,
        yaml,
        managed: manifest.managed,
        hidden: manifest.hidden,
    };
    let (of, one) = (path.0.clone(), page.name.clone());
    drawn(&asked, &path.0, Tab::Objects, &one, request, move || pages::manifest(&of, &page)).await
}

/// The file.
pub(super) async fn file(
    State(asked): State<Asked>,
    Path(path): Path<(String, String, String)>,
    Query(which): Query<Which>,
) -> Response {
    match read(&asked, &path, &which).await {
        Ok((_, Ok(manifest))) => {
            let headers = saved_as("application/yaml; charset=utf-8", &format!("{}.yaml", which.name));
            (headers, manifest.yaml).into_response()
        }
        Ok((_, Err(why))) => (StatusCode::BAD_GATEWAY, notice(&why).what).into_response(),
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}
