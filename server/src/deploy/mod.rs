//! Deployments: Compass's deploy.sh started on a jump host, followed, kept and judged.
//!
//! ```text
//! Order (a Startable plan, typed options) ─▶ Office ─▶ store::runs, one a jump host at a time
//!                                              │ the server with the duty
//!                                              ▼
//!          keeper.py on the jump host ◀── host ── follow ─▶ transcript (redact, read, judge) ─▶ store::log
//!            ├ deploy.sh, its log, its exit status  ├─▶ Told ─▶ wire ─▶ whoever looks
//!            └ witness.py: deck, hosts, cluster     └─ hosts (while systems install)
//!
//! pages ─▶ draft (reviewed, then confirmed) ─▶ Office;   story, compare, lines ◀─ store
//! ```
//! Invariants: no shell is given a string that anybody wrote; nothing is kept or told before the redactor saw it;
//! a piece of the log and the place to read on from are one transaction; a run outlives this server, and another
//! server goes on with it; a log that earlier rules redacted is not shown before it is redacted anew; what a run holds of passwords lies in its own folder on the jump host, and goes with it.

mod anew;
mod compare;
mod draft;
mod evidence;
mod expansion;
mod finish;
mod follow;
mod host;
mod hosts;
mod lines;
mod made;
mod office;
mod order;
mod pages;
mod parts;
mod preflight;
mod state;
mod story;
mod tail;
mod told;
mod torn;
mod wire;

pub(crate) use anew::counts;
pub(crate) use expansion::misfits;
pub use finish::Finish;
pub use follow::Told;
pub(crate) use host::openssh;
pub use host::{HostError, JumpHost, Way};
pub(crate) use hosts::{Host, Seen};
pub use made::Made;
pub use office::{Keep, Office, OrderError, Taken};
pub(crate) use order::startable_apart;
pub use order::{Options, Order, Run, Wrong, startable};
pub use pages::{Deployments, ROUTES, router};
pub(crate) use preflight::preflight;
pub use preflight::{Check, Fit};
pub use state::{State, kind_from, kind_word};
pub(crate) use story::versions;
pub use tail::Grown;
pub(crate) use told::{growing, whole};
