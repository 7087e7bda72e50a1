//! A cluster's facts over time: what changed, in blocks, and everything from time to time.
//!
//! ```text
//! Change ──Recorder──▶ Record ──seal──▶ block (bytes) ──open──▶ Record ──Replay──▶ Inventory as of then
//!         only news      with its time      zstd, digest
//! ```
//!
//! Invariants:
//! - No I/O, no clock, no async: times come in as [`topology::Stamp`]s.
//! - What says nothing new makes no record: a renewal in time, a heartbeat in time, a list of what is known.
//! - A block that was cut or altered does not open; one that is lost leaves a hole in the numbers of records.
//! - Facts are encoded by their own derives with their fields' names, so that a field that came later is no obstacle.
//!   Within a block a fact is written as what it alters in the last one of its thing.

mod block;
mod code;
mod compare;
mod delta;
mod life;
mod record;
mod replay;
mod value;

pub use block::{Block, BlockError, Content, FORMAT, Unpacked, open, seal, unpack};
pub use code::CodeError;
pub use compare::{Difference, Group, compare};
pub use life::{Event, Life, NoThing, Thing};
pub use record::{Record, Recorder};
pub use replay::{Replay, ReplayError};
