//! Pages of a cluster's past: the band, the time line, and the difference of two moments.

use app::{
    pages::{
        Frame, Tab,
        history::{self as pages, Bar, DiffPage, Item, Lane, Past as Band, TimeLine},
    },
    source::{Source, Trouble, View},
    texts::history as words,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use journal::{Difference, Group};
use topology::{Inventory, Stamp, health::moment, inventory::Source as Told};

use super::{
    conversions::view as figure_view,
    routes::{Query, opened, render, status, troubled},
    site::{Asked, Past, Site, rfc},
};
use crate::{
    journal::{History, Lines, MADE_UP, PastError, TURNS},
    placed::placed,
    store::{Runs, StoreError},
};

/// Parts of a time line.
const PARTS: usize = 120;
/// Spans that can be chosen: their names in addresses, in milliseconds, for people.
pub(super) const SPANS: [(&str, i64, &str); 6] = [
    ("1h", 3_600_000, "1 hour"),
    ("6h", 6 * 3_600_000, "6 hours"),
    ("1d", 86_400_000, "1 day"),
    WEEK,
    ("30d", 30 * 86_400_000, "30 days"),
    ("90d", 90 * 86_400_000, "90 days"),
];
const WEEK: (&str, i64, &str) = ("7d", 7 * 86_400_000, "7 days");
/// Runs and backups that a time line looks through.
const LOOKED: u32 = 500;

/// What the frame of a page of the past says; nothing moves there, so that no script is needed.
pub(super) async fn past(asked: &Asked, cluster: &str, view: &View, frame: &mut Frame) {
    if view.moment.is_empty() {
        return;
    }
    frame.assets.script = None;
    let Ok(found) = asked.0.moment(cluster, &view.moment).await else { return };
    frame.past = Some(Band {
        cluster: cluster.to_owned(),
        shown: moment(found.at),
        at: rfc(found.at),
        since: moment(found.since),
        before: found.has_before.then(|| rfc(Stamp(found.since.0 - 1))),
        after: found.next.map(rfc),
        made_up: made_up(asked, cluster, found.at.0).await,
    });
}

/// That a moment was made up; empty where it was not, or the database does not tell.
pub(super) async fn made_up(asked: &Asked, cluster: &str, at: i64) -> String {
    let Some(history) = asked.0.history() else { return String::new() };
    let marks = history.store().history_marks(cluster, at, at).await.unwrap_or_default();
    // Its last moment is the first that was recorded.
    let made_up = marks.into_iter().find(|mark| mark.lane == MADE_UP && mark.ended.is_none_or(|ended| at < ended));
    made_up.map(|mark| mark.what).unwrap_or_default()
}

/// The page that stands for a moment that is not known.
pub(super) async fn not_shown(
    asked: &Asked,
    cluster: &str,
    tab: Tab,
    query: &Query,
) -> Option<(Frame, String, Vec<(String, String)>)> {
    if query.view.moment.is_empty() {
        return None;
    }
    let Err(Past::Unknown(error)) = asked.0.moment(cluster, &query.view.moment).await else { return None };
    if matches!(error, PastError::Store(_)) {
        return None;
    }
    let path = format!("/c/{}{}", scene::segment(cluster), tab.path());
    let to = |view: View| app::base::at(format!("{path}{}", view.prefix()).trim_end_matches(['?', '&']));
    let still = View { figure: String::new(), ..query.view.clone() };
    let beside = error.beside().into_iter();
    let mut beside: Vec<(String, String)> =
        beside.map(|at| (moment(at), to(View { moment: rfc(at), ..still.clone() }))).collect();
    beside.push((words::LIVE.to_owned(), to(View { moment: String::new(), ..still })));
    let Trouble::Unusable { what, .. } = Trouble::from(Past::Unknown(error)) else { return None };
    let mut frame = opened(asked, cluster, tab, query);
    frame.assets.script = None;
    Some((frame, what, beside))
}

/// A value of a query.
pub(super) fn value(raw: &RawQuery, wanted: &str) -> String {
    let raw = raw.0.as_deref().unwrap_or_default();
    let found = form_urlencoded::parse(raw.as_bytes()).find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.trim().chars().take(600).collect()).unwrap_or_default()
}

fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// The time line of a cluster.
pub(super) async fn line(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let (span, until) = (value(&raw, "span"), value(&raw, "until"));
    let query = Query::of(raw);
    if !asked.clusters().iter().any(|line| line.name == cluster) {
        return troubled(&asked, Trouble::NoSuchCluster(cluster), request).await;
    }
    let line = match time_line(&asked, &cluster, &span, &until).await {
        Ok(line) => line,
        Err(error) => {
            let trouble = Trouble::Unreachable { what: format!("{error}."), todo: String::new() };
            return troubled(&asked, trouble, request).await;
        }
    };
    let mut frame = opened(&asked, &cluster, Tab::History, &query);
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::line(&line)).await
}

/// Whether days of the last week were made up.
async fn has_made_up_days(history: &History, cluster: &str, now: i64) -> bool {
    let marks = history.store().history_marks(cluster, now - WEEK.1, now).await.unwrap_or_default();
    marks.iter().any(|mark| mark.lane == MADE_UP)
}

async fn time_line(asked: &Asked, cluster: &str, span: &str, until: &str) -> Result<TimeLine, StoreError> {
    let Some(history) = asked.0.history() else {
        return Ok(TimeLine { cluster: cluster.to_owned(), ..TimeLine::default() });
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let (word, wide, _) = match SPANS.into_iter().find(|(word, ..)| *word == span) {
        Some(span) => span,
        // The demonstration shows the days that were made up for it, for a newcomer would not look for them.
        None if has_made_up_days(history, cluster, now).await => WEEK,
        None => SPANS[1],
    };
    let until = milliseconds(until).map_or(now, |until| until.min(now));
    let asked_for = Lines { from: until - wide, until, parts: PARTS };
    let found = history.line(cluster, asked_for).await?;
    let base = app::base::at(&format!("/c/{}", scene::segment(cluster)));
    let at = |at: i64| format!("{base}?t={}", scene::encoded(&rfc(Stamp(at))));
    let page = |word: &str, until: Option<i64>| {
        let until = until.filter(|until| *until < now);
        let until = until.map(|until| format!("&until={}", scene::encoded(&rfc(Stamp(until))))).unwrap_or_default();
        format!("{base}/history?span={word}{until}")
    };
    let within = |at: i64| {
        let part = i128::from(at.clamp(asked_for.from, until) - asked_for.from) * 1000 / i128::from(wide);
        u32::try_from(part).unwrap_or(0)
    };
    let item = |began: i64, ended: Option<i64>, what: String, to: String| Item {
        from: within(began),
        until: within(ended.unwrap_or(began)),
        when: moment(Stamp(began)),
        what,
        to,
    };
    let bars = found.bars.iter().enumerate().map(|(n, count)| {
        let from = asked_for.from + wide * i64::try_from(n).unwrap_or(0) / i64::try_from(PARTS).unwrap_or(1);
        let changes = if *count == 1 { "change" } else { "changes" };
        Bar {
            count: *count,
            what: format!("{count} {changes} from {} on", moment(Stamp(from))),
            to: at(from.max(found.first.unwrap_or(from))),
        }
    });
    let bars = bars.collect();
    let lane = |name, wanted: &str| Lane {
        name,
        items: found
            .marks
            .iter()
            .filter(|mark| mark.lane == wanted)
            .map(|mark| {
                let shown = mark.began.max(found.first.unwrap_or(mark.began));
                item(mark.began, mark.ended, mark.what.clone(), at(shown))
            })
            .collect(),
    };
    let overlaps = |began: i64, ended: i64| began <= until && ended >= asked_for.from;
    let store = history.store();
    let runs = store.runs(&Runs { cluster: cluster.to_owned(), ..Runs::default() }, LOOKED).await?;
    let runs = runs.iter().filter(|run| overlaps(run.created, run.ended.unwrap_or(now)));
    let runs = runs.map(|run| {
        let what = format!("{} by {}: {}", run.kind, run.who, run.state);
        item(
            run.created,
            Some(run.ended.unwrap_or(now)),
            what,
            format!("{base}/deployments/{}", scene::segment(&run.id)),
        )
    });
    let deployments = Lane { name: words::DEPLOYMENTS, items: runs.chain(lane("", "deployment").items).collect() };
    let backups = store.good_backups(cluster, LOOKED).await?;
    let backups = backups.iter().filter(|backup| overlaps(backup.began, backup.began)).map(|backup| {
        let to = format!("{base}/backups/{}", scene::segment(&backup.id));
        item(backup.began, None, "A verified backup.".to_owned(), to)
    });
    let backups = Lane {
        name: words::BACKUPS,
        items: backups.chain(lane("", "backup").items).chain(lane("", "restore").items).collect(),
    };
    let gaps = lane("", "gap").items;
    let incidents = store.incidents(cluster, asked_for.from, until, LOOKED).await?;
    let incidents = incidents.iter().map(|row| {
        item(row.began, Some(row.ended.unwrap_or(now)), format!("{}.", row.what), app::base::at(&row.path()))
    });
    let incidents = Lane { name: app::texts::incidents::LANE, items: incidents.collect() };
    let extent = found.first.zip(found.seen).map(|(first, seen)| {
        let damaged = match found.damaged {
            0 => String::new(),
            some => format!(" Damaged blocks in this span: {some}."),
        };
        format!("Recorded from {} to {}.{damaged}", moment(Stamp(first)), moment(Stamp(seen)))
    });
    Ok(TimeLine {
        cluster: cluster.to_owned(),
        on: true,
        begun: extent.is_some(),
        extent: extent.unwrap_or_default(),
        made_up: found.marks.iter().find(|mark| mark.lane == MADE_UP).map(|mark| mark.what.clone()).unwrap_or_default(),
        spans: SPANS.iter().map(|(one, _, name)| ((*name).to_owned(), page(one, Some(until)), *one == word)).collect(),
        earlier: page(word, Some(until - wide)),
        later: (until < now).then(|| page(word, Some(until + wide))),
        ends: (moment(Stamp(asked_for.from)), moment(Stamp(until))),
        bars,
        gaps,
        lanes: vec![
            incidents,
            deployments,
            backups,
            lane(words::LEADERS, "leader"),
            lane(words::HOSTS, "host"),
            lane(words::PLANS, "plan"),
            lane(words::WATCH, "watch"),
        ],
        moment: rfc(Stamp(until)),
    })
}

/// What was different between two moments of a cluster.
pub(crate) struct Compared {
    /// The moments as they are known.
    pub(crate) moments: [Stamp; 2],
    pub(crate) found: Vec<Difference>,
    /// What one of the moments does not tell of.
    pub(crate) untold: Vec<Told>,
}

/// What was different between two moments, in RFC 3339; an empty one is now.
pub(crate) async fn compared(site: &Site, cluster: &str, first: &str, second: &str) -> Result<Compared, Trouble> {
    Ok(compared_and(site, cluster, first, second, |_, _, _| ()).await?.0)
}

/// The same, and what else is made of both.
async fn compared_and<T: Send + 'static>(
    site: &Site,
    cluster: &str,
    first: &str,
    second: &str,
    make: impl FnOnce(&Inventory, &Inventory, Stamp) -> T + Send + 'static,
) -> Result<(Compared, T), Trouble> {
    let before = site.cluster_at(cluster, first).await?;
    let after = site.cluster_at(cluster, second).await?;
    let moments = [&before, &after].map(|cluster| cluster.now());
    let work = placed(&TURNS, move || {
        let compare = |before: &Inventory, after: &Inventory| {
            let (found, untold) = journal::compare(before, after);
            (Compared { moments, found, untold }, make(before, after, moments[1]))
        };
        before.read(|before| match after.is_past() {
            true => after.read(|after| compare(before, after)),
            // Writers of the live cluster wait no longer than a copy takes.
            false => compare(before, &after.read(Clone::clone)),
        })
    });
    work.await.ok_or_else(|| Trouble::Unreachable {
        what: "The two moments could not be compared.".to_owned(),
        todo: "The server's log says why.".to_owned(),
    })
}

