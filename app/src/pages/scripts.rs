//! The script that starts the islands.

use leptos::{nonce::use_nonce, prelude::*};

use crate::base::at;

/// Starts the islands as soon as the page is read. `folder` has their script. Leptos' own way waits until the browser is
/// idle, without a bound, and a portal's frame that is out of sight may never be.
pub(super) fn scripts(folder: &str) -> AnyView {
    // Nothing outside of islands is hydrated.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    let (script, program) = (at(&format!("{folder}/binnacle.js")), at(&format!("{folder}/binnacle.wasm")));
    let start = format!(
        "import * as all from {script:?};\nawait all.default({{ module_or_path: {program:?} }});\nall.hydrate();\n\
         for (const island of document.querySelectorAll('leptos-island')) all[island.dataset.component]?.(island);"
    );
    view! {
        <link rel="modulepreload" href=script crossorigin="anonymous" />
        <link rel="preload" href=program r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=use_nonce()>{start}</script>
    }
    .into_any()
}
