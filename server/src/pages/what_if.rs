//! The page of the loss of hosts.

use std::sync::Arc;

use app::pages::{
    self, Answered, HostLine, LossLine, Losses, Order, PartLine, PointLine, StuckLine, Tab, WaveLine, WhatIf,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use scene::{Health, Scene};
use topology::{Inventory, figure::is_master, graph::SinglePoint, inventory::Name};
use whatif::{Answer, DrainOrder, Loss, Step, Verdict, answer::About, answer::Outcome, answer::Part, waves::named};

use super::{
    Site,
    routes::{Query, opened, render, status, troubled},
    site::Asked,
};
use crate::{losses, rest::what_if as told};

/// Up to so many hosts have a box each.
const BOXES: usize = 80;

/// The page.
pub(super) async fn page(
    State(asked): State<Asked>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    request: Request,
) -> Response {
    let all = all(&raw);
    if let Some(query) = canonical(&all) {
        let path = format!("/c/{}/what-if", scene::segment(&cluster));
        return Redirect::to(&format!("{path}{query}")).into_response();
    }
    let mut query = Query::of(raw);
    query.view = app::source::View::default();
    query.selection = None;
    let page = match build(&asked.0, &cluster, asks_order(&all), &asking(all)).await {
        Ok(page) => page,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let mut frame = opened(&asked, &cluster, Tab::WhatIf, &query);
    frame.assets.script = None;
    let code = if page.mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(code, frame, request, move || pages::what_if(&cluster, query.theme, &page)).await
}

/// The answer as data.
pub(super) async fn json(State(asked): State<Asked>, Path(cluster): Path<String>, raw: RawQuery) -> Response {
    let found = match asked.0.cluster(&cluster).await {
        Ok(found) => found,
        Err(trouble) => return (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    };
    let pairs = all(&raw);
    // As the API has it.
    let fresh = [(header::CACHE_CONTROL, "no-store")];
    let in_order = asks_order(&pairs);
    let asking = asking(pairs);
    let answer = match in_order && asking.is_empty() {
        true => asked
            .0
            .losses()
            .order(&cluster, &found)
            .await
            .map(|order| (fresh, axum::Json(told::DrainOrder::from(&*order))).into_response()),
        false => losses::ask(&found, &asking)
            .await
            .map(|answer| (fresh, axum::Json(told::WhatIf::from(answer))).into_response()),
    };
    answer.unwrap_or_else(|mistake| {
        (StatusCode::UNPROCESSABLE_ENTITY, scene::readable(&mistake.to_string())).into_response()
    })
}

/// Whether an address asks for the order of drains, as in `?order=drain`.
fn asks_order(pairs: &[(String, String)]) -> bool {
    pairs.iter().any(|(name, value)| name == "order" && value == "drain")
}

fn all(raw: &RawQuery) -> Vec<(String, String)> {
    let raw = raw.0.as_deref().unwrap_or_default();
    form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}

/// What an address asks, without what is about the page alone.
fn asking(mut all: Vec<(String, String)>) -> Vec<(String, String)> {
    // Links between pages carry the view of the figure along.
    all.retain(|(name, _)| {
        !matches!(name.as_str(), "theme" | "fig" | "at" | "ns" | "owner" | "state" | "q" | "t" | "show" | "order")
    });
    all
}

/// A form names hosts and one kind of change: the address that says the same in one way; none where it does already.
fn canonical(pairs: &[(String, String)]) -> Option<String> {
    let kind = pairs.iter().find(|(name, _)| name == "kind").map(|(_, value)| value)?;
    let hosts = pairs.iter().filter(|(name, _)| name == "host").flat_map(|(_, value)| value.split([',', ' ']));
    let hosts = hosts.filter(|host| !host.is_empty());
    let query: Vec<String> = hosts.map(|host| format!("{}={}", scene::encoded(kind), scene::encoded(host))).collect();
    let looks = pairs.iter().find(|(name, value)| name == "theme" && !value.is_empty());
    let query: Vec<String> =
        query.into_iter().chain(looks.map(|(_, value)| format!("theme={}", scene::encoded(value)))).collect();
    Some(if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) })
}

async fn build(
    site: &Arc<Site>,
    name: &str,
    in_order: bool,
    pairs: &[(String, String)],
) -> Result<WhatIf, app::source::Trouble> {
    let cluster = site.cluster(name).await?;
    let mut page = WhatIf::default();
    if in_order && pairs.is_empty() {
        match site.losses().order(name, &cluster).await {
            Ok(order) => page.order = Some(in_waves(&order)),
            Err(mistake) => page.mistake = Some(scene::readable(&mistake.to_string())),
        }
    }
    let answer = match pairs.is_empty() {
        true => None,
        false => match losses::ask(&cluster, pairs).await {
            Ok(answer) => Some(answer),
            Err(mistake) => {
                page.mistake = Some(scene::readable(&mistake.to_string()));
                None
            }
        },
    };
    let chosen: Vec<String> =
        answer.iter().flat_map(|answer| answer.question.steps()).map(|step| step.host().to_string()).collect();
    page.hosts = cluster.read(|inventory| hosts(inventory, &chosen));
    page.named = chosen.join(",");
    match answer {
        Some(answer) => {
            let drawn = site.watched(name, &app::source::View::default()).await.ok().map(|watched| watched.scene());
            page.answer = Some(answered(&answer, drawn.as_ref()));
        }
        // The order is an answer of its own.
        None if page.order.is_some() => {}
        None => {
            page.losses = site.losses().of(name, &cluster).await.map(|found| losses_of(&found, usize::MAX, ALL_POINTS));
        }
    }
    Ok(page)
}

fn hosts(inventory: &Inventory, chosen: &[String]) -> Vec<HostLine> {
    if inventory.nodes().len() > BOXES {
        return Vec::new();
    }
    let mut nodes: Vec<_> = inventory.nodes().collect();
    nodes.sort_by(|a, b| topology::layout::natural(&a.name, &b.name));
    let line = |node: &topology::inventory::Node| HostLine {
        name: node.name.to_string(),
        role: if is_master(inventory, node) { "master" } else { "node" },
        chosen: chosen.iter().any(|name| **name == *node.name),
    };
    nodes.into_iter().map(line).collect()
}

const fn health(outcome: Outcome) -> Health {
    match outcome {
        Outcome::Unnoticed => Health::Ok,
        Outcome::Interrupted | Outcome::AtRisk => Health::Warn,
        Outcome::Unknown => Health::Unknown,
        Outcome::Damaged => Health::Bad,
    }
}

/// So many single points of failure have room beside a figure, and on the page.
const POINTS: usize = 3;
const ALL_POINTS: usize = 200;

/// The standing answers in short, as they stand beside a figure: how many there are, and the worst.
pub(super) fn lines(found: &whatif::Losses) -> Losses {
    losses_of(found, 1, POINTS)
}

/// The standing answers in the page's words, at most so many of each kind.
fn losses_of(found: &whatif::Losses, most: usize, points: usize) -> Losses {
    let point = |point: &SinglePoint| PointLine { host: point.host.to_string(), sentence: point.to_string() };
    let line = |loss: &Loss| LossLine {
        hosts: loss.hosts.join(" and "),
        query: loss.hosts.iter().map(|host| format!("lose={}", scene::encoded(host))).collect::<Vec<_>>().join("&"),
        outcome: loss.outcome.phrase(),
        health: health(loss.outcome),
        sentence: loss.sentence.clone(),
    };
    Losses {
        single: found.single.iter().take(most).map(line).collect(),
        pairs: found.pairs.iter().take(most).map(line).collect(),
        unnoticed: found.count(Outcome::Unnoticed),
        unknown: found.count(Outcome::Unknown),
        hosts: found.single.len(),
        points: found.points.iter().take(points).map(point).collect(),
        all_points: found.points.len(),
    }
}

/// The order of drains in the page's words.
fn in_waves(order: &DrainOrder) -> Order {
    let wave = |wave: &whatif::Wave| WaveLine {
        hosts: wave.hosts.iter().map(ToString::to_string).collect(),
        pods: wave.pods,
        takes: wave.takes.iter().map(|seat| (seat.host.clone(), seat.pods)).collect(),
        slow: named(&wave.slow),
        interrupted: named(&wave.interrupted),
    };
    let stuck = |(hosts, stuck): (Vec<&Name>, &whatif::Stuck)| StuckLine {
        hosts: hosts.into_iter().map(ToString::to_string).collect(),
        health: if stuck.unknown { Health::Unknown } else { Health::Bad },
        why: stuck.why.clone(),
    };
    Order {
        sentence: order.sentence(),
        health: match order.is_whole() {
            Some(true) => Health::Ok,
            Some(false) => Health::Bad,
            None => Health::Unknown,
        },
        waves: order.waves.iter().map(wave).collect(),
        stuck: order.alike().into_iter().map(stuck).collect(),
        missing: order.room(),
        flags: order.flags.join(" "),
    }
}

fn answered(answer: &Answer, scene: Option<&Scene>) -> Answered {
    let is_well =
        |part: &&Part| part.verdict == Verdict::Certain && (part.about != About::Service || part.after == Some(0));
    let (well, parts): (Vec<&Part>, Vec<&Part>) = answer.parts.iter().partition(is_well);
    Answered {
        asked: answer.asked.clone(),
        sentence: answer.sentence.clone(),
        health: health(answer.outcome),
        outcome: answer.outcome.phrase(),
        parts: parts.into_iter().map(part).collect(),
        well: well.into_iter().map(part).collect(),
        course: answer.course.iter().map(|event| (event.when(), event.what.clone())).collect(),
        returns: answer.returns.iter().map(|seat| (seat.host.clone(), seat.pods)).collect(),
        points: answer.points.iter().map(ToString::to_string).collect(),
        helps: answer.helps.iter().map(|help| format!("{help}.")).collect(),
        scene: scene.map(|scene| drawn(scene, answer)),
        query: answer.question.query(scene::encoded),
    }
}

fn part(part: &Part) -> PartLine {
    let health = match part.verdict {
        Verdict::Impossible => Health::Bad,
        Verdict::Depends { .. } => Health::Warn,
        Verdict::Unknown => Health::Unknown,
        Verdict::Certain if part.about == About::Service && part.after != Some(0) => Health::Warn,
        Verdict::Certain => Health::Ok,
    };
    let refusals = part.refusals.iter().map(|refused| (refused.why.clone(), refused.shown()));
    PartLine {
        kind: part.about.word(),
        name: part.name.clone(),
        short: part.short.clone(),
        why: part.why.clone(),
        health,
        refusals: refusals.collect(),
        opens: (part.about == About::Service).then(|| format!("service/{}", part.name)),
    }
}

/// The figure as it would be: hosts that go stand back, services without an endpoint are red.
fn drawn(scene: &Scene, answer: &Answer) -> Scene {
    let mut scene = scene.clone();
    let mut gone: std::collections::HashSet<scene::Id> = answer
        .question
        .steps()
        .iter()
        .filter(|step| matches!(step, Step::Lose(_) | Step::Remove(_) | Step::Drain(_)))
        .map(|step| scene::Id::new(format!("node/{}", step.host())))
        .collect();
    let down =
        |part: &&Part| part.about == About::Service && (part.verdict == Verdict::Impossible || part.after != Some(0));
    let services = answer.parts.iter().filter(down).map(|part| scene::Id::new(format!("service/{}", part.name)));
    let services: std::collections::HashSet<scene::Id> = services.collect();
    for mark in &mut scene.marks {
        // A mark's parent stands before it.
        if gone.contains(&mark.id) || mark.parent.as_ref().is_some_and(|parent| gone.contains(parent)) {
            mark.faded = true;
            gone.insert(mark.id.clone());
        }
        if services.contains(&mark.id) {
            mark.health = Some(Health::Bad);
        }
    }
    scene.title = format!("{}, if {}", scene.title, answer.asked);
    scene
}

#[cfg(test)]
mod tests {
    use leptos::prelude::RenderHtml;

    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_the_address_of_its_question() {
        let boxes = pairs(&[("host", "host5"), ("host", "host4"), ("kind", "lose"), ("theme", "dark")]);
        assert_eq!(canonical(&boxes).as_deref(), Some("?lose=host5&lose=host4&theme=dark"));
        let typed = pairs(&[("host", "host5, host4"), ("kind", "drain"), ("theme", "")]);
        assert_eq!(canonical(&typed).as_deref(), Some("?drain=host5&drain=host4"));
        assert_eq!(canonical(&pairs(&[("kind", "lose")])).as_deref(), Some(""));
        assert_eq!(canonical(&pairs(&[("lose", "host5")])), None);
    }

    #[test]
    fn of_many_reasons_the_worst_is_open_and_the_others_are_folded() {
        let why = ["db stays down", "web stays down", "api stays down"].map(str::to_owned).to_vec();
        let stuck = |host: &str| whatif::Stuck { host: host.into(), unknown: false, why: why.clone() };
        let order = DrainOrder { stuck: vec![stuck("a1"), stuck("a2")], ..DrainOrder::default() };
        let page = WhatIf { order: Some(in_waves(&order)), ..WhatIf::default() };
        let theme = app::pages::Theme::default();
        let html = leptos::prelude::Owner::new().with(|| pages::what_if("demo", theme, &page).to_html());
        let (open, folded) = html.split_once("<details>").expect("folded reasons");
        assert!(
            open.contains("a1, a2") && open.contains("db stays down") && !open.contains("web stays down"),
            "{html}"
        );
        assert!(folded.contains("2 more reasons") && folded.contains("web stays down"), "{html}");
    }

    #[test]
    fn the_view_of_a_figure_is_no_part_of_a_question() {
        let mut view = app::source::View::default();
        for field in [&mut view.figure, &mut view.at, &mut view.namespace, &mut view.owner, &mut view.state] {
            *field = "x".to_owned();
        }
        (view.search, view.moment) = ("x".to_owned(), "x".to_owned());
        let query = format!("{}&lose=host5", view.query());
        assert_eq!(asking(all(&RawQuery(Some(query)))), pairs(&[("lose", "host5")]));
    }
}
