//! Faults on demand: what goes wrong is asked for here, and done where the answers are made.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::kind::Kind;

/// What is to go wrong. The same document is read and written by `GET` and `PUT
/// /simulator/faults`; a `PUT` replaces it whole, so that `{}` ends all faults. Fields that are
/// left out mean no such fault; unknown fields are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Every answer starts so many milliseconds late.
    pub delay_ms: u64,
    /// The next requests fail, as `{"status": 429, "times": 3}`.
    pub fail: Option<Fail>,
    /// Kinds of which every request fails, with the HTTP status, as `{"leases.coordination.k8s.io": 500}`.
    pub fail_kinds: BTreeMap<String, u16>,
    /// Kinds that may not be read or written, as `nodes` or `leases.coordination.k8s.io`.
    pub forbid: Vec<String>,
    /// Namespaces that alone may be read and written; of what lies in none, the namespaces themselves may.
    pub confine: Vec<String>,
    /// Every request is answered 401.
    pub expired_token: bool,
    /// The next watches are too old, as `{"times": 1, "as": "event"}`.
    pub gone_watches: Option<Gone>,
    /// Every continue token has expired.
    pub expire_continues: bool,
    /// Every watch ends after so many events.
    pub drop_watches_after: Option<u64>,
    /// Watches stay open and tell nothing.
    pub mute_watches: bool,
    /// So many of the next lists end, and watches' events break off, in the middle of an object.
    pub cut_bodies: u32,
    /// So many of the next watches tell a line that is no JSON before anything else.
    pub garbage_watches: u32,
    /// `/readyz` and `/healthz` say that etcd fails.
    pub etcd_down: bool,
    /// An action: ends all watches that are open now. Reads as false.
    pub drop_watches: bool,
    /// An action: forgets all past changes and ends all watches, so that resuming is too old and
    /// continue tokens expire. Reads as false.
    pub forget: bool,
}

/// Requests that fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// The HTTP status: 429, 500, 503 or any other.
    pub status: u16,
    /// How many requests.
    pub times: u32,
}

/// Watches that are too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// How many watches.
    pub times: u32,
    /// In which way they are told.
    #[serde(rename = "as", default)]
    pub how: GoneAs,
}

/// How a watch is told that it is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneAs {
    /// By an ERROR event in a stream of status 200, as kube-apiserver does.
    #[default]
    Event,
    /// By status 410, as some proxies and old servers do.
    Http,
}

/// The handle on a simulator's faults: clones share one plan.
#[derive(Clone, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    plan: Mutex<Plan>,
    dropped: watch::Sender<u64>,
}

impl Faults {
    /// What is to go wrong from now on, as it stands: counted faults count down.
    pub fn plan(&self) -> Plan {
        self.held().clone()
    }

    /// Changes the plan. The two actions (`drop_watches`, `forget`) are not done by this; they
    /// have their own functions.
    pub fn set(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.held());
    }

    /// Ends all faults.
    pub fn clear(&self) {
        *self.held() = Plan::default();
    }

    /// Ends all watches that are open now.
    pub fn drop_watches(&self) {
        self.0.dropped.send_modify(|times| *times += 1);
    }

    /// Answers 410 to the next watches.
    pub fn gone_watches(&self, times: u32, how: GoneAs) {
        self.set(|plan| plan.gone_watches = Some(Gone { times, how }));
    }

    /// Fails the next requests with an HTTP status.
    pub fn fail_next(&self, times: u32, status: u16) {
        self.set(|plan| plan.fail = Some(Fail { status, times }));
    }

    /// Forbids kinds, in place of those forbidden before.
    pub fn forbid(&self, kinds: &[Kind]) {
        self.set(|plan| plan.forbid = kinds.iter().map(|kind| kind.qualified()).collect());
    }

    fn held(&self) -> MutexGuard<'_, Plan> {
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn dropped(&self) -> watch::Receiver<u64> {
        self.0.dropped.subscribe()
    }

    /// Confines to namespaces, in place of those before.
    pub fn confine(&self, namespaces: &[&str]) {
        self.set(|plan| plan.confine = namespaces.iter().map(|name| (*name).to_owned()).collect());
    }

    pub(crate) fn forbids(&self, kind: Kind, namespace: &str) -> bool {
        let plan = self.held();
        let outside = !plan.confine.is_empty() && kind != Kind::Namespace;
        plan.forbid.iter().any(|word| names(kind, word))
            || (outside && !plan.confine.iter().any(|one| one == namespace))
    }

    /// The status with which every request of this kind fails.
    pub(crate) fn fails(&self, kind: Kind) -> Option<u16> {
        self.held().fail_kinds.iter().find(|(word, _)| names(kind, word)).map(|(_, status)| *status)
    }

    /// The status with which this request is to fail.
    pub(crate) fn take_failure(&self) -> Option<u16> {
        let mut plan = self.held();
        let fail = plan.fail.as_mut()?;
        let status = fail.status;
        if fail.times == 0 {
            return None;
        }
        fail.times -= 1;
        if fail.times == 0 {
            plan.fail = None;
        }
        Some(status)
    }

    /// How this watch is to be told that it is too old.
    pub(crate) fn take_gone(&self) -> Option<GoneAs> {
        let mut plan = self.held();
        let gone = plan.gone_watches.as_mut()?;
        let how = gone.how;
        if gone.times == 0 {
            return None;
        }
        gone.times -= 1;
        if gone.times == 0 {
            plan.gone_watches = None;
        }
        Some(how)
    }

    pub(crate) fn mutes(&self) -> bool {
        self.held().mute_watches
    }

    /// Whether a watch that has told so many events is to end.
    pub(crate) fn drops_after(&self, told: u64) -> bool {
        self.held().drop_watches_after.is_some_and(|most| told >= most)
    }

    pub(crate) fn expires_continues(&self) -> bool {
        self.held().expire_continues
    }

    pub(crate) fn take_cut(&self) -> bool {
        take_one(&mut self.held().cut_bodies)
    }

    pub(crate) fn take_garbage(&self) -> bool {
        take_one(&mut self.held().garbage_watches)
    }
}

fn names(kind: Kind, word: &str) -> bool {
    word == kind.names().plural || word == kind.qualified()
}

fn take_one(left: &mut u32) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}