/// What was different between the moments that a query names: the list, and the figure of it.
async fn difference(asked: &Asked, cluster: &str, raw: &RawQuery) -> Result<(DiffPage, scene::Scene), Trouble> {
    let (first, second) = (value(raw, "t1"), value(raw, "t2"));
    if first.is_empty() {
        let what = "A difference needs a first moment.".to_owned();
        return Err(Trouble::Unusable {
            what,
            todo: "Name it as in ?t1=2026-11-29T03:02:00Z; without t2 the second is now.".into(),
        });
    }
    let view = figure_view(&Query::of(RawQuery(raw.0.clone())).view);
    let draw =
        move |before: &Inventory, after: &Inventory, now| topology::figure::difference(before, after, &view, now).scene;
    let (Compared { moments, found, untold }, figure) = compared_and(&asked.0, cluster, &first, &second, draw).await?;
    let groups = Group::ALL.map(|group| {
        let lines = found.iter().filter(|one| one.group == group).map(|one| (one.name.clone(), one.what.clone()));
        (group.heading(), lines.collect())
    });
    let [one, other] = moments;
    let shown = if second.is_empty() { "now".to_owned() } else { moment(other) };
    let page = DiffPage {
        cluster: cluster.to_owned(),
        moments: [(rfc(one), moment(one)), (if second.is_empty() { second } else { rfc(other) }, shown)],
        groups: groups.into(),
        untold: untold.iter().map(|source| source.word().to_owned()).collect(),
        figure: String::new(),
        summary: figure.description.clone(),
    };
    Ok((page, figure))
}

