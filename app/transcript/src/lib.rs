//! What a deployment's log says, as it streams: without secrets, in lines, phases, plays and tasks, and judged.
//!
//! ```text
//! raw bytes ──Redactor──▶ bytes to keep ──Transcript──▶ events, Outline ──┐
//!                     exit status, deck, cluster ────────────────────────┴──judge──▶ Judgement
//! ```
//!
//! Invariants:
//! - No I/O, no clock, and no log makes it fail: odd lines are text.
//! - What comes out depends on the bytes, never on how they were cut into chunks.
//! - Memory is bounded by the number of hosts and tasks, never by the length of the log or of a line.
//! - Nothing leaves the [`Redactor`] before every form of every secret was sought in it.
//! - States can be stored, and going on from a stored state gives what going on without it would have.

mod ansible;
mod line;
mod noise;
mod outline;
mod phase;
mod redact;
mod verdict;

pub use ansible::{Cell, Change, MESSAGE, Mistake, Play, Recap, Run, Runs, State, Style, Task};
pub use line::{SHOWN, Shown, shown};
pub use outline::{Event, Failure, Outline, STRIDE, Transcript};
pub use phase::{Mark, Phase, Trouble};
pub use redact::{Counts, MASK, RULES, Redactor, Resume, Rule, WINDOW, redacted};
pub use verdict::{Cluster, Deck, Etcd, Evidence, Judgement, Kind, Process, Proof, Says, Sum, Verdict, Witness, judge};
