//! Figures as files.

use app::source::{Version, View};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use topology::graph::outline;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here, accept,
    asked::{Asked, Named},
    figure,
    tags::known,
    words::{Figure, Health, Theme},
};
use crate::pages::pixels;

/// The formats, as a path has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
    Json,
    Dot,
    Mermaid,
}

impl Format {
    /// In the order of preference when several are as welcome.
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Svg, "svg", "image/svg+xml"),
        (Self::Png, "png", "image/png"),
        (Self::Json, "json", "application/json"),
        (Self::Dot, "dot", "text/vnd.graphviz"),
        (Self::Mermaid, "mmd", "text/vnd.mermaid"),
    ];
    const OFFERED: &'static str = "image/svg+xml, image/png, application/json, text/vnd.graphviz, text/vnd.mermaid";

    fn media(self) -> &'static str {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or("", |(.., media)| media)
    }

    /// What an Accept header prefers.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let media = accept::preferred(headers, &Self::ALL.map(|(.., media)| media))?;
        Self::ALL.iter().find(|(.., offered)| *offered == media).map(|(format, ..)| *format)
    }
}

/// A figure's name in a path, with or without a format.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum File {
    /// The format is chosen by Accept.
    #[serde(rename = "architecture")]
    Architecture,
    /// A picture.
    #[serde(rename = "architecture.svg")]
    ArchitectureSvg,
    /// Pixels.
    #[serde(rename = "architecture.png")]
    ArchitecturePng,
    /// Marks with places.
    #[serde(rename = "architecture.json")]
    ArchitectureJson,
    /// For Graphviz.
    #[serde(rename = "architecture.dot")]
    ArchitectureDot,
    /// For Mermaid.
    #[serde(rename = "architecture.mmd")]
    ArchitectureMermaid,
    /// The format is chosen by Accept.
    #[serde(rename = "networking")]
    Networking,
    /// A picture.
    #[serde(rename = "networking.svg")]
    NetworkingSvg,
    /// Pixels.
    #[serde(rename = "networking.png")]
    NetworkingPng,
    /// Marks with places.
    #[serde(rename = "networking.json")]
    NetworkingJson,
    /// For Graphviz.
    #[serde(rename = "networking.dot")]
    NetworkingDot,
    /// For Mermaid.
    #[serde(rename = "networking.mmd")]
    NetworkingMermaid,
}

/// What of a cluster is looked at, as pages have it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// What fills the figure: `node/NAME`, `group/KEY`, or `follow/` and a service, a pod, a node port or an
    /// address; else the cluster.
    #[param(example = "node/host1")]
    at: Option<String>,
    /// Fade all but this namespace.
    ns: Option<String>,
    /// Fade all but this owner's pods, as `Deployment/web`.
    owner: Option<String>,
    /// Fade everything in another state.
    #[param(inline)]
    state: Option<Health>,
    /// Fade all that has not this in its name.
    q: Option<String>,
    /// Colours of SVG and PNG.
    #[param(inline)]
    theme: Option<Theme>,
    /// As it was at this moment, RFC 3339; else as it is now.
    #[param(example = "2026-11-29T03:02:00Z")]
    t: Option<String>,
}

impl Look {
    /// As a view of this figure; what `at` names must be there.
    pub(super) fn view(
        at: Option<String>,
        ns: Option<String>,
        owner: Option<String>,
        state: Option<Health>,
        q: Option<String>,
        figure: Figure,
    ) -> View {
        let figure = if figure == Figure::Networking { View::NETWORKING } else { "" };
        let state = state.map_or("", |state| scene::Health::from(state).word());
        let text = |text: Option<String>| text.unwrap_or_default().chars().take(600).collect();
        let (figure, state) = (figure.into(), state.into());
        View {
            figure,
            at: text(at),
            namespace: text(ns),
            owner: text(owner),
            state,
            search: text(q),
            moment: String::new(),
        }
    }
}

