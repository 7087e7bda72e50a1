//! What Compass was told to build: the DHA file and network.yml, read and checked.
//!
//! ```text
//! text ──document──▶ tree with places ──read──▶ Dha, Network ──check──▶ findings ──start──▶ Startable
//! ```
//!
//! Invariants:
//! - No I/O, no clock. Time and memory are bounded by the text's size, whatever it holds.
//! - Nothing is dropped: what the types do not know is kept in `rest` and reported as a finding.
//! - A value that Compass treats as a password is a [`Secret`] from the moment it is read.
//! - What Compass's shell would run is never in a [`Startable`], and nothing else may be started.

mod check;
mod dha;
mod document;
mod finding;
mod hidden;
mod masked;
mod network;
mod place;
mod read;
mod release;
mod secret;
mod start;

pub use check::{check, check_expansion};
pub use dha::{Dha, Form, Host, Interface, Kind, Plugin, Purpose, Stack};
pub use document::LONGEST;
pub use finding::{Finding, Rule, Severity};
pub use masked::masked;
pub use network::{
    Bond, IpSettings, Network, ProviderNet, PublicNet, Range, SystemInterface, TenantNet, Vip, Vlan, Wire,
};
pub use place::{At, File, Place, Unknown};
pub use read::{kind_of, read_dha, read_network};
pub use release::Release;
pub use secret::Secret;
pub use start::{Checked, Refused, Startable};

pub(crate) use hidden::{MASK, shown};

/// Both files, as far as they were given and could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who plays which role.
    pub dha: Option<Dha>,
    /// Which network carries what.
    pub network: Option<Network>,
}
