//! A cluster as the scheduler counts it: hosts with what is free, and pods by their form.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
    sync::OnceLock,
};

use topology::{
    Inventory, Stamp,
    inventory::{
        Endpoint, HostPort, Key, Labels, Mount, Name, Node, OwnerKind, Phase, Pod, Resident, Resources, Shape, Truth,
    },
};

use crate::{
    control::{Plane, plane},
    filter::closed,
    lookup::Lookup,
    relation::{Base, Relation, bases, relation},
    timing::{Timing, Zones},
};

/// The number of a host in [`World::hosts`].
pub type HostId = usize;

/// The number of a form in [`World::forms`].
pub type FormId = usize;

/// A cluster made ready for many questions. It is made in one walk over the pods.
#[derive(Debug)]
pub struct World<'a> {
    /// Its facts.
    pub inventory: &'a Inventory,
    /// The moment of all judgements.
    pub now: Stamp,
    /// Every node by name, then the hosts that a question adds.
    pub hosts: Vec<Host<'a>>,
    /// What pods have in common, by which all of them are judged.
    pub forms: Vec<Form<'a>>,
    /// Forms that keep others away: with required anti-affinity.
    pub(crate) apart: Vec<FormId>,
    /// Pods that wait for a host.
    pub(crate) waiting: Vec<(&'a Pod, FormId)>,
    /// Claims that a pod mounts, with the host of one such pod.
    pub(crate) single: HashMap<(&'a Name, &'a Name), HostId>,
    /// Services with endpoints that are no pods, by the host that has their address.
    pub(crate) bare: HashMap<HostId, BTreeSet<Key>>,
    /// Whether one of those that keep others away chooses namespaces by their labels.
    pub(crate) apart_by_labels: bool,
    numbers: HashMap<&'a str, HostId>,
    known: HashMap<FormKey<'a>, FormId>,
    lookup: OnceLock<Lookup<'a>>,
    plane: OnceLock<Plane<'a>>,
    timing: OnceLock<Timing>,
    zones: OnceLock<Zones>,
    roomiest: OnceLock<Vec<HostId>>,
    /// How many domains each key has that a spread names.
    domains: OnceLock<HashMap<&'a Name, usize>>,
}

/// A host as the scheduler counts it.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    /// Its name; of an added one, a name that no node has.
    pub name: Name,
    /// Its node, or the one that it is to be like.
    pub node: &'a Node,
    /// Whether a question adds it.
    pub added: bool,
    /// Whether its Ready condition holds now.
    pub ready: bool,
    /// What is left of its allocatable amounts; `None` where these were not told.
    pub free: Option<Resources>,
    /// Addresses that its pod network has left; `None` where its size is not known.
    pub addresses: Option<u64>,
    /// Ports of the host that are taken.
    pub(crate) ports: Vec<&'a HostPort>,
    /// Volumes of each driver that are attached, without doubles.
    pub(crate) attached: Vec<(&'a Name, Attached<'a>)>,
    /// The pods that count, with their forms.
    pub pods: Vec<(&'a Pod, FormId)>,
}

/// What the scheduler looks at in a pod, and where pods like it run.
#[derive(Debug)]
pub struct Form<'a> {
    /// Their namespace.
    pub namespace: &'a Name,
    /// Their labels.
    pub labels: &'a Labels,
    /// Their template's rules.
    pub shape: &'a Shape,
    /// Hosts with pods of it: how many there are, and how many of these are being deleted.
    pub seats: Vec<(HostId, u32, u32)>,
    relation: OnceLock<Relation<'a>>,
    bases: OnceLock<Vec<Base>>,
    closed: OnceLock<bool>,
}

