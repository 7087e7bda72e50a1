//! Binnacle's pages and islands.
//!
//! Pages are drawn on the server and ask a [`source::Source`] for what they show; the server
//! implements it. Islands live in the browser. Nothing here knows Kubernetes, a file, a database
//! or where a fact comes from: only `scene`, this crate's own types, and Leptos.

pub mod source;
