//! The components of a machine and how they fare, from every source that tells of them.

use scene::Health;

use super::{NodeState, age, leases_at, pod_health, pod_words};
use crate::{
    Inventory, Stamp,
    inventory::{
        Component, ComponentKind, ETCD_LAGS, Etcd, EtcdMember, EtcdStanding, Heard, Key, LEADERS, Lease, Name, Node,
        Pod, Source,
    },
    planned::PlannedHost,
};

/// A component as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub kind: ComponentKind,
    /// How it fares.
    pub health: Health,
    /// Its name for people; a runtime has its own.
    pub label: String,
    /// Whether it leads: holds the lease that only one can hold.
    pub leads: bool,
    /// Its version, when a source tells.
    pub version: Option<Name>,
    /// What was found, by which source.
    pub long: String,
    /// The pod that it runs in, when it does.
    pub pod: Option<Key>,
}

/// Which components a node has, in the order of the figure. `master` says whether it counts as one.
pub fn kinds(inventory: &Inventory, node: &Node, master: bool) -> impl Iterator<Item = ComponentKind> {
    kinds_among(inventory, node, master, &pods_of(inventory, node))
}

/// The components of a node, in the order of the figure. `master` says whether it counts as one.
pub fn parts(inventory: &Inventory, node: &Node, state: &NodeState, master: bool, now: Stamp) -> Vec<Part> {
    let mine = Mine { inventory, node, state, now, pods: pods_of(inventory, node) };
    let part = |kind| match kind {
        ComponentKind::ApiServer => mine.apiserver(),
        ComponentKind::Etcd => mine.etcd(),
        ComponentKind::Scheduler | ComponentKind::ControllerManager => mine.elected(kind),
        ComponentKind::Kubelet => mine.kubelet(),
        ComponentKind::Proxy => mine.proxy(),
        ComponentKind::Runtime => mine.runtime(),
    };
    kinds_among(inventory, node, master, &mine.pods).map(part).collect()
}

/// The pods of a node that are components of it.
fn pods_of<'a>(inventory: &'a Inventory, node: &'a Node) -> Vec<(&'a Pod, &'a Component)> {
    let pods = inventory.components_on(&node.name);
    pods.filter_map(|pod| Some((pod, pod.component.as_deref()?))).collect()
}

fn kinds_among(
    inventory: &Inventory,
    node: &Node,
    master: bool,
    pods: &[(&Pod, &Component)],
) -> impl Iterator<Item = ComponentKind> + use<> {
    use ComponentKind::{ApiServer, ControllerManager, Etcd, Kubelet, Proxy, Runtime, Scheduler};
    let seen = |kind| pods.iter().any(|(_, component)| component.kind == kind);
    // etcd may live outside of Kubernetes, or on machines of its own: no chip without a trace or a plan.
    let planned = || inventory.planned_host(&node.name).is_some_and(|host| host.etcd);
    let [server, scheduler, manager] =
        [ApiServer, Scheduler, ControllerManager].map(|kind| (master || seen(kind)).then_some(kind));
    let told = || inventory.etcd_on(node).is_some();
    let etcd = (seen(Etcd) || planned() || told()).then_some(Etcd);
    [server, scheduler, manager, etcd, Some(Kubelet), Some(Proxy), Some(Runtime)].into_iter().flatten()
}

/// The components that a planned host is to have.
pub fn planned_parts(host: &PlannedHost) -> Vec<Part> {
    let mut kinds = Vec::with_capacity(7);
    if host.master {
        kinds.extend([ComponentKind::ApiServer, ComponentKind::Scheduler, ComponentKind::ControllerManager]);
    }
    kinds.extend(host.etcd.then_some(ComponentKind::Etcd));
    kinds.extend([ComponentKind::Kubelet, ComponentKind::Proxy, ComponentKind::Runtime]);
    let part = |kind| Part {
        kind,
        health: Health::Ghost,
        label: label(kind),
        leads: false,
        version: None,
        long: format!("Planned on {}.", host.name),
        pod: None,
    };
    kinds.into_iter().map(part).collect()
}

/// What one node is asked about.
struct Mine<'a> {
    inventory: &'a Inventory,
    node: &'a Node,
    state: &'a NodeState,
    now: Stamp,
    pods: Vec<(&'a Pod, &'a Component)>,
}

