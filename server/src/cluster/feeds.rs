//! Which watches run: one a kind, and where older clusters keep what newer ones have kinds for.

use std::sync::Arc;

use kube::Client;
use tokio::task::JoinSet;
use topology::{
    Change,
    inventory::{Fact, Heard, Name, OwnerKind, Scope, Source},
};

use super::{
    budget,
    discovery::Dialect,
    endpoints::{self, Subsets},
    intern::Intern,
    lease,
    live::Shared,
    node,
    object::{Nothing, Object, Served, Watched},
    owner, permissions, pod, policy,
    reader::Kind,
    route, service, storage,
    watch::follow,
};

/// Takes each kind that is followed.
pub(super) trait Takes {
    /// A kind.
    fn take<O: Watched>(&mut self, kind: Kind<O>);

    /// A kind that no figure is drawn from.
    fn beside<O: Watched>(&mut self, kind: Kind<O>) {
        self.take(kind);
    }

    /// Sources of a kind that is not served.
    fn silent(&mut self, sources: &'static [Source]);
}

/// Watches each kind.
struct Watches<'a> {
    tasks: &'a mut JoinSet<()>,
    client: &'a Client,
    shared: &'a Arc<Shared>,
    scope: &'a Scope,
}

impl Takes for Watches<'_> {
    fn take<O: Watched>(&mut self, kind: Kind<O>) {
        for namespace in self.places(&kind) {
            self.tasks.spawn(follow(self.client.clone(), kind.clone(), namespace, self.shared.clone()));
        }
    }

    /// Its list waits for those that figures are drawn from.
    fn beside<O: Watched>(&mut self, kind: Kind<O>) {
        for namespace in self.places(&kind) {
            let (client, shared, kind) = (self.client.clone(), self.shared.clone(), kind.clone());
            self.tasks.spawn(async move {
                let mut follower = shared.follow();
                while !shared.has_heard_everything() {
                    follower.next().await;
                }
                drop(follower);
                follow(client, kind, namespace, shared).await;
            });
        }
    }

    fn silent(&mut self, sources: &'static [Source]) {
        self.shared.apply(sources.iter().map(|source| Change::Heard(*source, Heard::NotServed)).collect());
    }
}

impl Watches<'_> {
    /// The namespaces in which a kind is watched; none for all at once.
    fn places<O>(&self, kind: &Kind<O>) -> Vec<Option<Name>> {
        let sources = || kind.heard.iter().chain(kind.whole).chain(kind.shared);
        let Some(names) = self.scope.names().filter(|_| sources().all(|source| source.is_namespaced())) else {
            return vec![None];
        };
        names.iter().cloned().map(Some).collect()
    }
}

/// Starts every watch: of a kind, or of a kind in each namespace where these are not all.
pub(super) fn spawn(tasks: &mut JoinSet<()>, client: &Client, shared: &Arc<Shared>, dialect: &Dialect, scope: &Scope) {
    all(&mut Watches { tasks, client, shared, scope }, dialect);
}

/// Hands over every kind that is followed.
pub(super) fn all(to: &mut impl Takes, dialect: &Dialect) {
    let mut feeds = Feeds(to);
    feeds.one(served("", "nodes", "Node"), &[Source::Nodes], |o, i| vec![node::fact(o, i)]);
    feeds.one(served("", "pods", "Pod"), &[Source::Pods], |o, i| vec![pod::fact(o, i)]);
    feeds.one(served("", "services", "Service"), &[Source::Services], |o, i| vec![service::fact(o, i)]);
    feeds.one(served("", "namespaces", "Namespace"), &[Source::Namespaces], |o, i| vec![service::namespace(&o, i)]);
    let policies = served("networking.k8s.io", "networkpolicies", "NetworkPolicy");
    feeds.one(policies, &[Source::NetworkPolicies], |o, i| vec![policy::fact(o, i)]);
    feeds.endpoints_and_leases(dialect);
    feeds.owners();
    feeds.catalog(dialect);
}

struct Feeds<'a, T>(&'a mut T);

const fn served(group: &'static str, plural: &'static str, kind: &'static str) -> Served {
    Served { group, version: "v1", plural, kind }
}

impl<T: Takes> Feeds<'_, T> {
    fn start<O: Watched>(&mut self, kind: Kind<O>) {
        debug_assert!(permissions::cover(&kind.served), "{} is not in the list of permissions", kind.served.plural);
        self.0.take(kind);
    }

    /// A kind that no figure is drawn from.
    fn beside<O: Watched>(
        &mut self,
        served: Option<Served>,
        sources: &'static [Source],
        facts: fn(O, &mut Intern) -> Vec<Fact>,
    ) {
        let Some(served) = served else { return self.0.silent(sources) };
        debug_assert!(permissions::cover(&served), "{} is not in the list of permissions", served.plural);
        self.0.beside(Kind { served, heard: sources, whole: sources, shared: &[], facts });
    }

    fn one<O: Watched>(&mut self, served: Served, sources: &'static [Source], facts: fn(O, &mut Intern) -> Vec<Fact>) {
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

    /// What is told beside the figures.
    fn catalog(&mut self, dialect: &Dialect) {
        let core = |plural, kind| Some(served("", plural, kind));
        let of_old = dialect.budgets.as_ref().is_some_and(|served| served.version == "v1beta1");
        let budget: fn(_, &mut Intern) -> Vec<Fact> =
            if of_old { |o, i| vec![budget::budget_of_old(o, i)] } else { |o, i| vec![budget::budget(o, i)] };
        self.beside(dialect.budgets.clone(), &[Source::PodDisruptionBudgets], budget);
        let claims = core("persistentvolumeclaims", "PersistentVolumeClaim");
        self.beside(claims, &[Source::PersistentVolumeClaims], |o, i| vec![storage::claim(o, i)]);
        let volumes = core("persistentvolumes", "PersistentVolume");
        self.beside(volumes, &[Source::PersistentVolumes], |o, i| vec![storage::volume(o, i)]);
        let classes = Some(served("storage.k8s.io", "storageclasses", "StorageClass"));
        self.beside(classes, &[Source::StorageClasses], |o, i| vec![storage::class(o, i)]);
        self.beside(dialect.priorities.clone(), &[Source::PriorityClasses], |o, i| vec![budget::priority(&o, i)]);
        self.beside(dialect.csi_nodes.clone(), &[Source::CsiNodes], |o, i| vec![storage::csi_node(&o, i)]);
        let quotas = core("resourcequotas", "ResourceQuota");
        self.beside(quotas, &[Source::ResourceQuotas], |o, i| vec![budget::quota(&o, i)]);
        self.beside(Some(dialect.ingresses.clone()), &[Source::Ingresses], |o, i| vec![route::ingress(&o, i)]);
        self.beside(dialect.routes.clone(), &[Source::HttpRoutes], |o, i| vec![route::http_route(&o, i)]);
        self.beside(dialect.gateways.clone(), &[Source::Gateways], |o, i| vec![route::gateway(&o, i)]);
        let scalers = Some(served("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler"));
        self.beside(scalers, &[Source::Autoscalers], |o, i| vec![budget::autoscaler(&o, i)]);
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
