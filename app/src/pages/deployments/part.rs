//! What of a run's page changes while it goes on: drawn on the server, put in its place by the island.

use leptos::prelude::*;

use super::{Cell, MatrixRow, RunPart, RunTable, hosts::hosts};
use crate::{base::at, texts::deployments as words};

/// The part as HTML.
pub fn part(page: &RunPart) -> AnyView {
    let line = &page.line;
    let trouble =
        (!page.trouble.is_empty()).then(|| view! { <p class="wrong" role="status">{page.trouble.clone()}</p> });
    let by = page.cancelled_by.clone().map(|by| view! { <span class="hint">{format!("cancelled by {by}")}</span> });
    view! {
        <div class="say" data-ended=(!page.live).then_some("true") data-news=(!page.live).then(|| line.headline.clone())>
            <span class=format!("badge h-{}", line.health.word())>{words::state(&line.state).to_owned()}</span>
            <p class="headline">{line.headline.clone()}</p>{by}{actions(page)}
        </div>
        {trouble}
        {page.progress.as_ref().map(|progress| view! {
            <div class="bar share"><progress max="100" value=progress.percent.to_string() aria-label=words::PROGRESS></progress>
            " "<span class="hint">{progress.left.clone()}</span></div>
        })}
        {failure(page)}
        <div class="grid">{page.hosts.as_ref().map(hosts)}{phases(page)}{proofs(page)}</div>
        {versions(page)}
        {redaction(page)}
        {page.runs.iter().map(|run| matrix(run, page.all_tasks)).collect_view()}
    }
    .into_any()
}

/// What whoever may act can do now: end it, or do the same again.
fn actions(page: &RunPart) -> Option<AnyView> {
    if !page.acts {
        return None;
    }
    let list = at(&format!("/c/{}/deployments", scene::segment(&page.cluster)));
    if !page.live {
        let again = format!("{list}/new?{}", page.again);
        return Some(view! { <a class="button" href=again>{words::AGAIN}</a> }.into_any());
    }
    if page.cancelled_by.is_some() {
        return None;
    }
    let cancel = format!("{list}/{}/cancel", page.line.id);
    Some(
        view! {
            <details class="cancel"><summary>{words::CANCEL}</summary><p class="hint">{words::CANCEL_MEANS}</p>
                <form method="post" action=cancel><button class="danger" type="submit">{words::CANCEL}</button></form>
            </details>
        }
        .into_any(),
    )
}

fn failure(page: &RunPart) -> Option<AnyView> {
    let failure = page.failure.as_ref()?;
    let host = (!failure.host.is_empty()).then(|| view! { " · "<strong>{failure.host.clone()}</strong> });
    Some(
        view! {
            <section class="card plain danger" aria-labelledby="t-failure">
                <h2 id="t-failure">{words::FIRST_FAILURE}</h2>
                <p><strong>{failure.what.clone()}</strong>{host}" · "{to_line(failure.line)}</p>
                <pre tabindex="0">{failure.message.clone()}</pre>
            </section>
        }
        .into_any(),
    )
}

fn to_line(line: u64) -> AnyView {
    view! { <a href=format!("?line={line}#L{line}")>{format!("{} {line}", words::JUMP_TO_LINE)}</a> }.into_any()
}

fn phases(page: &RunPart) -> Option<AnyView> {
    if page.phases.is_empty() {
        return None;
    }
    let rows = page.phases.iter().map(|phase| {
        let open = phase.open.then_some("step");
        view! {
            <tr aria-current=open><th scope="row">{words::phase(&phase.word).to_owned()}</th>
            <td>{phase.began.clone()}</td><td>{phase.took.clone()}</td><td>{to_line(phase.line)}</td></tr>
        }
    });
    let troubles = page.troubles.iter().map(|(line, text)| view! { <li>{to_line(*line)}" "{text.clone()}</li> });
    Some(
        view! {
            <section class="card" aria-labelledby="t-phases"><h2 id="t-phases">{words::PHASES}</h2>
                <div class="wide" tabindex="0"><table class="phases"><tbody>{rows.collect_view()}</tbody></table></div>
                <ul class="troubles">{troubles.collect_view()}</ul></section>
        }
        .into_any(),
    )
}

fn proofs(page: &RunPart) -> Option<AnyView> {
    if page.proofs.is_empty() {
        return None;
    }
    let rows = page.proofs.iter().map(|proof| {
        view! { <tr><td class=format!("h-{}", proof.health.word())>{proof.says.clone()}</td><td>{proof.text.clone()}</td></tr> }
    });
    Some(
        view! {
            <section class="card" aria-labelledby="t-proofs"><h2 id="t-proofs">{words::EVIDENCE}</h2>
                <div class="wide" tabindex="0"><table><tbody>{rows.collect_view()}</tbody></table></div></section>
        }
        .into_any(),
    )
}

