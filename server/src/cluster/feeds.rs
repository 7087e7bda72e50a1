//! Which watches run: one a kind, and where older clusters keep what newer ones have kinds for.

use std::{fmt::Debug, sync::Arc};

use kube::Client;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use topology::inventory::{Fact, OwnerKind, Source};

use super::{
    discovery::Dialect,
    endpoints::{self, Subsets},
    intern::Intern,
    lease,
    live::Shared,
    node,
    object::{Nothing, Object, Served},
    owner, permissions, pod, policy,
    reader::Kind,
    service,
    watch::follow,
};

struct Feeds<'a> {
    tasks: &'a mut JoinSet<()>,
    client: &'a Client,
    shared: &'a Arc<Shared>,
}

/// Starts every watch.
pub(super) fn spawn(tasks: &mut JoinSet<()>, client: &Client, shared: &Arc<Shared>, dialect: &Dialect) {
    let mut feeds = Feeds { tasks, client, shared };
    feeds.one(served("", "nodes", "Node"), &[Source::Nodes], |o, i| vec![node::fact(o, i)]);
    feeds.one(served("", "pods", "Pod"), &[Source::Pods], |o, i| vec![pod::fact(o, i)]);
    feeds.one(served("", "services", "Service"), &[Source::Services], |o, i| vec![service::fact(o, i)]);
    feeds.one(served("", "namespaces", "Namespace"), &[Source::Namespaces], |o, i| vec![service::namespace(&o, i)]);
    let policies = served("networking.k8s.io", "networkpolicies", "NetworkPolicy");
    feeds.one(policies, &[Source::NetworkPolicies], |o, i| vec![policy::fact(o, i)]);
    feeds.endpoints_and_leases(dialect);
    feeds.owners();
}

const fn served(group: &'static str, plural: &'static str, kind: &'static str) -> Served {
    Served { group, version: "v1", plural, kind }
}

impl Feeds<'_> {
    fn start<S, T>(&mut self, kind: Kind<S, T>)
    where
        S: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
        T: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
    {
        debug_assert!(permissions::cover(&kind.served), "{} is not in the list of permissions", kind.served.plural);
        self.tasks.spawn(follow(self.client.clone(), kind, self.shared.clone()));
    }

    fn one<S, T>(
        &mut self,
        served: Served,
        sources: &'static [Source],
        facts: fn(Object<S, T>, &mut Intern) -> Vec<Fact>,
    ) where
        S: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
        T: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
    {
        self.start(Kind { served, heard: sources, whole: sources, shared: &[], facts });
    }

    fn owners(&mut self) {
        macro_rules! owners {
            ($($group:literal $plural:literal $kind:ident $source:ident),+ $(,)?) => {$(
                self.one(served($group, $plural, stringify!($kind)), &[Source::$source], |object, intern| {
                    vec![owner::fact(OwnerKind::$kind, &object, intern)]
                });
            )+};
        }
        owners! {
            "apps" "deployments" Deployment Deployments,
            "apps" "replicasets" ReplicaSet ReplicaSets,
            "apps" "statefulsets" StatefulSet StatefulSets,
            "apps" "daemonsets" DaemonSet DaemonSets,
            "batch" "jobs" Job Jobs,
        }
    }

    /// Slices and leases, or what stands in for them: Endpoints, and the annotations on these.
    fn endpoints_and_leases(&mut self, dialect: &Dialect) {
        if let Some(slices) = &dialect.slices {
            self.one(slices.clone(), &[Source::Endpoints], |o, i| vec![endpoints::slice(o, i)]);
        }
        if let Some(leases) = &dialect.leases {
            if dialect.leaders_in_leases {
                self.one(leases.clone(), &[Source::Leases], |o, i| vec![lease::fact(o, i)]);
            } else {
                let facts = |o, i: &mut _| lease::not_a_leaders(o, i).into_iter().collect();
                let (heard, shared): (&[Source], &[Source]) = (&[Source::Leases], &[Source::Leases]);
                self.start(Kind { served: leases.clone(), heard, whole: &[], shared, facts });
            }
        }
        let (whole, shared): (&[Source], &[Source]) =
            match (dialect.slices.is_some(), dialect.leases.is_some(), dialect.leaders_in_leases) {
                (true, _, true) => return,
                (false, _, true) => (&[Source::Endpoints], &[]),
                (true, true, false) => (&[], &[Source::Leases]),
                (true, false, false) => (&[Source::Leases], &[]),
                (false, true, false) => (&[Source::Endpoints], &[Source::Leases]),
                (false, false, false) => (&[Source::Endpoints, Source::Leases], &[]),
            };
        let facts: fn(Object<Subsets, Nothing>, &mut Intern) -> Vec<Fact> =
            match (dialect.slices.is_some(), dialect.leaders_in_leases) {
                (_, true) => |o, i| vec![endpoints::endpoints(o, i)],
                (true, false) => |o, i| lease::annotation(&o, i).into_iter().collect(),
                (false, false) => |o, i| {
                    let leader = lease::annotation(&o, i);
                    std::iter::once(endpoints::endpoints(o, i)).chain(leader).collect()
                },
            };
        self.start(Kind { served: served("", "endpoints", "Endpoints"), heard: whole, whole, shared, facts });
    }
}
