//! When there is nothing to show, and what to do about it.

use leptos::prelude::*;

use crate::{base::at, source::Trouble, texts};

/// The page's content; it tries again by itself where that may help.
pub fn trouble(trouble: &Trouble) -> AnyView {
    let (todo, again) = match trouble {
        Trouble::Unreachable { todo, .. } => (todo.clone(), true),
        Trouble::Unusable { todo, .. } => (todo.clone(), false),
        Trouble::NoSuchCluster(_) => (String::new(), false),
        Trouble::NoSuchThing(_) => (String::new(), false),
    };
    view! {
        <main id="content" tabindex="-1" class="plain trouble">
            <div role="alert">
                <h1>{scene::readable(&trouble.to_string())}</h1>
                <p>{scene::readable(&todo)}</p>
                {again.then(|| view! { <p><small>{texts::TRYING}</small></p> })}
            </div>
            <p><a href=at("/")>{texts::BACK}</a></p>
        </main>
    }
    .into_any()
}

/// For addresses that lead nowhere.
pub fn not_found() -> AnyView {
    view! { <main id="content" tabindex="-1" class="plain trouble"><h1>{texts::NOT_FOUND}</h1><p><a href=at("/")>{texts::BACK}</a></p></main> }
        .into_any()
}
