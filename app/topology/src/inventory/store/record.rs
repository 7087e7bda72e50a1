//! An Inventory as the changes that make it, and which changes are worth keeping: what a journal needs.
//!
//! A lease that is renewed in time and a heartbeat that comes in time say nothing new. A journal keeps neither; it keeps
//! that they ran out, with the time at which they were renewed last, and who came back.

use std::collections::BTreeSet;

use super::{Inventory, intake::owner_kind};
use crate::{
    health::HEARTBEAT_LASTS,
    inventory::{Change, Fact, Heard, Key, Lease, Name, Namespace, Node, Source, Stamp},
};

impl Inventory {
    /// The changes that make this Inventory from an empty one.
    pub fn changes(&self) -> Vec<Change> {
        // Taken apart by name: whoever adds a field is asked here whether a journal must keep it.
        let Self {
            planned,
            answers,
            version,
            entrance,
            scope,
            heard,
            heard_in,
            checks,
            etcd,
            nodes,
            pods,
            services,
            endpoints,
            namespaces,
            leases,
            owners,
            policies,
            catalog,
            pods_on: _,
            behind: _,
            slices_of: _,
            places: _,
        } = self;
        let mut changes = Vec::with_capacity(pods.len() + owners.len() + endpoints.len() + 64);
        if !scope.is_whole() {
            changes.push(Change::Scope(scope.clone()));
        }
        for (source, parts) in heard_in {
            let part = |(namespace, heard): (&Name, &Heard)| Change::HeardIn(*source, namespace.clone(), heard.clone());
            changes.extend(parts.iter().map(part));
        }
        // After their parts: a whole may stand for more than these tell.
        changes.extend(heard.iter().map(|(source, heard)| Change::Heard(*source, heard.clone())));
        changes.extend(version.iter().cloned().map(Change::Version));
        changes.extend(entrance.iter().cloned().map(Change::Entrance));
        changes.extend(planned.iter().map(|planned| Change::Planned(Some(planned.clone()))));
        if !answers.is_empty() {
            changes.push(Change::Answers(answers.clone()));
        }
        changes.extend(checks.iter().cloned().map(Change::Checks));
        changes.extend(etcd.iter().cloned().map(Change::Etcd));
        let mut put = |fact| changes.push(Change::Put(fact));
        for (name, labels) in namespaces {
            put(Fact::Namespace(Namespace { name: name.clone(), labels: labels.clone() }));
        }
        nodes.values().for_each(|node| put(Fact::Node(Box::new(node.clone()))));
        leases.values().for_each(|lease| put(Fact::Lease(lease.clone())));
        owners.values().for_each(|owner| put(Fact::Owner(owner.clone())));
        pods.values().for_each(|pod| put(Fact::Pod(pod.clone())));
        services.values().for_each(|service| put(Fact::Service(service.clone())));
        endpoints.values().for_each(|set| put(Fact::Endpoints(set.clone())));
        policies.values().for_each(|policy| put(Fact::Policy(policy.clone())));
        catalog.facts(put);
        changes
    }

