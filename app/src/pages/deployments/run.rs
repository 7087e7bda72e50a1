//! A run: how it goes, what it did, what it said.

use leptos::prelude::*;

use super::{DiffLine, RunPage, log::log, part};
use crate::{base::at, islands::Follow, pages::notify::notify, texts::deployments as words};

/// The page's content. `live` says whether pages have their script.
pub fn run(page: &RunPage, live: bool) -> AnyView {
    let line = &page.part.line;
    let list = at(&format!("/c/{}/deployments", scene::segment(&page.part.cluster)));
    let base = format!("{list}/{}", line.id);
    let follows = live && (page.part.live || page.log.total > 0);
    let follow = follows.then(|| {
        let bottom = page.log.lines.last().is_none_or(|line| line.number >= page.log.total);
        view! { <Follow base=base.clone() lines=page.log.total live=page.part.live bottom=bottom && page.log.at.is_none() /> }
    });
    view! {
        <main id="content" tabindex="-1" class="tables run">
            <div class="bar heads">
                <h1>{format!("{} · {}", line.kind, line.created)}</h1>
                <span class="hint">{format!("{} · {} · {}", line.who, page.host, line.id)}</span>
                {(live && page.own && page.part.live).then(notify)}
                <a href=list>{words::DEPLOYMENTS}</a>
            </div>
            <div id="run" aria-live="off">{part(&page.part)}</div>
            {log(&base, &page.log)}
            {plan(page.diff.as_deref())}
            <details class="card plain"><summary>{words::COMMAND}</summary><pre class="command" tabindex="0">{page.command.clone()}</pre></details>
            {follow}
        </main>
    }
    .into_any()
}

fn plan(diff: Option<&[DiffLine]>) -> AnyView {
    let Some(diff) = diff else { return view! { <p class="hint">{words::FIRST_RUN}</p> }.into_any() };
    if diff.is_empty() {
        return view! { <p class="hint">{words::SAME_PLAN}</p> }.into_any();
    }
    let lines = diff
        .iter()
        .map(|line| {
            let class = match line.sign {
                '+' => "added",
                '-' => "removed",
                _ => "kept",
            };
            view! { <span class=class>{format!("{} {}\n", line.sign, line.text)}</span> }
        })
        .collect_view();
    view! {
        <section class="card plain" aria-labelledby="t-diff"><h2 id="t-diff">{words::CHANGED_PLAN}</h2>
            <pre class="diff" tabindex="0">{lines}</pre></section>
    }
    .into_any()
}
