//! What of a cluster is looked at.

use scene::Health;

use crate::{
    Inventory,
    graph::Question,
    inventory::{Key, Name, OwnerKind, Pod},
};

/// A way to look at a cluster. Two who look the same way share one Scene.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// Which figure.
    pub figure: Figure,
    /// What fills the figure.
    pub focus: Focus,
    /// What stands out; everything else fades, and keeps its place.
    pub filter: Filter,
}

/// Which of the manual's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Masters and nodes with their components.
    #[default]
    Architecture,
    /// Which network carries what.
    Networking,
}

impl Figure {
    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Architecture => "Architecture of the cluster",
            Self::Networking => "Networking of the cluster",
        }
    }
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
    /// The way of a service, a pod, a port or an address.
    Way(Question),
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

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a pod passes.
    pub fn matches(&self, inventory: &Inventory, pod: &Pod, health: Health) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| pod.key.namespace == *namespace)
            && self.health.is_none_or(|wanted| wanted == health)
            && self.text.as_ref().is_none_or(|text| holds(&pod.key.name, text))
            && self.owner.as_ref().is_none_or(|owner| {
                pod.owner.as_ref() == Some(owner) || inventory.top_owner(pod).as_ref() == Some(owner)
            })
    }

    /// Whether a node passes by its own name, when the filter asks for nothing but a name.
    pub fn matches_node(&self, name: &str) -> bool {
        self.namespace.is_none()
            && self.owner.is_none()
            && self.health.is_none()
            && self.text.as_ref().is_some_and(|text| holds(name, text))
    }

    /// Whether a service passes.
    pub fn matches_service(&self, key: &Key, health: Health) -> bool {
        self.owner.is_none()
            && self.namespace.as_ref().is_none_or(|namespace| key.namespace == *namespace)
            && self.health.is_none_or(|wanted| wanted == health)
            && self.text.as_ref().is_none_or(|text| holds(&key.name, text))
    }
}

fn holds(name: &str, text: &str) -> bool {
    name.to_lowercase().contains(&text.to_lowercase())
}
