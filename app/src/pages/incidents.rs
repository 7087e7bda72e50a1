//! Incidents of a cluster: the list with its silences, and one with all that is known of it.

use leptos::prelude::*;

use crate::{base::at, texts::incidents as words};

/// An incident in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentLine {
    /// The address of its page.
    pub to: String,
    /// Whether the cluster as a whole may be in danger.
    pub grave: bool,
    /// In a sentence.
    pub what: String,
    /// When it began, for people.
    pub began: String,
    /// For how long, for people; empty while it goes on.
    pub lasted: String,
    /// Since when it is well, for people; empty while it is not.
    pub well: String,
}

/// A silence in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceLine {
    /// Its name.
    pub id: String,
    /// In a sentence.
    pub what: String,
}

/// What the page of incidents shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentsPage {
    /// The cluster.
    pub cluster: String,
    /// Whether anything is recorded.
    pub on: bool,
    /// Those that go on.
    pub open: Vec<IncidentLine>,
    /// Those that ended.
    pub ended: Vec<IncidentLine>,
    /// Silences that hold.
    pub silences: Vec<SilenceLine>,
    /// Words of kinds.
    pub kinds: Vec<&'static str>,
    /// Whether the reader may make and end silences.
    pub acts: bool,
    /// What was wrong with a silence that was asked for.
    pub wrong: String,
    /// That some of the time was made up; empty where it was not.
    pub made_up: String,
}

/// An incident with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentPage {
    /// The cluster.
    pub cluster: String,
    /// Its line.
    pub line: IncidentLine,
    /// Its kind, for people.
    pub kind: String,
    /// What it is about, and the address that shows it where there is one.
    pub about: (String, Option<String>),
    /// When it ended, for people; empty while it goes on.
    pub ended: String,
    /// How often it was well for too short a time.
    pub relapses: i64,
    /// What it touched: names and words.
    pub touched: Vec<(String, String)>,
    /// What had changed before it: groups, names and words; none until that was looked for.
    pub before: Option<Vec<(String, String, String)>>,
    /// How many more differences there were.
    pub more: usize,
    /// Why nothing is known of what had changed; empty where something is.
    pub unknown: String,
    /// That it was made up; empty where it was not.
    pub made_up: String,
    /// Links: names and addresses.
    pub links: Vec<(&'static str, String)>,
}

/// The mark of how grave an incident is, in a word and a colour.
fn badge(line: &IncidentLine) -> AnyView {
    let (class, word) = if line.grave { ("badge h-bad", words::GRAVE) } else { ("badge h-warn", words::WARNING) };
    view! { <span class=class>{word}</span> }.into_any()
}

/// Open incidents as a list beside a figure; nothing where there are none. `lines` is none while they are not known.
pub(super) fn open(cluster: &str, lines: Option<&[IncidentLine]>) -> Option<AnyView> {
    let all = at(&format!("/c/{}/incidents", scene::segment(cluster)));
    let Some(lines) = lines else {
        return Some(view! { <h2><a href=all>{words::OPEN}</a></h2><p class="hint">{words::NOT_TOLD}</p> }.into_any());
    };
    if lines.is_empty() {
        return None;
    }
    let count = lines.len();
    let lines = lines.iter().map(|line| {
        let well = (!line.well.is_empty()).then(|| view! { " "<small>{words::well(&line.well)}</small> });
        view! {
            <li>{badge(line)}" "<a href=line.to.clone()>{scene::readable(&line.what)}</a>
            " "<small>{line.began.clone()}</small>{well}</li>
        }
    });
    Some(
        view! {
            <h2><a href=all>{words::OPEN}</a>" "<span class="count">{count}</span></h2>
            <ul class="incidents">{lines.collect_view()}</ul>
        }
        .into_any(),
    )
}

