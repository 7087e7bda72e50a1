//! Pages of deployments.

mod form;

use std::sync::Arc;

use app::{
    pages::{
        Tab,
        deployments::{self as pages, Asking, Review, RunPage, Sought},
    },
    source::{Source, Trouble},
    texts::deployments as words,
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{DefaultBodyLimit, Form, FromRef, Path, Query, RawQuery, Request, State, WebSocketUpgrade},
    http::{HeaderValue, StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::AnyView;
use serde::Deserialize;

use form::{Form1, ordered};

use super::{
    Office, Options, Order, OrderError, State as RunState, compare, draft::Drafts, kind_from, lines, parts::Parts,
    story, told::plain, wire,
};
use crate::{
    access::{Acts, Needs, Role, Row, Stays, Who},
    listen::Stopping,
    pages::{self as around, Asked, Bodyless, Site, opened, render, troubled},
    store::{RunRow, Runs, StoreError},
};

const SEE: Needs = Needs::Role(Role::Viewer);
const OPERATE: Needs = Needs::Role(Role::Operator);

/// What these pages need.
pub const ROUTES: &[Row] = &[
    Row::get("/c/{cluster}/deployments", SEE),
    Row::post("/c/{cluster}/deployments", OPERATE, Acts::As("deployment.start")),
    Row::get("/c/{cluster}/deployments/new", OPERATE),
    Row::post("/c/{cluster}/deployments/new", OPERATE, Acts::No),
    Row::get("/c/{cluster}/deployments/compare", SEE),
    Row::get("/c/{cluster}/deployments/recovery", SEE),
    Row::get("/c/{cluster}/deployments/{id}", SEE),
    Row::get("/c/{cluster}/deployments/{id}/part", SEE),
    Row::get("/c/{cluster}/deployments/{id}/lines.json", SEE),
    Row::get("/c/{cluster}/deployments/{id}/log.txt", SEE),
    Row::get("/c/{cluster}/deployments/{id}/stream", SEE),
    Row::post("/c/{cluster}/deployments/{id}/cancel", OPERATE, Acts::As("deployment.cancel")),
];

/// Runs on one page.
const PAGE: u32 = 50;
/// A plan that is pasted, both files together and encoded.
const PASTE: usize = 4 << 20;
/// Lines of one answer.
const LINES: usize = 1_000;

/// What these pages are made from.
#[derive(Clone)]
pub struct Deployments {
    asked: Asked,
    site: Arc<Site>,
    office: Option<Arc<Office>>,
    drafts: Arc<Drafts>,
    parts: Arc<Parts>,
}

impl Deployments {
    /// Of a site; without an office they say that nothing can be deployed.
    pub fn new(site: Arc<Site>, office: Option<Arc<Office>>) -> Self {
        Self { asked: Asked::of(site.clone()), site, office, drafts: Arc::default(), parts: Arc::default() }
    }
}

impl FromRef<Deployments> for Asked {
    fn from_ref(here: &Deployments) -> Self {
        here.asked.clone()
    }
}

/// The pages.
pub fn router(here: Deployments) -> Router {
    Router::new()
        .route("/c/{cluster}/deployments", get(list).post(start))
        .route(
            "/c/{cluster}/deployments/new",
            get(ask).post(review).layer(DefaultBodyLimit::max(PASTE)).layer(from_fn(crate::plan::in_turn)),
        )
        .route("/c/{cluster}/deployments/compare", get(compared))
        .route("/c/{cluster}/deployments/recovery", get(recovery))
        .route("/c/{cluster}/deployments/{id}", get(run))
        .route("/c/{cluster}/deployments/{id}/part", get(part))
        .route("/c/{cluster}/deployments/{id}/lines.json", get(some_lines))
        .route("/c/{cluster}/deployments/{id}/log.txt", get(download))
        .route("/c/{cluster}/deployments/{id}/stream", get(stream))
        .route("/c/{cluster}/deployments/{id}/cancel", post(cancel))
        .with_state(here)
}

/// Why there is no page.
enum NoPage {
    Trouble(Trouble),
    Nowhere,
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self::Trouble(Trouble::Unreachable { what: error.to_string(), todo: "Binnacle keeps trying.".into() })
    }
}

impl NoPage {
    fn no_run() -> Self {
        Self::Trouble(Trouble::NoSuchThing(words::NO_SUCH_RUN.into()))
    }

    async fn answer(self, here: &Deployments, request: Request) -> Response {
        match self {
            Self::Trouble(trouble) => troubled(&here.asked, trouble, request).await,
            Self::Nowhere => {
                // Its tabs and its warnings are the cluster's all the same.
                let asked = request.uri().path().split('/').nth(2).map(crate::listen::decoded).unwrap_or_default();
                let lines = here.asked.clusters();
                let line = lines.iter().find(|line| line.name == asked);
                let cluster = line.map_or("", |line| line.name.as_str());
                drawn(here, cluster, StatusCode::OK, request, pages::none).await
            }
        }
    }
}

impl Deployments {
    fn office(&self) -> Result<&Arc<Office>, NoPage> {
        self.office.as_ref().ok_or(NoPage::Nowhere)
    }

    fn known(&self, cluster: &str) -> Result<(), NoPage> {
        let known = self.asked.clusters().iter().any(|line| line.name == cluster);
        if known { Ok(()) } else { Err(NoPage::Trouble(Trouble::NoSuchCluster(cluster.to_owned()))) }
    }

    async fn row(&self, cluster: &str, id: &str) -> Result<(&Arc<Office>, RunRow), NoPage> {
        let office = self.office()?;
        let row = office.run(id).await?.filter(|row| row.cluster == cluster);
        Ok((office, row.ok_or_else(NoPage::no_run)?))
    }
}

async fn drawn(
    here: &Deployments,
    cluster: &str,
    status: StatusCode,
    request: Request,
    content: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    let mut query = around::Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = app::source::View::default();
    let mut frame = opened(&here.asked, cluster, Tab::Deployments, &query);
    frame.title = around::one_of(&frame.title, request.uri().path(), "deployments");
    render(status, frame, request, content).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    state: String,
    kind: String,
    who: String,
    before: String,
}

async fn list(
    State(here): State<Deployments>,
    Path(cluster): Path<String>,
    Query(filter): Query<Filter>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    let rows = async {
        here.known(&cluster)?;
        let before = filter.before.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        let sought = Runs {
            cluster: cluster.clone(),
            state: filter.state.clone(),
            kind: filter.kind.clone(),
            who: filter.who.clone(),
            before,
        };
        Ok::<_, NoPage>(here.office()?.runs(&sought, PAGE).await?)
    };
    let rows = match rows.await {
        Ok(rows) => rows,
        Err(none) => return none.answer(&here, request).await,
    };
    let next = (rows.len() == PAGE as usize).then(|| rows.last().map(|row| format!("{}.{}", row.created, row.id)));
    let next = next.flatten();
    let lines: Vec<_> = rows.iter().map(story::line).collect();
    let sought = Sought { state: filter.state, kind: filter.kind, who: filter.who };
    let acts = who.may(Role::Operator);
    let of = cluster.clone();
    drawn(&here, &cluster, StatusCode::OK, request, move || pages::list(&of, &lines, &sought, next.as_deref(), acts))
        .await
}

async fn ask(
    State(here): State<Deployments>,
    Path(cluster): Path<String>,
    Query(form): Query<Form1>,
    request: Request,
) -> Response {
    if let Err(none) = here.known(&cluster).and_then(|()| here.office().map(drop)) {
        return none.answer(&here, request).await;
    }
    let mut form = Form1 { first_time: Some("true".into()), ..form };
    if here.is_demo(&cluster) && form.dha.is_empty() && form.network.is_empty() {
        [form.dha, form.network] = here.demo_plan();
    }
    asking(&here, &cluster, StatusCode::OK, &form, Vec::new(), request).await
}

async fn asking(
    here: &Deployments,
    cluster: &str,
    status: StatusCode,
    form: &Form1,
    wrong: Vec<String>,
    request: Request,
) -> Response {
    let usual = Options::default();
    let or = |given: &String, usual: String| if given.is_empty() { usual } else { given.clone() };
    let asking = Asking {
        kind: if kind_from(&form.kind).is_some() { form.kind.clone() } else { "deploy".into() },
        choices: here.asked.plans(),
        dha: form.dha.clone(),
        network: form.network.clone(),
        options: [
            form.tarball.clone(),
            form.install_nic.clone(),
            or(&form.cpus, usual.cpus.to_string()),
            or(&form.memory, usual.memory.to_string()),
            or(&form.disk, usual.disk.to_string()),
        ],
        first_time: form.first_time.is_some(),
        at_once: match request.extensions().get::<Who>() {
            Some(who) => here.at_once(cluster, who).await,
            None => None,
        },
        wrong,
    };
    let of = cluster.to_owned();
    drawn(here, cluster, status, request, move || pages::ask(&of, &asking)).await
}

async fn review(
    State(here): State<Deployments>,
    Path(cluster): Path<String>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
    form: Result<Form<Form1>, axum::extract::rejection::FormRejection>,
) -> Response {
    if let Err(none) = here.known(&cluster).and_then(|()| here.office().map(drop)) {
        return none.answer(&here, request).await;
    }
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => {
            let wrong = vec![format!("the form cannot be taken: {}", rejection.body_text())];
            return asking(&here, &cluster, StatusCode::UNPROCESSABLE_ENTITY, &Form1::default(), wrong, request).await;
        }
    };
    match ordered(&here, &cluster, &form).await {
        Ok(order) => {
            let draft = here.drafts.keep(&who.name, order.clone());
            reviewed(&here, &order, draft, None, request).await
        }
        Err(wrong) => asking(&here, &cluster, StatusCode::UNPROCESSABLE_ENTITY, &form, wrong, request).await,
    }
}