    /// What a journal must keep of a change that is about to be applied at `now`; nothing, when it says what is known.
    /// A list becomes the things that it no longer names. What ran out before it is renewed is told first.
    pub fn news(&self, change: &Change, now: Stamp) -> Vec<(Stamp, Change)> {
        let whether = |is_news: bool| if is_news { vec![(now, change.clone())] } else { Vec::new() };
        match change {
            Change::Put(fact) => {
                if !self.is_new(fact, now) {
                    return Vec::new();
                }
                let late = match fact {
                    Fact::Lease(lease) => self.leases.get(&lease.key).and_then(|before| {
                        let over = over_since(before.renewed, before.lasts, now)?;
                        Some((over, Change::Put(Fact::Lease(before.clone()))))
                    }),
                    Fact::Node(node) => self.nodes.get(&node.name).and_then(|before| {
                        let over = over_since(heartbeat(before), HEARTBEAT_LASTS, now)?;
                        Some((over, Change::Put(Fact::Node(Box::new(before.clone())))))
                    }),
                    _ => None,
                };
                late.into_iter().chain([(now, change.clone())]).collect()
            }
            Change::Gone(source, key) => whether(self.has(*source, key)),
            Change::Whole(source, named) => {
                let gone = self.unnamed(*source, named).into_iter();
                gone.map(|key| (now, Change::Gone(*source, key))).collect()
            }
            Change::Heard(source, heard) => whether(self.heard.get(source) != Some(heard)),
            Change::WholeIn(source, namespace, named) => {
                let gone = self.unnamed_in(*source, namespace, named).into_iter();
                gone.map(|key| (now, Change::Gone(*source, key))).collect()
            }
            Change::HeardIn(source, namespace, heard) => {
                let before = self.heard_in.get(source).and_then(|parts| parts.get(namespace));
                whether(before != Some(heard))
            }
            Change::Scope(scope) => whether(self.scope != *scope),
            Change::Version(version) => whether(self.version.as_ref() != Some(version)),
            Change::Entrance(entrance) => whether(self.entrance.as_ref() != Some(entrance)),
            Change::Planned(planned) => whether(self.planned != *planned),
            Change::Answers(answers) => whether(self.answers != *answers),
            Change::Checks(checks) => whether(self.checks.as_ref() != Some(checks)),
            // Its numbers grow all the time, and are kept with the next thing that is drawn.
            Change::Etcd(etcd) => {
                whether(self.etcd.as_ref().is_none_or(|before| before != etcd && before.drawn() != etcd.drawn()))
            }
        }
    }

    /// What ran out after `before` and until `now`, each with the moment, in the order of these.
    pub fn ran_out(&self, before: Stamp, now: Stamp) -> Vec<(Stamp, Change)> {
        let within = |renewed: Option<Stamp>, lasts: i64| over_since(renewed, lasts, now).filter(|over| *over > before);
        let leases = self
            .leases
            .values()
            .filter_map(|lease| Some((within(lease.renewed, lease.lasts)?, Change::Put(Fact::Lease(lease.clone())))));
        let nodes = self.nodes.values().filter_map(|node| {
            Some((within(heartbeat(node), HEARTBEAT_LASTS)?, Change::Put(Fact::Node(Box::new(node.clone())))))
        });
        let mut out: Vec<_> = leases.chain(nodes).collect();
        out.sort_by_key(|(over, _)| *over);
        out
    }

    /// Renews at `now` what a journal says was renewed in time.
    pub fn renew(&mut self, leases: &BTreeSet<Key>, nodes: &BTreeSet<Key>, now: Stamp) {
        for key in leases {
            if let Some(lease) = self.leases.get_mut(key) {
                lease.renewed = Some(now);
            }
        }
        for key in nodes {
            let conditions = self.nodes.get_mut(&key.name).map(|node| &mut node.conditions);
            for condition in conditions.into_iter().flatten().filter(|condition| condition.heartbeat.is_some()) {
                condition.heartbeat = Some(now);
            }
        }
    }

    /// Whether a fact differs from what is known by more than a renewal in time.
    fn is_new(&self, fact: &Fact, now: Stamp) -> bool {
        match fact {
            Fact::Node(node) => self.nodes.get(&node.name).is_none_or(|before| !same_node(before, node, now)),
            Fact::Pod(pod) => self.pods.get(&pod.key) != Some(pod),
            Fact::Service(service) => self.services.get(&service.key) != Some(service),
            Fact::Endpoints(set) => self.endpoints.get(&set.key) != Some(set),
            Fact::Namespace(namespace) => self.namespaces.get(&namespace.name) != Some(&namespace.labels),
            Fact::Lease(lease) => self.leases.get(&lease.key).is_none_or(|before| !same_lease(before, lease, now)),
            Fact::Owner(owner) => self.owners.get(&(owner.kind.clone(), owner.key.clone())) != Some(owner),
            Fact::Policy(policy) => self.policies.get(&policy.key) != Some(policy),
            beside => self.catalog.is_new(beside),
        }
    }

