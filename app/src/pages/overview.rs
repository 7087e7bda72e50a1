//! What stands beside a figure while nothing in it is selected: actions, what needs attention, the latest deployments
//! and backups.

use leptos::prelude::*;
use scene::Health;

use super::{
    backups::{self, Kept},
    deployments::RunLine,
    incidents::{self, IncidentLine},
    what_if::{self, Losses},
};
use crate::{base::at, source::Found, texts, texts::backups as kept_words, texts::deployments as words};

/// What was and is done to a cluster.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The latest runs; none while the database does not answer.
    pub runs: Option<Vec<RunLine>>,
    /// Whether whoever looks may act.
    pub acts: bool,
}

/// One thing that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcernLine {
    /// How it fares.
    pub health: Health,
    /// Its name, as in `Deployment ims/hss`.
    pub what: String,
    /// What is wrong.
    pub why: String,
    /// Since when, for people; empty where no source tells.
    pub since: String,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// What needs attention, worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// The worst of them.
    pub lines: Vec<ConcernLine>,
    /// How many there are in all.
    pub total: usize,
    /// Whether the cluster tells enough to say that nothing needs attention.
    pub known: bool,
}

/// How much of a host its pods have asked for, in percent of what they may ask for; none where that is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadLine {
    /// The host.
    pub node: String,
    /// Of its CPU.
    pub cpu: Option<u64>,
    /// Of its memory.
    pub memory: Option<u64>,
}

/// How full the hosts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loads {
    /// All hosts by name where they are few, else the fullest; none where no host tells what it has.
    pub lines: Vec<LoadLine>,
    /// How many hosts there are.
    pub total: usize,
}

/// What stands beside a figure.
#[derive(Clone, Debug)]
pub struct Overview {
    /// What was searched for and found, above the figure.
    pub found: Option<Found>,
    /// Incidents that have not ended; none while the database does not tell them.
    pub incidents: Option<Vec<IncidentLine>>,
    /// What needs attention.
    pub attention: Attention,
    /// How full its hosts are; none while that is unknown.
    pub loads: Option<Loads>,
    /// Its deployments; none where nothing can be deployed.
    pub done: Option<Done>,
    /// Its backups; none where nobody may see them.
    pub kept: Option<Kept>,
    /// The loss of each host; none while that is not worked out.
    pub losses: Option<Losses>,
}

impl Default for Overview {
    /// Nothing beside the figure, and nothing that is not known.
    fn default() -> Self {
        let (found, loads, done, kept, losses) = (None, None, None, None, None);
        Self { found, incidents: Some(Vec::new()), attention: Attention::default(), loads, done, kept, losses }
    }
}

/// Buttons for what can be done to the cluster. Where something cannot be done, the reason stands in its place.
pub fn actions(cluster: &str, overview: &Overview) -> AnyView {
    let of = |path: &str| at(&format!("/c/{}{path}", scene::segment(cluster)));
    let deploy = match &overview.done {
        Some(done) if done.acts => {
            view! { <a class="button other" href=of("/deployments/new")>{words::DEPLOY}</a> }.into_any()
        }
        Some(_) => view! { <p class="hint">{texts::NEEDS_OPERATOR}</p> }.into_any(),
        None => view! { <p class="hint"><a href=of("/deployments")>{words::NO_JUMP_HOST}</a></p> }.into_any(),
    };
    let back_up = overview.kept.as_ref().map(|kept| match kept {
        Kept { known: false, .. } => {
            view! { <p class="hint">{kept_words::NOT_BACKED_UP}": "<a href=of("/backups")>{kept_words::WHAT_TO_SET}</a></p> }
                .into_any()
        }
        Kept { acts: true, .. } => backups::form(&of("/backups"), &kept.key),
        // Said already in place of the other button.
        Kept { .. } if overview.done.is_some() => ().into_any(),
        Kept { .. } => view! { <p class="hint">{texts::NEEDS_OPERATOR}</p> }.into_any(),
    });
    let ask = view! { <a class="button other" href=of("/what-if")>{texts::what_if::ASK}</a> };
    view! { <h2>{texts::ACTIONS}</h2><div class="acts">{deploy}{back_up}{ask}</div> }.into_any()
}

/// The rest, which is renewed while the page is open. `prefix` begins the figure's links.
pub fn overview(cluster: &str, prefix: &str, overview: &Overview) -> AnyView {
    view! {
        {incidents::open(cluster, overview.incidents.as_deref())}
        {attention(cluster, prefix, &overview.attention)}
        {loads(cluster, prefix, overview.loads.as_ref())}
        {what_if::standing(cluster, prefix, overview.losses.as_ref())}
        {overview.done.as_ref().map(|done| latest(cluster, done))}
        {overview.kept.as_ref().filter(|kept| kept.known).map(|kept| backups::newest(cluster, kept))}
    }
    .into_any()
}

