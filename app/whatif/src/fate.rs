//! What becomes of each pod of a host that goes, by what made it.

use std::collections::BTreeMap;

use topology::inventory::{AccessMode, Key, Name, OwnerKind, Pod};

use crate::{
    supposed::{Standing, Supposed},
    timing::{Evictions, Timing, bears},
    world::{FormId, HostId, is_daemon},
};

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// It is made anew elsewhere, so many seconds after the loss at the latest.
    Anew(u32),
    /// It is one of a host's own: a static pod or a DaemonSet's, which no other host needs.
    OfHost,
    /// It is being deleted already.
    Leaving,
    /// It has no controller, and never comes back.
    Bare,
    /// It bears the loss of its host for ever, so nothing evicts it.
    Bears,
    /// A StatefulSet makes no other before this one is known to be gone.
    Stateful,
    /// It would be made anew, but its volume stays attached to the lost host.
    Attached(Name),
    /// So many hosts are lost that nothing is evicted.
    Halted(Evictions),
    /// What its controller does is not known.
    Foreign(Name),
    /// It stays where it is: a drain leaves it there.
    Stays,
}

impl PartialOrd for Evictions {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Evictions {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |one: &Self| match one {
            Self::Run(seconds) => (0, *seconds as usize, 0, String::new()),
            Self::Stopped { unhealthy, of, zone } => (1, *unhealthy, *of, zone.clone()),
        };
        key(self).cmp(&key(other))
    }
}

/// Pods that share an owner, a form and a fate.
#[derive(Clone, Debug)]
pub(crate) struct Lot<'w> {
    pub(crate) owner: Option<(OwnerKind, Name)>,
    pub(crate) namespace: &'w Name,
    pub(crate) form: FormId,
    pub(crate) fate: Fate,
    pub(crate) claims: &'w [Name],
    pub(crate) pods: Vec<&'w Pod>,
    /// The host of each.
    pub(crate) places: Vec<HostId>,
    /// Hosts that they were on, each once.
    pub(crate) hosts: Vec<HostId>,
}

impl Lot<'_> {
    pub(crate) fn count(&self) -> u32 {
        self.pods.len() as u32
    }
}

/// All pods of hosts that go, sorted into lots.
pub(crate) fn lots<'a>(
    supposed: &Supposed<'_, 'a>,
    timing: &Timing,
    evictions: &BTreeMap<HostId, Evictions>,
) -> Vec<Lot<'a>> {
    let mut lots: BTreeMap<_, Lot<'a>> = BTreeMap::new();
    // Lost hosts are emptied one after another.
    let mut turns: BTreeMap<u32, u32> = BTreeMap::new();
    for (host, standing) in supposed.touched() {
        let delay = match evictions.get(&host) {
            Some(Evictions::Run(between)) => {
                let turn = turns.entry(*between).or_default();
                *turn += 1;
                (*turn - 1).saturating_mul(*between)
            }
            _ => 0,
        };
        for &(pod, form) in &supposed.world.hosts[host].pods {
            let Some(fate) = fate(supposed, standing, pod, timing, evictions.get(&host), delay) else { continue };
            let owner = supposed.world.inventory.top_owner(pod);
            // The fate's time tells when the last of them is made anew.
            let kind = std::mem::discriminant(&fate);
            let single = pod.owner.is_none().then(|| pod.key.name.clone());
            let id = (
                pod.key.namespace.clone(),
                owner.clone(),
                form,
                format!("{kind:?}"),
                pod.claims.to_vec(),
                pod.pin.clone(),
                single,
            );
            let lot = lots.entry(id).or_insert_with(|| Lot {
                owner,
                namespace: &pod.key.namespace,
                form,
                fate: fate.clone(),
                claims: &pod.claims,
                pods: Vec::new(),
                places: Vec::new(),
                hosts: Vec::new(),
            });
            lot.fate = lot.fate.clone().max(fate);
            lot.pods.push(pod);
            lot.places.push(host);
            if lot.hosts.last() != Some(&host) {
                lot.hosts.push(host);
            }
        }
    }
    lots.into_values().collect()
}

/// Whether a pod is one of its host's own, which a drain leaves where it is.
pub(crate) fn is_of_host(pod: &Pod) -> bool {
    pod.mirror || matches!(pod.owner, Some((OwnerKind::Node, _))) || is_daemon(pod)
}

/// Whether a drain evicts a pod.
pub(crate) fn goes_by_drain(pod: &Pod) -> bool {
    !is_of_host(pod) && !pod.leaving
}

fn fate(
    supposed: &Supposed<'_, '_>,
    standing: Standing,
    pod: &Pod,
    timing: &Timing,
    evictions: Option<&Evictions>,
    delay: u32,
) -> Option<Fate> {
    if matches!(standing, Standing::Same | Standing::Cordoned) {
        return None;
    }
    let drained = standing == Standing::Drained;
    if is_of_host(pod) {
        return Some(if drained { Fate::Stays } else { Fate::OfHost });
    }
    if pod.leaving {
        return Some(Fate::Leaving);
    }
    let kind = match &pod.owner {
        None => return Some(Fate::Bare),
        Some((kind, _)) => kind,
    };
    if standing == Standing::Lost {
        match evictions {
            Some(stopped @ Evictions::Stopped { .. }) => return Some(Fate::Halted(stopped.clone())),
            _ if bears(pod).is_none() => return Some(Fate::Bears),
            _ => {}
        }
        if *kind == OwnerKind::StatefulSet {
            return Some(Fate::Stateful);
        }
        if let Some(claim) = attached(supposed, &pod.key.namespace, &pod.claims) {
            return Some(Fate::Attached(claim.clone()));
        }
    }
    let replicates = match kind {
        OwnerKind::Deployment | OwnerKind::ReplicaSet | OwnerKind::StatefulSet => true,
        OwnerKind::Other(name) => &**name == "ReplicationController",
        // Whether its limit of failures allows another pod is no fact.
        OwnerKind::Job | OwnerKind::DaemonSet | OwnerKind::CronJob | OwnerKind::Node => false,
    };
    if !replicates {
        return Some(Fate::Foreign(kind.word().into()));
    }
    Some(Fate::Anew(match standing {
        Standing::Lost => timing.grace + bears(pod).unwrap_or(0) + delay,
        Standing::Removed => crate::timing::COLLECTION,
        _ => 0,
    }))
}

/// A claim whose volume one host at a time may hold, and that has to be attached.
pub(crate) fn attached<'n>(supposed: &Supposed<'_, '_>, namespace: &Name, claims: &'n [Name]) -> Option<&'n Name> {
    const UNATTACHED: [&str; 7] = ["local", "hostPath", "nfs", "cephfs", "glusterfs", "azureFile", "csi.nfs"];
    let catalog = supposed.world.inventory.catalog();
    claims.iter().find(|name| {
        let key = Key { namespace: namespace.clone(), name: (*name).clone() };
        let Some(claim) = catalog.claim(&key) else { return false };
        let Some(volume) = claim.volume.as_ref().and_then(|volume| catalog.volume(volume)) else { return false };
        let modes = if volume.modes.is_empty() { &claim.modes } else { &volume.modes };
        let shared = modes.iter().any(|mode| matches!(mode, AccessMode::Many | AccessMode::ReadMany));
        !shared && !UNATTACHED.contains(&&*volume.backing) && !volume.backing.contains("nfs")
    })
}
