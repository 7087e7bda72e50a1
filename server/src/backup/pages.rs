//! Pages of backups.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use app::{
    pages::{
        Tab, Warned,
        backups::{self as pages, BackupPage, Fate, List, PlaceFates},
    },
    source::{Source, Trouble},
    texts::backups as words,
};
use axum::{
    Extension, Router,
    extract::{Form, Path, Query, RawQuery, Request, State, WebSocketUpgrade},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::{AnyView, RenderHtml};
use serde::Deserialize;

use super::{
    delivery::BackupError, house::Backups, manifest::Manifest, retention::Verdict, story, warnings::length, wire,
};
use crate::{
    access::{self, Acts, Needs, Role, Row, Stays, Who},
    listen::Stopping,
    pages::{self as around, Asked, Bodyless, Site, opened, render, troubled},
    store::{Begun, Claim, Replay, StoreError},
};

const SEE: Needs = Needs::Role(Role::Viewer);

/// What these pages need.
pub const ROUTES: &[Row] = &[
    Row::get("/c/{cluster}/backups", SEE),
    Row::post("/c/{cluster}/backups", Needs::Role(Role::Operator), Acts::As("backup.start")),
    Row::post("/c/{cluster}/backups/accept", Needs::Role(Role::Operator), Acts::As("backup.accept")),
    Row::get("/c/{cluster}/backups/part", SEE),
    Row::get("/c/{cluster}/backups/stream", SEE),
    Row::get("/c/{cluster}/backups/retention", SEE),
    Row::get("/c/{cluster}/backups/{id}", SEE),
    Row::post("/c/{cluster}/backups/{id}/rehearse", Needs::Role(Role::Operator), Acts::As("backup.rehearse")),
    Row::post("/c/{cluster}/backups/{id}/remove", Needs::Role(Role::Admin), Acts::As("backup.remove")),
];

/// Backups on one page.
const PAGE: u32 = 50;
/// What would go, listed on one page for each place.
const LISTED: usize = 200;
/// Without a script, a page looks again after so many seconds while a backup goes on.
const AGAIN: u32 = 2;
/// For how long pressing a button again is pressing it once.
const ONCE: i64 = 24 * 3_600_000;
/// Whoever began a backup has said so after this.
const HELD: Duration = Duration::from_secs(120);

/// What these pages are made from.
#[derive(Clone)]
pub struct Shelf {
    asked: Asked,
    backups: Backups,
}

impl Shelf {
    /// Of a site and its backups.
    pub fn new(site: Arc<Site>, backups: Backups) -> Self {
        Self { asked: Asked::of(site), backups }
    }
}

/// The pages.
pub fn router(here: Shelf) -> Router {
    Router::new()
        .route("/c/{cluster}/backups", get(list).post(start))
        .route("/c/{cluster}/backups/accept", post(accept))
        .route("/c/{cluster}/backups/part", get(part))
        .route("/c/{cluster}/backups/stream", get(stream))
        .route("/c/{cluster}/backups/retention", get(retention))
        .route("/c/{cluster}/backups/{id}", get(one))
        .route("/c/{cluster}/backups/{id}/rehearse", post(rehearse))
        .route("/c/{cluster}/backups/{id}/remove", post(remove))
        .with_state(here)
}

/// Why there is no page.
struct NoPage(Trouble);

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self(Trouble::Unreachable { what: error.to_string(), todo: "Binnacle keeps trying.".into() })
    }
}

impl NoPage {
    fn no_such() -> Self {
        Self(Trouble::NoSuchThing(words::NO_SUCH.into()))
    }

    async fn answer(self, here: &Shelf, request: Request) -> Response {
        troubled(&here.asked, self.0, request).await
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    before: String,
    until: String,
}

impl Wanted {
    /// The place in the list from which on older ones are shown.
    fn place(&self) -> Option<(i64, String)> {
        if let Some((began, id)) = self.before.split_once('.') {
            return Some((began.parse().ok()?, id.to_owned()));
        }
        let day: jiff::civil::Date = self.until.parse().ok()?;
        let midnight = day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some((midnight.timestamp().as_millisecond(), String::new()))
    }
}

impl Shelf {
    fn known(&self, cluster: &str) -> Result<bool, NoPage> {
        let lines = self.asked.clusters();
        let line = lines.iter().find(|line| line.name == cluster);
        line.map(|line| line.demo).ok_or_else(|| NoPage(Trouble::NoSuchCluster(cluster.to_owned())))
    }

