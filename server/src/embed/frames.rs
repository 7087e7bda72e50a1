//! What a frame loads: the figure as a page or a picture, its stream, its panel.

use std::sync::Arc;

use app::{
    pages::{Embedded, Theme, embedded},
    parts,
    source::{Facts, Source, Trouble, View},
    texts,
};
use axum::{
    Extension,
    extract::{Path, RawQuery, Request, State, WebSocketUpgrade},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use scene::Scene;

use super::{Embed, Origin, Refused};
use crate::{
    access::{Role, Stays, Who, policy, rights},
    listen::Stopping,
    pages::{Query, assets, drawn, pixels, status},
    view,
};

/// A figure that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Masters and nodes with their components and pods.
    Architecture,
    /// Which network carries what.
    Networking,
}

/// That a frame may load something.
struct Admitted {
    /// For `frame-ancestors`.
    frames: String,
    /// Who is told of height and selection; empty for nobody.
    parent: String,
    /// What the figure's links begin with.
    prefix: String,
    query: Query,
    /// Whether it is a link that opens it: then it opens this figure alone.
    by_link: bool,
}

impl Figure {
    pub(super) const ALL: [Self; 2] = [Self::Architecture, Self::Networking];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Architecture => "architecture",
            Self::Networking => "networking",
        }
    }

    pub(super) async fn page(
        self,
        State(embed): State<Embed>,
        Path(cluster): Path<String>,
        Extension(who): Extension<Who>,
        raw: RawQuery,
        request: Request,
    ) -> Result<Response, Closed> {
        let Admitted { frames, parent, prefix, query, by_link } = self.admit(&embed, &cluster, &who, raw).await?;
        let page = match embed.asked.figure(&cluster, &query.view).await {
            Ok(page) => page,
            Err(trouble) => return Ok(troubled(&trouble, &frames)),
        };
        let selected = match query.selection {
            Some(selection) => {
                let facts = told(&embed, &cluster, &selection, by_link.then_some(&page.scene)).await;
                Some((selection, facts))
            }
            None => None,
        };
        let base = format!("/embed/{}/{}", scene::segment(&cluster), self.word());
        let (view, theme, assets) = (query.view, query.theme, assets().clone());
        let shown = Embedded { cluster, base, prefix, parent, view, theme, assets, page, selected };
        Ok(quiet(drawn(StatusCode::OK, frames, request, move || embedded(shown.clone())).await))
    }

    pub(super) async fn svg(
        self,
        State(embed): State<Embed>,
        Path(cluster): Path<String>,
        Extension(who): Extension<Who>,
        raw: RawQuery,
    ) -> Result<Response, Closed> {
        let admitted = self.admit(&embed, &cluster, &who, raw).await?;
        Ok(match embed.asked.0.file(&cluster, &admitted.query.view).await {
            Ok(scene) => {
                let kind = [(header::CONTENT_TYPE, "image/svg+xml")];
                quiet((kind, picture(&scene, admitted.query.theme)).into_response())
            }
            Err(trouble) => troubled(&trouble, &admitted.frames),
        })
    }

    pub(super) async fn png(
        self,
        State(embed): State<Embed>,
        Path(cluster): Path<String>,
        Extension(who): Extension<Who>,
        raw: RawQuery,
    ) -> Result<Response, Closed> {
        let admitted = self.admit(&embed, &cluster, &who, raw).await?;
        let scene = match embed.asked.0.file(&cluster, &admitted.query.view).await {
            Ok(scene) => scene,
            Err(trouble) => return Ok(troubled(&trouble, &admitted.frames)),
        };
        let Some(drawn) = pixels(picture(&scene, admitted.query.theme)).await else {
            return Ok(said(StatusCode::INTERNAL_SERVER_ERROR, texts::NO_PIXELS, &admitted.frames));
        };
        Ok(quiet(([(header::CONTENT_TYPE, "image/png")], drawn).into_response()))
    }

    pub(super) async fn stream(
        self,
        State(embed): State<Embed>,
        Path(cluster): Path<String>,
        (Extension(who), Extension(stays)): (Extension<Who>, Extension<Stays>),
        Extension(stopping): Extension<Stopping>,
        raw: RawQuery,
        upgrade: WebSocketUpgrade,
    ) -> Result<Response, Closed> {
        let admitted = self.admit(&embed, &cluster, &who, RawQuery(raw.0.clone())).await?;
        let query = admitted.query;
        Ok(match embed.asked.0.watched(&cluster, &query.view).await {
            Ok(watched) => {
                // A link, a session or a token may end while its figure is looked at.
                let (embed, cluster, by_link) = (embed.clone(), cluster.clone(), admitted.by_link);
                let still: view::Still = Arc::new(move || {
                    let (embed, cluster, who, stays) = (embed.clone(), cluster.clone(), who.clone(), stays.clone());
                    let raw = RawQuery(raw.0.clone());
                    Box::pin(async move {
                        (by_link || stays.still().await) && self.admit(&embed, &cluster, &who, raw).await.is_ok()
                    })
                });
                view::follow(upgrade, watched, query.version, stopping, still, None)
            }
            Err(trouble) => troubled(&trouble, &admitted.frames),
        })
    }

    pub(super) async fn panel(
        self,
        State(embed): State<Embed>,
        Path(cluster): Path<String>,
        Extension(who): Extension<Who>,
        raw: RawQuery,
    ) -> Result<Response, Closed> {
        let admitted = self.admit(&embed, &cluster, &who, raw).await?;
        let selection = admitted.query.selection.unwrap_or_default();
        let facts = if admitted.by_link {
            match embed.asked.0.watched(&cluster, &admitted.query.view).await {
                Ok(watched) => told(&embed, &cluster, &selection, Some(&watched.scene())).await,
                Err(trouble) => Err(trouble),
            }
        } else {
            told(&embed, &cluster, &selection, None).await
        };
        let (code, html) = match facts {
            Ok(facts) => {
                let prefix = &admitted.prefix;
                (StatusCode::OK, parts::panel(&facts, prefix, prefix.trim_end_matches('&')))
            }
            Err(trouble) => {
                (status(&trouble), format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string())))
            }
        };
        Ok(quiet((code, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()))
    }

    /// Whether this request may load this figure: by a link, or as a viewer.
    async fn admit(self, embed: &Embed, cluster: &str, who: &Who, raw: RawQuery) -> Result<Admitted, Closed> {
        self.judged(embed, cluster, who, raw).await.map_err(|why| Closed { why, frames: embed.origins.frames(None) })
    }

    async fn judged(self, embed: &Embed, cluster: &str, who: &Who, raw: RawQuery) -> Result<Admitted, Refused> {
        let text = raw.0.clone().unwrap_or_default();
        let one = |wanted: &str| {
            let found = form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        let (link, says) = (one("link"), one("parent").as_deref().and_then(Origin::parse));
        let only = match &link {
            Some(link) => self.opened(embed, cluster, link).await?,
            None if who.may(Role::Viewer) => None,
            None => return Err(Refused::None),
        };
        let mut query = Query::of(raw);
        query.view.figure = if self == Self::Networking { View::NETWORKING.into() } else { String::new() };
        let parent = embed.origins.parent(only.as_ref(), says.as_ref());
        let parent = parent.map(|origin| origin.as_str().to_owned()).unwrap_or_default();
        let mut prefix = {
            // The path tells the figure.
            let view = View { figure: String::new(), ..query.view.clone() };
            let theme = query.theme.word().map(|word| format!("theme={word}&")).unwrap_or_default();
            format!("{}{theme}", view.prefix())
        };
        if let Some(link) = &link {
            prefix += &format!("link={}&", scene::encoded(link));
        } else if let Some(says) = &says {
            prefix += &format!("parent={}&", scene::encoded(says.as_str()));
        }
        // What leads from one pod to another is a figure of its own, and so is the past.
        if link.is_some() && (query.view.at.starts_with("follow/") || !query.view.moment.is_empty()) {
            return Err(Refused::Other);
        }
        Ok(Admitted { frames: embed.origins.frames(only.as_ref()), parent, prefix, query, by_link: link.is_some() })
    }

    /// The one portal of a link that opens this figure; `None` for every one.
    async fn opened(self, embed: &Embed, cluster: &str, link: &str) -> Result<Option<Origin>, Refused> {
        let now = jiff::Timestamp::now().as_millisecond();
        let claims = embed.signer.open(link, now)?;
        if claims.cluster != cluster || claims.figure != self.word() {
            return Err(Refused::Other);
        }
        match embed.store.link(&claims.id).await {
            Ok(Some(kept)) if kept.revoked.is_none() => maker(embed, &kept.subject).await?,
            Ok(Some(_)) => return Err(Refused::Revoked),
            Ok(None) => return Err(Refused::Forged),
            Err(error) => {
                tracing::warn!("a link cannot be looked up: {error}");
                return Err(Refused::Away);
            }
        }
        if claims.origin.is_empty() {
            return Ok(None);
        }
        Origin::parse(&claims.origin).map(Some).ok_or(Refused::Forged)
    }
}

