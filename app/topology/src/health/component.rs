//! The components of a machine and how they fare, from every source that tells of them.

use scene::Health;

use super::{NodeState, age, pod_health, pod_words};
use crate::{
    Inventory, Stamp,
    inventory::{
        Component, ComponentKind, ETCD_LAGS, Etcd, EtcdMember, EtcdStanding, Heard, Key, Lease, Name, Node, Pod, Source,
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
                let health = pod_health(pod, Some(self.state.health));
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
                part.health = old_news(Health::Ok, self.state.health);
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
            match silent {
                None if part.health == Health::Unknown => part.health = Health::Ok,
                Some(_) if part.health == Health::Ok => part.health = Health::Stale,
                _ => {}
            }
            part.long += &silent.map_or_else(
                || " It renews its identity lease.".to_owned(),
                |silent| format!(" Its identity lease has not been renewed for {silent}."),
            );
        }
        part
    }

    /// Whether one of this node's addresses serves as an API server; `None` when nobody tells.
    fn registered(&self) -> Option<bool> {
        if !self.inventory.heard(Source::Endpoints).knows() {
            return None;
        }
        let service = Key::new("default", "kubernetes");
        let mut sets = self.inventory.endpoints_of(&service).peekable();
        sets.peek()?;
        // An API server may advertise a card that its node does not name.
        let advertised = self.pods.iter().find(|(_, component)| component.kind == ComponentKind::ApiServer);
        let advertised = advertised.and_then(|(_, component)| flag(component, "--advertise-address"));
        let planned = self.inventory.planned_host(&self.node.name);
        let mine = |address: &Name| {
            self.node.addresses.iter().any(|own| own.value == *address)
                || advertised == Some(&**address)
                || planned.is_some_and(|host| host.addresses.iter().any(|(_, own)| own.to_string() == **address))
        };
        Some(sets.flat_map(|set| &set.endpoints).any(|endpoint| endpoint.ready && mine(&endpoint.address)))
    }

    fn elected(&self, kind: ComponentKind) -> Part {
        let mut part = self.by_pod(kind);
        let Some(lease) = self.inventory.lease("kube-system", kind.program()) else {
            if let Heard::Forbidden { permission } = self.inventory.heard(Source::Leases) {
                part.long += &format!(" Who leads is unknown: the permission to {permission} is missing.");
            }
            return part;
        };
        if !self.is_me(lease.holder.rsplit_once('_').map_or(&*lease.holder, |(host, _)| host)) {
            return part;
        }
        part.leads = true;
        match self.silent(lease) {
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
        if part.pod.is_none() && self.inventory.heard(Source::Pods).knows() {
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
        if part.pod.is_none() && self.inventory.heard(Source::Pods).knows() {
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
        if host.is_empty() {
            return false;
        }
        let named = |node: &Node| {
            node.name.eq_ignore_ascii_case(host)
                || node.addresses.iter().any(|address| address.value.eq_ignore_ascii_case(host))
        };
        if named(self.node) {
            return true;
        }
        // A short name means a node when it is that node's alone, and no node has it as its whole name.
        let short = |name: &str| name.split('.').next().unwrap_or(name).to_ascii_lowercase();
        let wanted = short(host);
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let comparable = |name: &str| !(name.contains('.') && host.contains('.'));
        let alike = |node: &Node| short(&node.name) == wanted && comparable(&node.name);
        let mut all = self.inventory.nodes();
        !is_address
            && alike(self.node)
            && !all.any(|node| node.name != self.node.name && (named(node) || short(&node.name) == wanted))
    }

    /// For how long a lease has run over, in words; `None` while it is kept.
    fn silent(&self, lease: &Lease) -> Option<String> {
        let since = lease.renewed.map(|renewed| self.now.since(renewed))?;
        (since > lease.lasts).then(|| age(since))
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

/// The value of a flag, as in `--name=value` or `--name value`; the last one counts, as it does for the program.
fn flag<'a>(component: &'a Component, name: &str) -> Option<&'a str> {
    let flags = &component.flags;
    let joined = |flag: &'a str| flag.strip_prefix(name)?.strip_prefix('=');
    let split = |at: usize| (*flags[at] == *name).then(|| flags.get(at + 1).map(|value| &**value)).flatten();
    (0..flags.len()).rev().find_map(|at| joined(&flags[at]).or_else(|| split(at)))
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
