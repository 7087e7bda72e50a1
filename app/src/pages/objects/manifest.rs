//! One object as YAML.

use leptos::prelude::*;

use super::{KindLine, events_of, log_of, path_of, query_of, refused};
use crate::{base::at, source::Notice, texts::objects as words};

/// One object.
#[derive(Clone, Debug)]
pub struct ManifestPage {
    /// Its kind.
    pub kind: KindLine,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The object as YAML; `Err` says why it cannot be read.
    pub yaml: Result<String, Notice>,
    /// Its managed fields; empty where there are none.
    pub managed: String,
    /// How many of its values are hidden.
    pub hidden: usize,
}

/// The page's content.
pub fn manifest(cluster: &str, page: &ManifestPage) -> AnyView {
    let base = path_of(cluster, &page.kind.group, &page.kind.plural);
    let objects = at(&format!("/c/{}/objects", scene::segment(cluster)));
    let file = format!("{base}/manifest.yaml{}", query_of(&page.namespace, &page.name));
    let events = events_of(cluster, &page.kind.kind, &page.namespace, &page.name);
    let is = |plural: &str| page.kind.group.is_empty() && page.kind.plural == plural;
    let log = is("pods").then(|| view! { <a href=log_of(cluster, &page.namespace, &page.name)>{words::LOG}</a> });
    let drawn = match page.kind.plural.as_str() {
        "nodes" if is("nodes") => Some(format!("node/{}", page.name)),
        "pods" if is("pods") => Some(format!("pod/{}/{}", page.namespace, page.name)),
        "services" if is("services") => Some(format!("service/{}/{}", page.namespace, page.name)),
        _ => None,
    };
    let figure = at(&format!("/c/{}?", scene::segment(cluster)));
    let drawn = drawn.map(|opens| view! { <a href=scene::link(&opens, &figure)>{words::IN_FIGURE}</a> });
    let inside = (!page.namespace.is_empty()).then(|| view! { " · "{page.namespace.clone()} });
    let body = match &page.yaml {
        Err(why) => refused(why),
        Ok(yaml) => {
            let hidden = (page.hidden > 0).then(|| view! { <p class="hint">{words::hidden(page.hidden)}</p> });
            let managed = (!page.managed.is_empty()).then(|| {
                view! {
                    <details class="card"><summary>{words::MANAGED}</summary>
                        <pre class="yaml" tabindex="0" aria-label=words::MANAGED role="region">{page.managed.clone()}</pre></details>
                }
            });
            view! {
                {hidden}
                <div class="card wide">
                    <pre class="yaml" id="yaml" tabindex="0" aria-label=words::MANIFEST role="region">{yaml.clone()}</pre>
                </div>
                {managed}
            }
            .into_any()
        }
    };
    let acts = page.yaml.is_ok().then(|| {
        view! {
            <button type="button" class="button" data-copy="yaml" data-copied=words::COPIED data-failed=words::NOT_COPIED hidden>{words::COPY}</button>
            <a class="button" href=file>{words::DOWNLOAD}</a>
        }
    });
    view! {
        <main id="content" tabindex="-1" class="tables objects">
            <p class="trail"><a href=objects>{words::OBJECTS}</a>" › "<a href=base.clone()>{page.kind.kind.clone()}</a>{inside}</p>
            <div class="bar heads"><h1>{page.name.clone()}</h1>{acts}<a href=events>{words::EVENTS}</a>{log}{drawn}</div>
            {body}
        </main>
    }
    .into_any()
}
