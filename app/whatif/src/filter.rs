//! Whether a host is feasible for a pod: the filters of the scheduler's default plugins, in their order.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use topology::{
    inventory::{
        AccessMode, Claim, Effect, Heard, HostPort, Key, Labels, Mount, Name, PodTerm, Selector, Source, Spread, Taint,
        Volume,
    },
    load::bytes,
};

use crate::{
    supposed::{Standing, Supposed},
    words::untold,
    world::{Attached, Form, FormId, Host, HostId},
};

/// A pod to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Its form.
    pub form: FormId,
    /// Claims that it mounts.
    pub claims: &'w [Name],
    /// The one node that it may run on, as a DaemonSet's pod has it.
    pub pin: Option<&'w Name>,
}

/// Why a host is not feasible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It takes no new pods.
    Cordoned,
    /// A taint that the pod does not tolerate.
    Taint(String),
    /// It lacks what node selector or node affinity asks for.
    Affinity,
    /// A port of the host is taken.
    Port(u16),
    /// It has too little left: the resource, and how much is missing.
    Room(String, u64),
    /// A volume cannot be reached from it.
    Volume(Name),
    /// A single-pod volume is held by another pod.
    Held(Name),
    /// It takes no more volumes of a driver.
    Volumes(Name),
    /// A pod there, or this one, keeps the other away.
    Apart,
    /// No pod there that it must be near.
    Near,
    /// It would be spread too unevenly.
    Spread(Name),
}

/// Why nothing can be said of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cordoned => f.write_str("takes no new pods"),
            Self::Taint(taint) => write!(f, "has the taint {taint}"),
            Self::Affinity => f.write_str("lacks the labels that the pod asks for"),
            Self::Port(port) => write!(f, "has its port {port} taken"),
            Self::Room(resource, missing) => write!(f, "lacks {}", amount(resource, *missing)),
            Self::Volume(volume) => write!(f, "does not reach the volume of {volume}"),
            Self::Held(claim) => write!(f, "cannot mount {claim} while another pod holds it"),
            Self::Volumes(driver) => write!(f, "takes no more volumes of {driver}"),
            Self::Apart => f.write_str("has a pod that this one must be kept apart from"),
            Self::Near => f.write_str("has no pod that this one must be near"),
            Self::Spread(topology) => write!(f, "would hold more than its share of pods by {topology}"),
        }
    }
}

/// As in `300m of cpu`, `1.5 GiB of memory`, `2 of nvidia.com/gpu`.
pub(crate) fn amount(resource: &str, missing: u64) -> String {
    match resource {
        "cpu" if missing.is_multiple_of(1000) => format!("{} of cpu", missing / 1000),
        "cpu" => format!("{missing}m of cpu"),
        "pods" => format!("room for {missing} pod{}", if missing == 1 { "" } else { "s" }),
        "memory" | "ephemeral-storage" => format!("{} of {resource}", bytes(missing)),
        other => format!("{missing} of {other}"),
    }
}

/// What is the same for every host, found once for a pod: where pods are that it must be near or apart from, and how
/// full each domain of its spread is.
#[derive(Debug)]
pub struct Gate<'s, 'w, 'a> {
    supposed: &'s Supposed<'w, 'a>,
    /// The form that is judged.
    pub form: &'w Form<'a>,
    wanted: Wanted<'w>,
    volumes: Vec<Bound<'w>>,
    blocked: BTreeSet<(&'w Name, &'w Name)>,
    near: Near<'w>,
    spread: Vec<Counted<'w>>,
}

#[derive(Debug)]
enum Near<'w> {
    /// It asks for none.
    Any,
    /// Every term's domain must be among these.
    With(BTreeSet<(&'w Name, &'w Name)>),
    /// It would be the first of its own kind: any host that has the labels.
    First,
}

