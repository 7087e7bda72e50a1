//! The figure's facts in rows, for those who cannot use a picture or want to copy it.

use leptos::prelude::*;

use super::{Tab, Theme, filters::filters, frame::prefix};
use crate::{
    base::at,
    source::{Section, Table, TableRow, View},
    texts,
};

/// The page's content.
pub fn table(cluster: &str, view: &View, theme: Theme, table: Table) -> AnyView {
    let base = at(&format!("/c/{}{}", scene::segment(cluster), prefix(view, theme)));
    let sections = table.sections.into_iter().map(|section| self::section(section, &base)).collect_view();
    view! {
        <main class="tables" id="content" tabindex="-1">
            <h1 class="unseen">{texts::TABLE}" · "{cluster.to_owned()}</h1>
            <div class="bar">{filters(cluster, Tab::Table, view, theme, &table.choices)}</div>
            {sections}
        </main>
    }
    .into_any()
}

fn section(section: Section, base: &str) -> AnyView {
    let shown = section.rows.len();
    let count = if shown < section.total {
        format!("Showing {shown} of {} – filter or search to narrow down", section.total)
    } else {
        section.total.to_string()
    };
    let heads = section.columns.iter().map(|column| view! { <th scope="col">{column.clone()}</th> }).collect_view();
    let rows = section.rows.into_iter().map(|row| self::row(row, base)).collect_view();
    let anchor = section.title.to_lowercase();
    let rows = if shown == 0 {
        view! { <p class="hint pad">{texts::NO_ROWS}</p> }.into_any()
    } else {
        view! {
            <div class="wide" tabindex="0">
                <table><thead><tr><th scope="col">{texts::STATE}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby=format!("t-{anchor}")>
            <h2 id=format!("t-{anchor}")>{section.title}" "<small>{count}</small></h2>
            {rows}
        </section>
    }
    .into_any()
}

fn row(row: TableRow, base: &str) -> AnyView {
    let class = row.health.map(|health| format!("h-{}", health.word()));
    let state = row.health.map(scene::Health::adjective).unwrap_or_default();
    let mut cells = row.cells.into_iter().map(|cell| scene::readable(&cell));
    let first = cells.next().unwrap_or_default();
    let first = match row.opens {
        Some(opens) => {
            let to = scene::link(&opens, base);
            view! { <a href=to>{first}</a> }.into_any()
        }
        None => first.into_any(),
    };
    let rest = cells.map(|cell| view! { <td>{cell}</td> }).collect_view();
    view! { <tr><td class=class>{state}</td><th scope="row">{first}</th>{rest}</tr> }.into_any()
}
