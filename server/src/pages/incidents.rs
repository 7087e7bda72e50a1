//! Pages of a cluster's incidents, and the silences that are made there.

use std::sync::Arc;

use app::{
    pages::{
        Tab,
        incidents::{self as pages, IncidentLine, IncidentPage, IncidentsPage, SilenceLine},
    },
    source::{Source as _, Trouble},
    texts::incidents as words,
};
use axum::{
    Extension,
    extract::{Form, Path, RawQuery, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use incident::Kind;
use topology::{
    Stamp,
    health::{age, moment},
};

use super::{
    history::made_up,
    routes::{Bodyless, Query, opened, render, troubled},
    sentence,
    site::Asked,
};
use crate::{
    access::{Door, Role, Who},
    incidents::{SilenceError, Wish, rfc, silences},
    journal::{History, MADE_UP},
    store::{IncidentRow, Silence, StoreError},
};

/// How far the list reaches back, in milliseconds, and how many it has.
const BACK: i64 = 30 * 86_400_000;
const MOST: u32 = 200;

/// An incident in a list.
pub(super) fn line(row: &IncidentRow) -> IncidentLine {
    IncidentLine {
        to: app::base::at(&row.path()),
        grave: row.is_grave(),
        what: row.what.clone(),
        began: moment(Stamp(row.began)),
        lasted: row.ended.map(|ended| age(ended - row.began)).unwrap_or_default(),
        well: row.well.filter(|_| row.ended.is_none()).map(|at| moment(Stamp(at))).unwrap_or_default(),
    }
}

fn silence(one: &Silence) -> SilenceLine {
    let all = [words::kind(&one.kind), one.about.as_str()].into_iter().filter(|part| !part.is_empty());
    let what = all.collect::<Vec<_>>().join(" ");
    let what = if what.is_empty() { words::INCIDENTS.to_owned() } else { what };
    let what = words::silence(&what, &moment(Stamp(one.ends)), &one.maker, &one.reason);
    SilenceLine { id: one.id.clone(), what }
}

fn unreachable(error: &StoreError) -> Trouble {
    Trouble::Unreachable { what: format!("{error}."), todo: String::new() }
}

fn history<'a>(asked: &'a Asked, cluster: &str) -> Result<Option<&'a History>, Trouble> {
    if !asked.clusters().iter().any(|line| line.name == cluster) {
        return Err(Trouble::NoSuchCluster(cluster.to_owned()));
    }
    Ok(asked.0.history())
}

async fn found(asked: &Asked, cluster: &str, acts: bool, wrong: String) -> Result<IncidentsPage, Trouble> {
    let page = IncidentsPage { cluster: cluster.to_owned(), wrong, acts, ..IncidentsPage::default() };
    let Some(history) = history(asked, cluster)? else { return Ok(page) };
    let (store, now) = (history.store(), jiff::Timestamp::now().as_millisecond());
    let open = store.open_incidents(cluster).await.map_err(|error| unreachable(&error))?;
    let ended =
        store.ended_incidents(cluster, now - BACK, i64::MAX, MOST).await.map_err(|error| unreachable(&error))?;
    let silences = store.silences(cluster, now).await.map_err(|error| unreachable(&error))?;
    let marks = store.history_marks(cluster, now - BACK, now).await.map_err(|error| unreachable(&error))?;
    let made_up = marks.into_iter().find(|mark| mark.lane == MADE_UP).map(|mark| mark.what).unwrap_or_default();
    Ok(IncidentsPage {
        on: true,
        made_up,
        open: open.iter().map(line).collect(),
        ended: ended.iter().map(line).collect(),
        silences: silences.iter().map(silence).collect(),
        kinds: Kind::ALL.into_iter().map(Kind::word).collect(),
        ..page
    })
}

async fn shown(asked: &Asked, cluster: &str, wrong: String, query: &Query, request: Request) -> Response {
    let acts = request.extensions().get::<Who>().is_some_and(|who| who.may(Role::Operator));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = match found(asked, cluster, acts, wrong).await {
        Ok(page) => page,
        Err(trouble) => return troubled(asked, trouble, request).await,
    };
    let mut frame = opened(asked, cluster, Tab::History, query);
    frame.title = format!("{} · {cluster}", words::INCIDENTS);
    frame.assets.script = None;
    render(status, frame, request, move || pages::list(&page)).await
}

pub(super) async fn list(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    shown(&asked, &cluster, String::new(), &Query::of(raw), request).await
}

pub(super) async fn one(
    State(asked): State<Asked>,
    Path((cluster, id)): Path<(String, String)>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let row = match history(&asked, &cluster) {
        Ok(Some(history)) => history.store().incident(&cluster, &id).await.map_err(|error| unreachable(&error)),
        Ok(None) => Ok(None),
        Err(trouble) => Err(trouble),
    };
    let row = row.and_then(|row| row.ok_or_else(|| Trouble::NoSuchThing(format!("The incident {id}"))));
    let page = match row {
        Ok(row) => IncidentPage { made_up: made_up(&asked, &cluster, row.began).await, ..page(&row) },
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let mut frame = opened(&asked, &cluster, Tab::History, &Query::of(raw));
    frame.title = format!("{} · {cluster}", page.line.what);
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::one(&page)).await
}