/// A constraint with its domains.
#[derive(Debug)]
pub struct Counted<'w> {
    /// The constraint.
    pub spread: &'w Spread,
    /// Pods in each domain.
    pub domains: BTreeMap<&'w Name, u32>,
    /// Whether the pod counts itself.
    pub counts_itself: bool,
    /// The emptiest domain's pods, as `minDomains` has it.
    pub least: u32,
}

#[derive(Debug)]
enum Bound<'w> {
    To(&'w Name, &'w Claim, &'w Volume),
    /// It is provisioned where the pod goes, as far as its class allows.
    Later(&'w Name, &'w [topology::inventory::NodeTerm], &'w Name),
    /// It can never be bound as it is.
    Never(&'w Name),
}

impl<'s, 'w, 'a> Gate<'s, 'w, 'a> {
    /// Looks at what is the same for every host.
    ///
    /// # Errors
    /// [`Unknown`] where a fact is missing that decides.
    pub fn new(supposed: &'s Supposed<'w, 'a>, wanted: Wanted<'w>) -> Result<Self, Unknown> {
        let form = &supposed.world.forms[wanted.form];
        readable(form)?;
        let others = supposed.world.apart.iter().flat_map(|other| &supposed.world.forms[*other].shape.apart);
        let namespaces = form.shape.near.iter().chain(&form.shape.apart).chain(others);
        let mut selectors = namespaces.filter_map(|term| term.namespace_selector.as_ref());
        let asks_labels = selectors.any(|selector| !selector.0.is_empty());
        if asks_labels && !supposed.world.inventory.heard(Source::Namespaces).knows() {
            return Err(Unknown(missing(supposed, Source::Namespaces, "labels of namespaces")));
        }
        Ok(Self {
            supposed,
            form,
            wanted,
            volumes: volumes(supposed, form, wanted.claims)?,
            blocked: blocked(supposed, form),
            near: near(supposed, form),
            spread: form.shape.spread.iter().map(|spread| counted(supposed, form, spread)).collect(),
        })
    }

    /// The constraints of its spread, counted.
    pub fn spread(&self) -> &[Counted<'w>] {
        &self.spread
    }

    /// Whether a host is feasible.
    ///
    /// # Errors
    /// The first reason why it is not, in the order of the scheduler.
    pub fn admits(&self, host: HostId) -> Result<(), Refusal> {
        self.takes(host)?;
        self.reaches(host)?;
        self.joins(host)
    }

    /// The same without pods that must be near or apart, and without spread.
    pub(crate) fn holds(&self, host: HostId) -> Result<(), Refusal> {
        self.takes(host)?;
        self.reaches(host)
    }

    fn takes(&self, number: HostId) -> Result<(), Refusal> {
        let (shape, host) = (self.form.shape, &self.supposed.world.hosts[number]);
        let standing = self.supposed.standing(number);
        let cordoned = host.node.cordoned || matches!(standing, Standing::Drained | Standing::Cordoned);
        let bears = |key: &str, effect| {
            let taint = Taint { key: key.into(), value: "".into(), effect };
            shape.tolerations.iter().any(|toleration| toleration.tolerates(&taint))
        };
        if cordoned && !bears("node.kubernetes.io/unschedulable", Effect::NoSchedule) {
            return Err(Refusal::Cordoned);
        }
        if self.wanted.pin.is_some_and(|pin| **pin != *host.name) {
            return Err(Refusal::Affinity);
        }
        if standing == Standing::Lost {
            let unreachable = "node.kubernetes.io/unreachable";
            if !bears(unreachable, Effect::NoSchedule) || !bears(unreachable, Effect::NoExecute) {
                return Err(Refusal::Taint(unreachable.into()));
            }
        }
        let taint = host.node.taints.iter().find(|taint| {
            taint.effect != Effect::PreferNoSchedule
                && !shape.tolerations.iter().any(|toleration| toleration.tolerates(taint))
        });
        if let Some(taint) = taint {
            return Err(Refusal::Taint(taint.to_string()));
        }
        if !allows(self.form, host) {
            return Err(Refusal::Affinity);
        }
        for port in &shape.host_ports {
            if self.supposed.ports(number).any(|taken| collide(port, taken)) {
                return Err(Refusal::Port(port.port));
            }
        }
        match self.supposed.fits(number, &shape.requests) {
            Some(true) => Ok(()),
            Some(false) => Err(self.room(number)),
            // Not told: a host that never said what it has takes no pods, for zero of everything is left.
            None => Err(Refusal::Room("pods".into(), 1)),
        }
    }

    fn room(&self, host: HostId) -> Refusal {
        let (asked, free) = (&self.form.shape.requests, self.supposed.free(host).unwrap_or_default());
        let plain = [
            ("pods", asked.pods, free.pods),
            ("cpu", asked.cpu, free.cpu),
            ("memory", asked.memory, free.memory),
            ("ephemeral-storage", asked.ephemeral, free.ephemeral),
        ];
        if let Some((name, asked, free)) = plain.into_iter().find(|(_, asked, free)| asked > free) {
            return Refusal::Room(name.into(), asked - free);
        }
        let short = asked.extended.iter().find(|(name, asked)| *asked > free.extended(name));
        let (name, asked) = short.map_or(("pods", 1), |(name, asked)| (&**name, *asked));
        Refusal::Room(name.into(), asked.saturating_sub(free.extended(name)))
    }

    fn reaches(&self, number: HostId) -> Result<(), Refusal> {
        let host = &self.supposed.world.hosts[number];
        for bound in &self.volumes {
            match bound {
                Bound::Never(claim) => return Err(Refusal::Volume((*claim).clone())),
                Bound::Later(claim, allowed, _) => {
                    if !allowed.is_empty() && !allowed.iter().any(|term| term.matches(host.node)) {
                        return Err(Refusal::Volume((*claim).clone()));
                    }
                }
                Bound::To(name, claim, volume) => {
                    if !volume.reachable_from(host.node) || !in_zone(volume, host) {
                        return Err(Refusal::Volume((*name).clone()));
                    }
                    if claim.modes.contains(&AccessMode::OncePod) && self.holder(name) {
                        return Err(Refusal::Held((*name).clone()));
                    }
                }
            }
        }
        self.attaches(host)
    }

    /// Whether another pod that stays holds a claim.
    fn holder(&self, claim: &'w Name) -> bool {
        let holder = self.supposed.world.single.get(&(self.form.namespace, claim));
        holder.is_some_and(|host| !matches!(self.supposed.standing(*host), Standing::Removed | Standing::Drained))
    }

    /// Whether every driver of a host takes the volumes that are new there.
    fn attaches(&self, host: &Host<'_>) -> Result<(), Refusal> {
        if self.volumes.is_empty() {
            return Ok(());
        }
        let Some(csi) = self.supposed.world.inventory.catalog().csi_node(&host.node.name) else { return Ok(()) };
        for (driver, limit) in &csi.drivers {
            let Some(limit) = limit else { continue };
            let there: Vec<Attached<'_>> =
                host.attached.iter().filter(|(backing, _)| *backing == driver).map(|(_, volume)| *volume).collect();
            let new = self.volumes.iter().filter(|bound| match bound {
                Bound::To(_, _, volume) => {
                    volume.backing == *driver && !there.contains(&Attached::Volume(&volume.name))
                }
                Bound::Later(_, _, provisioner) => *provisioner == driver,
                Bound::Never(_) => false,
            });
            let new = new.count();
            if new > 0 && there.len() + new > *limit as usize {
                return Err(Refusal::Volumes(driver.clone()));
            }
        }
        Ok(())
    }

    fn joins(&self, number: HostId) -> Result<(), Refusal> {
        let host = &self.supposed.world.hosts[number];
        for counted in &self.spread {
            let topology = &counted.spread.topology;
            let fails = host.label(topology).is_none_or(|domain| {
                let there = counted.domains.get(domain).copied().unwrap_or(0);
                let skew = i64::from(there + u32::from(counted.counts_itself)) - i64::from(counted.least);
                skew > i64::from(counted.spread.max_skew)
            });
            if fails {
                return Err(Refusal::Spread(topology.clone()));
            }
        }
        let terms = &self.form.shape.near;
        let near = match &self.near {
            Near::Any => true,
            Near::First => terms.iter().all(|term| host.label(&term.topology).is_some()),
            Near::With(domains) => terms
                .iter()
                .all(|term| host.label(&term.topology).is_some_and(|value| domains.contains(&(&term.topology, value)))),
        };
        if !near {
            return Err(Refusal::Near);
        }
        let apart = self.blocked.iter().any(|(topology, value)| host.label(topology) == Some(value));
        if apart { Err(Refusal::Apart) } else { Ok(()) }
    }

    /// Whether it would be the first of those that it must be near.
    pub(crate) const fn is_first(&self) -> bool {
        matches!(self.near, Near::First)
    }
}

/// A pod that a foreign program places, or that says something unreadable, cannot be judged.
fn readable(form: &Form<'_>) -> Result<(), Unknown> {
    let shape = form.shape;
    let why = if shape.requests.pods == 0 {
        "no source told its template".to_owned()
    } else if shape.odd {
        "its template says something that is not understood here".to_owned()
    } else if !matches!(&*shape.scheduler, "" | "default-scheduler") {
        format!("the scheduler {} places it, whose rules are not known here", shape.scheduler)
    } else if !shape.gates.is_empty() {
        format!("its scheduling gates are closed: {}", shape.gates.join(", "))
    } else if shape.devices {
        "it asks for devices by resource claims, whose place no fact tells".to_owned()
    } else if let Some(Mount::Disk(kind)) = shape.volumes.iter().find(|mount| is_exclusive(mount)) {
        format!("it mounts a disk of its own ({kind}), and no fact tells who else does")
    } else {
        return Ok(());
    };
    Err(Unknown(why))
}

/// Disks that two pods on one node cannot share.
fn is_exclusive(mount: &Mount) -> bool {
    let Mount::Disk(kind) = mount else { return false };
    ["iscsi", "rbd", "awsElasticBlockStore", "gcePersistentDisk"].contains(&&**kind)
}

/// As in `persistent volumes are not known: the permission to list persistentvolumes is missing`.
fn missing(supposed: &Supposed<'_, '_>, source: Source, what: &str) -> String {
    format!("{what} are not known: {}", untold(supposed.world.inventory.heard(source)))
}

fn allows(form: &Form<'_>, host: &Host<'_>) -> bool {
    let shape = form.shape;
    let selected = shape.node_selector.iter().all(|(key, value)| host.label(key) == Some(value));
    selected && shape.node_affinity.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(host.node)))
}

