//! Connections: taken, bounded, spoken TLS with where that is wanted, and ended without cutting a word short.
//!
//! ```text
//! socket ─▶ serve (bounds, crowd) ─▶ tls (certificates that follow their files) ─▶ hyper ─▶ front
//!             └─ stopping (streams are told to end, everything drains within a bound)
//! ```
//! Invariants: whoever is slow, silent or large costs a bounded time and a bounded memory; nothing that a client
//! sends can end the server.

mod body;
mod bounds;
mod crowd;
mod progress;
mod serve;
mod stopping;
mod tls;

pub use body::in_time;
pub(crate) use bounds::decoded;
pub use bounds::{Bounds, within};
pub use serve::{Listening, socket};
pub use stopping::Stopping;
pub use tls::{Certificates, TlsError};
