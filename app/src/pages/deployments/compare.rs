//! Two runs side by side.

use leptos::prelude::*;
use scene::Health;

use super::RunLine;
use crate::{base::at, texts::deployments as words};

/// Two runs.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The cluster.
    pub cluster: String,
    /// The runs, the older first.
    pub runs: [RunLine; 2],
    /// Phases: word, how long in each, the difference.
    pub phases: Vec<(String, [String; 2], String)>,
    /// Versions: what of, what each run found, whether these differ.
    pub versions: Vec<(String, [String; 2], bool)>,
    /// Tasks that differ.
    pub tasks: Vec<TaskLine>,
    /// Hosts whose recap differs: host, and what each said.
    pub hosts: Vec<(String, [(String, Health); 2])>,
}

/// A task in both.
#[derive(Clone, Debug)]
pub struct TaskLine {
    /// Its name.
    pub name: String,
    /// How long in each.
    pub took: [String; 2],
    /// The difference.
    pub difference: String,
    /// How it ended in each.
    pub ended: [(String, Health); 2],
}

/// The page's content.
pub fn compare(page: &Comparison) -> AnyView {
    let base = at(&format!("/c/{}/deployments", scene::segment(&page.cluster)));
    let heads = || {
        page.runs
            .iter()
            .map(|run| view! { <th scope="col"><a href=format!("{base}/{}", run.id)>{run.created.clone()}</a></th> })
            .collect_view()
    };
    let states = page.runs.iter().map(|run| {
        let state = words::state(&run.state);
        let said = if run.headline == state { state.to_owned() } else { format!("{state}: {}", run.headline) };
        view! { <td class=format!("h-{}", run.health.word())>{said}</td> }
    });
    let phases = page.phases.iter().map(|(word, took, difference)| {
        view! { <tr><th scope="row">{words::phase(word).to_owned()}</th><td>{took[0].clone()}</td><td>{took[1].clone()}</td><td>{difference.clone()}</td></tr> }
    });
    let versions = page.versions.iter().map(|(of, is, differ)| {
        let differs = differ.then(|| view! { <span class="badge h-warn">{words::DIFFERS}</span> });
        view! { <tr><th scope="row">{words::version_of(of).to_owned()}</th><td>{is[0].clone()}</td><td>{is[1].clone()}</td><td>{differs}</td></tr> }
    });
    let ended = |(text, health): &(String, Health)| view! { <span class=format!("badge h-{}", health.word())>{text.clone()}</span> };
    let tasks = page.tasks.iter().map(|task| {
        view! {
            <tr><th scope="row">{task.name.clone()}</th><td>{task.took[0].clone()}" "{ended(&task.ended[0])}</td>
            <td>{task.took[1].clone()}" "{ended(&task.ended[1])}</td><td>{task.difference.clone()}</td></tr>
        }
    });
    let hosts = page.hosts.iter().map(|(host, both)| {
        let cells =
            both.iter().map(|(text, health)| view! { <td class=format!("h-{}", health.word())>{text.clone()}</td> });
        view! { <tr><th scope="row">{host.clone()}</th>{cells.collect_view()}</tr> }
    });
    let same =
        (page.tasks.is_empty() && page.hosts.is_empty()).then(|| view! { <p class="hint">{words::NO_DIFFERENCE}</p> });
    view! {
        <main id="content" tabindex="-1" class="tables">
            <h1>{words::COMPARE}</h1>
            <section class="card wide" tabindex="0" aria-label=words::PHASES><h2>{words::PHASES}</h2><table>
                <thead><tr><th scope="col">{words::PHASES}</th>{heads()}<th scope="col">{words::DIFFERENCE}</th></tr></thead>
                <tbody><tr><th scope="row">{words::HOW}</th>{states.collect_view()}<td></td></tr>{phases.collect_view()}</tbody>
            </table></section>
            {(!page.versions.is_empty()).then(|| view! {
                <section class="card wide" tabindex="0" aria-label=words::VERSIONS><h2>{words::VERSIONS}</h2><table>
                    <thead><tr><th scope="col">{words::WHAT}</th>{heads()}<th scope="col">{words::DIFFERENCE}</th></tr></thead>
                    <tbody>{versions.collect_view()}</tbody>
                </table></section>
            })}
            {same}
            {(!page.hosts.is_empty()).then(|| view! {
                <section class="card wide" tabindex="0" aria-label=words::HOST><table>
                    <thead><tr><th scope="col">{words::HOST}</th>{heads()}</tr></thead><tbody>{hosts.collect_view()}</tbody>
                </table></section>
            })}
            {(!page.tasks.is_empty()).then(|| view! {
                <section class="card wide" tabindex="0" aria-label=words::TASKS><h2>{words::TASKS}" "<small>{words::ONLY_RUNS}</small></h2><table>
                    <thead><tr><th scope="col">{words::TASK}</th>{heads()}<th scope="col">{words::DIFFERENCE}</th></tr></thead>
                    <tbody>{tasks.collect_view()}</tbody>
                </table></section>
            })}
        </main>
    }
    .into_any()
}