fn collide(a: &HostPort, b: &HostPort) -> bool {
    let anywhere = |address: &str| matches!(address, "" | "0.0.0.0");
    let protocol = |port: &'_ HostPort| if port.protocol.is_empty() { "TCP".into() } else { port.protocol.clone() };
    a.port == b.port
        && protocol(a) == protocol(b)
        && (a.address == b.address || anywhere(&a.address) || anywhere(&b.address))
}

/// Whether a host lies in a zone that a volume names; one without any such label is not asked.
fn in_zone(volume: &Volume, host: &Host<'_>) -> bool {
    const OLD: [(&str, &str); 2] = [
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ];
    if !OLD.iter().any(|(old, new)| host.label(old).is_some() || host.label(new).is_some()) {
        return true;
    }
    volume.zones.iter().all(|(key, values)| {
        let renamed = OLD.iter().find(|(old, _)| **old == **key).map(|(_, new)| *new);
        let zone = host.label(key).or_else(|| host.label(renamed?));
        zone.is_some_and(|zone| values.split("__").any(|value| *value == **zone))
    })
}

fn volumes<'w>(supposed: &Supposed<'w, '_>, form: &Form<'w>, claims: &'w [Name]) -> Result<Vec<Bound<'w>>, Unknown> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let inventory = supposed.world.inventory;
    for (source, what) in
        [(Source::PersistentVolumeClaims, "volume claims"), (Source::PersistentVolumes, "persistent volumes")]
    {
        if !inventory.heard(source).knows() {
            return Err(Unknown(missing(supposed, source, what)));
        }
    }
    let limits = inventory.heard(Source::CsiNodes);
    if !limits.knows() && *limits != Heard::NotServed {
        return Err(Unknown(missing(supposed, Source::CsiNodes, "limits of volumes")));
    }
    claims.iter().map(|name| bound(supposed, form, name)).collect()
}

