//! etcd by its own API, from 3.2 to today's: who its members are, how they fare, what they hold.
//!
//! ```text
//! endpoint ─▶ tls ─▶ dial (TCP or through a jump host, TLS, HTTP/2) ─▶ client: one member ─▶ look: all of them ─▶ members
//! ```
//!
//! - Every question has an end in time, and every failure says which endpoint, what, and what to do.
//! - The name in a server's certificate is always checked, and its authority is a file that was named.
//! - What a server is too old to tell is unknown, never zero.

mod access;
mod client;
mod dial;
mod endpoint;
mod error;
mod look;
mod members;
mod through;
mod tls;
mod wire;

pub use access::{Access, proposed};
pub(crate) use client::Client;
pub use endpoint::Endpoint;
pub use error::{EtcdError, Why};
pub use look::{Hashes, NoneAnswers, look};
pub use members::{Agreement, Alarm, AlarmKind, Member, Members, Quorum, Standing};
pub use through::Through;
pub use tls::Tls;