    /// Whether there is such a thing of a source.
    fn has(&self, source: Source, key: &Key) -> bool {
        match source {
            Source::Nodes => self.nodes.contains_key(&key.name),
            Source::Pods => self.pods.contains_key(key),
            Source::Services => self.services.contains_key(key),
            Source::Endpoints => self.endpoints.contains_key(key),
            Source::Namespaces => self.namespaces.contains_key(&key.name),
            Source::Leases => self.leases.contains_key(key),
            Source::NetworkPolicies => self.policies.contains_key(key),
            Source::Readyz => self.checks.is_some(),
            Source::Deployments | Source::ReplicaSets | Source::StatefulSets | Source::DaemonSets | Source::Jobs => {
                self.owners.contains_key(&(owner_kind(source), key.clone()))
            }
            beside => self.catalog.has(beside, key),
        }
    }
}

impl Fact {
    /// The namespace that it belongs to; none for what belongs to all.
    pub fn namespace(&self) -> Option<&str> {
        let key = match self {
            Self::Node(_) | Self::Volume(_) | Self::StorageClass(_) | Self::PriorityClass(_) | Self::CsiNode(_) => {
                return None;
            }
            Self::Namespace(namespace) => return Some(&namespace.name),
            Self::Pod(pod) => &pod.key,
            Self::Service(service) => &service.key,
            Self::Endpoints(set) => &set.key,
            Self::Lease(lease) => &lease.key,
            Self::Owner(owner) => &owner.key,
            Self::Policy(policy) => &policy.key,
            Self::Budget(budget) => &budget.key,
            Self::Claim(claim) => &claim.key,
            Self::Quota(quota) => &quota.key,
            Self::Autoscaler(scaler) => &scaler.key,
            Self::Route(route) => &route.key,
            Self::Gateway(gateway) => &gateway.key,
        };
        Some(&key.namespace)
    }
}

impl Lease {
    /// Whether it is good at a moment by what it says itself.
    pub fn is_in_time(&self, now: Stamp) -> bool {
        self.renewed.is_some() && over_since(self.renewed, self.lasts, now).is_none()
    }
}

impl Node {
    /// Whether it has heartbeats of its own, and the last is not too old at a moment.
    pub fn beats_in_time(&self, now: Stamp) -> bool {
        heartbeat(self).is_some() && over_since(heartbeat(self), HEARTBEAT_LASTS, now).is_none()
    }
}

/// The first moment at which it has run out, when that is not after `now`.
fn over_since(renewed: Option<Stamp>, lasts: i64, now: Stamp) -> Option<Stamp> {
    let over = Stamp(renewed?.0.saturating_add(lasts).saturating_add(1));
    (over <= now).then_some(over)
}

fn heartbeat(node: &Node) -> Option<Stamp> {
    node.condition("Ready").and_then(|ready| ready.heartbeat)
}

fn same_lease(before: &Lease, now_is: &Lease, now: Stamp) -> bool {
    let same = *before == Lease { renewed: before.renewed, ..now_is.clone() };
    same && (before.renewed == now_is.renewed || (before.is_in_time(now) && now_is.is_in_time(now)))
}

fn same_node(before: &Node, now_is: &Node, now: Stamp) -> bool {
    if before == now_is {
        return true;
    }
    if !(before.beats_in_time(now) && now_is.beats_in_time(now)) {
        return false;
    }
    let still = |node: &Node| {
        let mut node = node.clone();
        node.conditions.iter_mut().for_each(|condition| condition.heartbeat = None);
        node
    };
    still(before) == still(now_is)
}
