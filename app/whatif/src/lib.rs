//! The answer to the loss of a host, worked out from facts alone.
//!
//! ```text
//! Inventory ──count──▶ World ──steps──▶ Supposed ──filter──▶ place ──▶ Answer
//!                   hosts, forms     what goes      host by host    verdicts, course in time
//! ```
//!
//! Invariants:
//! - No I/O, no clock: the same facts and question give the same answer.
//! - The scheduler's choice cannot be known, so none is told: a host is feasible or not, and a count lies in an interval.
//! - A verdict is certain or impossible only with a proof. A fact that is missing makes it unknown, with its name.
//! - A witness is a placement that every filter allows.

pub mod answer;
mod ask;
mod bound;
mod budgets;
mod control;
mod fate;
pub mod filter;
mod lookup;
mod losses;
mod orders;
pub mod place;
mod print;
mod question;
mod quorum;
mod quota;
mod relation;
mod search;
mod services;
mod standing;
pub mod supposed;
pub mod timing;
mod verdict;
pub mod waves;
mod words;
pub mod world;
mod worst;

pub use answer::Answer;
pub use ask::{answer, ask};
pub use losses::{Loss, Losses, losses};
pub use question::{MOST, Mistake, Question, Step};
pub use standing::Standing;
pub use verdict::Verdict;
pub use waves::{DrainOrder, Stuck, Wave, drain_order};
