//! Where a cluster has left its plan, in rows.

use leptos::prelude::*;
use scene::Health;

use crate::{
    base::at,
    source::{DriftLine, DriftPage},
    texts,
};

/// The page's content.
pub fn drift(cluster: &str, page: DriftPage) -> AnyView {
    let unknown = page.unknown.into_iter().map(|what| view! { <li>{scene::readable(&what)}</li> }).collect_view();
    let unknown = (!unknown.is_empty()).then(|| {
        view! { <section class="card plain"><h2>{texts::NOT_COMPARED}</h2><ul>{unknown}</ul></section> }
    });
    let content = if !page.planned {
        view! { <div class="card plain"><p>{texts::NO_PLAN}</p><p class="hint">{texts::NO_PLAN_TODO}</p></div> }
            .into_any()
    } else if page.drifts.is_empty() {
        view! { <p class="card plain">{texts::NO_DRIFT}</p> }.into_any()
    } else {
        let rows = page.drifts.into_iter().map(|drift| row(cluster, drift)).collect_view();
        view! {
            <section class="card">
                <div class="wide" tabindex="0" role="region" aria-label=texts::DRIFT>
                <table>
                    <thead><tr>
                        <th scope="col">"State"</th><th scope="col">"About"</th><th scope="col">"Planned"</th>
                        <th scope="col">"Found"</th><th scope="col">"What to do"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
                </div>
            </section>
        }
        .into_any()
    };
    view! {
        <main class="tables" id="content" tabindex="-1">
            <h1 class="unseen">{texts::DRIFT}" · "{cluster.to_owned()}</h1>
            {content}
            {unknown}
        </main>
    }
    .into_any()
}

fn row(cluster: &str, drift: DriftLine) -> AnyView {
    let health = if drift.error { Health::Bad } else { Health::Warn };
    // A network is no machine that could be chosen.
    let machine = !drift.kind.starts_with("vip");
    let choice = if machine { format!("?sel=node/{}", scene::encoded(&drift.about)) } else { String::new() };
    let to = at(&format!("/c/{}/networking{choice}", scene::segment(cluster)));
    view! {
        <tr>
            <td class=format!("h-{}", health.word())>{drift.kind.replace('-', " ")}</td>
            <th scope="row"><a href=to>{scene::readable(&drift.about)}</a></th>
            <td>{scene::readable(&drift.planned)}</td>
            <td>{scene::readable(&drift.found)}</td>
            <td>{drift.todo}</td>
        </tr>
    }
    .into_any()
}
