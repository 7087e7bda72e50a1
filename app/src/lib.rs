//! Binnacle's pages and islands.
//!
//! ```text
//! pages ─ask─▶ source::Source (the server implements it)
//!   └─▶ parts (drawn on the server)     islands (live in the browser) ─▶ scene
//! ```
//!
//! Invariants:
//! - Nothing here knows Kubernetes, a file, a database or where a fact comes from.
//! - A page is complete before any script runs; islands add to it and take nothing away.
//! - The figure is not in Leptos' view tree: the server writes it, the island patches it by id.
//! - A path of our own reaches a page through [`base::at`] and in no other way.
//! - Every text that people read stands in [`texts`].

#[cfg(feature = "ssr")]
pub mod base;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod pages;
pub mod parts;
pub mod source;
pub mod texts;
pub mod view;
