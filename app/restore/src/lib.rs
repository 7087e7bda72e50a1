//! How a backup of etcd is restored on the very cluster it came from: the commands, host by host, in order.
//!
//! ```text
//! Facts (backup, members, hosts, what is unknown) ──guide──▶ Guide { warnings, losses, steps } ──markdown──▶ text
//! ```
//!
//! Invariants:
//! - No I/O, no clock: the same facts give the same guide.
//! - What is unknown is said to be, and commands read it on the host where it stands; nothing is guessed.
//! - Whatever a name or an address holds, no shell runs it and no Markdown obeys it.
//! - Until all hosts have their restored data beside the old, no command changes anything that runs; no command ever
//!   deletes data.
//!
//! Paths and units are those of kubespray, which Compass uses.

mod facts;
mod guide;
mod hosts;
mod losses;
mod markdown;
mod member;
mod opening;
mod quorum;
mod shell;
mod tool;

pub use facts::{Backup, Companion, Facts, Host, Life, Member};
pub use guide::{Act, At, Guide, HOW, Lost, Step, guide, lost};