    async fn listed(&self, cluster: &str, wanted: &Wanted, who: &Who) -> Result<List, NoPage> {
        self.known(cluster)?;
        let now = now();
        let place = wanted.place();
        let before = place.as_ref().map(|(began, id)| (*began, id.as_str()));
        let (store, limit) = (self.backups.store(), usize::try_from(PAGE).unwrap_or(usize::MAX));
        let mut found = store.backups(cluster, before, PAGE + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.began, last.id));
        let line = |backup: &crate::store::Backup| {
            let manifest = Manifest::read(backup.manifest.as_bytes()).ok()?;
            Some(story::line(&manifest, &backup.copies, now))
        };
        let elsewhere = self.backups.taken_elsewhere(cluster).await?;
        let course = if elsewhere {
            Some(story::elsewhere())
        } else {
            self.backups.course(cluster).and_then(|course| story::course(&course, now))
        };
        let warned = self.backups.told_of(cluster).map(|told| told.warnings).unwrap_or_default();
        Ok(List {
            cluster: cluster.to_owned(),
            acts: who.may(Role::Operator),
            own: self.backups.course(cluster).is_some_and(|course| course.by == who.name),
            known: self.backups.knows(cluster),
            key: access::random::<16>(),
            course,
            trial: self.backups.trial(cluster).and_then(|trial| story::trial(&trial, now)),
            live: elsewhere || story::follows(&self.backups, cluster, now),
            wrong: None,
            lines: found.iter().filter_map(line).collect(),
            total: store.count_backups(cluster).await?,
            until: wanted.until.chars().take(10).collect(),
            is_later: place.is_some(),
            next,
            about: about(&self.backups, cluster, now),
            hosts: self.backups.on_hosts(cluster).iter().map(|host| story::host(host, now)).collect(),
            warned: warned.iter().map(|warning| story::warning(cluster, warning)).collect(),
        })
    }

    async fn found(&self, cluster: &str, id: &str) -> Result<(Manifest, Vec<crate::store::Copy>), NoPage> {
        self.known(cluster)?;
        let found = self.backups.store().backup(cluster, id).await?.ok_or_else(NoPage::no_such)?;
        let unreadable = |_| NoPage(Trouble::Unusable { what: words::UNREADABLE.into(), todo: String::new() });
        Ok((Manifest::read(found.manifest.as_bytes()).map_err(unreadable)?, found.copies))
    }

    async fn page(&self, cluster: &str, id: &str, who: &Who) -> Result<BackupPage, NoPage> {
        let (manifest, copies) = self.found(cluster, id).await?;
        let mut fates: BTreeMap<String, String> = BTreeMap::new();
        for (place, verdicts) in self.backups.retention(cluster).await? {
            fates.extend(verdicts.into_iter().find(|verdict| verdict.id == id).map(|verdict| (place, fate(&verdict))));
        }
        let mut line = story::line(&manifest, &copies, now());
        for copy in &mut line.copies {
            copy.fate = match fates.remove(&copy.place) {
                Some(fate) => fate,
                None if self.backups.place(&copy.place).is_none() => words::GONE_PLACE.into(),
                None => String::new(),
            };
        }
        let facts = story::facts(&manifest);
        Ok(BackupPage {
            cluster: cluster.to_owned(),
            line,
            facts,
            travels: manifest.companion.is_some(),
            admin: who.may(Role::Admin),
            operates: who.may(Role::Operator),
            wrong: None,
        })
    }
}

fn fate(verdict: &Verdict) -> String {
    let what = if verdict.reason.goes() { words::GOES } else { words::STAYS };
    format!("{what}: {}", verdict.reason)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// How backups are kept, for people.
fn about(backups: &Backups, cluster: &str, now: i64) -> Vec<(&'static str, String)> {
    let regime = backups.regime(cluster);
    let schedule = regime.schedule.as_ref().map(|schedule| {
        let next = jiff::Timestamp::from_millisecond(now).ok().and_then(|now| schedule.after(now));
        let next = next.map(|next| format!(", next {}", story::moment(next.as_millisecond()))).unwrap_or_default();
        format!("{} ({}) in {}{next}", schedule.text(), schedule.words(), schedule.zone())
    });
    let places: Vec<&str> = backups.keeping().places.iter().map(super::places::Place::name).collect();
    let allowed = i64::try_from(regime.allowed.as_millis()).unwrap_or(i64::MAX);
    vec![
        (words::SCHEDULE, schedule.unwrap_or_else(|| words::NO_SCHEDULE.into())),
        (words::PLACES, places.join(", ")),
        (words::RULES, rules(backups, cluster)),
        (words::ALLOWED, words::older_than(&length(allowed))),
    ]
}

fn rules(backups: &Backups, cluster: &str) -> String {
    let rules = &backups.regime(cluster).rules;
    let named =
        [("newest", rules.newest), ("daily", rules.daily), ("weekly", rules.weekly), ("monthly", rules.monthly)];
    let set: Vec<String> =
        named.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}")).collect();
    if set.is_empty() { words::NO_RULES.into() } else { set.join(", ") }
}

