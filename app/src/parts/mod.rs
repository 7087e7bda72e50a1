//! Pieces of pages as HTML texts, for the server's pages and for what an island writes anew.

#[cfg(feature = "ssr")]
mod hits;
mod panel;
mod sentence;

#[cfg(feature = "ssr")]
pub use hits::hits;
pub use panel::{nothing_chosen, panel};
pub use sentence::{notices, sentence};
