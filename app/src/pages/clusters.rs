//! Choosing a cluster, and searching all of them.

use leptos::prelude::*;

use super::{Card, CardPage, Theme, cards::page_links, frame::hidden};
use crate::{
    base::at,
    islands::Everywhere,
    parts,
    source::{Found, View},
    texts,
};

/// The page's content: the `cards` of one `page` of all clusters. `found` is what was searched for, in all of them. With
/// a script a search answers while one types, and the cards are renewed.
pub fn clusters(cards: &[Card], page: CardPage, found: Option<&Found>, theme: Theme, scripted: bool) -> AnyView {
    if cards.is_empty() {
        return view! { <main id="content" tabindex="-1" class="plain"><h1>{texts::NO_CLUSTER}</h1><p>{texts::NO_CLUSTER_TODO}</p></main> }
            .into_any();
    }
    view! {
        <main id="content" tabindex="-1" class="plain fleet">
            <h1>{texts::CHOOSE}</h1>
            {search(found, theme)}
            <div class="hint" id="renewal" role="status"></div>
            <ul class="clusters" id="clusters">{super::cards(cards)}</ul>
            {page_links(page, theme)}
            {scripted.then(|| view! { <Everywhere base=at("/").trim_end_matches('/').to_owned() page=page.number /> })}
        </main>
    }
    .into_any()
}

fn search(found: Option<&Found>, theme: Theme) -> AnyView {
    let text = found.map(|found| found.text.clone()).unwrap_or_default();
    let clear = at("/");
    let found = found.map(|found| {
        view! {
            <section class="found" aria-label=texts::RESULTS>
                <div inner_html=parts::hits(found, "?")></div><a href=clear>{texts::CLEAR_SEARCH}</a>
            </section>
        }
    });
    view! {
        <form class="search everywhere" method="get" action=at("/") role="search">
            <input type="search" name="q" value=text placeholder=texts::SEARCH_ALL aria-label=texts::SEARCH_ALL id="search"
                autocomplete="off" spellcheck="false" />
            <div id="hits" class="hits" role="status" hidden></div>
            {hidden(&View::default(), theme)}
        </form>
        {found}
    }
    .into_any()
}
