//! Every kind that the API server serves.

use leptos::prelude::*;

use super::{KindLine, path_of, refused};
use crate::{base::at, source::Notice, texts::objects as words};

/// What is served.
#[derive(Clone, Debug)]
pub struct KindsPage {
    /// Those that the search lets through; `Err` says why none are known.
    pub kinds: Result<Vec<KindLine>, Notice>,
    /// Groups that do not tell their kinds, and why.
    pub missing: Vec<String>,
    /// What is searched for.
    pub sought: String,
}

/// The page's content.
pub fn kinds(cluster: &str, page: &KindsPage) -> AnyView {
    let base = at(&format!("/c/{}/objects", scene::segment(cluster)));
    let body = match &page.kinds {
        Err(why) => refused(why),
        Ok(kinds) if kinds.is_empty() => view! { <p class="hint">{words::NOTHING}</p> }.into_any(),
        Ok(kinds) => {
            let rows = kinds.iter().map(|kind| row(cluster, kind)).collect_view();
            view! {
                <section class="card wide" tabindex="0" aria-label=words::OBJECTS>
                    <table>
                        <thead><tr>
                            <th scope="col">{words::KIND}</th><th scope="col">{words::GROUP}</th>
                            <th scope="col">{words::VERSION}</th><th scope="col">{words::SCOPE}</th><th scope="col">{words::NOTE}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </section>
            }
            .into_any()
        }
    };
    let missing = page.missing.iter().map(|line| view! { <li>{scene::readable(line)}</li> }).collect_view();
    let missing = (!page.missing.is_empty()).then(|| {
        view! { <section class="card plain"><h2>{words::MISSING}</h2><ul class="names">{missing}</ul></section> }
    });
    view! {
        <main id="content" tabindex="-1" class="tables objects">
            <div class="bar heads"><h1>{words::OBJECTS}</h1></div>
            <p class="hint">{words::OBJECTS_FOR}</p>
            <form class="filters bar" method="get" action=base role="search" aria-label=words::SEARCH_KINDS>
                <input type="search" name="q" value=page.sought.clone() aria-label=words::SEARCH_KINDS placeholder=words::SEARCH_KINDS />
                <button type="submit">{words::SEARCH}</button>
            </form>
            {missing}{body}
        </main>
    }
    .into_any()
}

fn row(cluster: &str, kind: &KindLine) -> AnyView {
    let name = kind.kind.clone();
    let to = path_of(cluster, &kind.group, &kind.plural);
    let name = if kind.listed { view! { <a href=to>{name}</a> }.into_any() } else { name.into_any() };
    let group = if kind.group.is_empty() { words::CORE.to_owned() } else { kind.group.clone() };
    let scope = if kind.namespaced { words::NAMESPACED } else { words::WHOLE_CLUSTER };
    let note = match (kind.listed, kind.secret) {
        (false, _) => words::NOT_LISTED,
        (true, true) => words::SECRETS_BY_NAME,
        (true, false) => "",
    };
    view! { <tr><th scope="row">{name}</th><td>{group}</td><td>{kind.version.clone()}</td><td>{scope}</td><td class="hint">{note}</td></tr> }
        .into_any()
}
