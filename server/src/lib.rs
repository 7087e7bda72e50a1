//! Everything of Binnacle that does I/O.
//!
//! ```text
//! command ─▶ config ─▶ listen ─▶ front ─▶ access ─▶ pages, embed ─▶ view ─▶ cluster ─▶ Kubernetes
//!                                  └▶ running (health, numbers, log)
//!    ├────▶ demo (simulator)  └▶ store               └──▶ topology ─▶ scene
//!    ├────▶ store (SQLite, PostgreSQL)
//!    ├────▶ mcp ─▶ rest, or another server's
//!    └────▶ backup ─▶ etcd (its own API)     deploy, backup, incidents ─▶ webhook
//! ```
//!
//! Invariants: nothing here draws, judges or lays out, that is `topology`'s; a page asks through
//! `app::source::Source` and knows nothing of Kubernetes; secrets do not pass `cluster`.

pub mod access;
pub mod backup;
mod certificate;
pub mod cluster;
pub mod command;
pub mod config;
pub mod demo;
pub mod deploy;
pub mod embed;
pub mod etcd;
pub mod front;
pub mod incidents;
pub mod journal;
pub mod listen;
mod losses;
pub mod mcp;
pub mod pages;
mod placed;
pub mod plan;
pub mod rest;
pub mod running;
pub mod store;
pub mod view;
pub mod webhook;
