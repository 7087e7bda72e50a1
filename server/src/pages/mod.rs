//! Pages over HTTP: routes, the answers to what pages ask, and the files that they load.

mod assets;
mod conversions;
mod facts;
mod plans;
mod purpose;
mod routes;
mod site;
mod table;

pub(crate) use assets::assets;
pub use conversions::view as figure_view;
pub(crate) use routes::{Bodyless, Query, bare, drawn, opened, render, status, theme, troubled};
pub use routes::{ROUTES, router};
pub(crate) use site::of;
pub use site::{Asked, Site};