async fn reviewed(
    here: &Deployments,
    order: &Order,
    draft: String,
    wrong: Option<String>,
    request: Request,
) -> Response {
    let Ok(office) = here.office() else { return NoPage::Nowhere.answer(here, request).await };
    let checks = office.preflight(Some(order)).await;
    let review = Review {
        draft,
        kind: super::kind_word(order.kind).into(),
        hosts: order.hosts(),
        is_virtual: order.is_virtual(),
        command: order.run(office.host(), &format!("{}/…", office.host().runs)).masked().shown(),
        host: office.host().name().to_owned(),
        checks: checks.map(|checks| checks.iter().map(Into::into).collect()).map_err(|error| error.to_string()),
        findings: order
            .plan
            .findings()
            .iter()
            .map(|one| format!("{} line {}: {}", one.file, one.place.line, one.what))
            .collect(),
        wrong,
    };
    let status = if review.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let of = order.cluster.clone();
    drawn(here, &order.cluster, status, request, move || pages::review(&of, &review)).await
}

#[derive(Deserialize)]
struct Form2 {
    draft: String,
    confirm: String,
}

async fn start(
    State(here): State<Deployments>,
    Path(cluster): Path<String>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
    Form(form): Form<Form2>,
) -> Response {
    let office = match here.office() {
        Ok(office) => office,
        Err(none) => return none.answer(&here, request).await,
    };
    let order = here.drafts.find(&form.draft, &who.name).filter(|order| order.cluster == cluster);
    let Some(order) = order else {
        let wrong = vec![words::REVIEW_AGAIN.to_owned()];
        return asking(&here, &cluster, StatusCode::CONFLICT, &Form1::default(), wrong, request).await;
    };
    if form.confirm.trim() != cluster {
        let wrong = Some(words::NOT_CONFIRMED.to_owned());
        return reviewed(&here, &order, form.draft, wrong, request).await;
    }
    match office.order(&order, &who.name).await {
        Ok(taken) => Redirect::to(&format!("/c/{}/deployments/{}", scene::segment(&cluster), taken.id)).into_response(),
        Err(OrderError::Store(error)) => NoPage::from(error).answer(&here, request).await,
        Err(error @ OrderError::Host(_)) => reviewed(&here, &order, form.draft, Some(error.to_string()), request).await,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunQuery {
    line: Option<String>,
    q: String,
    tasks: String,
}

impl RunQuery {
    fn look(self) -> story::Look {
        // A number that is none is no reason to show nothing.
        let line = self.line.and_then(|line| line.parse().ok());
        story::Look { line, sought: self.q.chars().take(200).collect(), all_tasks: self.tasks == "all" }
    }
}

async fn run(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    Query(query): Query<RunQuery>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    let page = async {
        let (office, row) = here.row(&cluster, &id).await?;
        let page = story::page(office, &row, &query.look(), who.may(Role::Operator)).await?;
        Ok::<_, NoPage>(RunPage { own: row.who == who.name, ..page })
    };
    match page.await {
        Ok(page) => {
            let live = around::assets().script.is_some();
            drawn(&here, &cluster, StatusCode::OK, request, move || pages::run(&page, live)).await
        }
        Err(none) => none.answer(&here, request).await,
    }
}

async fn part(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    Query(query): Query<RunQuery>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    let part = async {
        let (office, row) = here.row(&cluster, &id).await?;
        Ok::<_, NoPage>(here.parts.html(office, row, query.tasks == "all", who.may(Role::Operator)).await?)
    };
    match part.await {
        Ok(html) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (kind, html.to_string()).into_response()
        }
        Err(none) => none.answer(&here, request).await,
    }
}

#[derive(Deserialize)]
struct Some1 {
    from: u64,
    lines: usize,
}

async fn some_lines(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    Query(query): Query<Some1>,
    request: Request,
) -> Response {
    let found = async {
        let (office, row) = here.row(&cluster, &id).await?;
        let outline = office.outline(&row.id).await?;
        Ok::<_, NoPage>(lines::lines(office, &row.id, &outline, query.from.max(1), query.lines.min(LINES)).await?)
    };
    match found.await {
        Ok(lines) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(lines)).into_response(),
        Err(none) => none.answer(&here, request).await,
    }
}