impl Mine<'_> {
    fn by_pod(&self, kind: ComponentKind) -> Part {
        let label = label(kind);
        match self.pods.iter().find(|(_, component)| component.kind == kind) {
            Some((pod, component)) => {
                let health = pod_health(self.inventory, pod, Some(self.state.health));
                let version = Some(component.version.clone()).filter(|version| !version.is_empty());
                let long = format!("Pod {}: {}.", pod.key, pod_words(pod, health));
                Part { kind, health, label, leads: false, version, long, pod: Some(pod.key.clone()) }
            }
            None => Part {
                kind,
                health: Health::Unknown,
                label,
                leads: false,
                version: None,
                long: format!("No source tells how it fares: {}.", self.why_no_pod()),
                pod: None,
            },
        }
    }

    fn why_no_pod(&self) -> String {
        match self.inventory.heard(Source::Pods) {
            Heard::Forbidden { permission } => format!("the permission to {permission} is missing"),
            Heard::NotYet => "pods are still being read".into(),
            Heard::Unread { .. } => "pods cannot be read".into(),
            _ if !self.inventory.scope().is_whole() => self.inventory.scope().gap().unwrap_or_default(),
            _ => "it runs in no pod that is known here".into(),
        }
    }

    fn apiserver(&self) -> Part {
        let mut part = self.by_pod(ComponentKind::ApiServer);
        let registered = self.registered();
        let identity = self
            .inventory
            .leases_in("kube-system")
            .find(|lease| lease.apiserver && self.is_me(lease.host.as_deref().unwrap_or_default()));
        match (part.pod.is_some(), registered) {
            (_, Some(true)) if part.health == Health::Unknown => {
                let fresh = self.inventory.heard(Source::Endpoints).is_fresh();
                part.health = if fresh { old_news(Health::Ok, self.state.health) } else { Health::Stale };
                part.long = "Registered among the endpoints of the service kubernetes.".into();
            }
            (true, Some(false)) if part.health == Health::Ok => {
                part.health = Health::Warn;
                part.long += " It is not among the endpoints of the service kubernetes.";
            }
            (_, Some(true)) => part.long += " Registered among the endpoints of the service kubernetes.",
            _ => {}
        }
        if let Some(lease) = identity {
            let silent = self.silent(lease);
            let fresh = self.inventory.heard(Source::Leases).is_fresh();
            match silent {
                None if part.health == Health::Unknown => {
                    part.health = if fresh { Health::Ok } else { Health::Stale };
                }
                Some(_) if part.health == Health::Ok => part.health = Health::Stale,
                _ => {}
            }
            part.long += &match silent {
                Some(silent) => format!(" Its identity lease has not been renewed for {silent}."),
                None if fresh => " It renews its identity lease.".to_owned(),
                None => " It renewed its identity lease when last heard.".to_owned(),
            };
        }
        part
    }

    /// Whether one of this node's addresses serves as an API server; `None` when nobody tells, or when
    /// the endpoints are addresses that no node, flag or plan knows.
    fn registered(&self) -> Option<bool> {
        if !self.inventory.heard_in(Source::Endpoints, "default").knows() {
            return None;
        }
        let service = Key::new("default", "kubernetes");
        let ready: Vec<&Name> = self
            .inventory
            .endpoints_of(&service)
            .flat_map(|set| &set.endpoints)
            .filter(|endpoint| endpoint.ready)
            .map(|endpoint| &endpoint.address)
            .collect();
        if ready.iter().any(|address| serves(self.inventory, self.node, address)) {
            return Some(true);
        }
        // An address that is nobody's may well be this one's.
        let known = |address: &&Name| self.inventory.nodes().any(|node| serves(self.inventory, node, address));
        let all_known = ready.iter().all(known);
        (!ready.is_empty() && all_known).then_some(false)
    }

    fn elected(&self, kind: ComponentKind) -> Part {
        let mut part = self.by_pod(kind);
        let Some(lease) = leader_lease(self.inventory, kind) else {
            if let Heard::Forbidden { permission } = self.inventory.heard(Source::Leases) {
                part.long += &format!(" Who leads is unknown: the permission to {permission} is missing.");
            }
            return part;
        };
        if holder(self.inventory, lease) != Some(&self.node.name) {
            return part;
        }
        if part.pod.is_none() && part.health == Health::Unknown {
            part.long = "It runs in no pod that is known here.".into();
        }
        let silent = self.silent(lease);
        let fresh = self.inventory.heard(Source::Leases).is_fresh();
        part.leads = fresh && silent.is_none();
        match silent {
            None if !fresh => {
                if matches!(part.health, Health::Ok | Health::Starting | Health::Unknown) {
                    part.health = Health::Stale;
                }
                part.long += " It led when last heard.";
            }
            None => {
                if part.health == Health::Unknown {
                    part.health = Health::Ok;
                }
                part.long += " It leads, and renews its lease.";
            }
            Some(silent) => {
                if matches!(part.health, Health::Ok | Health::Unknown) {
                    part.health = Health::Stale;
                }
                part.long += &format!(" It led, but has not renewed its lease for {silent}.");
            }
        }
        part
    }

    fn etcd(&self) -> Part {
        let mut part = self.by_pod(ComponentKind::Etcd);
        if part.pod.is_none() && self.inventory.tells_all(Source::Pods) {
            part.long = "Planned here, and no pod of it is known: it may run outside of Kubernetes.".into();
        }
        if let Some((etcd, member)) = self.inventory.etcd_on(self.node) {
            by_its_word(&mut part, etcd, member);
        }
        let seen = self.inventory.checks().and_then(|checks| checks.get("etcd").copied());
        if seen == Some(false) {
            part.long += " The API server that was asked cannot reach etcd.";
            if part.health == Health::Ok {
                part.health = Health::Warn;
            }
        }
        part
    }

    fn kubelet(&self) -> Part {
        Part {
            kind: ComponentKind::Kubelet,
            health: self.state.health,
            label: label(ComponentKind::Kubelet),
            leads: false,
            version: Some(self.node.kubelet.clone()).filter(|version| !version.is_empty()),
            long: self.state.long.clone(),
            pod: None,
        }
    }

    fn proxy(&self) -> Part {
        let mut part = self.by_pod(ComponentKind::Proxy);
        if part.pod.is_none() && self.inventory.tells_all(Source::Pods) {
            part.long =
                "No pod of it here: it may run outside of Kubernetes, or the network plugin does its work.".into();
        }
        part
    }

    fn runtime(&self) -> Part {
        let (name, version) = self.node.runtime.split_once("://").unwrap_or((&self.node.runtime, ""));
        let known = !name.is_empty();
        // The kubelet is only ready when its runtime answers it.
        let health = match self.state.health {
            Health::Ok | Health::Warn if known => Health::Ok,
            Health::Stale if known => Health::Stale,
            _ => Health::Unknown,
        };
        let long = match health {
            Health::Ok => "Its kubelet is ready, and a kubelet is only ready when its runtime answers.",
            _ => "Only its kubelet could tell how it fares.",
        };
        Part {
            kind: ComponentKind::Runtime,
            health,
            label: if known { name.to_owned() } else { "runtime".to_owned() },
            leads: false,
            version: Some(version.into()).filter(|version: &Name| !version.is_empty()),
            long: long.into(),
            pod: None,
        }
    }

    /// Whether a host name in a lease means this node.
    fn is_me(&self, host: &str) -> bool {
        node_called(self.inventory, host) == Some(&self.node.name)
    }

    /// For how long a lease has run over, in words; `None` while it is kept.
    fn silent(&self, lease: &Lease) -> Option<String> {
        let since = lease.renewed.map(|renewed| leases_at(self.inventory, self.now).since(renewed))?;
        (since > lease.lasts).then(|| age(since))
    }
}