fn attention(cluster: &str, prefix: &str, attention: &Attention) -> AnyView {
    let lines = attention.lines.iter().map(|line| {
        let name = match &line.opens {
            Some(opens) => view! { <a href=scene::link(opens, prefix)>{line.what.clone()}</a> }.into_any(),
            None => view! { <strong>{line.what.clone()}</strong> }.into_any(),
        };
        let since = (!line.since.is_empty()).then(|| view! { <small>{texts::since(&line.since)}</small> });
        view! {
            <li class=format!("h-{}", line.health.word())>
                {name}" "<span class="why">{line.why.clone()}</span>{since}
            </li>
        }
    });
    let more = attention.total.saturating_sub(attention.lines.len());
    let all = at(&format!("/c/{}/table", scene::segment(cluster)));
    let more = (more > 0).then(|| view! { <p><a href=all>{texts::more_concerns(more)}</a></p> });
    let body = match (attention.lines.is_empty(), attention.known) {
        (true, true) => view! { <p class="calm">{texts::NO_CONCERNS}</p> }.into_any(),
        (true, false) => view! { <p class="hint">{texts::CONCERNS_UNKNOWN}</p> }.into_any(),
        _ => view! { <ul class="concerns">{lines.collect_view()}</ul>{more} }.into_any(),
    };
    let count = (attention.total > 0).then(|| view! { " "<span class="count">{attention.total}</span> });
    view! { <h2>{texts::ATTENTION}{count}</h2>{body} }.into_any()
}

/// From here on a share is marked: little is left for what moves here from another host.
const FULL: u64 = 85;

fn loads(cluster: &str, prefix: &str, loads: Option<&Loads>) -> AnyView {
    let Some(loads) = loads else {
        return view! { <h2>{texts::LOADS}</h2><p class="hint">{texts::LOADS_UNKNOWN}</p> }.into_any();
    };
    if loads.lines.is_empty() && loads.total > 0 {
        return view! { <h2>{texts::LOADS}</h2><p class="hint">{texts::LOADS_UNTOLD}</p> }.into_any();
    }
    if loads.lines.is_empty() {
        return ().into_any();
    }
    let rows = loads.lines.iter().map(|line| {
        let to = scene::link(&format!("node/{}", line.node), prefix);
        view! {
            <tr><th scope="row"><a href=to>{line.node.clone()}</a></th>{share(line.cpu)}{share(line.memory)}</tr>
        }
    });
    let more = (loads.total > loads.lines.len()).then(|| {
        let all = at(&format!("/c/{}/table", scene::segment(cluster)));
        view! { <p><a href=all>{texts::fullest(loads.lines.len(), loads.total)}</a></p> }
    });
    view! {
        <h2>{texts::LOADS}</h2>
        <table class="loads">
            <thead><tr><th scope="col">{texts::HOST}</th><th scope="col">{texts::CPU}</th><th scope="col">{texts::MEMORY}</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        {more}
    }
    .into_any()
}

/// A share as a bar with its number.
fn share(percent: Option<u64>) -> AnyView {
    let Some(percent) = percent else { return view! { <td class="mut">{texts::UNKNOWN}</td> }.into_any() };
    let class = if percent >= FULL { "h-warn" } else { "" };
    let width = percent.min(100).to_string();
    view! {
        <td class=class>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class="all" width="100" height="8"></rect><rect class="asked" width=width height="8"></rect>
            </svg>
            {format!("{percent} %")}
        </td>
    }
    .into_any()
}

/// The latest runs.
fn latest(cluster: &str, done: &Done) -> AnyView {
    let base = at(&format!("/c/{}/deployments", scene::segment(cluster)));
    let lines = done.runs.as_deref().unwrap_or_default();
    let runs = lines.iter().map(|run| {
        let text = format!("{} · {}", run.kind, run.headline);
        view! {
            <li><span class=format!("badge h-{}", run.health.word())>{words::state(&run.state).to_owned()}</span>
            " "<a href=format!("{base}/{}", run.id)>{text}</a>" "<small>{run.created.clone()}</small></li>
        }
    });
    let none = if done.runs.is_some() { words::NO_RUNS } else { words::RUNS_UNKNOWN };
    let none = lines.is_empty().then(|| view! { <li class="hint">{none}</li> });
    view! { <h2><a href=base.clone()>{words::LATEST}</a></h2><ul>{runs.collect_view()}{none}</ul> }.into_any()
}