/// Each mark leads to the moment at which it can be seen: what is gone to the first.
fn lead(mut scene: scene::Scene, page: &DiffPage) -> scene::Scene {
    let [(first, _), (second, _)] = &page.moments;
    for mark in &mut scene.marks {
        let Some(opens) = mark.opens.take() else { continue };
        let gone = mark.differs == Some(scene::Differs::Gone);
        let at = if gone { first } else { second };
        let at = if at.is_empty() { String::new() } else { format!("t={}&", scene::encoded(at)) };
        // A pod at its old place is called by that place, too.
        let opens = opens.split_once('@').map_or(opens.as_str(), |(name, _)| if gone { name } else { opens.as_str() });
        mark.opens = Some(match opens.strip_prefix('?') {
            Some(query) => format!("?{at}{query}"),
            None => format!("?{at}sel={}", scene::encoded(opens)),
        });
    }
    scene
}

pub(super) async fn diff(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let (mut page, figure) = match difference(&asked, &cluster, &raw).await {
        Ok(found) => found,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let base = app::base::at(&format!("/c/{}", scene::segment(&cluster)));
    page.figure = scene::figure(&lead(figure, &page), &format!("{base}?"));
    let mut frame = opened(&asked, &cluster, Tab::History, &Query::of(raw));
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::diff(&page)).await
}

pub(super) async fn diff_svg(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery) -> Response {
    match difference(&asked, &cluster, &raw).await {
        Ok((page, figure)) => {
            let [(_, first), (_, second)] = &page.moments;
            let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
            let of = format!("{cluster}, {first} to {second}");
            (kind, scene::document(&scene::standing_alone(&figure, &of))).into_response()
        }
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}

pub(super) async fn diff_json(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery) -> Response {
    match difference(&asked, &cluster, &raw).await {
        Ok((page, _)) => {
            let line = |(name, what): &(String, String)| serde_json::json!({ "name": name, "what": what });
            let groups: serde_json::Map<String, serde_json::Value> = Group::ALL
                .iter()
                .zip(&page.groups)
                .map(|(group, (_, lines))| (group.word().replace(' ', "-"), lines.iter().map(line).collect()))
                .collect();
            let [first, second] = &page.moments;
            let body = serde_json::json!({ "t1": first.0, "t2": second.0, "groups": groups, "untold": page.untold });
            ([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
        }
        Err(trouble) => (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    }
}