/// Whether an endpoint of the service `kubernetes` is this node's API server: by an address of the node,
/// by the flag that names the advertised address, or by the plan.
fn serves(inventory: &Inventory, node: &Node, address: &str) -> bool {
    let own = || node.addresses.iter().any(|own| *own.value == *address);
    let planned = || {
        inventory
            .planned_host(&node.name)
            .is_some_and(|host| host.addresses.iter().any(|(_, own)| own.to_string() == address))
    };
    own() || planned() || advertised(inventory, node).is_some_and(|told| told == address)
}

/// The address that a node's API server advertises, by its flags.
fn advertised<'a>(inventory: &'a Inventory, node: &'a Node) -> Option<&'a str> {
    let mut servers = inventory.components_on(&node.name).filter_map(|pod| pod.component.as_deref());
    let flags = &servers.find(|component| component.kind == ComponentKind::ApiServer)?.flags;
    let mut words = flags.iter();
    while let Some(flag) = words.next() {
        let Some(rest) = flag.strip_prefix("--advertise-address") else { continue };
        return match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None => words.next().map(|value| &**value),
        };
    }
    None
}

/// The host part of a lease's holder, which is `HOST_UUID`.
fn host_of(holder: &str) -> &str {
    holder.rsplit_once('_').map_or(holder, |(host, _)| host)
}

/// The node that holds a lease, when its holder is one.
pub fn holder<'a>(inventory: &'a Inventory, lease: &Lease) -> Option<&'a Name> {
    node_called(inventory, host_of(&lease.holder))
}