fn bound<'w>(supposed: &Supposed<'w, '_>, form: &Form<'w>, name: &'w Name) -> Result<Bound<'w>, Unknown> {
    let catalog = supposed.world.inventory.catalog();
    let key = Key { namespace: form.namespace.clone(), name: name.clone() };
    let Some(claim) = catalog.claim(&key) else { return Ok(Bound::Never(name)) };
    if let Some(volume) = claim.volume.as_ref().filter(|_| claim.bound) {
        return match catalog.volume(volume) {
            Some(volume) if volume.odd => {
                Err(Unknown(format!("where the volume {} is reached is not understood", volume.name)))
            }
            Some(volume) => Ok(Bound::To(name, claim, volume)),
            None => Ok(Bound::Never(name)),
        };
    }
    let class = match &claim.class {
        Some(class) => catalog.storage_class(class),
        None => catalog.storage_classes().find(|class| class.default),
    };
    match class {
        None if !supposed.world.inventory.heard(Source::StorageClasses).knows() => {
            Err(Unknown(missing(supposed, Source::StorageClasses, "storage classes")))
        }
        Some(class) if class.waits && &*class.provisioner != "kubernetes.io/no-provisioner" => {
            Ok(Bound::Later(name, &class.allowed, &class.provisioner))
        }
        Some(class) if class.waits => Err(Unknown(format!("which volume {name} will be bound to is not known"))),
        _ => Ok(Bound::Never(name)),
    }
}

