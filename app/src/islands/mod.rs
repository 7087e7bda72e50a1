//! What lives in the browser: one island that keeps the figure up to date and helps to read it.
//!
//! The island draws nothing of its own into Leptos' tree. It finds by id what the server wrote,
//! and changes that.

#[cfg(feature = "hydrate")]
mod cards;
#[cfg(feature = "hydrate")]
mod copy;
#[cfg(feature = "hydrate")]
mod dom;
mod everywhere;
#[cfg(feature = "hydrate")]
mod find;
mod follow;
#[cfg(feature = "hydrate")]
mod followed;
#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod letters;
#[cfg(feature = "hydrate")]
mod lines;
mod live;
#[cfg(feature = "hydrate")]
mod log;
#[cfg(feature = "hydrate")]
mod notify;
#[cfg(feature = "hydrate")]
mod paint;
#[cfg(feature = "hydrate")]
mod parent;
#[cfg(feature = "hydrate")]
mod pick;
mod shortcuts;
#[cfg(feature = "hydrate")]
mod stream;
mod tail;
#[cfg(feature = "hydrate")]
mod zoom;

pub use everywhere::Everywhere;
pub use follow::Follow;
pub use live::Live;
pub use shortcuts::Shortcuts;
pub use tail::Tail;
