//! Everything of Binnacle that does I/O.
//!
//! ```text
//! command ─▶ config ─▶ pages ─▶ view ─▶ cluster ─▶ Kubernetes
//!    └────▶ demo (simulator)      └──▶ topology ─▶ scene
//! ```
//!
//! Invariants: nothing here draws, judges or lays out, that is `topology`'s; a page asks through
//! `app::source::Source` and knows nothing of Kubernetes; secrets do not pass `cluster`.

pub mod cluster;
pub mod command;
pub mod config;
pub mod demo;
pub mod pages;
pub mod plan;
pub mod store;
pub mod view;