fn picture(scene: &scene::Scene, theme: Theme) -> String {
    if theme == Theme::Dark { scene::dark_document(scene) } else { scene::document(scene) }
}

/// A link is worth nothing once its maker may not see the figure any more.
async fn maker(embed: &Embed, subject: &str) -> Result<(), Refused> {
    match rights::of(&embed.store, subject).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Refused::Revoked),
        Err(error) => {
            tracing::warn!("the maker of a link cannot be looked up: {error}");
            Err(Refused::Away)
        }
    }
}

/// That it may not: a page says why. Every portal may show it, for it tells nothing else.
pub(super) struct Closed {
    why: Refused,
    frames: String,
}

impl IntoResponse for Closed {
    fn into_response(self) -> Response {
        let (code, why) = match self.why {
            Refused::None => (StatusCode::UNAUTHORIZED, texts::LINK_NEEDED),
            Refused::Forged => (StatusCode::FORBIDDEN, texts::LINK_FORGED),
            Refused::Other => (StatusCode::FORBIDDEN, texts::LINK_OTHER),
            Refused::Expired => (StatusCode::GONE, texts::LINK_EXPIRED),
            Refused::Revoked => (StatusCode::GONE, texts::LINK_REVOKED),
            Refused::Away => (StatusCode::SERVICE_UNAVAILABLE, texts::LINK_UNSURE),
        };
        said(code, why, &self.frames)
    }
}

