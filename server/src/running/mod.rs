//! What whoever runs Binnacle wants to know: does it live, is it ready, how does it fare, what did it do.
//!
//! ```text
//! health (/healthz, /readyz)   numbers ◀─counted─ access, listen, view, store     log (a line a request, with its id)
//! environment (of child processes)
//! notify (systemd)             metrics (/metrics) = numbers + what is watched now
//! ```

pub(crate) mod environment;
mod exposition;
mod health;
mod log;
mod metrics;
mod notify;
mod numbers;
mod process;

use std::sync::Arc;

use axum::{Router, routing::get};
use tokio::sync::watch;

pub use log::around;
pub use notify::{ending, ready, watchdog};
pub use numbers::{NUMBERS, Numbers, Outcome};

use crate::{
    access::{Needs, Role, Row},
    backup::Backups,
    listen::{Certificates, Stopping},
    pages::Site,
    store::{Held, Store},
};

/// What each of these routes needs.
pub const ROUTES: &[Row] = &[
    Row::get("/healthz", Needs::Nothing),
    Row::get("/readyz", Needs::Nothing),
    // It names clusters.
    Row::get("/metrics", Needs::Role(Role::Viewer)),
];

/// What these routes look at.
#[derive(Clone)]
pub struct Running {
    /// The clusters.
    pub site: Arc<Site>,
    /// The database.
    pub store: Store,
    /// The certificates, where TLS is spoken.
    pub tls: Option<Arc<Certificates>>,
    /// Whether the server ends.
    pub stopping: Stopping,
    /// Backups of etcd.
    pub backups: Backups,
    /// Whether this is the replica that acts.
    pub duty: watch::Receiver<Option<Held>>,
}

/// The routes.
pub fn router(running: Running) -> Router {
    Router::new()
        .route("/healthz", get(health::lives))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .with_state(running)
}
