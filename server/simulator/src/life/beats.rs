//! Heartbeats: node leases and API server identities today, node conditions on old clusters; each
//! about every ten seconds, spread so that no second has them all.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{clock, damage::Wishes, kind::Kind, object::Key, store::Store};

/// Seconds between two heartbeats.
const EVERY: i64 = 10;

pub(super) struct Beats {
    hearts: Vec<Heart>,
}

struct Heart {
    kind: Kind,
    key: Key,
    /// The node whose kubelet must run for it; `None` for an API server.
    node: Option<Arc<str>>,
    /// The host of an API server.
    host: Option<String>,
    due: Timestamp,
}

impl Beats {
    pub(super) fn new(store: &Store, start: Timestamp) -> Self {
        let due = |index: usize| clock::after(start, 1 + i64::try_from(index).unwrap_or_default() % EVERY);
        // A kubelet without a lease, as all on old clusters, says that it lives in its conditions.
        let node = |(index, name): (usize, Arc<str>)| {
            let leased = store.get(Kind::Lease, "kube-node-lease", &name).is_some();
            let (kind, namespace) = if leased { (Kind::Lease, "kube-node-lease") } else { (Kind::Node, "") };
            Heart { kind, key: Key::new(namespace, name.clone()), node: Some(name), host: None, due: due(index) }
        };
        let names: Vec<_> = store.shelf(Kind::Node).objects.keys().map(|key| key.name.clone()).collect();
        let mut hearts: Vec<_> = names.into_iter().enumerate().map(node).collect();
        let shelf = store.shelf(Kind::Lease);
        let identity = |(key, lease): (&Key, &Arc<crate::object::Object>)| {
            let apiserver = lease.labels.map.contains_key("apiserver.kubernetes.io/identity");
            let host = lease.labels.map.get("kubernetes.io/hostname").cloned();
            let due = clock::after(start, 5);
            apiserver.then(|| Heart { kind: Kind::Lease, key: key.clone(), node: None, host, due })
        };
        hearts.extend(shelf.objects.iter().filter_map(identity));
        Self { hearts }
    }

    /// All hearts that there are, each due since a while.
    pub(super) fn overdue(store: &Store, now: Timestamp) -> Self {
        Self::new(store, clock::after(now, -2 * EVERY))
    }

    /// Beats every heart that is due, but for those of the silent node and of hosts that are lost.
    pub(super) fn step(&mut self, store: &Store, now: Timestamp, silent: Option<&str>, wishes: &Wishes) {
        for heart in self.hearts.iter_mut().filter(|heart| heart.due <= now) {
            heart.due = clock::after(now, EVERY);
            let lost = heart.node.as_deref().is_some_and(|node| Some(node) == silent || wishes.loses(node));
            if lost || heart.host.as_deref().is_some_and(|host| wishes.cuts(host)) {
                continue;
            }
            store.edit(heart.kind, &heart.key, |object| {
                if heart.kind == Kind::Lease {
                    object["spec"]["renewTime"] = clock::micros(now).into();
                    return;
                }
                for condition in object["status"]["conditions"].as_array_mut().into_iter().flatten() {
                    condition["lastHeartbeatTime"] = clock::seconds(now).into();
                }
            });
        }
    }
}