fn selects(selector: Option<&Selector>, labels: &Labels) -> bool {
    selector.is_some_and(|selector| selector.matches(labels))
}

/// Whether a term of a pod in `from` is about a pod of this form.
pub(crate) fn concerns(supposed: &Supposed<'_, '_>, term: &PodTerm, from: &Name, form: &Form<'_>) -> bool {
    let inventory = supposed.world.inventory;
    let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
    let here = (own && form.namespace == from)
        || term.namespaces.contains(form.namespace)
        || term.namespace_selector.as_ref().is_some_and(|selector| {
            selector.0.is_empty() || inventory.namespace_labels(form.namespace).is_some_and(|l| selector.matches(l))
        });
    here && selects(term.selector.as_ref(), form.labels)
}

/// Domains where a pod is that keeps this one away, or that this one keeps away from. A pod that is being deleted
/// counts until it is gone.
fn blocked<'w>(supposed: &Supposed<'w, '_>, form: &Form<'w>) -> BTreeSet<(&'w Name, &'w Name)> {
    let world = supposed.world;
    let mut blocked = BTreeSet::new();
    let mut block = |supposed: &Supposed<'w, '_>, other: FormId, topology: &'w Name| {
        for (host, ..) in supposed.seats(other) {
            if let Some(value) = world.hosts[host].label(topology) {
                blocked.insert((topology, value));
            }
        }
    };
    for &other in &world.apart {
        let there = &world.forms[other];
        for term in &there.shape.apart {
            if concerns(supposed, term, there.namespace, form) {
                block(supposed, other, &term.topology);
            }
        }
    }
    if !form.shape.apart.is_empty() {
        for (other, there) in world.forms.iter().enumerate() {
            for term in form.shape.apart.iter().filter(|term| concerns(supposed, term, form.namespace, there)) {
                block(supposed, other, &term.topology);
            }
        }
    }
    blocked
}

