//! Whether a host is feasible for a pod: the filters of the scheduler's default plugins, in their order.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use topology::{
    inventory::{AccessMode, Claim, Effect, Heard, HostPort, Key, Mount, Name, Source, Spread, Taint, Volume},
    load::bytes,
};

use crate::{
    relation::counted_on,
    supposed::{Standing, Supposed},
    words::untold,
    world::{Attached, Form, FormId, Host, HostId, World, by_labels},
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
    /// By the key of a domain, those where a pod is that this one must be kept apart from.
    blocked: BTreeMap<&'w Name, BTreeSet<&'w Name>>,
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

impl Counted<'_> {
    /// Whether there are fewer domains than the constraint wants, which then counts an empty one.
    pub(crate) fn has_few_domains(&self) -> bool {
        self.spread.min_domains.is_some_and(|wanted| self.domains.len() < wanted as usize)
    }
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
        let asks_labels = form.shape.near.iter().chain(&form.shape.apart).any(by_labels);
        if (asks_labels || supposed.world.apart_by_labels)
            && !supposed.world.inventory.heard(Source::Namespaces).knows()
        {
            return Err(Unknown(missing(supposed, Source::Namespaces, "labels of namespaces")));
        }
        Ok(Self {
            supposed,
            form,
            wanted,
            volumes: volumes(supposed, form, wanted.claims)?,
            blocked: blocked(supposed, wanted.form),
            near: near(supposed, wanted.form),
            spread: (0..form.shape.spread.len()).map(|at| counted(supposed, wanted.form, at)).collect(),
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
        self.holds(host)?;
        self.spreads(host)?;
        self.joins(host)
    }

    /// The same without spread, which changes with every pod that is placed.
    pub(crate) fn admits_unspread(&self, host: HostId) -> Result<(), Refusal> {
        self.holds(host)?;
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

    fn spreads(&self, number: HostId) -> Result<(), Refusal> {
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
        Ok(())
    }

    /// Whether the pods that it must be near or apart from allow a host.
    fn joins(&self, number: HostId) -> Result<(), Refusal> {
        let host = &self.supposed.world.hosts[number];
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
        if self.is_blocked(number) { Err(Refusal::Apart) } else { Ok(()) }
    }

    /// Whether a pod keeps this one away from a host.
    fn is_blocked(&self, host: HostId) -> bool {
        let host = &self.supposed.world.hosts[host];
        let mut blocked = self.blocked.iter();
        blocked.any(|(key, values)| host.label(key).is_some_and(|value| values.contains(value)))
    }

    /// Whether a host may still admit it once others were placed: these bring pods that it must be near and fill up
    /// domains, but never make room.
    pub(crate) fn may_admit(&self, host: HostId) -> bool {
        self.holds(host).is_ok() && !self.is_blocked(host)
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

fn volumes<'w>(supposed: &Supposed<'w, '_>, form: &Form<'_>, claims: &'w [Name]) -> Result<Vec<Bound<'w>>, Unknown> {
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

fn bound<'w>(supposed: &Supposed<'w, '_>, form: &Form<'_>, name: &'w Name) -> Result<Bound<'w>, Unknown> {
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

/// Domains where a pod is that keeps this one away, or that this one keeps away from. A pod that is being deleted
/// counts until it is gone.
fn blocked<'w>(supposed: &Supposed<'w, '_>, form: FormId) -> BTreeMap<&'w Name, BTreeSet<&'w Name>> {
    let world = supposed.world;
    let mut blocked: BTreeMap<&'w Name, BTreeSet<&'w Name>> = BTreeMap::new();
    for &(other, topology) in &world.relation(form).apart {
        let values = supposed.seats(other).filter_map(|(host, ..)| world.hosts[host].label(topology));
        blocked.entry(topology).or_default().extend(values);
    }
    blocked
}

/// Domains with pods that match every term, as the scheduler counts them.
fn near<'w>(supposed: &Supposed<'w, '_>, form: FormId) -> Near<'w> {
    let world = supposed.world;
    let terms = &world.forms[form].shape.near;
    if terms.is_empty() {
        return Near::Any;
    }
    let relation = world.relation(form);
    let mut domains = BTreeSet::new();
    for (host, ..) in relation.near.iter().flat_map(|other| supposed.seats(*other)) {
        for term in terms {
            if let Some(value) = world.hosts[host].label(&term.topology) {
                domains.insert((&term.topology, value));
            }
        }
    }
    if domains.is_empty() && relation.near_itself { Near::First } else { Near::With(domains) }
}

/// A constraint of a form's spread: as it is counted in the cluster, but for hosts and pods that a question touches.
fn counted<'w>(supposed: &Supposed<'w, '_>, number: FormId, at: usize) -> Counted<'w> {
    let world = supposed.world;
    let form = &world.forms[number];
    let spread = &form.shape.spread[at];
    let (counting, base) = (&world.relation(number).spread[at], &world.bases(number)[at]);
    let mut domains: BTreeMap<&'w Name, (u32, u32)> =
        base.domains.iter().map(|(domain, counts)| (domain, *counts)).collect();
    for (host, standing) in supposed.touched() {
        let Some(domain) = world.hosts[host].label(&spread.topology) else { continue };
        let there = counted_on(world, &counting.forms, host);
        let (hosts, pods) = domains.entry(domain).or_default();
        if base.counts[host] {
            (*hosts, *pods) = (*hosts - 1, *pods - there);
        }
        if supposed.knows(host) && eligible(supposed, form, spread, host) {
            *hosts += 1;
            *pods += match standing {
                Standing::Cordoned => there,
                Standing::Drained => {
                    counting.forms.iter().map(|other| supposed.left_by_drain(*other, host)).sum::<u32>()
                }
                // Being deleted or gone.
                Standing::Same | Standing::Lost | Standing::Removed => 0,
            };
        }
    }
    let counts = |host: HostId| match supposed.standing(host) {
        Standing::Same => base.counts[host],
        _ => supposed.knows(host) && eligible(supposed, form, spread, host),
    };
    for host in counting.forms.iter().flat_map(|other| supposed.placed_of(*other)).filter(|host| counts(*host)) {
        if let Some(domain) = world.hosts[host].label(&spread.topology) {
            domains.entry(domain).or_default().1 += 1;
        }
    }
    let domains: BTreeMap<&'w Name, u32> =
        domains.into_iter().filter(|(_, (hosts, _))| *hosts > 0).map(|(domain, (_, pods))| (domain, pods)).collect();
    let few = spread.min_domains.is_some_and(|wanted| domains.len() < wanted as usize);
    let least = if few { 0 } else { domains.values().min().copied().unwrap_or(0) };
    Counted { spread, domains, counts_itself: counting.itself, least }
}

/// Whether a host counts as a part of its domain.
pub(crate) fn eligible(supposed: &Supposed<'_, '_>, form: &Form<'_>, spread: &Spread, number: HostId) -> bool {
    let host = &supposed.world.hosts[number];
    form.shape.spread.iter().all(|one| host.label(&one.topology).is_some())
        && (!spread.by_affinity || allows(form, host))
        && (!spread.by_taints || bears_all(supposed, form, number))
}

/// Whether no host as it is takes a pod of a form that mounts no claims, wherever others are.
pub(crate) fn closed(world: &World<'_>, form: FormId) -> bool {
    let same = Supposed::same(world);
    let gate = Gate::new(&same, Wanted { form, claims: &[], pin: None });
    gate.is_ok_and(|gate| !world.roomiest().iter().any(|host| gate.holds(*host).is_ok()))
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