fn page(row: &IncidentRow) -> IncidentPage {
    let base = format!("/c/{}", scene::segment(&row.cluster));
    let t = |at: i64| scene::encoded(&rfc(at));
    let diff = |from: i64, until: i64| app::base::at(&format!("{base}/diff?t1={}&t2={}", t(from), t(until)));
    let figure = |at: i64| app::base::at(&format!("{base}?t={}", t(at)));
    let opens = ["node/", "pod/", "service/"].into_iter().any(|kind| row.about.starts_with(kind));
    let about = opens.then(|| app::base::at(&format!("{base}?t={}&sel={}", t(row.began), scene::encoded(&row.about))));
    let before = row.before();
    let mut links = vec![(words::FIGURE_BEFORE, figure(row.began - 1)), (words::FIGURE_AT, figure(row.began + 1_000))];
    if let Some(before) = before.as_ref().filter(|before| before.unknown.is_empty()) {
        links.push((words::DIFFERENCE, diff(before.from, before.until)));
    }
    if let Some(ended) = row.ended {
        links.push((words::OVER_IT, diff(row.began - 1, ended)));
    }
    let (lines, more, unknown) = match before {
        Some(before) => {
            let lines = before.lines.into_iter().map(|one| (one.group, one.name, one.what)).collect();
            let unknown = if before.unknown.is_empty() { String::new() } else { sentence(&before.unknown) };
            (Some(lines), before.more, unknown)
        }
        None => (None, 0, String::new()),
    };
    IncidentPage {
        cluster: row.cluster.clone(),
        line: line(row),
        kind: words::kind(&row.kind).to_owned(),
        about: (row.about.clone(), about),
        ended: row.ended.map(|at| moment(Stamp(at))).unwrap_or_default(),
        relapses: row.relapses,
        touched: row.touched().into_iter().map(|one| (one.name, one.what)).collect(),
        before: lines,
        more,
        unknown,
        made_up: String::new(),
        links,
    }
}

/// A silence, as the form has it.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct SilenceForm {
    kind: String,
    about: String,
    minutes: String,
    reason: String,
}

pub(super) async fn silence_made(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    Extension(who): Extension<Who>,
    Extension(door): Extension<Arc<Door>>,
    Bodyless(request): Bodyless,
    Form(form): Form<SilenceForm>,
) -> Response {
    let history = match history(&asked, &cluster) {
        Ok(Some(history)) => history,
        Ok(None) => return shown(&asked, &cluster, words::OFF.into(), &Query::of(RawQuery(None)), request).await,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let minutes: u64 = form.minutes.trim().parse().unwrap_or(0);
    let wish = Wish {
        kind: form.kind,
        about: form.about.trim().to_owned(),
        seconds: minutes.saturating_mul(60),
        reason: form.reason,
    };
    let made = silences::make(&door, history.store(), &who, &cluster, wish).await.map(|_| ());
    answered(&asked, &cluster, made, request).await
}

pub(super) async fn silence_ended(
    State(asked): State<Asked>,
    Path((cluster, id)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    Extension(door): Extension<Arc<Door>>,
    Bodyless(request): Bodyless,
) -> Response {
    let history = match history(&asked, &cluster) {
        Ok(Some(history)) => history,
        Ok(None) => return shown(&asked, &cluster, words::OFF.into(), &Query::of(RawQuery(None)), request).await,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    // One that has ended meanwhile is as it was wished.
    let ended = match silences::end(&door, history.store(), &who, &cluster, &id).await {
        Err(SilenceError::Missing(_)) => Ok(()),
        ended => ended,
    };
    answered(&asked, &cluster, ended, request).await
}

async fn answered(asked: &Asked, cluster: &str, done: Result<(), SilenceError>, request: Request) -> Response {
    match done {
        Ok(()) => Redirect::to(&app::base::at(&format!("/c/{}/incidents", scene::segment(cluster)))).into_response(),
        Err(error) => shown(asked, cluster, sentence(&error), &Query::of(RawQuery(None)), request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_incident_has_words_for_people() {
        for kind in Kind::ALL {
            let told = words::kind(kind.word());
            assert!(told.starts_with(char::is_uppercase) && !told.contains('-'), "{told}");
        }
    }

    #[test]
    fn an_error_becomes_a_sentence_whatever_it_begins_with() {
        for (error, told) in [("été is no kind", "Été is no kind."), ("\"a\" is none.", "\"a\" is none."), ("", ".")]
        {
            assert_eq!(sentence(&error), told);
        }
    }
}
