//! Links to embedded figures: made, listed, revoked by who may see what they open.

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ApiError, Here,
    asked::{Named, Sent},
    idempotency::Kept,
    words::{Figure, moment},
};
use crate::{
    access::{Ours, Who},
    embed::{self, LinkError, Wanted},
    store,
};

/// Said beside addresses that another name of this server may have been asked for.
const BY_REQUEST: &str = "The addresses begin with the one that this request was sent to. If browsers reach this \
                          server by another, set `public_url`.";

/// A link that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedLink)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// The one cluster.
    cluster: String,
    /// The one figure.
    view: Figure,
    /// The one portal that may show it, as in `https://portal.example`; without it every one of the setting
    /// `embed_origins`.
    origin: Option<String>,
    /// Seconds that it lasts; an hour when nothing is said.
    #[schema(minimum = 10, maximum = 86400)]
    ttl: Option<u64>,
}

/// A link to an embedded figure, without what opens it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkLine {
    /// By which it is revoked.
    pub id: String,
    /// The one cluster that it opens.
    pub cluster: String,
    /// The one figure that it opens.
    pub view: Figure,
    /// Who made it.
    pub maker: String,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
    /// Until when, RFC 3339.
    #[schema(format = DateTime)]
    pub expires: String,
    /// Since when it is refused, RFC 3339; null as long as it is not.
    #[schema(format = DateTime)]
    pub revoked: Option<String>,
}

/// A link that was made. Its addresses open the figure; they are told this once, and null when the answer is given again
/// for the same Idempotency-Key. Who missed them makes another.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeLink {
    #[serde(flatten)]
    line: LinkLine,
    /// The address of the page for a frame.
    page: Option<String>,
    /// The address of the same as a picture in SVG.
    picture: Option<String>,
    /// The address of the same as pixels in PNG.
    pixels: Option<String>,
    /// What to know of these addresses, as when they are only as good as the one that was asked; null for nothing.
    hint: Option<String>,
}

/// Links.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkList {
    /// Newest first, expired and revoked ones too.
    pub items: Vec<LinkLine>,
}

/// Makes a link that shows one figure of one cluster in frames of other sites' pages.
#[utoipa::path(post, path = "/api/v1/embed-links", tag = "embed-links", request_body = NewLink,
    responses((status = 201, description = "Made", body = MadeLink)))]
pub(super) async fn make(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Ours(ours)): Extension<Ours>,
    Sent(new): Sent<NewLink>,
) -> Result<Response, ApiError> {
    let figure = match new.view {
        Figure::Architecture => embed::Figure::Architecture,
        Figure::Networking => embed::Figure::Networking,
    };
    let wanted = Wanted { cluster: new.cluster, figure, origin: new.origin, ttl: new.ttl };
    let (link, text) = here.embed.make(&who, wanted).await?;
    let (base, hint) = match here.embed.public() {
        Some(public) => (public.to_owned(), None),
        None => (ours, Some(BY_REQUEST.to_owned())),
    };
    let path = format!("{base}/embed/{}/{}", scene::segment(&link.cluster), link.figure);
    let line = line(link);
    let kept = MadeLink { line: line.clone(), page: None, picture: None, pixels: None, hint: None };
    let kept = serde_json::to_string(&kept).map_err(|_| ApiError::Fault("JSON"))?;
    let of = |ending: &str| Some(format!("{path}{ending}?link={text}"));
    let made = MadeLink { line, page: of(""), picture: of(".svg"), pixels: of(".png"), hint };
    let mut response = (StatusCode::CREATED, Json(made)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Kept(kept));
    Ok(response)
}

/// Lists your embed links, without what opens them; an admin's list has all.
#[utoipa::path(get, path = "/api/v1/embed-links", tag = "embed-links",
    responses((status = 200, description = "Your own, or all", body = LinkList)))]
pub(super) async fn list(State(here): State<Here>, Extension(who): Extension<Who>) -> Result<Json<LinkList>, ApiError> {
    let links = here.embed.links(&who).await?;
    Ok(Json(LinkList { items: links.into_iter().map(line).collect() }))
}

/// Revokes a link: it opens nothing from now on, and who looks at its figure sees no more of it.
#[utoipa::path(delete, path = "/api/v1/embed-links/{id}", tag = "embed-links",
    params(("id" = String, Path, description = "As it was told when the link was made")),
    responses((status = 204, description = "Revoked, now or before")))]
pub(super) async fn revoke(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named(id): Named<String>,
) -> Result<StatusCode, ApiError> {
    here.embed.revoke(&who, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn line(link: store::Link) -> LinkLine {
    LinkLine {
        id: link.id,
        cluster: link.cluster,
        view: if link.figure == "networking" { Figure::Networking } else { Figure::Architecture },
        maker: link.maker,
        created: moment(link.created),
        expires: moment(link.expires),
        revoked: link.revoked.map(moment),
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Store(error) => error.into(),
            LinkError::Missing => Self::Missing(error.to_string()),
            other => Self::Unusable { what: other.to_string(), todo: String::new() },
        }
    }
}