fn troubled(trouble: &Trouble, frames: &str) -> Response {
    said(status(trouble), &trouble.to_string(), frames)
}

fn said(code: StatusCode, why: &str, frames: &str) -> Response {
    let page = app::pages::refusal(why, crate::pages::assets());
    let mut response = (code, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy(None, frames)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    quiet(response)
}

/// The address holds the link: no other site is told it, and nobody keeps it.
fn quiet(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The link itself says who may show it; a portal's image is another site's.
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The facts of a selection, without what a program wrote into its log, which is none of a portal's. By a link only
/// what its figure shows is told, and leads only to what it shows.
async fn told(embed: &Embed, cluster: &str, selection: &str, shown: Option<&Scene>) -> Result<Facts, Trouble> {
    let shows =
        |scene: &Scene, selection: &str| scene.marks.iter().any(|mark| mark.opens.as_deref() == Some(selection));
    if shown.is_some_and(|scene| !shows(scene, selection)) {
        return Err(Trouble::NoSuchThing(selection.to_owned()));
    }
    let mut facts = embed.asked.facts(cluster, selection).await?;
    facts.log = None;
    facts.pages.clear();
    if let Some(scene) = shown {
        for line in &mut facts.lines {
            line.opens = line.opens.take().filter(|opens| shows(scene, opens));
        }
    }
    Ok(facts)
}
