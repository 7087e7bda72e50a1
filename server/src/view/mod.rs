//! One task a watched view, shared by everyone who looks at it.
//!
//! A view is drawn once and its changes are numbered. Who comes back names the last number that
//! they have and gets what they missed, or the whole; who does not keep up is dropped and comes
//! back. Nothing here waits for a reader.

mod notices;
mod registry;
mod stream;
mod watched;

pub use registry::Views;
pub(crate) use stream::{Beside, Still, follow};
pub(crate) use watched::still;
pub use watched::{Watched, choices};
