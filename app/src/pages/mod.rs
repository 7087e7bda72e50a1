//! One file a page. Pages are functions from what the server found out to a view; none of them
//! asks, waits or keeps state.

mod clusters;
mod drift;
mod figure;
mod filters;
mod frame;
mod plan;
mod table;
mod trouble;

pub use clusters::clusters;
pub use drift::drift;
pub use figure::figure;
pub use frame::{Assets, Frame, Tab, Theme, frame};
pub use plan::plan;
pub use table::table;
pub use trouble::{not_found, trouble};
