//! The figure, with everything around it that helps to read it.

use leptos::prelude::*;
use scene::Health;

use super::{
    Tab, Theme,
    filters::{filters, follow},
    frame::{prefix, query},
    overview::{Overview, actions, overview},
};
use crate::{
    base::at,
    islands::Live,
    parts,
    source::{Facts, FigurePage, Trouble, View},
    texts,
};

/// The page's content. `selected` is what the address asks for after `sel=`.
pub fn figure(
    cluster: &str,
    view: &View,
    theme: Theme,
    page: &FigurePage,
    selected: Option<(String, Result<Facts, Trouble>)>,
    beside: &Overview,
    live: bool,
) -> AnyView {
    let links = prefix(view, theme);
    let tab = Tab::of(view);
    let clear = query(&View { search: String::new(), ..view.clone() }, theme);
    let clear = if clear.is_empty() { "?".to_owned() } else { clear };
    let above = view! {
        {beside.found.as_ref().map(|found| view! {
            <section class="found" aria-label=texts::RESULTS>
                <div inner_html=parts::hits(found, &links)></div><a href=clear>{texts::CLEAR_SEARCH}</a>
            </section>
        })}
    };
    let side = view! {
        <section class="card overview" aria-label=texts::OVERVIEW>
            {view.moment.is_empty().then(|| actions(cluster, beside))}
            <div id="overview">{overview(cluster, &links, beside)}</div>
        </section>
    };
    let choose = view! { {filters(cluster, tab, view, theme, &page.choices)}{follow(cluster, tab, view, theme)} };
    let around = Around { above: above.into_any(), choose: choose.into_any(), side: side.into_any() };
    sheet(cluster, view, theme, page, selected, around, live)
}

/// A figure with something else beside it, and nothing to choose what it shows.
pub(super) fn beside_figure(
    cluster: &str,
    theme: Theme,
    page: &FigurePage,
    selected: Option<(String, Result<Facts, Trouble>)>,
    side: AnyView,
    live: bool,
) -> AnyView {
    let around = Around { above: ().into_any(), choose: ().into_any(), side };
    sheet(cluster, &View::default(), theme, page, selected, around, live)
}

/// What stands around a figure.
struct Around {
    above: AnyView,
    choose: AnyView,
    side: AnyView,
}

fn sheet(
    cluster: &str,
    view: &View,
    theme: Theme,
    page: &FigurePage,
    selected: Option<(String, Result<Facts, Trouble>)>,
    around: Around,
    live: bool,
) -> AnyView {
    let prefix = prefix(view, theme);
    let figure = scene::figure(&page.scene, &prefix);
    let tab = Tab::of(view);
    let name = if tab == Tab::Networking { texts::NETWORKING } else { texts::ARCHITECTURE };
    let back = query(view, theme);
    let back = if back.is_empty() { "?".to_owned() } else { back };
    let (selection, panel) = match selected {
        None => (String::new(), parts::nothing_chosen()),
        Some((selection, Ok(facts))) => (selection, parts::panel(&facts, &prefix, &back)),
        Some((selection, Err(trouble))) => {
            (selection, format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string())))
        }
    };
    let island = live.then(|| {
        view! {
            <Live base=at(&format!("/c/{}", scene::segment(cluster))) parent=String::new() query=view.query() prefix=prefix.clone() selection=selection.clone()
                epoch=page.version.epoch.to_string() number=page.version.number />
        }
    });
    view! {
        <main id="content" tabindex="-1">
        <div class="say">
            <h1 id="sentence" inner_html=parts::sentence(&page.sentence, &prefix)></h1>
            <span class="pulse" id="pulse">{if live || !view.moment.is_empty() { "" } else { texts::STILL }}</span>
        </div>
        <div id="notices" role="status" inner_html=parts::notices(&page.notices)></div>
        {around.above}
        <div class="bar">
            {around.choose}
            <span class="grow"></span>
            <div class="tools" id="tools" hidden>
                <button type="button" data-zoom="in" aria-label=texts::ZOOM_IN>"+"</button>
                <button type="button" data-zoom="out" aria-label=texts::ZOOM_OUT>"−"</button>
                <button type="button" data-zoom="fit">{texts::FIT}</button>
            </div>
        </div>
        <div class="columns">
            <section class="card sheet" aria-label=name>
                <div class="canvas" id="figure" tabindex="-1" inner_html=figure></div>
                <div class="legend">{legend(tab)}<span class="grow"></span>{files(cluster, view)}</div>
            </section>
            <div class="side">
                <section class="card panel" id="panel" aria-label=texts::DETAILS aria-live="polite" inner_html=panel></section>
                {around.side}
            </div>
        </div>
        {island}
        </main>
    }
    .into_any()
}

fn files(cluster: &str, view: &View) -> AnyView {
    let figure = if Tab::of(view) == Tab::Networking { View::NETWORKING } else { "architecture" };
    let query = match (View { figure: String::new(), ..view.clone() }).query() {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    };
    let file = |name: &'static str, kind: &str| {
        let to = at(&format!("/c/{}/{figure}.{kind}{query}", scene::segment(cluster)));
        view! { <a href=to>{name}</a> }
    };
    view! { <span class="files">{file("SVG", "svg")}{file("JSON", "json")}</span> }.into_any()
}

/// Samples of what the figure's marks mean, drawn by the figure's own writer.
fn legend(tab: Tab) -> AnyView {
    use scene::Tone::{Service, System};
    let looks = [
        (Service, Health::Ok),
        (System, Health::Ok),
        (Service, Health::Starting),
        (Service, Health::Done),
        (Service, Health::Warn),
        (Service, Health::Bad),
        (Service, Health::Stale),
        (Service, Health::Unknown),
    ];
    let pods = texts::SAMPLES.into_iter().zip(looks).map(|(name, (tone, health))| {
        let mut mark = scene::Mark::new("legend".into(), scene::Kind::Pod, scene::Place::new(1, 1, 11, 15));
        (mark.tone, mark.health) = (tone, Some(health));
        sample(name, &mark, 14)
    });
    let networks = [(texts::MGMT_NETWORK, scene::Tone::Mgmt), (texts::SERVICE_NETWORK, scene::Tone::Net)];
    let lines = networks.map(|(name, tone)| {
        let mut mark = scene::Mark::new("legend".into(), scene::Kind::Line, scene::Place::new(1, 9, 0, 0));
        mark.tone = tone;
        mark.path = [0, 22].map(|x| scene::Point { x, y: 0 }).into();
        sample(name, &mark, 24)
    });
    let mut planned = scene::Mark::new("legend".into(), scene::Kind::Frame, scene::Place::new(1, 2, 20, 14));
    planned.health = Some(Health::Ghost);
    let networking = (tab == Tab::Networking).then(|| (lines.collect_view(), sample(texts::PLANNED, &planned, 22)));
    view! { {pods.collect_view()}{networking} }.into_any()
}

fn sample(name: &'static str, mark: &scene::Mark, wide: i32) -> impl IntoView + use<> {
    let svg = format!(
        "<svg class=\"figure\" width=\"{wide}\" height=\"18\" aria-hidden=\"true\"><g class=\"{}\" transform=\"{}\">{}</g></svg>",
        mark.class(),
        mark.transform(),
        scene::own_svg(mark, "")
    );
    view! { <span class="sample"><span inner_html=svg></span>{name}</span> }
}
