//! Pages over HTTP: routes, the answers to what pages ask, and the files that they load.

mod assets;
mod beside;
mod cards;
mod compressed;
mod conversions;
mod elsewhere;
mod everywhere;
mod facts;
mod history;
mod incidents;
mod life;
pub mod objects;
mod plans;
mod png;
mod purpose;
mod routes;
mod site;
mod table;
mod theme;
mod what_if;

pub(crate) use assets::assets;
pub(crate) use cards::state;
pub(crate) use compressed::at_once;
pub use conversions::view as figure_view;
pub(crate) use history::compared;
pub(crate) use png::pixels;
pub(crate) use routes::{Bodyless, Query, bare, drawn, one_of, opened, render, status, theme, troubled};
pub use routes::{ROUTES, router};
pub(crate) use site::of;
pub use site::{Asked, Site};

/// An error's text as a sentence of a page.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
