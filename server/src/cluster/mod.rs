//! A Kubernetes cluster, watched once however many look at it.
//!
//! ```text
//! contexts (credential, plugin, proxy, tls ─▶ connect) ─▶ registry ─▶ live (Cluster) ─▶ supervision ─┬─ discovery: what is served
//!                                                        ├─ feeds: watch × kind ─▶ object ─▶ fact ─▶ reader ─▶ Inventory
//!                                                        ├─ readyz: the API server's own checks
//!                                                        └─ pulse: whether it answers at all
//!                            └─ etcd: its own word, where it may be asked
//! ```
//!
//! - Each kind has one watch a cluster, or one a namespace where only some are looked at (`scope`), and a file of its own that turns an object into a fact.
//! - Objects are decoded into the few fields that are used, and never kept.
//! - A source that may not be read, or is cut, says so ([`Heard`](topology::inventory::Heard)) and
//!   stops no other.
//! - Secrets stop here: component flags lose their values, no Secret is ever opened (of Secrets
//!   only the server's rows of names and types are read), and no error or log holds a token.

pub mod ask;
mod bounded;
mod budget;
mod clock;
mod component;
mod connect;
pub mod contexts;
mod credential;
mod discovery;
mod endpoints;
mod etcd;
pub mod examine;
mod feeds;
mod intern;
pub mod kinds;
mod kubeconfig;
mod lease;
mod lenient;
mod line;
mod live;
pub mod logs;
mod looked;
pub mod manifest;
mod networks;
mod node;
mod object;
mod owner;
pub mod permissions;
mod plugin;
mod pod;
mod policy;
mod probe;
mod proxy;
mod pulse;
mod quantity;
mod reader;
mod readyz;
mod registry;
mod renewal;
mod route;
pub mod rows;
mod scope;
mod selector;
mod service;
mod storage;
mod supervision;
pub mod tails;
mod tls;
mod told;
mod trouble;
pub mod usage;
mod watch;

pub use live::{Cluster, Follower, Pace};
pub use probe::Ports;
pub use registry::Clusters;
pub use scope::MOST as MOST_NAMESPACES;
pub use told::ToldCluster;
pub use trouble::Trouble;
