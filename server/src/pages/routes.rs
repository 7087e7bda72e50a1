//! Every route of the pages.

use std::{convert::Infallible, sync::Arc};

use app::{
    pages::{self, Frame, Tab, Theme, Visitor, Warned, backups::WarningLine, frame},
    parts,
    source::{Found, HitLine, PlanAsked, PlanText, Source, Trouble, Version, View},
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{
        DefaultBodyLimit, Form, FromRequestParts, Path, RawQuery, Request, State, WebSocketUpgrade,
        rejection::FormRejection,
    },
    http::{Extensions, HeaderValue, StatusCode, Uri, header, request::Parts},
    middleware::from_fn,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{
    Site, assets, beside::beside, cards, elsewhere::elsewhere, everywhere::everywhere, history, incidents, life,
    site::Asked,
};
use crate::{
    access::{self, Acts, Needs, Role, Row, Stays, Who},
    backup::{self, Backups},
    listen::Stopping,
    view,
};

/// A pasted plan is no larger than this, both files together and encoded.
const PASTE: usize = 4 << 20;

const SEE: Needs = Needs::Role(Role::Viewer);

/// What each page needs.
pub const ROUTES: &[Row] = &[
    Row::get("/", SEE),
    Row::get("/find", SEE),
    Row::get("/cards", SEE),
    Row::get("/theme", Needs::Nothing),
    Row::get("/c/{cluster}", SEE),
    Row::get("/c/{cluster}/table", SEE),
    Row::get("/c/{cluster}/drift", SEE),
    Row::get("/c/{cluster}/drift.json", SEE),
    Row::get("/c/{cluster}/what-if", SEE),
    Row::get("/c/{cluster}/what-if.json", SEE),
    Row::get("/c/{cluster}/panel", SEE),
    Row::get("/c/{cluster}/find", SEE),
    Row::get("/plans", SEE),
    Row::post("/plans", SEE, Acts::No),
    Row::get("/c/{cluster}/networking", SEE),
    Row::get("/c/{cluster}/architecture.svg", SEE),
    Row::get("/c/{cluster}/architecture.json", SEE),
    Row::get("/c/{cluster}/networking.svg", SEE),
    Row::get("/c/{cluster}/networking.json", SEE),
    Row::get("/c/{cluster}/stream", SEE),
    Row::get("/c/{cluster}/history", SEE),
    Row::get("/c/{cluster}/history/of", SEE),
    Row::get("/c/{cluster}/diff", SEE),
    Row::get("/c/{cluster}/diff.json", SEE),
    Row::get("/c/{cluster}/diff.svg", SEE),
    Row::get("/c/{cluster}/incidents", SEE),
    Row::get("/c/{cluster}/incidents/{id}", SEE),
    Row::post("/c/{cluster}/incidents/silences", Needs::Role(Role::Operator), Acts::Itself),
    Row::post("/c/{cluster}/incidents/silences/{id}/end", Needs::Role(Role::Operator), Acts::Itself),
];

/// All pages of a site.
pub fn router(site: Arc<Site>) -> Router {
    // Leptos spawns what it renders; a second call finds the first one's and changes nothing.
    let _ = any_spawner::Executor::init_tokio();
    Router::new()
        .route("/", get(home))
        .route("/find", get(find_everywhere))
        .route("/cards", get(renewed_cards))
        .route("/theme", get(super::theme::choose))
        .route("/c/{cluster}", get(architecture))
        .route("/c/{cluster}/table", get(table))
        .route("/c/{cluster}/drift", get(drift))
        .route("/c/{cluster}/drift.json", get(drift_json))
        .route("/c/{cluster}/what-if", get(super::what_if::page))
        .route("/c/{cluster}/what-if.json", get(super::what_if::json))
        .route("/c/{cluster}/panel", get(panel))
        .route("/c/{cluster}/find", get(find))
        .route(
            "/plans",
            get(chosen_plan).post(pasted_plan).layer(DefaultBodyLimit::max(PASTE)).layer(from_fn(crate::plan::in_turn)),
        )
        .route("/c/{cluster}/networking", get(networking))
        .route("/c/{cluster}/architecture.svg", get(svg))
        .route("/c/{cluster}/architecture.json", get(json))
        .route("/c/{cluster}/networking.svg", get(svg))
        .route("/c/{cluster}/networking.json", get(json))
        .route("/c/{cluster}/stream", get(stream))
        .route("/c/{cluster}/history", get(history::line))
        .route("/c/{cluster}/history/of", get(life::life))
        .route("/c/{cluster}/diff", get(history::diff))
        .route("/c/{cluster}/diff.json", get(history::diff_json))
        .route("/c/{cluster}/diff.svg", get(history::diff_svg))
        .route("/c/{cluster}/incidents", get(incidents::list))
        .route("/c/{cluster}/incidents/{id}", get(incidents::one))
        .route("/c/{cluster}/incidents/silences", post(incidents::silence_made))
        .route("/c/{cluster}/incidents/silences/{id}/end", post(incidents::silence_ended))
        .fallback(fallback)
        .with_state(Asked(site))
}

/// The query of a request, taken apart once.
pub(crate) struct Query {
    pub(crate) view: View,
    pub(crate) theme: Theme,
    pub(crate) selection: Option<String>,
    show: String,
    typed: String,
    page: usize,
    pub(crate) version: Version,
}

impl Query {
    pub(crate) fn of(raw: RawQuery) -> Self {
        let raw = raw.0.unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(raw.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let number = |wanted: &str| value(wanted).and_then(|value| value.parse().ok()).unwrap_or(0);
        Self {
            view: View::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
            theme: Theme::from_word(value("theme").unwrap_or_default()),
            selection: value("sel").filter(|value| !value.is_empty() && value.len() < 1_200).map(str::to_owned),
            show: value("show").unwrap_or_default().to_owned(),
            typed: value("typed").unwrap_or_default().to_owned(),
            page: value("page").and_then(|value| value.parse().ok()).unwrap_or(1),
            version: Version { epoch: number("epoch"), number: number("number") },
        }
    }

    /// The view and the theme, ready for one more parameter.
    pub(crate) fn prefix(&self) -> String {
        let prefix = self.view.prefix();
        self.theme.word().map_or_else(|| prefix.clone(), |theme| format!("{prefix}theme={theme}&"))
    }
}

async fn home(State(asked): State<Asked>, raw: RawQuery, request: Request) -> Response {
    let clusters = asked.clusters();
    if let [only] = clusters.as_slice()
        && scene::is_addressable(&only.name)
    {
        let path = format!("/c/{}{}", scene::segment(&only.name), Query::of(raw).prefix());
        return Redirect::temporary(path.trim_end_matches(['?', '&'])).into_response();
    }
    let query = Query::of(raw);
    let found = match query.view.search.as_str() {
        "" => None,
        text => Some(everywhere(&asked, text, request.extensions()).await),
    };
    if let Some(Found { lines, stopped: false, .. }) = &found
        && let [HitLine { to: Some(to), .. }] = lines.as_slice()
    {
        return Redirect::temporary(to).into_response();
    }
    let mut frame = bare("Clusters", &asked);
    frame.theme = query.theme;
    frame.assets = assets::assets().clone();
    let scripted = frame.assets.script.is_some();
    let (page, cards) = cards::cards(&asked, query.page, request.extensions()).await;
    let content = move || pages::clusters(&cards, page, found.as_ref(), query.theme, scripted);
    render(StatusCode::OK, frame, request, content).await
}

/// The hits in all clusters as HTML, while somebody types.
async fn find_everywhere(State(asked): State<Asked>, raw: RawQuery, request: Request) -> Response {
    let found = everywhere(&asked, &Query::of(raw).typed, request.extensions()).await;
    snippet(StatusCode::OK, parts::hits(&found, "?"))
}

/// The cards of a page of clusters as HTML, while that page is open.
async fn renewed_cards(State(asked): State<Asked>, raw: RawQuery, request: Request) -> Response {
    let (_, cards) = cards::cards(&asked, Query::of(raw).page, request.extensions()).await;
    let html = leptos::prelude::Owner::new().with(|| pages::cards(&cards).to_html());
    snippet(StatusCode::OK, html)
}

/// A part of a page, which a script puts into it.
fn snippet(status: StatusCode, html: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html)
        .into_response()
}

async fn architecture(asked: State<Asked>, cluster: Path<String>, raw: RawQuery, request: Request) -> Response {
    let mut query = Query::of(raw);
    query.view.figure.clear();
    figure(asked, cluster, query, Tab::Architecture, request).await
}

async fn networking(asked: State<Asked>, cluster: Path<String>, raw: RawQuery, request: Request) -> Response {
    let mut query = Query::of(raw);
    query.view.figure = View::NETWORKING.into();
    figure(asked, cluster, query, Tab::Networking, request).await
}

async fn figure(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    query: Query,
    tab: Tab,
    request: Request,
) -> Response {
    if query.show == "table" {
        let path = format!("/c/{}/table{}", scene::segment(&cluster), query.prefix());
        return Redirect::temporary(path.trim_end_matches(['?', '&'])).into_response();
    }
    if let Some((frame, what, beside)) = history::not_shown(&asked, &cluster, tab, &query).await {
        return render(StatusCode::NOT_FOUND, frame, request, move || pages::history::not_known(&what, &beside)).await;
    }
    let found = match query.view.search.as_str() {
        "" => None,
        text => match found(&asked, &cluster, &query.view, text, request.extensions()).await {
            Ok(found) => Some(found),
            Err(trouble) => return troubled(&asked, trouble, request).await,
        },
    };
    if let (Some([only]), None) = (found.as_ref().map(|found| found.lines.as_slice()), &query.selection) {
        if let Some(to) = &only.to {
            return Redirect::temporary(to).into_response();
        }
        let path = format!("/c/{}{}", scene::segment(&cluster), tab.path());
        return Redirect::temporary(&format!("{path}{}sel={}", query.prefix(), scene::encoded(&only.opens)))
            .into_response();
    }
    let page = match asked.figure(&cluster, &query.view).await {
        Ok(page) => page,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let selected = match &query.selection {
        Some(selection) => Some((selection.clone(), asked.0.facts_at(&cluster, &query.view, selection).await)),
        None => None,
    };
    let mut frame = opened(&asked, &cluster, tab, &query);
    history::past(&asked, &cluster, &query.view, &mut frame).await;
    let live = frame.assets.script.is_some();
    let beside = beside(&asked.0, &cluster, request.extensions());
    let overview = pages::Overview { found, ..beside.overview(&query.view).await };
    let content = move || pages::figure(&cluster, &query.view, query.theme, &page, selected.clone(), &overview, live);
    render(StatusCode::OK, frame, request, content).await
}

async fn table(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery, request: Request) -> Response {
    let query = Query::of(raw);
    let table = match asked.table(&cluster, &query.view).await {
        Ok(table) => table,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let mut frame = opened(&asked, &cluster, Tab::Table, &query);
    history::past(&asked, &cluster, &query.view, &mut frame).await;
    render(StatusCode::OK, frame, request, move || pages::table(&cluster, &query.view, query.theme, table.clone()))
        .await
}

async fn drift(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery, request: Request) -> Response {
    let query = Query::of(raw);
    let page = match asked.drift(&cluster).await {
        Ok(page) => page,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let frame = opened(&asked, &cluster, Tab::Drift, &query);
    render(StatusCode::OK, frame, request, move || pages::drift(&cluster, page.clone())).await
}

async fn drift_json(State(asked): State<Asked>, Path(cluster): Path<String>) -> Response {
    match asked.drift(&cluster).await {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response(),
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}

/// The parts of a plan, as a form has them.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct PlanForm {
    dha: String,
    network: String,
    theme: String,
}

async fn chosen_plan(State(asked): State<Asked>, form: axum::extract::Query<PlanForm>, request: Request) -> Response {
    let file = |name: &String| (!name.is_empty()).then(|| PlanText::File(name.clone()));
    let wanted = PlanAsked { dha: file(&form.dha), network: file(&form.network) };
    plan(asked, wanted, Theme::from_word(&form.theme), request).await
}

async fn pasted_plan(
    State(asked): State<Asked>,
    Bodyless(request): Bodyless,
    form: Result<Form<PlanForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(rejection) => {
            let trouble = Trouble::Unusable {
                what: format!("The pasted plan cannot be taken: {}", rejection.body_text()),
                todo: format!("A plan is at most {} MiB of text.", PASTE >> 20),
            };
            return troubled(&asked, trouble, request).await;
        }
    };
    // A form ends every line with CR LF, whatever was pasted.
    let text = |text: &String| (!text.trim().is_empty()).then(|| PlanText::Pasted(text.replace("\r\n", "\n")));
    let wanted = PlanAsked { dha: text(&form.dha), network: text(&form.network) };
    plan(asked, wanted, Theme::from_word(&form.theme), request).await
}

async fn plan(asked: Asked, wanted: PlanAsked, theme: Theme, request: Request) -> Response {
    let page = if wanted == PlanAsked::default() {
        None
    } else {
        match asked.plan(&wanted).await {
            Ok(page) => Some(page),
            Err(trouble) => return troubled(&asked, trouble, request).await,
        }
    };
    let mut frame = bare("Plans", &asked);
    frame.theme = theme;
    let choices = asked.plans();
    render(StatusCode::OK, frame, request, move || pages::plan(&choices, &wanted, page.as_ref())).await
}

async fn panel(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery) -> Response {
    let query = Query::of(raw);
    let prefix = query.prefix();
    let selection = query.selection.unwrap_or_default();
    let (status, html) = match asked.0.facts_at(&cluster, &query.view, &selection).await {
        Ok(facts) => (StatusCode::OK, parts::panel(&facts, &prefix, prefix.trim_end_matches('&'))),
        Err(trouble) => {
            // What was chosen may be gone: that is an answer, and nothing for a browser's console.
            let status = if matches!(trouble, Trouble::NoSuchThing(_)) { StatusCode::OK } else { status(&trouble) };
            (status, format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string())))
        }
    };
    snippet(status, html)
}

/// The hits of a search as HTML, while somebody types.
async fn find(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery, request: Request) -> Response {
    let query = Query::of(raw);
    let (status, html) = match found(&asked, &cluster, &query.view, &query.typed, request.extensions()).await {
        Ok(found) => (StatusCode::OK, parts::hits(&found, &query.prefix())),
        Err(trouble) => (status(&trouble), format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string()))),
    };
    snippet(status, html)
}