fn versions(page: &RunPart) -> Option<AnyView> {
    if page.versions.is_empty() {
        return None;
    }
    let told = page.versions.iter().map(|(of, is)| {
        view! { <div><dt>{words::version_of(of).to_owned()}</dt><dd>{is.clone()}</dd></div> }
    });
    Some(
        view! {
            <section class="card" aria-labelledby="t-versions"><h2 id="t-versions">{words::VERSIONS}</h2>
                <dl class="versions">{told.collect_view()}</dl></section>
        }
        .into_any(),
    )
}

fn redaction(page: &RunPart) -> AnyView {
    let told = &page.redaction;
    let total: u64 = told.rules.iter().map(|(_, count)| count).sum();
    let rows = told.rules.iter().map(|(rule, count)| {
        view! { <tr><th scope="row">{*rule}</th><td>{count.to_string()}</td></tr> }
    });
    let anew = told.anew.as_ref().map(|at| view! { <p class="hint">{words::redacted_anew(at)}</p> });
    let withheld = told.withheld.then(|| view! { <p class="hint" role="status">{words::LOG_WITHHELD}</p> });
    let table = (total > 0).then(|| {
        view! {
            <details><summary>{words::BY_RULE}</summary>
            <div class="wide" tabindex="0"><table class="phases"><tbody>{rows.collect_view()}</tbody></table></div></details>
        }
    });
    view! {
        <section class="card" aria-labelledby="t-redaction"><h2 id="t-redaction">{words::REDACTED}" "<small>{total.to_string()}</small></h2>
            <p>{words::redacted(total)}</p>{anew}{withheld}{table}</section>
    }
    .into_any()
}

fn matrix(run: &RunTable, all: bool) -> AnyView {
    let hosts = run.hosts.iter().map(|host| view! { <th scope="col">{host.clone()}</th> }).collect_view();
    let width = run.hosts.len() + 2;
    let rows = run.rows.iter().map(|row| self::row(row, width)).collect_view();
    let recap = (!run.recap.is_empty()).then(|| {
        let cells = run
            .recap
            .iter()
            .map(|(text, health)| view! { <td class=format!("h-{}", health.word())>{text.clone()}</td> })
            .collect_view();
        view! { <tfoot><tr><th scope="row" colspan="2">"PLAY RECAP"</th>{cells}</tr></tfoot> }
    });
    let errors =
        run.errors.iter().map(|(line, text)| view! { <li>{to_line(*line)}" "{text.clone()}</li> }).collect_view();
    let count = if all || run.rows.len() == run.tasks {
        view! { <small>{run.tasks}</small> }.into_any()
    } else {
        view! {
            <small>{format!("{} of {}: {}", run.rows.len(), run.tasks, words::TASKS_SHOWN)}</small>" "
            <a href="?tasks=all">{words::ALL_TASKS}</a>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-label=format!("{} · {}", words::TASKS, run.name)>
            <h2>{run.name.clone()}" "{count}</h2>
            <ul class="troubles">{errors}</ul>
            <div class="wide" tabindex="0">
                <table class="matrix">
                    <thead><tr><th scope="col">{words::TASK}</th><th scope="col">{words::TOOK}</th>{hosts}</tr></thead>
                    <tbody>{rows}</tbody>{recap}
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(row: &MatrixRow, width: usize) -> AnyView {
    let play = row.play.clone().map(|play| {
        view! { <tr class="play"><th scope="rowgroup" colspan=width.to_string()>{play}</th></tr> }
    });
    let cells = row.cells.iter().map(|cell| cell.as_ref().map_or_else(nothing, self::cell)).collect_view();
    view! {
        {play}
        <tr><th scope="row"><a href=format!("?line={0}#L{0}", row.line)>{row.name.clone()}</a></th><td>{row.took.clone()}</td>{cells}</tr>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! { <td class="hint">"·"</td> }.into_any()
}

fn cell(cell: &Cell) -> AnyView {
    let class = format!("h-{} w-{}", cell.health.word(), cell.word);
    if cell.message.is_empty() {
        return view! { <td class=class>{cell.word}</td> }.into_any();
    }
    view! { <td class=class><a href=format!("?line={0}#L{0}", cell.line) title=cell.message.clone()>{cell.word}</a></td> }
        .into_any()
}
