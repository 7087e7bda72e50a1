//! Plans before they are run: choose or paste one, see its figure and its findings side by side.

use leptos::prelude::*;

use crate::{
    base::at,
    source::{FindingLine, PlanAsked, PlanFile, PlanLine, PlanPage, PlanText},
    texts,
};

/// The page's content; `page` is `None` as long as nothing was asked for.
pub fn plan(choices: &[String], asked: &PlanAsked, page: Option<&PlanPage>) -> AnyView {
    view! {
        <main class="plan" id="content" tabindex="-1">
            <h1>{page.map_or(texts::PLANS.to_owned(), |page| page.headline.clone())}</h1>
            {form(choices, asked, page.is_none())}
            {page.map(result)}
        </main>
    }
    .into_any()
}

fn form(choices: &[String], asked: &PlanAsked, open: bool) -> AnyView {
    let choose = (!choices.is_empty()).then(|| {
        view! {
            <form class="filters" method="get" action=at("/plans")>
                {choice("dha", "DHA", choices, asked.dha.as_ref())}
                {choice("network", "network.yml", choices, asked.network.as_ref())}
                <button type="submit">{texts::CHECK}</button>
            </form>
        }
    });
    let none = choices.is_empty().then(|| view! { <p class="hint">{texts::NO_PLANS}</p> });
    let paste = |name: &'static str, label: &'static str| {
        view! {
            <label>{label}<textarea name=name rows="10" spellcheck="false" autocomplete="off"></textarea></label>
        }
    };
    view! {
        <div class="card plain">
            <p>{texts::PLANS_FOR}</p>
            {none}
            {choose}
            <details open=open>
                <summary>{texts::PASTE}</summary>
                <form class="paste" method="post" action=at("/plans")>
                    {paste("dha", texts::DHA_FILE)}
                    {paste("network", texts::NETWORK_FILE)}
                    <button type="submit">{texts::CHECK}</button>
                </form>
            </details>
        </div>
    }
    .into_any()
}

fn choice(name: &'static str, label: &'static str, choices: &[String], chosen: Option<&PlanText>) -> AnyView {
    let options: Vec<_> = choices
        .iter()
        .map(|file| {
            let selected = matches!(chosen, Some(PlanText::File(name)) if name == file);
            view! { <option value=file.clone() selected=selected>{file.clone()}</option> }
        })
        .collect();
    view! {
        <label>{label}" "<select name=name><option value="">{texts::NONE}</option>{options}</select></label>
    }
    .into_any()
}

fn result(page: &PlanPage) -> AnyView {
    // The worst first; where they stand, the files below show.
    let mut worst_first: Vec<&FindingLine> = page.findings.iter().collect();
    worst_first.sort_by_key(|one| std::cmp::Reverse(one.health.severity()));
    let findings = worst_first.into_iter().map(finding).collect_view();
    let none = page.findings.is_empty().then(|| view! { <p class="hint">{texts::NO_FINDINGS}</p> });
    let files = page.files.iter().map(|one| file(one, &page.findings)).collect_view();
    let figure = page.scene.as_ref().map(|scene| {
        let svg = scene::figure(scene, "");
        view! { <section class="card sheet" aria-label=texts::NETWORKING><div class="canvas still" inner_html=svg></div></section> }
    });
    view! {
        <div class="columns">
            {figure}
            <section class="card panel" aria-labelledby="t-findings">
                <h2 id="t-findings">{texts::FINDINGS}" "<small>{page.findings.len()}</small></h2>
                {none}
                <ol class="findings">{findings}</ol>
            </section>
        </div>
        <div class="sources">{files}</div>
    }
    .into_any()
}

fn finding(finding: &FindingLine) -> AnyView {
    let to = format!("#{}-{}", finding.file, finding.line);
    let severity = severity(finding.health);
    view! {
        <li class=format!("h-{}", finding.health.word())>
            <span class=format!("badge h-{}", finding.health.word())>{severity}</span>
            " "<a href=to>{format!("{} {}:{}", finding.file, finding.line, finding.column)}</a>
            <p>{finding.what.clone()}</p>
            <p class="hint">{finding.why.clone()}</p>
            <p>{finding.todo.clone()}</p>
        </li>
    }
    .into_any()
}

const fn severity(health: scene::Health) -> &'static str {
    match health {
        scene::Health::Bad => "error",
        scene::Health::Warn => "warning",
        _ => "note",
    }
}

fn file(file: &PlanFile, findings: &[FindingLine]) -> AnyView {
    let lines = file
        .lines
        .iter()
        .map(|line| {
            let (n, text) = match line {
                PlanLine::Shown(n, text) => (*n, text),
                PlanLine::LeftOut(count) => {
                    return view! { <li class="hint fold">{texts::lines_left_out(*count)}</li> }.into_any();
                }
            };
            let here = || findings.iter().filter(|one| one.file == file.word && one.line == n);
            let worst = here().map(|one| one.health).max_by_key(|health| health.severity());
            let said: Vec<&str> = here().map(|one| one.what.as_str()).collect();
            let class = worst.map(|health| format!("marked h-{}", health.word()));
            let note = worst.map(
                |health| view! { <span class="note">{format!("{}: {}", severity(health), said.join("; "))}</span> },
            );
            view! { <li id=format!("{}-{n}", file.word) value=n class=class><code>{text.clone()}</code>{note}</li> }
                .into_any()
        })
        .collect_view();
    view! {
        <section class="card plain" aria-label=file.name.clone()>
            <h2>{file.name.clone()}</h2>
            <ol class="source" tabindex="0">{lines}</ol>
        </section>
    }
    .into_any()
}