/// What `at` names and is not there: in an API that is no empty figure.
pub(super) async fn present(here: &Here, cluster: &str, view: &View) -> Result<(), ApiError> {
    let held = here.site.cluster_at(cluster, &view.moment).await?;
    let there = match view.at.split_once('/') {
        None => view.at.is_empty(),
        Some(("node", name)) => held.read(|inventory| inventory.node(name).is_some()),
        Some(("follow", text)) => text.parse::<topology::graph::Question>().is_ok(),
        Some(("group", _)) => true,
        Some(_) => false,
    };
    if there { Ok(()) } else { Err(ApiError::Missing(format!("what `at` names ({})", view.at))) }
}

/// A figure as it is now: SVG, PNG, JSON, DOT or Mermaid, by the end of the path or by Accept.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/diagrams/{file}", tag = "diagrams",
    params(
        ("cluster" = String, Path, description = "The cluster's name"),
        ("file" = inline(File), Path, description = "The figure, with a format or without"),
        Look,
    ),
    responses(
        (status = 200, description = "The figure", content(
            (figure::Scene = "application/json"), (String = "image/svg+xml"), (String = "image/png"),
            (String = "text/vnd.graphviz"), (String = "text/vnd.mermaid"),
        )),
    ))]
pub(super) async fn one(
    State(here): State<Here>,
    Named((cluster, file)): Named<(String, String)>,
    Asked(look): Asked<Look>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let missing = || ApiError::Missing(format!("a figure named {file}"));
    let (name, ending) = file.split_once('.').map_or((file.as_str(), None), |(name, ending)| (name, Some(ending)));
    let figure = match name {
        "architecture" => Figure::Architecture,
        "networking" => Figure::Networking,
        _ => return Err(missing()),
    };
    let format = match ending {
        Some(ending) => Format::ALL.iter().find(|(_, known, _)| *known == ending).map(|(format, ..)| *format),
        None => Some(Format::accepted(&headers).ok_or(ApiError::Format(Format::OFFERED))?),
    };
    let format = format.ok_or_else(missing)?;
    let dark = look.theme == Some(Theme::Dark);
    let mut view = Look::view(look.at, look.ns, look.owner, look.state, look.q, figure);
    view.moment = look.t.unwrap_or_default();
    present(&here, &cluster, &view).await?;
    let held = here.site.cluster_at(&cluster, &view.moment).await?;
    let page = here.site.page(&cluster, &view).await?;
    // A past moment does not change.
    let version = if held.is_past() { Version { epoch: 0, number: held.now().0.unsigned_abs() } } else { page.version };
    let tag = tag(version, format, dark);
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    let vary = [(header::VARY, HeaderValue::from_static("accept"))];
    if known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, common, vary).into_response());
    }
    let of = crate::pages::of(&cluster, held.now());
    let scene = || scene::standing_alone(&page.scene, &of);
    let body = match format {
        Format::Svg => document(&scene(), dark).into_bytes(),
        Format::Json => serde_json::to_vec(&figure::Scene::from(&scene())).map_err(|_| ApiError::Fault("JSON"))?,
        Format::Png => {
            let drawn = pixels(document(&scene(), dark)).await;
            drawn.ok_or(ApiError::Fault("the figure cannot be drawn as pixels"))?
        }
        Format::Dot | Format::Mermaid => {
            let now = held.now();
            let mut outline = held.read(|inventory| outline::of(inventory, &crate::pages::figure_view(&view), now));
            outline.title = format!("{}: {of}", outline.title);
            let text = if format == Format::Dot { outline::dot(&outline) } else { outline::mermaid(&outline) };
            text.into_bytes()
        }
    };
    Ok((common, vary, [(header::CONTENT_TYPE, format.media())], body).into_response())
}

fn document(scene: &scene::Scene, dark: bool) -> String {
    if dark { scene::dark_document(scene) } else { scene::document(scene) }
}

fn tag(version: Version, format: Format, dark: bool) -> HeaderValue {
    let shade = if dark { "-dark" } else { "" };
    let tag = format!("W/\"{:x}.{}-{format:?}{shade}\"", version.epoch, version.number);
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}