async fn download(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (office, row) = match here.row(&cluster, &id).await {
        Ok((office, row)) => (office.clone(), row),
        Err(none) => return none.answer(&here, request).await,
    };
    if matches!(office.is_withheld(&row.id).await, Ok(true)) {
        return (StatusCode::SERVICE_UNAVAILABLE, words::LOG_WITHHELD).into_response();
    }
    let name = format!("attachment; filename=\"{}.log\"", row.id);
    let body = Body::from_stream(plain(office, row.id));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Has {
    lines: u64,
}

async fn stream(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    Query(has): Query<Has>,
    Extension(stopping): Extension<Stopping>,
    Extension(stays): Extension<Stays>,
    upgrade: WebSocketUpgrade,
) -> Response {
    match here.row(&cluster, &id).await {
        Ok((office, row)) => wire::follow(upgrade, office.clone(), row, has.lines, stopping, stays),
        Err(_) => (StatusCode::NOT_FOUND, words::NO_SUCH_RUN).into_response(),
    }
}

async fn cancel(
    State(here): State<Deployments>,
    Path((cluster, id)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
) -> Response {
    let cancelled = async {
        let (office, row) = here.row(&cluster, &id).await?;
        if RunState::from_word(&row.state).is_live() {
            office.cancel(&row.id, &who.name).await?;
        }
        Ok::<_, NoPage>(())
    };
    match cancelled.await {
        Ok(()) => Redirect::to(&format!("/c/{}/deployments/{id}", scene::segment(&cluster))).into_response(),
        Err(none) => none.answer(&here, request).await,
    }
}

async fn compared(
    State(here): State<Deployments>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let query = raw.0.unwrap_or_default();
    let runs: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "run")
        .map(|(_, id)| id.into_owned())
        .collect();
    let page = async {
        let [a, b] = runs.as_slice() else {
            let todo = "Tick two runs in the list.".into();
            return Err(NoPage::Trouble(Trouble::Unusable { what: "Select two deployments to compare".into(), todo }));
        };
        let ((office, a), (_, b)) = (here.row(&cluster, a).await?, here.row(&cluster, b).await?);
        Ok(compare::compare(office, &a, &b).await?)
    };
    match page.await {
        Ok(page) => drawn(&here, &cluster, StatusCode::OK, request, move || pages::compare(&page)).await,
        Err(none) => none.answer(&here, request).await,
    }
}

async fn recovery(State(here): State<Deployments>, Path(cluster): Path<String>, request: Request) -> Response {
    if let Err(none) = here.known(&cluster) {
        return none.answer(&here, request).await;
    }
    let masters = here.site.masters(&cluster).await;
    let of = cluster.clone();
    drawn(&here, &cluster, StatusCode::OK, request, move || pages::recovery(&of, &masters)).await
}
