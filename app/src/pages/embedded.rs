//! A figure alone, for a frame in a portal.

use leptos::prelude::*;

use super::{Assets, Theme, scripts::scripts};
use crate::{
    base::at,
    islands::Live,
    parts,
    source::{Facts, FigurePage, Trouble, View},
    texts,
};

/// What the frame shows.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// For the title.
    pub cluster: String,
    /// Below this path are the stream and the panel.
    pub base: String,
    /// What links of the figure begin with; it carries the signed link.
    pub prefix: String,
    /// The origin that is told height and selection; empty for none.
    pub parent: String,
    /// The view.
    pub view: View,
    /// The colours.
    pub theme: Theme,
    /// Files.
    pub assets: Assets,
    /// What is seen.
    pub page: FigurePage,
    /// What is chosen, with what is known of it.
    pub selected: Option<(String, Result<Facts, Trouble>)>,
}

/// The whole document.
pub fn embedded(embedded: Embedded) -> AnyView {
    let Embedded { cluster, base, prefix, parent, view, theme, assets, page, selected } = embedded;
    let scripts = assets.script.as_deref().map(scripts);
    let live = scripts.is_some();
    let back = prefix.trim_end_matches('&').to_owned();
    let (selection, panel) = match selected {
        None => (String::new(), String::new()),
        Some((selection, Ok(facts))) => (selection, parts::panel(&facts, &prefix, &back)),
        Some((selection, Err(trouble))) => {
            (selection, format!("<p class=\"hint\">{}</p>", scene::escaped(&trouble.to_string())))
        }
    };
    let figure = scene::figure(&page.scene, &prefix);
    let query = [view.query().as_str(), prefix.trim_matches(['?', '&'])]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("&");
    let name = if view.figure == View::NETWORKING { texts::NETWORKING } else { texts::ARCHITECTURE };
    let island = live.then(|| {
        view! {
            <Live base=at(&base) parent query prefix=prefix.clone() selection
                epoch=page.version.epoch.to_string() number=page.version.number />
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.word()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content=theme.word().unwrap_or("light dark") />
                <title inner_html=scene::escaped(&format!("{cluster} · {name} · {}", texts::NAME))></title>
                <link rel="icon" href=at(&assets.icon) type="image/svg+xml" />
                <link rel="stylesheet" href=at(&assets.style) />
                {scripts}
            </head>
            <body>
                <main id="content" tabindex="-1" class="embedded">
                    <div class="say">
                        <h1 id="sentence" inner_html=parts::sentence(&page.sentence, &prefix)></h1>
                        <span class="pulse" id="pulse">{texts::STILL}</span>
                    </div>
                    <div id="notices" role="status" inner_html=parts::notices(&page.notices)></div>
                    <section class="sheet" aria-label=name>
                        <div class="canvas" id="figure" tabindex="-1" inner_html=figure></div>
                    </section>
                    <section class="card panel" id="panel" aria-label="Details" aria-live="polite" inner_html=panel></section>
                    {island}
                </main>
            </body>
        </html>
    }
    .into_any()
}