async fn drawn(
    here: &Shelf,
    cluster: &str,
    status: StatusCode,
    request: Request,
    again: bool,
    content: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    let mut query = around::Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = app::source::View::default();
    let mut frame = opened(&here.asked, cluster, Tab::Backups, &query);
    frame.title = around::one_of(&frame.title, request.uri().path(), "backups");
    frame.again = again.then_some(AGAIN);
    render(status, frame, request, content).await
}

async fn list(
    State(here): State<Shelf>,
    Path(cluster): Path<String>,
    Query(wanted): Query<Wanted>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    match here.listed(&cluster, &wanted, &who).await {
        Ok(list) => drawn_list(&here, StatusCode::OK, list, request).await,
        Err(none) => none.answer(&here, request).await,
    }
}

async fn drawn_list(here: &Shelf, status: StatusCode, list: List, request: Request) -> Response {
    let cluster = list.cluster.clone();
    if !list.known && list.total == 0 {
        let demo = here.known(&cluster).unwrap_or_default();
        let of = cluster.clone();
        return drawn(here, &cluster, status, request, false, move || pages::none(&of, demo)).await;
    }
    let live = around::assets().script.is_some();
    let mut query = around::Query::of(RawQuery(request.uri().query().map(str::to_owned)));
    query.view = app::source::View::default();
    let mut frame = opened(&here.asked, &cluster, Tab::Backups, &query);
    frame.again = list.live.then_some(AGAIN);
    // They change with what goes on, and so stand in what is renewed.
    frame.warned = Warned::Page;
    render(status, frame, request, move || pages::list(&list, live)).await
}

async fn part(
    State(here): State<Shelf>,
    Path(cluster): Path<String>,
    Query(wanted): Query<Wanted>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    match here.listed(&cluster, &wanted, &who).await {
        Ok(list) => {
            let html = leptos::prelude::Owner::new().with(|| pages::part(&list).to_html());
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html)
                .into_response()
        }
        Err(none) => none.answer(&here, request).await,
    }
}

