//! Where nothing can be backed up: what to set.

use leptos::prelude::*;

use crate::texts::backups as words;

/// The page's content. `demo` says that it is the built-in cluster.
pub fn none(cluster: &str, demo: bool) -> AnyView {
    let settings = words::SETTINGS
        .map(|(name, means)| view! { <tr><th scope="row"><code>{name}</code></th><td>{means}</td></tr> })
        .into_iter()
        .collect_view();
    view! {
        <main id="content" tabindex="-1" class="tables shelf">
            <h1>{words::BACKUPS}" · "{cluster.to_owned()}</h1>
            <section class="card plain">
                <p class="headline">{words::UNKNOWN}</p>
                {demo.then(|| view! { <p class="hint">{words::UNKNOWN_DEMO}</p> })}
                <p>{words::UNKNOWN_TODO}</p>
                <table class="settings"><tbody>{settings}</tbody></table>
            </section>
        </main>
    }
    .into_any()
}
