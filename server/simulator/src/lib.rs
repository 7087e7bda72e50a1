//! A Kubernetes API in process: a cluster made up from a seed, with a little life of its own,
//! served to a `kube::Client` as a tower service and to kubectl over HTTP.
//!
//! How it hangs together: [`Cluster`] (what is built) → `store` (objects and their changes) →
//! `list`, `watch`, `write` (answers) → [`Simulator`] (the service) → [`listen`] (HTTP). [`Life`]
//! changes the store, [`Faults`] spoil the answers, [`Profile`] says which Kubernetes it passes for.
//!
//! What never is here: anything of Binnacle's own. The simulator knows Kubernetes alone, reads no
//! clock but the one it is given (lives in real time only in [`Life::run`]), and keeps nothing for
//! a watcher who does not read.

mod clock;
mod cluster;
mod damage;
mod discovery;
mod distribution;
pub mod faults;
mod health;
mod host;
mod kept;
mod kind;
mod life;
mod list;
mod listen;
mod log;
mod object;
mod page;
mod patch;
mod path;
mod pool;
mod profile;
mod refusal;
mod selector;
mod service;
mod simulator;
mod store;
mod table;
mod watch;
mod write;

pub use cluster::Cluster;
pub use damage::Damage;
pub use distribution::Distribution;
pub use faults::Faults;
pub use host::Unplugged;
pub use kept::{Kept, Told};
pub use kind::Kind;
pub use life::Life;
pub use listen::listen;
pub use profile::Profile;
pub use simulator::Simulator;