async fn stream(
    State(here): State<Shelf>,
    Path(cluster): Path<String>,
    Extension(stopping): Extension<Stopping>,
    Extension(stays): Extension<Stays>,
    upgrade: WebSocketUpgrade,
) -> Response {
    wire::follow(upgrade, here.backups, cluster, stopping, stays)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Take {
    key: String,
}

async fn start(
    State(here): State<Shelf>,
    Path(cluster): Path<String>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
    Form(form): Form<Take>,
) -> Response {
    let begun = match here.known(&cluster) {
        Ok(_) => begin(&here, &cluster, &who, form.key).await,
        Err(none) => return none.answer(&here, request).await,
    };
    let wrong = match begun {
        Ok(()) => return Redirect::to(&path(&cluster)).into_response(),
        // The list tells how that one goes.
        Err(BackupError::Underway(_)) => return Redirect::to(&path(&cluster)).into_response(),
        Err(BackupError::Store(error)) => return NoPage::from(error).answer(&here, request).await,
        Err(error) => error.to_string(),
    };
    match here.listed(&cluster, &Wanted::default(), &who).await {
        Ok(list) => drawn_list(&here, StatusCode::CONFLICT, List { wrong: Some(wrong), ..list }, request).await,
        Err(none) => none.answer(&here, request).await,
    }
}

fn path(cluster: &str) -> String {
    format!("/c/{}/backups", scene::segment(cluster))
}

/// Begins a backup, unless this very button was pressed before.
async fn begin(here: &Shelf, cluster: &str, who: &Who, key: String) -> Result<(), BackupError> {
    let key = key.chars().take(64).collect::<String>();
    if key.is_empty() {
        return here.backups.start(cluster, &who.name).await;
    }
    let claim = Claim {
        who: who.subject(),
        key: format!("button {key}"),
        request: format!("backup {cluster}"),
        holder: access::random::<8>(),
        repeats: false,
    };
    let (store, now) = (here.backups.store(), now());
    if store.begin(&claim, HELD, now, now + ONCE).await? != Begun::New {
        return Ok(());
    }
    match here.backups.start(cluster, &who.name).await {
        Ok(()) => {
            store.finish(&claim, &Replay { status: StatusCode::SEE_OTHER.as_u16(), body: String::new() }).await?;
            Ok(())
        }
        Err(error) => {
            store.abandon(&claim).await?;
            Err(error)
        }
    }
}

async fn one(
    State(here): State<Shelf>,
    Path((cluster, id)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    match here.page(&cluster, &id, &who).await {
        Ok(page) => drawn(&here, &cluster, StatusCode::OK, request, false, move || pages::one(&page)).await,
        Err(none) => none.answer(&here, request).await,
    }
}

/// Somebody says that the cluster was rebuilt or restored on purpose.
async fn accept(
    State(here): State<Shelf>,
    Path(cluster): Path<String>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
) -> Response {
    match here.backups.accept_life(&cluster, &who.name).await {
        Ok(()) => Redirect::to(&path(&cluster)).into_response(),
        Err(error) => NoPage::from(error).answer(&here, request).await,
    }
}

async fn rehearse(
    State(here): State<Shelf>,
    Path((cluster, id)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
) -> Response {
    let page = match here.page(&cluster, &id, &who).await {
        Ok(page) => page,
        Err(none) => return none.answer(&here, request).await,
    };
    let wrong = match here.backups.start_rehearsal(&cluster, &id, &who.name).await {
        Ok(()) => return Redirect::to(&path(&cluster)).into_response(),
        // Pressed twice, it is one, and the list tells how it goes.
        Err(BackupError::Rehearsing(_)) if here.backups.trial(&cluster).is_some_and(|trial| trial.held.is_none()) => {
            return Redirect::to(&path(&cluster)).into_response();
        }
        Err(BackupError::Store(error)) => return NoPage::from(error).answer(&here, request).await,
        Err(error) => error.to_string(),
    };
    let page = BackupPage { wrong: Some(wrong), ..page };
    drawn(&here, &cluster, StatusCode::CONFLICT, request, false, move || pages::one(&page)).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Confirmed {
    confirm: String,
}

async fn remove(
    State(here): State<Shelf>,
    Path((cluster, id)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    Bodyless(request): Bodyless,
    Form(form): Form<Confirmed>,
) -> Response {
    let page = match here.page(&cluster, &id, &who).await {
        Ok(page) => page,
        Err(none) => return none.answer(&here, request).await,
    };
    let (status, wrong) = if form.confirm.trim() == page.line.revision {
        match here.backups.remove(&cluster, &id).await {
            Ok(()) => return Redirect::to(&path(&cluster)).into_response(),
            Err(BackupError::Store(error)) => return NoPage::from(error).answer(&here, request).await,
            Err(BackupError::Missing(_)) => return NoPage::no_such().answer(&here, request).await,
            Err(error @ BackupError::Place(_)) => (StatusCode::BAD_GATEWAY, error.to_string()),
            Err(error) => (StatusCode::CONFLICT, error.to_string()),
        }
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, words::NOT_CONFIRMED.to_owned())
    };
    let page = BackupPage { wrong: Some(wrong), ..page };
    drawn(&here, &cluster, status, request, false, move || pages::one(&page)).await
}

async fn retention(State(here): State<Shelf>, Path(cluster): Path<String>, request: Request) -> Response {
    let places = async {
        here.known(&cluster)?;
        let mut places = Vec::new();
        for (place, verdicts) in here.backups.retention(&cluster).await? {
            places.push(fates(place, verdicts));
        }
        Ok::<_, NoPage>(places)
    };
    match places.await {
        Ok(places) => {
            let (of, rules) = (cluster.clone(), rules(&here.backups, &cluster));
            let content = move || pages::retention(&of, &rules, &places);
            drawn(&here, &cluster, StatusCode::OK, request, false, content).await
        }
        Err(none) => none.answer(&here, request).await,
    }
}

fn fates(place: String, verdicts: Vec<Verdict>) -> PlaceFates {
    let (goes, stays): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|verdict| verdict.reason.goes());
    let more = goes.len().saturating_sub(LISTED);
    let fate = |verdict: Verdict| Fate {
        why: verdict.reason.to_string(),
        taken: story::moment(verdict.began),
        id: verdict.id,
    };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in stays {
        *reasons.entry(verdict.reason.rule()).or_default() += 1;
    }
    PlaceFates {
        place,
        goes: goes.into_iter().take(LISTED).map(fate).collect(),
        more,
        stays: reasons.into_iter().collect(),
    }
}