/// What a text finds in a figure, and elsewhere when the present is shown.
async fn found(asked: &Asked, cluster: &str, view: &View, text: &str, said: &Extensions) -> Result<Found, Trouble> {
    let mut found = asked.0.find(cluster, view, text).await?;
    if view.moment.is_empty() {
        let others = elsewhere(asked, cluster, text, said).await;
        found.others = others.len();
        found.lines.extend(others);
    }
    Ok(found)
}

/// The view that a file shows: its name tells the figure.
fn view_of_file(uri: &Uri, raw: RawQuery) -> View {
    let networking = uri.path().rsplit('/').next().is_some_and(|file| file.starts_with(View::NETWORKING));
    let figure = if networking { View::NETWORKING } else { "" };
    View { figure: figure.into(), ..Query::of(raw).view }
}

async fn svg(State(asked): State<Asked>, Path(cluster): Path<String>, uri: Uri, raw: RawQuery) -> Response {
    match asked.0.file(&cluster, &view_of_file(&uri, raw)).await {
        Ok(scene) => {
            let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
            (kind, scene::document(&scene)).into_response()
        }
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}

async fn json(State(asked): State<Asked>, Path(cluster): Path<String>, uri: Uri, raw: RawQuery) -> Response {
    match asked.0.file(&cluster, &view_of_file(&uri, raw)).await {
        Ok(scene) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(scene)).into_response(),
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}

async fn stream(
    State(Asked(site)): State<Asked>,
    Path(cluster): Path<String>,
    Extension(stopping): Extension<Stopping>,
    raw: RawQuery,
    Extension(stays): Extension<Stays>,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Response {
    let query = Query::of(raw);
    let beside = beside(&site, &cluster, request.extensions());
    let prefix = query.prefix();
    let beside: view::Beside = Arc::new(move || {
        let (beside, prefix) = (beside.clone(), prefix.clone());
        Box::pin(async move { Some(beside.html(&prefix).await) })
    });
    match site.watched(&cluster, &query.view).await {
        Ok(watched) => {
            let still: view::Still = Arc::new(move || {
                let stays = stays.clone();
                Box::pin(async move { stays.still().await })
            });
            view::follow(upgrade, watched, query.version, stopping, still, Some(beside))
        }
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}

async fn fallback(State(asked): State<Asked>, request: Request) -> Response {
    if let Some(file) = assets::file(request.uri().path(), request.headers()) {
        return file;
    }
    let frame = bare("Not found", &asked);
    render(StatusCode::NOT_FOUND, frame, request, pages::not_found).await
}

/// The frame of a page that is about no cluster and needs no script.
pub(crate) fn bare(title: &str, asked: &Asked) -> Frame {
    let mut assets = assets::assets().clone();
    assets.script = None;
    Frame {
        title: title.into(),
        clusters: asked.clusters(),
        open: None,
        view: View::default(),
        theme: Theme::System,
        shown: Theme::System,
        here: "/".into(),
        at: String::new(),
        assets,
        again: None,
        visitor: Visitor::default(),
        warned: Warned::Ask,
        past: None,
        tour: 0,
    }
}

/// What is looked at stands first: browsers cut titles at their end.
fn titled(cluster: &str, tab: Tab, query: &Query) -> String {
    let thing = query.selection.as_deref().unwrap_or(&query.view.at);
    let name = thing.rsplit('/').next().unwrap_or_default();
    let parts = [name, tab.name(), cluster];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A title of one thing below a tab, such as a deployment, by the address that it has.
pub(crate) fn one_of(title: &str, path: &str, tab: &str) -> String {
    match path.trim_end_matches('/').split_once(&format!("/{tab}/")) {
        Some((_, one)) => format!("{one} · {title}"),
        None => title.to_owned(),
    }
}

pub(crate) fn opened(asked: &Asked, cluster: &str, tab: Tab, query: &Query) -> Frame {
    Frame {
        title: titled(cluster, tab, query),
        clusters: asked.clusters(),
        open: Some((cluster.into(), tab)),
        view: query.view.clone(),
        theme: query.theme,
        shown: query.theme,
        here: "/".into(),
        at: String::new(),
        assets: assets::assets().clone(),
        again: None,
        visitor: Visitor::default(),
        warned: Warned::Ask,
        past: None,
        tour: 0,
    }
}

pub(crate) async fn troubled(asked: &Asked, trouble: Trouble, request: Request) -> Response {
    let mut frame = bare("No picture", asked);
    frame.again = matches!(trouble, Trouble::Unreachable { .. }).then_some(3);
    render(status(&trouble), frame, request, move || pages::trouble(&trouble)).await
}

pub(crate) const fn status(trouble: &Trouble) -> StatusCode {
    match trouble {
        Trouble::NoSuchCluster(_) | Trouble::NoSuchThing(_) => StatusCode::NOT_FOUND,
        Trouble::Unusable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Trouble::Unreachable { .. } => StatusCode::BAD_GATEWAY,
    }
}

/// A request without its body: what a page is drawn for after a form was read.
pub(crate) struct Bodyless(pub(crate) Request);

impl<S: Sync> FromRequestParts<S> for Bodyless {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = parts.uri.clone();
        *request.extensions_mut() = parts.extensions.clone();
        Ok(Self(request))
    }
}

/// A page in its frame, for whoever asks: the request tells who.
pub(crate) async fn render(
    status: StatusCode,
    mut around: Frame,
    request: Request<Body>,
    content: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    if around.theme == Theme::System {
        around.theme = theme(&request);
    }
    around.shown = if around.theme == Theme::System { super::theme::chosen(request.headers()) } else { around.theme };
    around.here = super::theme::here(&request);
    around.tour = crate::demo::step(request.headers());
    around.at = topology::health::moment(topology::Stamp(jiff::Timestamp::now().as_millisecond()));
    around.visitor = request.extensions().get::<Who>().map(visitor).unwrap_or_default();
    if around.warned == Warned::Ask {
        around.warned = Warned::Here(warned(around.open.as_ref().map(|(cluster, _)| cluster.as_str()), &request));
    }
    drawn(status, "'none'".into(), request, move || frame(around.clone(), content())).await
}

/// What to be warned of, from what is in memory: everything of one cluster, or what is grave of any.
fn warned(cluster: Option<&str>, request: &Request) -> Vec<WarningLine> {
    let Some(backups) = request.extensions().get::<Backups>() else { return Vec::new() };
    backups.warned(cluster).iter().map(|(cluster, warning)| backup::warning(cluster, warning)).collect()
}

/// The colours that an address asks for.
pub(crate) fn theme(request: &Request) -> Theme {
    Query::of(RawQuery(request.uri().query().map(str::to_owned))).theme
}

/// A whole document, which `frames` may show.
pub(crate) async fn drawn(
    status: StatusCode,
    frames: String,
    request: Request<Body>,
    document: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    let draw = leptos_axum::render_app_async_with_context(move || allow_own_script(&frames), document);
    let (head, body) = draw(request).await.into_parts();
    // It is whole when it comes: what is known to be whole can be compressed whole.
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut response = Response::from_parts(head, Body::from(whole));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page's own script is the one inline script that may run.
fn allow_own_script(frames: &str) {
    let nonce = leptos::nonce::use_nonce();
    let policy = access::policy(nonce.as_deref(), frames);
    if let (Some(options), Ok(policy)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&policy)) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

fn visitor(who: &Who) -> Visitor {
    Visitor {
        name: who.name.clone(),
        role: who.role.map(|role| role.word().to_owned()).unwrap_or_default(),
        signed_in: matches!(who.way, access::Way::Session { .. }),
        open: who.way == access::Way::Loopback,
        admin: who.may(Role::Admin),
    }
}
