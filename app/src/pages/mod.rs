//! One file a page. Pages are functions from what the server found out to a view; none of them
//! asks, waits or keeps state.

mod access;
mod api;
mod clusters;
pub mod deployments;
mod drift;
mod embedded;
mod figure;
mod filters;
mod frame;
mod plan;
mod table;
mod trouble;

pub use access::{AuditLine, AuditSought, TokenLine, audit, first, refusal, sign_in, tokens};
pub use api::{Body, Field, Kind, Operation, Tried, api};
pub use clusters::clusters;
pub use drift::drift;
pub use embedded::{Embedded, embedded};
pub use figure::{Done, figure, strip};
pub use frame::{Assets, Frame, Tab, Theme, Visitor, frame};
pub use plan::plan;
pub use table::table;
pub use trouble::{not_found, trouble};
