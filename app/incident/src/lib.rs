//! Incidents: when something of a cluster broke, when it was well again, and what else that explains.
//!
//! ```text
//! Inventory, Beside ──judge──▶ Judgement ──Course::look──▶ Incidents that began, changed or ended
//!                              found, cause, unknown        held back, calm, flaps
//! ```
//!
//! Invariants:
//! - No I/O, no clock, no async: times come in as [`topology::Stamp`]s.
//! - Facts that are unknown or stale begin no incident and end none.
//! - One cause is one incident: a finding that another one explains is something that the other touched.
//! - More frequent looks, and another order of changes within a moment, make the same incidents.

mod beside;
mod certificates;
mod course;
mod etcd;
mod judge;
mod kind;
mod workloads;

pub use beside::{Backup, Beside, Certificate, Server};
pub use course::{Course, Incident, MOST_OPEN, Rules};
pub use judge::{Finding, Judgement, judge};
pub use kind::{Family, Kind, Slot};
