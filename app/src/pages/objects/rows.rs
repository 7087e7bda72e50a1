//! The objects of one kind, with the API server's own columns.

use leptos::prelude::*;

use super::{KindLine, choice, manifest_of, path_of, refused};
use crate::{base::at, source::Notice, texts::objects as words};

/// The objects of a kind.
#[derive(Clone, Debug)]
pub struct RowsPage {
    /// Which kind.
    pub kind: KindLine,
    /// In which namespace; empty for all.
    pub namespace: String,
    /// Those that are known.
    pub namespaces: Vec<String>,
    /// What is searched for.
    pub sought: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// An object each; `Err` says why there are none.
    pub rows: Result<Vec<ObjectRow>, Notice>,
    /// Where the next page begins; empty after the last.
    pub next: String,
    /// Whether a search found more than is shown.
    pub cut: bool,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// A cell a column.
    pub cells: Vec<String>,
}

/// The page's content.
pub fn rows(cluster: &str, page: &RowsPage) -> AnyView {
    let base = path_of(cluster, &page.kind.group, &page.kind.plural);
    let kinds = at(&format!("/c/{}/objects", scene::segment(cluster)));
    let inside = page.kind.namespaced.then(|| {
        let all = if page.kind.secret { "" } else { words::EVERY };
        choice("ns", words::NAMESPACE, all, &page.namespace, &page.namespaces)
    });
    let (count, body) = match &page.rows {
        Err(why) => (None, refused(why)),
        Ok(rows) if rows.is_empty() => (Some(0), view! { <p class="hint">{words::NOTHING}</p> }.into_any()),
        Ok(rows) => (Some(rows.len()), table(cluster, page, rows)),
    };
    let count = count.map(|count| view! { " "<small>{words::rows(count, !page.next.is_empty(), page.cut)}</small> });
    let next = (!page.next.is_empty()).then(|| {
        let inside = scene::encoded(&page.namespace);
        view! { <p><a href=format!("{base}?ns={inside}&next={}", scene::encoded(&page.next)) rel="next">{words::NEXT}</a></p> }
    });
    let secrets = page.kind.secret.then(|| view! { <p class="hint">{words::SECRETS_BY_NAME}</p> });
    view! {
        <main id="content" tabindex="-1" class="tables objects">
            <p class="trail"><a href=kinds>{words::OBJECTS}</a></p>
            <div class="bar heads"><h1>{page.kind.kind.clone()}{count}</h1></div>
            {secrets}
            <form class="filters bar" method="get" action=base.clone() role="search" aria-label=words::SEARCH_ROWS>
                {inside}
                <input type="search" name="q" value=page.sought.clone() aria-label=words::SEARCH_ROWS placeholder=words::SEARCH_ROWS />
                <button type="submit">{words::SEARCH}</button>
            </form>
            {body}{next}
        </main>
    }
    .into_any()
}

fn table(cluster: &str, page: &RowsPage, rows: &[ObjectRow]) -> AnyView {
    let spaced = page.kind.namespaced && page.namespace.is_empty();
    let heads = page.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let heads = view! { {heads}{spaced.then(|| view! { <th scope="col">{words::NAMESPACE}</th> })} };
    let lines = rows.iter().map(|row| {
        let inside = if row.namespace.is_empty() { &page.namespace } else { &row.namespace };
        let to = manifest_of(cluster, &page.kind.group, &page.kind.plural, inside, &row.name);
        let opens = !page.kind.secret;
        let cells = row.cells.iter().enumerate().map(|(place, cell)| {
            let text = scene::readable(cell);
            // The object's name leads to it, in whichever column the server puts it.
            let named = *cell == row.name;
            match (named && opens, place == 0 || named) {
                (true, _) => view! { <th scope="row"><a href=to.clone()>{text}</a></th> }.into_any(),
                (false, true) => view! { <th scope="row">{text}</th> }.into_any(),
                (false, false) => view! { <td>{text}</td> }.into_any(),
            }
        });
        let unnamed = (opens && !row.cells.contains(&row.name))
            .then(|| view! { <td><a href=to.clone()>{words::MANIFEST}</a></td> });
        let cells = cells.collect_view();
        let space = spaced.then(|| view! { <td>{row.namespace.clone()}</td> });
        view! { <tr>{cells}{space}{unnamed}</tr> }
    });
    let unnamed = rows.iter().any(|row| !row.cells.contains(&row.name)) && !page.kind.secret;
    view! {
        <section class="card wide" tabindex="0" aria-label=page.kind.kind.clone()>
            <table><thead><tr>{heads}{unnamed.then(|| view! { <th scope="col">{words::MANIFEST}</th> })}</tr></thead>
            <tbody>{lines.collect_view()}</tbody></table>
        </section>
    }
    .into_any()
}
