//! The figure, with everything around it that helps to read it.

use leptos::prelude::*;
use scene::Health;

use super::{
    Tab, Theme,
    frame::{hidden, prefix, query},
};
use crate::{
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
    live: bool,
) -> AnyView {
    let prefix = prefix(view, theme);
    let figure = scene::figure(&page.scene, &prefix);
    let name = if Tab::of(view) == Tab::Networking { texts::NETWORKING } else { texts::ARCHITECTURE };
    let back = query(view, theme);
    let back = if back.is_empty() { "?".to_owned() } else { back };
    let (selection, panel) = match selected {
        None => (
            String::new(),
            format!("<p class=\"hint\">{}</p><p class=\"hint\">{}</p>", texts::NOTHING_CHOSEN, texts::KEYS),
        ),
        Some((selection, Ok(facts))) => (selection, parts::panel(&facts, &prefix, &back)),
        Some((selection, Err(trouble))) => {
            (selection, format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string())))
        }
    };
    let island = live.then(|| {
        view! {
            <Live cluster=cluster.to_owned() query=view.query() prefix=prefix.clone() selection=selection.clone()
                epoch=page.version.epoch.to_string() number=page.version.number />
        }
    });
    view! {
        <main id="content" tabindex="-1">
        <div class="say">
            <h1 id="sentence" inner_html=parts::sentence(&page.sentence, &prefix)></h1>
            <span class="pulse" id="pulse">{if live { "" } else { texts::STILL }}</span>
        </div>
        <div id="notices" role="status" inner_html=parts::notices(&page.notices)></div>
        {filters(cluster, view, theme, page)}
        <div class="columns">
            <section class="card sheet" aria-label=name>
                <div class="tools" id="tools">
                    <button type="button" data-zoom="in" aria-label=texts::ZOOM_IN>"+"</button>
                    <button type="button" data-zoom="out" aria-label=texts::ZOOM_OUT>"−"</button>
                    <button type="button" data-zoom="fit">{texts::FIT}</button>
                </div>
                <div class="canvas" id="figure" tabindex="-1" inner_html=figure></div>
                <div class="legend">{legend()}<span class="grow"></span>{files(cluster, view)}</div>
            </section>
            <section class="card panel" id="panel" aria-label="Details" aria-live="polite" inner_html=panel></section>
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
        let to = format!("/c/{}/{figure}.{kind}{query}", scene::encoded(cluster));
        view! { <a href=to>{name}</a> }
    };
    view! { <span class="files">{file("SVG", "svg")}{file("JSON", "json")}</span> }.into_any()
}

/// Samples of what the figure's marks mean, drawn by the figure's own writer.
fn legend() -> AnyView {
    let samples = [
        ("service pod", scene::Tone::Service, Health::Ok),
        ("system pod", scene::Tone::System, Health::Ok),
        ("starting", scene::Tone::Service, Health::Starting),
        ("done", scene::Tone::Service, Health::Done),
        ("not ready", scene::Tone::Service, Health::Warn),
        ("failing", scene::Tone::Service, Health::Bad),
        ("not heard of", scene::Tone::Service, Health::Stale),
        ("unknown", scene::Tone::Service, Health::Unknown),
    ];
    samples
        .into_iter()
        .map(|(name, tone, health)| {
            let mut mark = scene::Mark::new("legend".into(), scene::Kind::Pod, scene::Place::new(1, 1, 11, 15));
            mark.tone = tone;
            mark.health = Some(health);
            let svg = format!(
                "<svg class=\"figure\" width=\"14\" height=\"18\" aria-hidden=\"true\"><g class=\"{}\" transform=\"{}\">{}</g></svg>",
                mark.class(),
                mark.transform(),
                scene::own_svg(&mark, "")
            );
            view! { <span class="sample"><span inner_html=svg></span>{name}</span> }
        })
        .collect_view()
        .into_any()
}

fn filters(cluster: &str, view: &View, theme: Theme, page: &FigurePage) -> AnyView {
    let to = format!("/c/{}{}", scene::encoded(cluster), Tab::of(view).path());
    let states =
        [Health::Ok, Health::Starting, Health::Done, Health::Warn, Health::Bad, Health::Stale, Health::Unknown];
    let states: Vec<(String, String)> =
        states.into_iter().map(|health| (health.word().to_owned(), health.adjective().to_owned())).collect();
    let same =
        |names: &[String]| -> Vec<(String, String)> { names.iter().map(|name| (name.clone(), name.clone())).collect() };
    let filtered = *view != View { figure: view.figure.clone(), at: view.at.clone(), ..View::default() };
    let rest =
        View { figure: view.figure.clone(), at: view.at.clone(), search: view.search.clone(), ..View::default() };
    let clear = query(&View { figure: view.figure.clone(), at: view.at.clone(), ..View::default() }, theme);
    let whole = query(&View { at: String::new(), ..view.clone() }, theme);
    view! {
        <form class="filters" method="get" action=to.clone() id="filters">
            {choice("ns", texts::NAMESPACE, &view.namespace, same(&page.choices.namespaces))}
            {choice("owner", texts::OWNER, &view.owner, same(&page.choices.owners))}
            {choice("state", texts::STATE, &view.state, states)}
            {hidden(&rest, theme)}
            <button type="submit">{texts::APPLY}</button>
            {filtered.then(|| view! { <a href=format!("{to}{clear}")>{texts::CLEAR}</a> })}
        </form>
        <form class="filters" method="get" action=to.clone() role="search" aria-label=texts::FOLLOW>
            <label>{texts::FOLLOW}" "
                <input type="search" name="follow" placeholder=texts::FOLLOW_HINT autocomplete="off" spellcheck="false"
                    value=view.at.strip_prefix("follow/").unwrap_or_default().to_owned() /></label>
            {hidden(&View::default(), theme)}
            <button type="submit" class="unseen">{texts::FOLLOW}</button>
            {(!view.at.is_empty()).then(|| view! { <a class="whole" href=format!("{to}{whole}")>"‹ "{texts::WHOLE}</a> })}
        </form>
    }
    .into_any()
}

fn choice(name: &'static str, label: &'static str, chosen: &str, choices: Vec<(String, String)>) -> AnyView {
    let known = chosen.is_empty() || choices.iter().any(|(value, _)| value == chosen);
    let extra = (!known).then(|| (chosen.to_owned(), chosen.to_owned()));
    let options: Vec<_> = choices
        .into_iter()
        .chain(extra)
        .map(|(value, text)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{text}</option> }
        })
        .collect();
    view! {
        <label>{label}" "
            <select name=name><option value="">{texts::EVERY}</option>{options}</select>
        </label>
    }
    .into_any()
}