/// The node that a host calls itself by: its name or an address, in capitals or not, with its domain
/// or without when only one node is called so.
fn node_called<'a>(inventory: &'a Inventory, host: &str) -> Option<&'a Name> {
    if host.is_empty() {
        return None;
    }
    if let Some(node) = inventory.node(host) {
        return Some(&node.name);
    }
    let named = |node: &&Node| {
        node.name.eq_ignore_ascii_case(host) || node.addresses.iter().any(|own| own.value.eq_ignore_ascii_case(host))
    };
    if let Some(node) = inventory.nodes().find(named) {
        return Some(&node.name);
    }
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    // An address has no short name.
    if host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    // Two names with different domains are two machines.
    let wanted = short(host);
    let mut alike = inventory.nodes().filter(|node| short(&node.name) == wanted);
    match (alike.next(), alike.next()) {
        (Some(node), None) if !(node.name.contains('.') && host.contains('.')) => Some(&node.name),
        _ => None,
    }
}

/// Who leads a component that elects its leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leader<'a> {
    /// A node does, and renews its lease.
    Node(&'a Name),
    /// Somebody does who is no node here.
    Stranger(&'a str),
    /// Nobody does: this one held the lease last, and has not renewed it since.
    Nobody(&'a str, Option<Stamp>),
    /// No source tells.
    Unknown,
}

/// A lease may run over by so much before the sentence says that nobody leads, in milliseconds: a
/// candidate takes it over within the lease's own length and its retries.
pub(crate) const OVERDUE: i64 = 15_000;

/// The lease of who leads a component: the one that somebody renewed last, for bootstraps leave theirs behind.
pub fn leader_lease(inventory: &Inventory, kind: ComponentKind) -> Option<&Lease> {
    let leases = LEADERS.iter().filter_map(|namespace| inventory.lease(namespace, kind.program()));
    leases.max_by_key(|lease| (!lease.holder.is_empty(), lease.renewed))
}

/// Who leads the scheduler or the controller-manager.
pub fn leader(inventory: &Inventory, kind: ComponentKind, now: Stamp) -> Leader<'_> {
    if !inventory.heard(Source::Leases).is_fresh() {
        return Leader::Unknown;
    }
    let Some(lease) = leader_lease(inventory, kind) else { return Leader::Unknown };
    let at = leases_at(inventory, now);
    let over = lease.renewed.is_none_or(|renewed| at.since(renewed) > lease.lasts + OVERDUE);
    match holder(inventory, lease) {
        _ if over => Leader::Nobody(host_of(&lease.holder), lease.renewed),
        Some(node) => Leader::Node(node),
        None => Leader::Stranger(host_of(&lease.holder)),
    }
}

/// What a member says itself is fresher than what a kubelet says of its pod, and may be worse.
fn by_its_word(part: &mut Part, etcd: &Etcd, member: &EtcdMember) {
    if part.pod.is_none() {
        part.long = format!("Member {} of etcd.", member.name);
    }
    let told = match &member.standing {
        EtcdStanding::Told(told) => told,
        EtcdStanding::Unknown(reason) => {
            if part.health == Health::Ok {
                part.health = Health::Warn;
            }
            part.long += &format!(" It does not say how it fares: {reason}.");
            return;
        }
    };
    part.version = Some(told.version.clone());
    let (health, words) = match (&etcd.silent, &told.wrong) {
        (Some(silent), _) => (Health::Stale, format!("What it said last is old: {}", silent.reason)),
        (_, Some(wrong)) => (Health::Bad, wrong.to_string()),
        _ if !told.follows => (Health::Bad, "It follows no leader: there is no quorum".to_owned()),
        _ if told.lag > ETCD_LAGS => (Health::Warn, "It lags far behind the others".to_owned()),
        _ if member.learner => (Health::Ok, "By its own word it learns, and has no vote yet".to_owned()),
        _ if told.leads => (Health::Ok, "By its own word it leads".to_owned()),
        _ => (Health::Ok, "By its own word it follows the leader".to_owned()),
    };
    part.leads = told.leads && etcd.silent.is_none();
    part.long += &format!(" {words}.");
    if matches!(part.health, Health::Unknown | Health::Stale) || health.severity() > part.health.severity() {
        part.health = health;
    }
}

fn old_news(health: Health, node: Health) -> Health {
    if matches!(node, Health::Stale | Health::Unknown) { Health::Stale } else { health }
}

fn label(kind: ComponentKind) -> String {
    kind.program()
        .strip_prefix("kube-")
        .filter(|_| kind != ComponentKind::ApiServer && kind != ComponentKind::Proxy)
        .unwrap_or(kind.program())
        .to_owned()
}
