//! Damage to the cluster itself, on demand: asked for here, done by its life. [`crate::faults`] are of the API server's
//! answers, and leave the cluster as it is.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{kind::Kind, object::Key, simulator::Simulator};

/// Something that is wrong until it is mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// A host's kubelet does not run; its containers do.
    KubeletStopped {
        /// The host.
        host: String,
    },
    /// Nothing reaches a host.
    NetworkCut {
        /// The host.
        host: String,
    },
    /// Pods on a host ask for all that it has, and its memory is short.
    HostFull {
        /// The host.
        host: String,
    },
    /// Every pod of a workload ends with an error soon after its start.
    Crashing {
        /// The workload's namespace.
        namespace: String,
        /// Name of a Deployment or a StatefulSet.
        name: String,
    },
}

/// What is asked of a cluster's life; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Shared>);

#[derive(Default)]
struct Shared {
    wishes: Mutex<Wishes>,
    woken: Notify,
}

/// What a step of the cluster's life has to bring about.
#[derive(Clone, Default)]
pub(crate) struct Wishes {
    pub(crate) damages: BTreeSet<Damage>,
    pub(crate) rollouts: Vec<Key>,
    /// Whether anything was ever asked: a cluster of which nothing was asked is not looked through.
    pub(crate) any: bool,
}

impl Wishes {
    /// Whether the node controller has lost a host.
    pub(crate) fn loses(&self, host: &str) -> bool {
        self.damages.iter().any(|damage| match damage {
            Damage::KubeletStopped { host: lost } | Damage::NetworkCut { host: lost } => lost == host,
            _ => false,
        })
    }

    /// Whether nothing reaches a host.
    pub(crate) fn cuts(&self, host: &str) -> bool {
        self.damages.iter().any(|damage| matches!(damage, Damage::NetworkCut { host: cut } if cut == host))
    }

    pub(crate) fn fills(&self, host: &str) -> bool {
        self.damages.iter().any(|damage| matches!(damage, Damage::HostFull { host: full } if full == host))
    }
}

impl Asked {
    /// What is asked now; rollouts are told once.
    pub(crate) fn take(&self) -> Wishes {
        let mut held = self.held();
        let taken = held.clone();
        held.rollouts.clear();
        taken
    }

    /// Ends when something is asked.
    pub(crate) async fn woken(&self) {
        self.0.woken.notified().await;
    }

    fn ask(&self, change: impl FnOnce(&mut Wishes)) {
        let mut held = self.held();
        change(&mut held);
        held.any = true;
        drop(held);
        self.0.woken.notify_one();
    }

    fn held(&self) -> MutexGuard<'_, Wishes> {
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator {
    /// Does damage, as soon as the cluster lives; false when its host or workload is not there.
    pub fn damage(&self, damage: Damage) -> bool {
        let there = match &damage {
            Damage::KubeletStopped { host } | Damage::NetworkCut { host } | Damage::HostFull { host } => {
                self.store().get(Kind::Node, "", host).is_some()
            }
            Damage::Crashing { namespace, name } => [Kind::Deployment, Kind::StatefulSet]
                .iter()
                .any(|kind| self.store().get(*kind, namespace, name).is_some()),
        };
        if there {
            self.asked().ask(|wishes| {
                wishes.damages.insert(damage);
            });
        }
        there
    }

    /// Mends damage; nothing happens where there is none.
    pub fn mend(&self, damage: &Damage) {
        self.asked().ask(|wishes| {
            wishes.damages.remove(damage);
        });
    }

    /// Mends all damage.
    pub fn mend_all(&self) {
        self.asked().ask(|wishes| wishes.damages.clear());
    }

    /// The damage that is not mended yet.
    pub fn damages(&self) -> Vec<Damage> {
        self.asked().held().damages.iter().cloned().collect()
    }

    /// Replaces the pods of a Deployment one by one, as `kubectl rollout restart`; false when it is not there.
    pub fn roll_out(&self, namespace: &str, name: &str) -> bool {
        let there = self.store().get(Kind::Deployment, namespace, name).is_some();
        if there {
            self.asked().ask(|wishes| wishes.rollouts.push(Key::new(namespace, name)));
        }
        there
    }

    /// Names of its hosts, in the order of their names.
    pub fn hosts(&self) -> Vec<String> {
        self.store().shelf(Kind::Node).objects.keys().map(|key| key.name.to_string()).collect()
    }

    /// Namespace and name of its Deployments, in that order.
    pub fn deployments(&self) -> Vec<(String, String)> {
        self.named(Kind::Deployment)
    }

    /// Namespace and name of the workloads that can crash: Deployments and StatefulSets.
    pub fn workloads(&self) -> Vec<(String, String)> {
        let mut all = self.named(Kind::Deployment);
        all.extend(self.named(Kind::StatefulSet));
        all.sort();
        all
    }

    fn named(&self, kind: Kind) -> Vec<(String, String)> {
        let shelf = self.store().shelf(kind);
        shelf.objects.keys().map(|key| (key.namespace.to_string(), key.name.to_string())).collect()
    }
}
