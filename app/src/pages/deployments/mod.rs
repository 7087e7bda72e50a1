//! Deployments: ordered, followed, compared.

mod ask;
mod compare;
mod hosts;
mod line;
mod list;
mod log;
mod part;
mod recovery;
mod run;

pub use ask::{Asking, CheckLine, Review, ask, review};
pub use compare::{Comparison, TaskLine, compare};
pub use line::{
    Cell, DiffLine, Failure, HostLine, Hosts, LogLine, LogWindow, MatrixRow, PhaseLine, Progress, ProofLine, Redaction,
    RunLine, RunPage, RunPart, RunTable,
};
pub use list::{Sought, list, none};
pub use part::part;
pub use recovery::recovery;
pub use run::run;