fn table(label: &'static str, lines: &[IncidentLine], none: &'static str) -> AnyView {
    if lines.is_empty() {
        return view! { <p class="hint">{none}</p> }.into_any();
    }
    let rows = lines.iter().map(|line| {
        let lasted = match (line.lasted.as_str(), line.well.as_str()) {
            ("", "") => words::GOES_ON.to_owned(),
            ("", well) => words::well(well),
            (lasted, _) => lasted.to_owned(),
        };
        view! {
            <tr><td>{badge(line)}</td><th scope="row"><a href=line.to.clone()>{scene::readable(&line.what)}</a></th>
            <td>{line.began.clone()}</td><td>{lasted}</td></tr>
        }
    });
    view! {
        <div class="wide" tabindex="0" role="region" aria-label=label><table>
            <thead><tr><td></td><th scope="col">{words::INCIDENT}</th><th scope="col">{words::BEGAN}</th>
            <th scope="col">{words::LASTED}</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// The page of a cluster's incidents.
pub fn list(page: &IncidentsPage) -> AnyView {
    if !page.on {
        return view! {
            <main id="content" tabindex="-1" class="tables"><h1>{words::INCIDENTS}</h1>
            <p class="card plain">{words::OFF}</p></main>
        }
        .into_any();
    }
    view! {
        <main id="content" tabindex="-1" class="tables">
            <h1>{words::INCIDENTS}" · "{page.cluster.clone()}</h1>
            <section class="card plain"><h2>{words::OPEN}</h2>{table(words::OPEN, &page.open, words::NONE_OPEN)}</section>
            {made_up(&page.made_up)}
            <section class="card plain"><h2>{words::ENDED}</h2>{table(words::ENDED, &page.ended, words::NONE_ENDED)}</section>
            {silences(page)}
        </main>
    }
    .into_any()
}

/// Says of which days something was made up.
fn made_up(what: &str) -> Option<AnyView> {
    (!what.is_empty()).then(|| view! { <p class="made-up">{what.to_owned()}</p> }.into_any())
}

fn silences(page: &IncidentsPage) -> AnyView {
    let path = |path: &str| at(&format!("/c/{}/incidents{path}", scene::segment(&page.cluster)));
    let acts = page.acts;
    let lines = page.silences.iter().map(|silence| {
        let to = path(&["/silences/", &scene::segment(&silence.id), "/end"].concat());
        let end =
            acts.then(|| view! { <form method="post" action=to><button type="submit">{words::SPEAK}</button></form> });
        view! { <li>{scene::readable(&silence.what)}{end}</li> }
    });
    let lines = lines.collect_view();
    let none = page.silences.is_empty().then(|| view! { <p class="hint">{words::NO_SILENCES}</p> });
    let wrong = (!page.wrong.is_empty()).then(|| view! { <p class="wrong" role="alert">{page.wrong.clone()}</p> });
    let kinds = page.kinds.iter().map(|kind| view! { <option value=*kind>{words::kind(kind)}</option> }).collect_view();
    let form = acts.then(|| {
        view! {
            <form class="silence" method="post" action=path("/silences")>
                <label>{words::SILENCE_KIND}" "<select name="kind"><option value=""></option>{kinds}</select></label>
                <label>{words::SILENCE_ABOUT}" "<input name="about" maxlength="200" spellcheck="false" autocomplete="off" /></label>
                <label>{words::MINUTES}" "<input name="minutes" type="number" min="1" max="43200" value="60" required /></label>
                <label>{words::REASON}" "<input name="reason" maxlength="200" required autocomplete="off" /></label>
                <button type="submit">{words::SILENCE}</button>
            </form>
        }
    });
    view! {
        <section class="card plain"><h2>{words::SILENCES}</h2><p class="hint">{words::SILENCE_FOR}</p>
        {wrong}{none}<ul>{lines}</ul>{form}</section>
    }
    .into_any()
}

/// The page of one incident.
pub fn one(page: &IncidentPage) -> AnyView {
    let all = at(&format!("/c/{}/incidents", scene::segment(&page.cluster)));
    let about = match &page.about {
        (name, Some(to)) => view! { <a href=to.clone()>{scene::readable(name)}</a> }.into_any(),
        (name, None) => view! { <span>{scene::readable(name)}</span> }.into_any(),
    };
    let ended = match (page.ended.as_str(), page.line.well.as_str()) {
        ("", "") => words::GOES_ON.to_owned(),
        ("", well) => words::well(well),
        (ended, _) => ended.to_owned(),
    };
    let lasted = (!page.line.lasted.is_empty())
        .then(|| view! { <tr><th scope="row">{words::LASTED}</th><td>{page.line.lasted.clone()}</td></tr> });
    let touched = page.touched.iter().map(|(name, what)| {
        view! { <tr><th scope="row">{scene::readable(name)}</th><td>{scene::readable(what)}</td></tr> }
    });
    let touched = match page.touched.is_empty() {
        true => view! { <p class="hint">{words::TOUCHED_NOTHING}</p> }.into_any(),
        false => rows(words::TOUCHED, touched.collect_view().into_any()),
    };
    let links = page.links.iter().map(|(name, to)| view! { <li><a href=to.clone()>{*name}</a></li> }).collect_view();
    view! {
        <main id="content" tabindex="-1" class="tables">
            <p><a href=all>{words::ALL}</a></p>
            <h1>{badge(&page.line)}" "{scene::readable(&page.line.what)}</h1>
            {made_up(&page.made_up)}
            <section class="card plain"><table><tbody>
                <tr><th scope="row">{words::KIND}</th><td>{page.kind.clone()}</td></tr>
                <tr><th scope="row">{words::ABOUT}</th><td>{about}</td></tr>
                <tr><th scope="row">{words::BEGAN}</th><td>{page.line.began.clone()}</td></tr>
                <tr><th scope="row">{words::END}</th><td>{ended}</td></tr>
                {lasted}
                <tr><th scope="row">{words::RELAPSES}</th><td>{page.relapses}</td></tr>
            </tbody></table><ul>{links}</ul></section>
            <section class="card plain"><h2>{words::TOUCHED}</h2>{touched}</section>
            <section class="card plain"><h2>{words::BEFORE}</h2>{before(page)}</section>
        </main>
    }
    .into_any()
}

fn rows(label: &'static str, rows: AnyView) -> AnyView {
    view! { <div class="wide" tabindex="0" role="region" aria-label=label><table><tbody>{rows}</tbody></table></div> }
        .into_any()
}

fn before(page: &IncidentPage) -> AnyView {
    if !page.unknown.is_empty() {
        return view! { <p class="hint">{page.unknown.clone()}</p> }.into_any();
    }
    let Some(lines) = &page.before else { return view! { <p class="hint">{words::NOT_LOOKED}</p> }.into_any() };
    if lines.is_empty() {
        return view! { <p>{words::NOTHING_BEFORE}</p> }.into_any();
    }
    let found = lines.iter().map(|(group, name, what)| {
        view! { <tr><td>{group.clone()}</td><th scope="row">{scene::readable(name)}</th><td>{scene::readable(what)}</td></tr> }
    });
    let more = (page.more > 0).then(|| view! { <p class="hint">{words::more(page.more)}</p> });
    view! { {rows(words::BEFORE, found.collect_view().into_any())}{more} }.into_any()
}
