//! Ordering a deployment in two steps: what is wanted, and what that would do.

use leptos::prelude::*;
use scene::Health;

use crate::{base::at, texts, texts::deployments as words};

/// What was asked for, as the form has it.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The kind's word.
    pub kind: String,
    /// Files that can be chosen.
    pub choices: Vec<String>,
    /// The chosen DHA file.
    pub dha: String,
    /// The chosen network.yml.
    pub network: String,
    /// Fields with their values: `tarball`, `install_nic`, `cpus`, `memory`, `disk`.
    pub options: [String; 5],
    /// Whether the jump host is made anew.
    pub first_time: bool,
    /// A review of the demonstration's plan, which one click starts.
    pub at_once: Option<String>,
    /// What was wrong, each a sentence.
    pub wrong: Vec<String>,
}

/// One thing that was looked at on the jump host.
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// How it is.
    pub health: Health,
    /// What.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// What to do.
    pub todo: String,
}

/// What would be done.
#[derive(Clone, Debug)]
pub struct Review {
    /// Names this review until it is confirmed.
    pub draft: String,
    /// The kind's word.
    pub kind: String,
    /// The hosts.
    pub hosts: Vec<String>,
    /// Whether they are virtual machines.
    pub is_virtual: bool,
    /// The command.
    pub command: String,
    /// The jump host.
    pub host: String,
    /// What was seen there, or why nothing was.
    pub checks: Result<Vec<CheckLine>, String>,
    /// What is worth knowing of the plan.
    pub findings: Vec<String>,
    /// Why the last confirmation was not taken.
    pub wrong: Option<String>,
}

/// The first step.
pub fn ask(cluster: &str, asking: &Asking) -> AnyView {
    let base = at(&format!("/c/{}/deployments", scene::segment(cluster)));
    let wrong = (!asking.wrong.is_empty()).then(|| {
        let lines = asking.wrong.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        view! { <div class="wrong" role="alert"><p>{words::NOT_STARTABLE}</p><ul>{lines}</ul></div> }
    });
    let kinds = words::KINDS.map(|(word, text)| {
        view! { <label><input type="radio" name="kind" value=word checked=word == asking.kind />" "{text}</label> }
    });
    let at_once = asking.at_once.clone().map(|draft| {
        view! {
            <form class="card plain at-once" method="post" action=base.clone()>
                <input type="hidden" name="draft" value=draft />
                <input type="hidden" name="confirm" value=cluster.to_owned() />
                <button class="meant" type="submit">{words::AT_ONCE}</button>
                <p class="hint">{words::AT_ONCE_HINT}</p>
            </form>
        }
    });
    let [tarball, nic, cpus, memory, disk] = asking.options.clone();
    view! {
        <main id="content" tabindex="-1" class="tables order">
            <h1>{words::NEW}" · "{cluster.to_owned()}</h1>
            {wrong}
            {at_once}
            <form class="card plain fields" method="post" action=format!("{base}/new")>
                <fieldset><legend>{words::KIND}</legend>{kinds.into_iter().collect_view()}
                    <p class="hint">{words::EXIT_LIES}</p></fieldset>
                <fieldset><legend>{words::PLAN}</legend>
                    {file("dha", texts::DHA_FILE, &asking.choices, &asking.dha)}
                    {file("network", texts::NETWORK_FILE, &asking.choices, &asking.network)}
                </fieldset>
                <details><summary>{words::OPTIONS}</summary>
                    <label class="check"><input type="checkbox" name="first_time" value="true" checked=asking.first_time />" "{words::FIRST_TIME}</label>
                    <label>{words::TARBALL}<input name="tarball" value=tarball /></label>
                    <label>{words::INSTALL_NIC}<input name="install_nic" value=nic /></label>
                    <label>{words::CPUS}<input name="cpus" type="number" min="1" max="128" value=cpus /></label>
                    <label>{words::MEMORY}<input name="memory" type="number" min="2048" max="1048576" value=memory /></label>
                    <label>{words::DISK}<input name="disk" type="number" min="20" max="10000" value=disk /></label>
                </details>
                <button class="meant" type="submit">{words::REVIEW}</button>
            </form>
        </main>
    }
    .into_any()
}

fn file(name: &'static str, label: &'static str, choices: &[String], chosen: &str) -> AnyView {
    let options = choices
        .iter()
        .map(|file| view! { <option value=file.clone() selected=file == chosen>{file.clone()}</option> })
        .collect_view();
    let choose = (!choices.is_empty()).then(|| {
        view! { <label>{label}<select name=name><option value="">{texts::PASTE}</option>{options}</select></label> }
    });
    view! {
        {choose}
        <label class="pasted"><span>{texts::PASTE}" "{label}</span>
            <textarea name=format!("{name}_text") rows="5" spellcheck="false" autocomplete="off"></textarea></label>
    }
    .into_any()
}

/// The second step.
pub fn review(cluster: &str, review: &Review) -> AnyView {
    let base = at(&format!("/c/{}/deployments", scene::segment(cluster)));
    let means = match (review.kind.as_str(), review.is_virtual) {
        ("expand", _) => words::ADDED,
        (_, true) => words::DESTROYED,
        (_, false) => words::RESET,
    };
    let hosts = review.hosts.iter().map(|host| view! { <li><strong>{host.clone()}</strong></li> }).collect_view();
    let anyway = (!review.is_virtual).then(|| view! { <p class="hint">{words::RESET_ANYWAY}</p> });
    let wrong = review.wrong.clone().map(|wrong| view! { <p class="wrong" role="alert">{wrong}</p> });
    let findings = review.findings.iter().map(|one| view! { <li>{one.clone()}</li> }).collect_view();
    let findings = (!review.findings.is_empty())
        .then(|| view! { <section class="card plain"><h2>{texts::FINDINGS}</h2><ul>{findings}</ul></section> });
    view! {
        <main id="content" tabindex="-1" class="tables order">
            <h1>{words::REVIEWED}" · "{cluster.to_owned()}</h1>
            {wrong}
            <section class="card plain danger"><h2>{means}</h2><ul class="hosts">{hosts}</ul>{anyway}</section>
            {findings}
            {preflight(review)}
            <section class="card plain"><h2>{words::COMMAND}</h2><pre class="command" tabindex="0">{review.command.clone()}</pre></section>
            <form class="card plain fields" method="post" action=base>
                <input type="hidden" name="draft" value=review.draft.clone() />
                <p class="danger-note">{means}{": "}{review.hosts.join(", ")}</p>
                <label>{words::confirm(cluster)}<input name="confirm" required autocomplete="off" spellcheck="false" /></label>
                <button class="danger" type="submit">{words::START}</button>
            </form>
        </main>
    }
    .into_any()
}

fn preflight(review: &Review) -> AnyView {
    let inner = match &review.checks {
        Err(why) => view! { <p class="wrong">{words::NO_PREFLIGHT}": "{why.clone()}</p> }.into_any(),
        Ok(checks) => {
            let rows = checks
                .iter()
                .map(|check| {
                    view! {
                        <tr><td class=format!("h-{}", check.health.word())>{words::check(check.health)}</td>
                        <th scope="row">{check.what.clone()}</th><td>{check.seen.clone()}</td><td>{check.todo.clone()}</td></tr>
                    }
                })
                .collect_view();
            view! { <div class="wide" tabindex="0"><table><tbody>{rows}</tbody></table></div> }.into_any()
        }
    };
    view! { <section class="card plain"><h2>{words::PREFLIGHT}" · "{review.host.clone()}</h2>{inner}</section> }
        .into_any()
}
