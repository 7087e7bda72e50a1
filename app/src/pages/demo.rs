//! The demonstration alone: the page that breaks it beside its figure, and its tour.

use leptos::prelude::*;

use super::{Theme, figure::beside_figure};
use crate::{
    base::at,
    source::{Facts, FigurePage, Trouble},
    texts::demo::{self as words, Fault},
};

/// Something that is broken now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLine {
    /// The fault.
    pub fault: Fault,
    /// The host, workload or member.
    pub of: String,
}

/// What can be broken, and what is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaking {
    /// Names of hosts.
    pub hosts: Vec<String>,
    /// Workloads that can crash, as `namespace/name`.
    pub workloads: Vec<String>,
    /// Deployments that can be rolled out, as `namespace/name`.
    pub deployments: Vec<String>,
    /// Members of etcd; none where no etcd runs.
    pub members: Vec<String>,
    /// What is broken now.
    pub broken: Vec<BrokenLine>,
    /// Whether whoever looks may act.
    pub acts: bool,
}

/// The page's content: the figure, and beside it the faults.
pub fn breaking(
    cluster: &str,
    theme: Theme,
    page: &FigurePage,
    selected: Option<(String, Result<Facts, Trouble>)>,
    breaking: &Breaking,
    live: bool,
) -> AnyView {
    let to = at(&format!("/c/{}/break", scene::segment(cluster)));
    let side = view! {
        <section class="card breaking" aria-labelledby="t-break">
            <h2 id="t-break">{words::BREAK}</h2>
            <p class="hint">{words::BREAK_HINT}</p>
            {broken(&to, breaking)}
            {if breaking.acts { forms(&to, breaking) } else { view! { <p class="hint">{words::NEEDS_OPERATOR}</p> }.into_any() }}
        </section>
    };
    beside_figure(cluster, theme, page, selected, side.into_any(), live)
}

fn broken(to: &str, breaking: &Breaking) -> AnyView {
    let mend = |line: &BrokenLine| {
        let name = format!("{}: {} {}", words::MEND, line.fault.broken, line.of);
        view! {
            <form method="post" action=to.to_owned()>
                <input type="hidden" name="act" value="mend" />
                <input type="hidden" name="fault" value=line.fault.word />
                <input type="hidden" name="of" value=line.of.clone() />
                <button class="other small" type="submit" aria-label=name>{words::MEND}</button>
            </form>
        }
    };
    let lines = breaking.broken.iter().map(|line| {
        let text = format!("{} {}", line.fault.broken, line.of);
        view! { <li class="h-bad"><span>{text}</span>{breaking.acts.then(|| mend(line))}</li> }
    });
    let body = if breaking.broken.is_empty() {
        view! { <p class="calm">{words::NOTHING_BROKEN}</p> }.into_any()
    } else {
        view! { <ul>{lines.collect_view()}</ul> }.into_any()
    };
    let all = (breaking.acts && breaking.broken.len() > 1).then(|| {
        view! {
            <form method="post" action=to.to_owned()>
                <input type="hidden" name="act" value="mend-all" />
                <button type="submit">{words::MEND_ALL}</button>
            </form>
        }
    });
    view! { <h3>{words::BROKEN}</h3>{body}{all} }.into_any()
}

fn forms(to: &str, breaking: &Breaking) -> AnyView {
    // The last host is a node, and the story of the tour begins there.
    let node = breaking.hosts.iter().rev().nth(1).map_or("", String::as_str);
    let form = |fault: Fault, label: &'static str, choices: &[String], chosen: &str| {
        let options = choices.iter().map(|choice| {
            view! { <option value=choice.clone() selected=choice == chosen>{choice.clone()}</option> }
        });
        let hint = format!("hint-{}", fault.word);
        view! {
            <form class="fault" method="post" action=to.to_owned()>
                <input type="hidden" name="act" value="break" />
                <input type="hidden" name="fault" value=fault.word />
                <h4>{fault.name}</h4>
                <select name="of" aria-label=format!("{}: {label}", fault.name)>{options.collect_view()}</select>
                <button type="submit" aria-label=fault.name aria-describedby=hint.clone()>{fault.button}</button>
                <p class="hint" id=hint>{fault.hint}</p>
            </form>
        }
        .into_any()
    };
    let etcd = if breaking.members.is_empty() {
        view! { <p class="hint">{words::NO_ETCD}" "{crate::texts::backups::UNKNOWN_DEMO}</p> }.into_any()
    } else {
        form(words::ETCD, words::MEMBER, &breaking.members, "")
    };
    view! {
        <h3>{words::FAULTS}</h3>
        {form(words::KUBELET, words::HOST, &breaking.hosts, node)}
        {form(words::NETWORK, words::HOST, &breaking.hosts, node)}
        {form(words::FULL, words::HOST, &breaking.hosts, node)}
        {form(words::CRASH, words::WORKLOAD, &breaking.workloads, "vepc/mme")}
        {form(words::ROLL_OUT, words::DEPLOYMENT, &breaking.deployments, "ims/cscf")}
        {etcd}
    }
    .into_any()
}

/// Above every page of the demonstration: what it is, and the ways into its tour and its faults.
pub(super) fn banner(cluster: &str, touring: bool) -> AnyView {
    let broken = at(&format!("/c/{}/break", scene::segment(cluster)));
    let tour =
        (!touring && cluster == words::TOURED).then(|| view! { " · "<a href=at("/tour?to=1")>{words::TAKE_TOUR}</a> });
    view! { <p class="demo">{crate::texts::DEMO}{tour}" · "<a href=broken>{words::BREAK}</a></p> }.into_any()
}

/// Where a visitor stands in the tour; nothing for a number that is no step, and for a cluster without a tour.
pub(super) fn tour(cluster: &str, number: usize) -> Option<AnyView> {
    let step = words::STEPS.get(number.checked_sub(1)?).filter(|_| cluster == words::TOURED)?;
    let to = |number: usize| at(&format!("/tour?to={number}"));
    let back = (number > 1).then(|| view! { <a class="button" href=to(number - 1) rel="prev">{words::BACK}</a> });
    let next = if number < words::STEPS.len() {
        view! { <a class="button meant" href=to(number + 1) rel="next" autofocus>{words::NEXT}</a>" "<a href=at("/tour?to=0")>{words::LEAVE}</a> }
            .into_any()
    } else {
        view! { <a class="button meant" href=at("/tour?to=0") autofocus>{words::DONE}</a> }.into_any()
    };
    let here = at(&format!("/c/{}{}", scene::segment(cluster), step.path));
    Some(
        view! {
            <nav class="tour" aria-label=words::TOUR>
                <p><span class="count-line">{words::step(number)}</span>" "<a href=here><strong>{step.name}</strong></a>" "<span>{step.text}</span></p>
                <p class="go">{back}{next}</p>
            </nav>
        }
        .into_any(),
    )
}
