//! What comes in, and what it touches.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    Autoscaler, Budget, Claim, CsiNode, EndpointSet, Etcd, Gateway, Heard, Key, Lease, Name, Namespace, NetworkPolicy,
    Node, Owner, Pod, PriorityClass, Quota, Route, Scope, Service, Source, StorageClass, Volume,
};
use crate::planned::Planned;

/// One thing as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// From [`Source::Nodes`].
    Node(Box<Node>),
    /// From [`Source::Pods`].
    Pod(Box<Pod>),
    /// From [`Source::Services`].
    Service(Service),
    /// From [`Source::Endpoints`].
    Endpoints(EndpointSet),
    /// From [`Source::Namespaces`].
    Namespace(Namespace),
    /// From [`Source::Leases`].
    Lease(Lease),
    /// From [`Source::Deployments`] and the other kinds of owners.
    Owner(Owner),
    /// From [`Source::NetworkPolicies`].
    Policy(NetworkPolicy),
    /// From [`Source::PodDisruptionBudgets`].
    Budget(Budget),
    /// From [`Source::PersistentVolumeClaims`].
    Claim(Claim),
    /// From [`Source::PersistentVolumes`].
    Volume(Box<Volume>),
    /// From [`Source::StorageClasses`].
    StorageClass(StorageClass),
    /// From [`Source::PriorityClasses`].
    PriorityClass(PriorityClass),
    /// From [`Source::CsiNodes`].
    CsiNode(CsiNode),
    /// From [`Source::ResourceQuotas`].
    Quota(Quota),
    /// From [`Source::Autoscalers`].
    Autoscaler(Autoscaler),
    /// From [`Source::Ingresses`] or [`Source::HttpRoutes`], by its kind.
    Route(Box<Route>),
    /// From [`Source::Gateways`].
    Gateway(Gateway),
}

/// What a source tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The thing is there, or is now different.
    Put(Fact),
    /// The thing of this source and name is gone.
    Gone(Source, Key),
    /// The source has told everything there is: what it did not name is gone.
    Whole(Source, BTreeSet<Key>),
    /// The source's standing.
    Heard(Source, Heard),
    /// The server's version, as in `v1.34.4`.
    Version(Name),
    /// Where clients reach the API, as in `10.1.0.222:6443`.
    Entrance(Name),
    /// What the cluster was to be, or that nobody says.
    Planned(Option<Arc<Planned>>),
    /// Addresses of the plan that were tried, and whether anything answered.
    Answers(BTreeMap<Ipv4Addr, bool>),
    /// The API server's checks by name, as `/readyz?verbose` lists them: whether each passed.
    Checks(BTreeMap<Name, bool>),
    /// What etcd's own API tells.
    Etcd(Arc<Etcd>),
    /// Which namespaces are looked at: what is held of others is forgotten, and not gone.
    Scope(Scope),
    /// The source's standing in one of the namespaces that are looked at, while these are not all.
    HeardIn(Source, Name, Heard),
    /// The source has told everything there is in a namespace: what it did not name there is gone.
    WholeIn(Source, Name, BTreeSet<Key>),
}

/// What a change touches, so that no more than that is drawn again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Nodes whose box may look different.
    pub nodes: BTreeSet<Name>,
    /// Whether nodes came or went.
    pub node_set: bool,
    /// Whether something outside the nodes may look different: services, pods on no node, what a
    /// source says of itself.
    pub around: bool,
    /// Services whose endpoints changed, and nothing else around the nodes.
    pub services: BTreeSet<Key>,
    /// Whether something of [`Source::BESIDE`] is different, which no figure shows.
    pub beside: bool,
    /// Whether any node may look different.
    pub all: bool,
}

impl Touched {
    /// Whether nothing needs to be drawn in a figure.
    pub fn is_nothing(&self) -> bool {
        self.nodes.is_empty() && self.services.is_empty() && !self.node_set && !self.around && !self.all
    }

    /// Both together.
    pub fn merge(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
        self.services.extend(other.services);
        self.node_set |= other.node_set;
        self.around |= other.around;
        self.beside |= other.beside;
        self.all |= other.all;
    }

    pub(super) fn everything() -> Self {
        Self { all: true, around: true, ..Self::default() }
    }

    pub(super) fn around() -> Self {
        Self { around: true, ..Self::default() }
    }

    pub(super) fn beside() -> Self {
        Self { beside: true, ..Self::default() }
    }

    pub(super) fn node(name: &Name) -> Self {
        Self { nodes: BTreeSet::from([name.clone()]), ..Self::default() }
    }
}
