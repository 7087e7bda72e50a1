//! Backups of etcd: taken, proved, kept, and warned about when there is none to rely on.

pub mod manifest;
pub mod places;
pub mod retention;
pub mod seal;
mod words;
pub mod zone;
