//! A backup: all that is known of it, and what an admin can do with it.

use leptos::prelude::*;

use super::{BackupPage, ladder};
use crate::{
    base::at,
    texts::{backups as words, restore},
};

/// The page's content.
pub fn one(page: &BackupPage) -> AnyView {
    let line = &page.line;
    let list = at(&format!("/c/{}/backups", scene::segment(&page.cluster)));
    let way = |to: &str| at(&format!("/c/{}/backups/{}/{to}", scene::segment(&page.cluster), line.id));
    let open = line.recipients.is_empty().then(|| view! { <p class="wrong">{words::OPEN_MEANS}</p> });
    let notes = line.notes.iter().flatten().map(|note| view! { <p class="wrong">{note.clone()}</p> }).collect_view();
    let class = format!("headline {}", ladder::health(line).unwrap_or_default());
    view! {
        <main id="content" tabindex="-1" class="tables shelf">
            <div class="bar heads">
                <h1>{format!("Backup of {}", line.taken)}</h1>
                <span class="hint">{format!("{} · {} · {}", line.ago, line.by, line.id)}</span>
                <a href=list>{words::BACKUPS}</a>
                <a href=way("restore")>{restore::GUIDE}</a>
                {page.operates.then(|| view! { <a href=way("changes")>{restore::CHANGES}</a> })}
            </div>
            <p class=class>{ladder::restores(line)}</p>
            {notes}
            {open}
            <div class="grid">
                <section class="card plain" aria-labelledby="t-ladder"><h2 id="t-ladder">{words::LADDER}</h2>{ladder::long(line)}</section>
                <section class="card plain" aria-labelledby="t-facts"><h2 id="t-facts">{words::FACTS}</h2>{facts(page)}</section>
            </div>
            {copies(page)}
            {page.operates.then(|| acts(page))}
        </main>
    }
    .into_any()
}

fn facts(page: &BackupPage) -> AnyView {
    let facts = page.facts.iter().map(|(name, value, code)| {
        let value = value.clone();
        let value = if *code { view! { <code>{value}</code> }.into_any() } else { value.into_any() };
        view! { <div><dt>{*name}</dt><dd>{value}</dd></div> }
    });
    view! { <dl class="about">{facts.collect_view()}</dl> }.into_any()
}

fn copies(page: &BackupPage) -> AnyView {
    let rows = page.line.copies.iter().map(|copy| {
        view! {
            <tr><th scope="row">{copy.place.clone()}</th><td class=format!("h-{}", copy.health.word())>{copy.says}</td>
            <td>{copy.since.clone()}</td><td>{copy.detail.clone()}</td><td>{copy.fate.clone()}</td></tr>
        }
    });
    view! {
        <section class="card" aria-labelledby="t-copies"><h2 id="t-copies">{words::COPIES}</h2>
            <div class="wide" tabindex="0"><table>
                <thead><tr><th scope="col">{words::PLACE}</th><th scope="col">{words::STATE}</th><th scope="col">{words::SINCE}</th>
                    <th scope="col"><span class="unseen">{words::WHY}</span></th><th scope="col">{words::IF_RETENTION_RAN}</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div></section>
    }
    .into_any()
}

fn acts(page: &BackupPage) -> AnyView {
    let wrong = page.wrong.clone().map(|wrong| view! { <p class="wrong" role="alert">{wrong}</p> });
    view! {
        <section class="card plain" aria-labelledby="t-acts"><h2 id="t-acts">{words::ACTS}</h2>
            {wrong}
            {rehearse(page)}
            {page.admin.then(|| downloads(page))}
            {page.admin.then(|| remove(page))}
        </section>
    }
    .into_any()
}

fn rehearse(page: &BackupPage) -> AnyView {
    if !page.line.recipients.is_empty() {
        return view! { <p class="hint">{words::SEALED_HERE}</p> }.into_any();
    }
    let to = at(&format!("/c/{}/backups/{}/rehearse", scene::segment(&page.cluster), page.line.id));
    view! {
        <form method="post" action=to class="act"><button class="meant" type="submit">{words::REHEARSE}</button>
            <span class="hint">{words::REHEARSE_MEANS}</span></form>
    }
    .into_any()
}

fn downloads(page: &BackupPage) -> AnyView {
    let base = at(&format!("/api/v1/clusters/{}/backups/{}", scene::segment(&page.cluster), page.line.id));
    let with = page.travels.then(|| {
        view! { <a class="other" href=format!("{base}/companion") download="">{words::DOWNLOAD_WITH}</a> }
    });
    view! {
        <p class="act"><a class="other" href=format!("{base}/file") download="">{words::DOWNLOAD}</a>{with}
            <span class="hint">{words::DOWNLOAD_MEANS}</span></p>
    }
    .into_any()
}

fn remove(page: &BackupPage) -> AnyView {
    let line = &page.line;
    let to = at(&format!("/c/{}/backups/{}/remove", scene::segment(&page.cluster), line.id));
    view! {
        <details class="cancel" open=page.wrong.is_some()><summary>{words::REMOVE}</summary>
            <form class="fields" method="post" action=to>
                <p>{words::REMOVE_MEANS}</p>
                <label>{words::confirm(&line.revision)}<input name="confirm" required autocomplete="off" inputmode="numeric" /></label>
                <button class="danger" type="submit">{words::REMOVE_NOW}</button>
            </form>
        </details>
    }
    .into_any()
}
