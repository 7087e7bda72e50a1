//! Deployments: Compass's deploy.sh started on a jump host, followed, kept and judged.
//!
//! ```text
//! Order (a Startable plan, typed options) ─▶ Office ─▶ store::runs, one a jump host at a time
//!                                              │ the server with the duty
//!                                              ▼
//!          keeper.py on the jump host ◀── host ── follow ─▶ transcript (redact, read, judge) ─▶ store::log
//!            └ deploy.sh, its log, its exit status  └─▶ Told ─▶ whoever looks
//! ```
//! Invariants: no shell is given a string that anybody wrote; nothing is kept or told before the redactor saw it;
//! a piece of the log and the place to read on from are one transaction; a run outlives this server, and another
//! server goes on with it; what a run holds of passwords lies in its own folder on the jump host, and goes with it.

mod evidence;
mod finish;
mod follow;
mod host;
mod made;
mod office;
mod order;
mod preflight;
mod state;

pub use finish::Finish;
pub use follow::Told;
pub use host::{HostError, JumpHost, Way};
pub use made::Made;
pub use office::{Keep, Office, OrderError, Taken};
pub use order::{Options, Order, Run, Wrong};
pub use preflight::{Check, Fit};
pub use state::{State, kind_from, kind_word};
