//! A cluster's backups, newest first.

use leptos::prelude::*;

use super::{BackupLine, CopyLine, List, hosts, ladder, part};
use crate::{base::at, islands::Follow, pages::notify::notify, texts, texts::backups as words};

/// The page's content. `live` says whether pages have their script.
pub fn list(list: &List, live: bool) -> AnyView {
    let base = at(&format!("/c/{}/backups", scene::segment(&list.cluster)));
    let follow = (live && list.live).then(|| view! { <Follow base=base.clone() lines=0 live=true bottom=false /> });
    let about = list.about.iter().map(|(name, value)| view! { <div><dt>{*name}</dt><dd>{value.clone()}</dd></div> });
    view! {
        <main id="content" tabindex="-1" class="tables shelf">
            <div class="bar heads">
                <h1>{words::BACKUPS}</h1>
                {(live && list.own && list.live).then(notify)}
                <a href=format!("{base}/retention")>{words::RETENTION}</a>
            </div>
            <div id="run">{part(list)}</div>
            <section class="card plain" aria-label=words::ABOUT><dl class="about">{about.collect_view()}</dl></section>
            {hosts::hosts(&list.hosts)}
            {follow}
        </main>
    }
    .into_any()
}

/// The table with the ways to the other parts.
pub(super) fn table(base: &str, list: &List) -> AnyView {
    let none = list.lines.is_empty().then(|| {
        let why = if list.total == 0 { words::NONE } else { words::NONE_BEFORE };
        view! { <p class="hint empty">{why}</p> }
    });
    let rows = list.lines.iter().map(|line| row(base, line)).collect_view();
    let table = (!list.lines.is_empty()).then(|| {
        view! {
            <section class="card wide" tabindex="0" aria-label=words::BACKUPS>
                <table class="backups">
                    <thead><tr>
                        <th scope="col">{words::TAKEN}</th><th scope="col">{words::PROVED}</th>
                        <th scope="col" class="number">{words::REVISION}</th><th scope="col" class="number">{words::KEYS}</th>
                        <th scope="col" class="number">{words::SIZE}</th>
                        <th scope="col">{words::KEPT}</th><th scope="col">{words::SECRECY}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
    });
    let older = list.next.clone().map(|next| {
        view! { <a href=format!("{base}?before={}", scene::encoded(&next)) rel="next">{words::OLDER}</a> }
    });
    let newest = list.is_later.then(|| view! { <a href=base.to_owned()>{words::NEWEST}</a> });
    let filter = (list.total > 10 || !list.until.is_empty()).then(|| {
        view! {
            <form class="filters bar" method="get" action=base.to_owned()>
                <label>{words::UNTIL}" "<input type="date" name="until" value=list.until.clone() /></label>
                <button type="submit">{texts::APPLY}</button>
                <span class="hint">{words::in_all(&list.total.to_string())}</span>
            </form>
        }
    });
    view! { {filter}{none}{table}<p class="bar">{newest}{older}</p> }.into_any()
}

fn row(base: &str, line: &BackupLine) -> AnyView {
    let to = format!("{base}/{}", line.id);
    let copies = line.copies.iter().map(copy).collect_view();
    let sealed = if line.recipients.is_empty() {
        view! { <td class="h-warn" data-of=words::SECRECY>{words::OPEN}</td> }
    } else {
        view! { <td class="h-ok" data-of=words::SECRECY>{words::SEALED}</td> }
    };
    view! {
        <tr>
            <th scope="row"><a href=to>{line.taken.clone()}</a>
                <small class="hint">{format!("{} · {} · {}", line.ago, line.by, line.member)}</small></th>
            <td class="proved">{ladder::short(line)}</td>
            <td class="number" data-of=words::REVISION>{line.revision.clone()}</td>
            <td class="number" data-of=words::KEYS>{line.keys.clone()}</td>
            <td class="number" data-of=words::SIZE>{line.size.clone()}<small class="hint">{line.stored.clone()}</small></td>
            <td><ul class="copies">{copies}</ul></td>
            {sealed}
        </tr>
    }
    .into_any()
}

fn copy(copy: &CopyLine) -> AnyView {
    let why = (!copy.detail.is_empty()).then(|| view! { <small class="hint">{copy.detail.clone()}</small> });
    view! {
        <li><span class="place">{copy.place.clone()}</span>" "<span class=format!("badge h-{}", copy.health.word())>{copy.says}</span>{why}</li>
    }
    .into_any()
}
