//! Pages over HTTP: routes, the answers to what pages ask, and the files that they load.

mod assets;
mod conversions;
mod facts;
mod plans;
mod purpose;
mod routes;
mod site;
mod table;

pub use conversions::view as figure_view;
pub use routes::{ROUTES, router};
pub(crate) use routes::{bare, render};
pub use site::{Asked, Site};
