//! Pieces of pages as HTML texts, for the server's pages and for what an island writes anew.

mod hits;
mod panel;
mod sentence;

pub use hits::hits;
pub use panel::{nothing_chosen, panel};
pub use sentence::{notices, sentence};
