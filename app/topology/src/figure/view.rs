//! What of a cluster is looked at.

use scene::Health;

use crate::inventory::{Name, OwnerKind};

/// A way to look at a cluster. Two who look the same way share one Scene.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// What fills the figure.
    pub focus: Focus,
    /// What stands out; everything else fades, and keeps its place.
    pub filter: Filter,
}

/// What fills the figure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Focus {
    /// The whole cluster.
    #[default]
    Cluster,
    /// One group of nodes of a large cluster, by its key.
    Group(Name),
    /// One node with all its pods.
    Node(Name),
}

/// What stands out; an empty filter lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Only this namespace.
    pub namespace: Option<Name>,
    /// Only pods of this owner.
    pub owner: Option<(OwnerKind, Name)>,
    /// Only what fares like this.
    pub health: Option<Health>,
    /// Only what has this in its name, whatever its case.
    pub text: Option<Name>,
}