/// A volume by its name, or a claim that has none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached<'a> {
    Volume(&'a Name),
    Claim(&'a Key),
}

/// Namespace, labels and the place of the shared shape.
type FormKey<'a> = (&'a Name, &'a Labels, usize);

impl<'a> World<'a> {
    /// Counts a cluster.
    pub fn new(inventory: &'a Inventory, now: Stamp) -> Self {
        let hosts: Vec<Host<'a>> = inventory.nodes().map(Host::of).collect();
        let numbers = inventory.nodes().enumerate().map(|(n, node)| (&*node.name, n)).collect();
        let mut world = Self {
            inventory,
            now,
            hosts,
            forms: Vec::new(),
            apart: Vec::new(),
            waiting: Vec::new(),
            single: HashMap::new(),
            bare: HashMap::new(),
            apart_by_labels: false,
            numbers,
            known: HashMap::new(),
            lookup: OnceLock::new(),
            plane: OnceLock::new(),
            timing: OnceLock::new(),
            zones: OnceLock::new(),
            roomiest: OnceLock::new(),
            domains: OnceLock::new(),
        };
        inventory.pods().for_each(|pod| world.seat(pod));
        for set in inventory.endpoint_sets() {
            let bare = set.endpoints.iter().filter(|one| one.pod.is_none());
            let hosts: Vec<HostId> = bare.flat_map(|one| world.hosts_of(one)).collect();
            for host in hosts {
                let service = Key { namespace: set.key.namespace.clone(), name: set.service.clone() };
                world.bare.entry(host).or_default().insert(service);
            }
        }
        world
    }

    /// The host of an endpoint that is no pod; several where more than one tells of its address.
    pub(crate) fn hosts_of(&self, endpoint: &Endpoint) -> Vec<HostId> {
        if let Some(host) = endpoint.node.as_ref().and_then(|node| self.host(node)) {
            return vec![host];
        }
        endpoint.address.parse().map(|address| self.hosts_at(address)).unwrap_or_default()
    }

    /// Hosts whose nodes tell of an address: one, unless it moves between them or was given twice.
    pub(crate) fn hosts_at(&self, address: IpAddr) -> Vec<HostId> {
        let hosts = self.inventory.at(address).filter_map(|resident| match resident {
            Resident::Node(node) => self.host(node),
            _ => None,
        });
        hosts.collect()
    }

    /// The number of a host by its name.
    pub fn host(&self, name: &str) -> Option<HostId> {
        self.numbers.get(name).copied()
    }

    /// Which selectors may match which forms, found when it is first asked for.
    pub(crate) fn lookup(&self) -> &Lookup<'a> {
        self.lookup.get_or_init(|| Lookup::new(self))
    }

    /// The control plane's parts, found when they are first asked for.
    pub(crate) fn plane(&self) -> &Plane<'a> {
        self.plane.get_or_init(|| plane(self))
    }

    /// Spans of time that decide, found when they are first asked for.
    pub(crate) fn timing(&self) -> &Timing {
        self.timing.get_or_init(|| Timing::of(self.inventory))
    }

    /// Zones as evictions count them, found when they are first asked for.
    pub(crate) fn zones(&self) -> &Zones {
        self.zones.get_or_init(|| Zones::of(self))
    }

    /// All hosts, those with the largest share of their processors left first: it is soon clear that such a one takes a pod.
    pub(crate) fn roomiest(&self) -> &[HostId] {
        self.roomiest.get_or_init(|| {
            let mut hosts: Vec<HostId> = (0..self.hosts.len()).collect();
            hosts.sort_by_cached_key(|host| (std::cmp::Reverse(self.hosts[*host].share(0)), *host));
            hosts
        })
    }

    /// How many domains a key of a spread has.
    pub(crate) fn domains(&self, key: &str) -> usize {
        let count = |key: &'a Name| {
            let values: HashSet<&Name> = self.hosts.iter().filter_map(|host| host.label(key)).collect();
            (key, values.len())
        };
        let keys = || self.forms.iter().flat_map(|form| &form.shape.spread).map(|spread| &spread.topology);
        let domains = self.domains.get_or_init(|| keys().collect::<HashSet<_>>().into_iter().map(count).collect());
        domains.iter().find(|(known, _)| ****known == *key).map_or(0, |(_, count)| *count)
    }

    /// What the rules of a form say of the others, found when it is first asked for.
    pub(crate) fn relation(&self, form: FormId) -> &Relation<'a> {
        self.forms[form].relation.get_or_init(|| relation(self, form))
    }

    /// The constraints of a form's spread, counted when they are first asked for.
    pub(crate) fn bases(&self, form: FormId) -> &[Base] {
        self.forms[form].bases.get_or_init(|| bases(self, form))
    }

    /// Whether no host as it is takes a pod of a form that mounts no claims.
    pub(crate) fn is_closed(&self, form: FormId) -> bool {
        *self.forms[form].closed.get_or_init(|| closed(self, form))
    }

    /// Forgets what was found of hosts and of the pods on them, for these have changed.
    fn forget(&mut self) {
        (self.zones, self.roomiest, self.domains) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        for form in &mut self.forms {
            (form.bases, form.closed) = (OnceLock::new(), OnceLock::new());
        }
    }

    /// Pods that wait for a host, with their forms.
    pub fn waiting(&self) -> &[(&'a Pod, FormId)] {
        &self.waiting
    }

    /// Adds an empty host like another: its DaemonSets' pods run there, and nothing else.
    pub(crate) fn add(&mut self, like: HostId) {
        let count = self.hosts.iter().filter(|host| host.added).count() + 1;
        let model = &self.hosts[like];
        let (node, here) = (model.node, self.hosts.len());
        let daemons: Vec<(&'a Pod, FormId)> = model.pods.iter().filter(|(pod, _)| is_daemon(pod)).copied().collect();
        let mut host = Host { name: format!("new host {count}").into(), added: true, ready: true, ..Host::of(node) };
        for (pod, form) in &daemons {
            host.take(pod);
            self.forms[*form].sit(here, false);
        }
        host.pods = daemons;
        self.hosts.push(host);
        self.forget();
    }

    /// Moves pods to other hosts, or takes them away.
    pub(crate) fn resettle(&mut self, moves: &[(&'a Pod, FormId, HostId, Option<HostId>)]) {
        let mut touched = BTreeSet::new();
        let mut gone: HashMap<HostId, HashSet<*const Pod>> = HashMap::new();
        for &(pod, form, from, to) in moves {
            touched.extend([Some(from), to].into_iter().flatten());
            gone.entry(from).or_default().insert(std::ptr::from_ref(pod));
            self.forms[form].rise(from, pod.leaving);
            if let Some(to) = to {
                self.forms[form].sit(to, pod.leaving);
            }
        }
        for (host, gone) in gone {
            self.hosts[host].pods.retain(|(pod, _)| !gone.contains(&std::ptr::from_ref(*pod)));
        }
        for &(pod, form, _, to) in moves {
            if let Some(to) = to {
                self.hosts[to].pods.push((pod, form));
            }
        }
        // What a host has left is counted anew: below zero it was not kept.
        for number in touched {
            let host = &mut self.hosts[number];
            let pods = std::mem::take(&mut host.pods);
            *host = Host { name: host.name.clone(), added: host.added, ..Host::of(host.node) };
            for (pod, _) in &pods {
                self.hosts[number].take(pod);
                for claim in pod.claims.iter() {
                    self.single.insert((&pod.key.namespace, claim), number);
                    self.attach(pod, claim, number);
                }
            }
            self.hosts[number].pods = pods;
        }
        self.forget();
    }

    fn seat(&mut self, pod: &'a Pod) {
        if matches!(pod.phase, Phase::Succeeded | Phase::Failed) {
            return;
        }
        let form = self.form(pod);
        let host = match pod.node.as_ref().map(|node| self.host(node)) {
            None => return self.waiting.push((pod, form)),
            // Bound to a node that is gone: it takes no room.
            Some(None) => return,
            Some(Some(host)) => host,
        };
        for claim in pod.claims.iter() {
            self.single.insert((&pod.key.namespace, claim), host);
            self.attach(pod, claim, host);
        }
        self.forms[form].sit(host, pod.leaving);
        self.hosts[host].take(pod);
        self.hosts[host].pods.push((pod, form));
    }

    fn attach(&mut self, pod: &'a Pod, claim: &'a Name, host: HostId) {
        let catalog = self.inventory.catalog();
        let key = Key { namespace: pod.key.namespace.clone(), name: claim.clone() };
        let Some(claim) = catalog.claim(&key) else { return };
        let volume = claim.volume.as_ref().and_then(|volume| catalog.volume(volume));
        let class = claim.class.as_ref().and_then(|class| catalog.storage_class(class));
        let one = match (volume, class) {
            (Some(volume), _) => (&volume.backing, Attached::Volume(&volume.name)),
            // It will have one of its class.
            (None, Some(class)) => (&class.provisioner, Attached::Claim(&claim.key)),
            (None, None) => return,
        };
        let attached = &mut self.hosts[host].attached;
        if !attached.contains(&one) {
            attached.push(one);
        }
    }

    /// The form of a pod, which is made when it is new.
    fn form(&mut self, pod: &'a Pod) -> FormId {
        let key: FormKey<'a> = (&pod.key.namespace, &pod.labels, std::ptr::from_ref(&*pod.shape).addr());
        if let Some(form) = self.known.get(&key) {
            return *form;
        }
        let form = Form {
            namespace: key.0,
            labels: key.1,
            shape: &pod.shape,
            seats: Vec::new(),
            relation: OnceLock::new(),
            bases: OnceLock::new(),
            closed: OnceLock::new(),
        };
        let number = self.forms.len();
        if !form.shape.apart.is_empty() {
            self.apart.push(number);
            self.apart_by_labels |= form.shape.apart.iter().any(by_labels);
        }
        self.forms.push(form);
        self.known.insert(key, number);
        number
    }
}

impl<'a> Host<'a> {
    fn of(node: &'a Node) -> Self {
        Self {
            name: node.name.clone(),
            node,
            added: false,
            ready: node.condition("Ready").is_some_and(|ready| ready.truth == Truth::True),
            free: node.allocatable.clone(),
            addresses: addresses(node),
            ports: Vec::new(),
            attached: Vec::new(),
            pods: Vec::new(),
        }
    }

    /// The value of a label; of an added host, its own host name.
    pub fn label(&self, key: &str) -> Option<&Name> {
        if self.added && key == HOSTNAME {
            return Some(&self.name);
        }
        self.node.labels.get(key)
    }

    /// The share of its processors that is left once so much more is taken, in thousandths.
    pub(crate) fn share(&self, taken: u64) -> u64 {
        let all = self.node.allocatable.as_ref().map_or(1, |all| all.cpu.max(1));
        self.free.as_ref().map_or(0, |free| free.cpu).saturating_sub(taken) * 1000 / all
    }

    fn take(&mut self, pod: &'a Pod) {
        if let Some(free) = &mut self.free {
            free.subtract(&pod.shape.requests);
        }
        if !pod.host_network {
            self.addresses = self.addresses.map(|left| left.saturating_sub(1));
        }
        self.ports.extend(&pod.shape.host_ports);
    }
}

impl Form<'_> {
    fn sit(&mut self, host: HostId, leaving: bool) {
        match self.seats.last_mut().filter(|(at, ..)| *at == host) {
            Some((_, count, gone)) => (*count, *gone) = (*count + 1, *gone + u32::from(leaving)),
            None => match self.seats.iter_mut().find(|(at, ..)| *at == host) {
                Some((_, count, gone)) => (*count, *gone) = (*count + 1, *gone + u32::from(leaving)),
                None => self.seats.push((host, 1, u32::from(leaving))),
            },
        }
    }

    fn rise(&mut self, host: HostId, leaving: bool) {
        if let Some(at) = self.seats.iter().position(|(at, ..)| *at == host) {
            let (_, count, gone) = &mut self.seats[at];
            (*count, *gone) = (count.saturating_sub(1), gone.saturating_sub(u32::from(leaving)));
            if *count == 0 {
                self.seats.swap_remove(at);
            }
        }
    }
}

/// The label by which a host is a domain of its own.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";

/// Whether a pod is a DaemonSet's.
pub(crate) fn is_daemon(pod: &Pod) -> bool {
    matches!(pod.owner, Some((OwnerKind::DaemonSet, _)))
}

/// Whether a term chooses namespaces by their labels.
pub(crate) fn by_labels(term: &topology::inventory::PodTerm) -> bool {
    term.namespace_selector.as_ref().is_some_and(|selector| !selector.0.is_empty())
}

/// Addresses for pods in the node's first range of IPv4: all but that of the network, its broadcast and its bridge.
fn addresses(node: &Node) -> Option<u64> {
    let length = node.pod_cidrs.iter().filter(|cidr| !cidr.contains(':')).find_map(|cidr| {
        cidr.rsplit_once('/').and_then(|(_, length)| length.parse::<u32>().ok()).filter(|length| *length <= 30)
    })?;
    Some((1_u64 << (32 - length)) - 3)
}

/// Whether a pod keeps data that is lost with it.
pub(crate) fn has_empty_dir(pod: &Pod) -> bool {
    pod.shape.volumes.iter().any(|mount| matches!(mount, Mount::EmptyDir))
}