/// Domains with pods that match every term, as the scheduler counts them.
fn near<'w>(supposed: &Supposed<'w, '_>, form: &Form<'w>) -> Near<'w> {
    let terms = &form.shape.near;
    if terms.is_empty() {
        return Near::Any;
    }
    let world = supposed.world;
    let all = |other: &Form<'_>| terms.iter().all(|term| concerns(supposed, term, form.namespace, other));
    let mut domains = BTreeSet::new();
    for (other, _) in world.forms.iter().enumerate().filter(|(_, other)| all(other)) {
        for (host, ..) in supposed.seats(other) {
            for term in terms {
                if let Some(value) = world.hosts[host].label(&term.topology) {
                    domains.insert((&term.topology, value));
                }
            }
        }
    }
    if domains.is_empty() && all(form) { Near::First } else { Near::With(domains) }
}

fn counted<'w>(supposed: &Supposed<'w, '_>, form: &Form<'w>, spread: &'w Spread) -> Counted<'w> {
    let keyed: Vec<(&Name, &Name)> =
        spread.match_label_keys.iter().filter_map(|key| Some((key, form.labels.get(key)?))).collect();
    let matches = |labels: &Labels| {
        selects(spread.selector.as_ref(), labels) && keyed.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let world = supposed.world;
    let every_key = |host: &Host<'_>| form.shape.spread.iter().all(|one| host.label(&one.topology).is_some());
    let mut domains: BTreeMap<&'w Name, u32> = BTreeMap::new();
    let mut counts = vec![false; world.hosts.len()];
    for (number, host) in supposed.known() {
        let Some(domain) = host.label(&spread.topology) else { continue };
        let allowed = !spread.by_affinity || allows(form, host);
        if every_key(host) && allowed && (!spread.by_taints || bears_all(supposed, form, number)) {
            domains.entry(domain).or_default();
            counts[number] = true;
        }
    }
    for (other, there) in world.forms.iter().enumerate() {
        // The scheduler counts no pod at all where the selector says nothing.
        let is_empty = keyed.is_empty() && spread.selector.as_ref().is_some_and(|selector| selector.0.is_empty());
        if is_empty || there.namespace != form.namespace || !matches(there.labels) {
            continue;
        }
        for (host, count, leaving) in supposed.seats(other).filter(|(host, ..)| counts[*host]) {
            if let Some(domain) = world.hosts[host].label(&spread.topology) {
                *domains.entry(domain).or_default() += count - leaving;
            }
        }
    }
    let few = spread.min_domains.is_some_and(|wanted| domains.len() < wanted as usize);
    let least = if few { 0 } else { domains.values().min().copied().unwrap_or(0) };
    Counted { spread, domains, counts_itself: matches(form.labels), least }
}

/// Whether a pod bears every taint of a host, those of the supposed step among them.
fn bears_all(supposed: &Supposed<'_, '_>, form: &Form<'_>, number: HostId) -> bool {
    let bears = |taint: &Taint| form.shape.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    let of = |key: &str, effect| Taint { key: key.into(), value: "".into(), effect };
    let host = &supposed.world.hosts[number];
    let mut put = match supposed.standing(number) {
        Standing::Lost => vec![
            of("node.kubernetes.io/unreachable", Effect::NoSchedule),
            of("node.kubernetes.io/unreachable", Effect::NoExecute),
        ],
        Standing::Drained | Standing::Cordoned => vec![of("node.kubernetes.io/unschedulable", Effect::NoSchedule)],
        Standing::Same | Standing::Removed => Vec::new(),
    };
    put.extend(host.node.taints.iter().filter(|taint| taint.effect != Effect::PreferNoSchedule).cloned());
    put.iter().all(bears)
}
