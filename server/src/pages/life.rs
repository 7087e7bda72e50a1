//! The page of one thing's history.

use app::{
    pages::{
        Tab,
        history::{self as pages, LifeLine, LifePage},
    },
    source::{Source as _, Trouble},
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
    response::Response,
};
use journal::{NoThing, Thing};
use topology::{Stamp, health::moment};

use super::{
    history::{SPANS, value},
    routes::{Query, opened, render, troubled},
    site::Asked,
};
use crate::incidents::rfc;

pub(super) async fn life(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let (of, span) = (value(&raw, "of"), value(&raw, "span"));
    let page = match page(&asked, &cluster, &of, &span).await {
        Ok(page) => page,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let mut frame = opened(&asked, &cluster, Tab::History, &Query::of(raw));
    frame.title = format!("{of} · {cluster}");
    frame.assets.script = None;
    render(StatusCode::OK, frame, request, move || pages::life(&page)).await
}

async fn page(asked: &Asked, cluster: &str, of: &str, span: &str) -> Result<LifePage, Trouble> {
    if !asked.clusters().iter().any(|line| line.name == cluster) {
        return Err(Trouble::NoSuchCluster(cluster.to_owned()));
    }
    let thing: Thing = of.parse().map_err(|why: NoThing| Trouble::Unusable {
        what: format!("{of:?} names no thing."),
        todo: format!("Name it with of=: {why}."),
    })?;
    let base = app::base::at(&format!("/c/{}", scene::segment(cluster)));
    let (word, wide, _) = SPANS.into_iter().find(|(word, ..)| *word == span).unwrap_or(SPANS[3]);
    let to = |word: &str| format!("{base}/history/of?of={}&span={word}", scene::encoded(of));
    let mut page = LifePage {
        cluster: cluster.to_owned(),
        of: of.to_owned(),
        spans: SPANS.iter().map(|(one, _, name)| ((*name).to_owned(), to(one), *one == word)).collect(),
        ..LifePage::default()
    };
    let Some(history) = asked.0.history() else { return Ok(page) };
    let now = jiff::Timestamp::now().as_millisecond();
    let life = history.life(cluster, thing, now - wide, now).await;
    let life = life.map_err(|error| Trouble::Unreachable { what: format!("{error}."), todo: String::new() })?;
    let at = |at: i64| format!("{base}?t={}", scene::encoded(&rfc(at)));
    let mut lines: Vec<(i64, LifeLine)> = life
        .events
        .into_iter()
        .map(|event| {
            let told = event.told.map(moment).unwrap_or_default();
            (event.at.0, LifeLine { at: moment(event.at), to: at(event.at.0), told, what: event.what.join("; ") })
        })
        .collect();
    lines.extend(life.gaps.into_iter().map(|(from, until, why)| {
        let what = format!("{why} Until {}.", moment(Stamp(until)));
        (from, LifeLine { at: moment(Stamp(from)), to: at(from), told: String::new(), what })
    }));
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    page.on = true;
    page.lines = lines.into_iter().map(|(_, line)| line).collect();
    page.since = moment(Stamp(life.from));
    page.damaged = life.damaged;
    Ok(page)
}
