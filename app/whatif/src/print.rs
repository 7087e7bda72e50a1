//! Fingerprints of what answers rest on: two counted clusters agree in one where nothing that it covers has changed.
//!
//! Numbers of forms follow the order in which pods are found, so no fingerprint contains one. Numbers of hosts are
//! covered by that of the whole, which has all names in their order.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::OnceLock,
};

use topology::inventory::{Name, Pod, Source};

use crate::{
    ask::left_behind,
    control::Control,
    relation::Counting,
    supposed::Supposed,
    words::untold,
    world::{FormId, HostId, World},
};

/// Fingerprints of one counted cluster, each found when it is first asked for.
pub(crate) struct Prints<'w, 'a> {
    world: &'w World<'a>,
    /// Ready pods of each form by their hosts.
    ready: Vec<u64>,
    forms: Vec<OnceLock<u64>>,
    services: HashMap<(&'a Name, &'a Name), u64>,
    quotas: HashMap<&'a Name, u64>,
    taints: u64,
    storage: OnceLock<u64>,
}

/// The ground of an answer beside the hosts that prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    /// Its hosts with their pods and services.
    own: u64,
    /// The rules of these pods, and the places of others of their kind.
    forms: u64,
    /// The control plane without its hosts.
    control: u64,
}

fn of(one: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    one.hash(&mut hasher);
    hasher.finish()
}

/// The fingerprint of many things, whatever their order.
fn of_all(all: impl Iterator<Item = u64>) -> u64 {
    all.fold(0, u64::wrapping_add)
}

/// Of a thing by all that it says of itself.
fn told(one: &impl fmt::Debug) -> u64 {
    struct Words(DefaultHasher);
    impl fmt::Write for Words {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut words = Words(DefaultHasher::new());
    // A hasher takes every text.
    let _ = fmt::write(&mut words, format_args!("{one:?}"));
    words.0.finish()
}

impl<'w, 'a> Prints<'w, 'a> {
    /// Of a counted cluster to which no question has added a host.
    pub(crate) fn new(world: &'w World<'a>) -> Self {
        let mut ready = vec![0_u64; world.forms.len()];
        for (host, one) in world.hosts.iter().enumerate() {
            for (_, form) in one.pods.iter().filter(|(pod, _)| pod.ready && !pod.leaving) {
                ready[*form] = ready[*form].wrapping_add(of(host));
            }
        }
        let mut services: HashMap<(&Name, &Name), u64> = HashMap::new();
        for set in world.inventory.endpoint_sets() {
            let endpoints = set.endpoints.iter().map(|one| {
                let hosts = if one.pod.is_none() { world.hosts_of(one) } else { Vec::new() };
                (one.ready, one.serves_last, &one.pod, &one.address, hosts)
            });
            let mut hasher = DefaultHasher::new();
            set.key.hash(&mut hasher);
            endpoints.for_each(|one| one.hash(&mut hasher));
            let print = services.entry((&set.key.namespace, &set.service)).or_default();
            *print = print.wrapping_add(hasher.finish());
        }
        let mut quotas: HashMap<&Name, u64> = HashMap::new();
        for quota in world.inventory.catalog().quotas() {
            let print = quotas.entry(&quota.key.namespace).or_default();
            *print = print.wrapping_add(told(quota));
        }
        let taints = world.hosts.iter().map(|host| &host.node.taints);
        Self {
            ready,
            forms: world.forms.iter().map(|_| OnceLock::new()).collect(),
            services,
            quotas,
            taints: of(taints.collect::<Vec<_>>()),
            storage: OnceLock::new(),
            world,
        }
    }

    /// Of what every answer looks at.
    pub(crate) fn whole(&self) -> u64 {
        let world = self.world;
        let inventory = world.inventory;
        let hosts = world.hosts.iter().map(|host| (&host.name, &host.node.labels, host.ready));
        let heard = Source::every().map(|source| {
            let heard = inventory.heard(source);
            (heard.is_fresh(), heard.knows(), std::mem::discriminant(heard), untold(heard))
        });
        let namespaces = inventory.namespaces().map(|name| (name, inventory.namespace_labels(name)));
        let mut waiting: BTreeMap<FormId, (u32, u64)> = BTreeMap::new();
        for (pod, form) in &world.waiting {
            let (count, claims) = waiting.entry(*form).or_default();
            *count += 1;
            *claims = claims.wrapping_add(of((&pod.key.namespace, &pod.claims)));
        }
        let waiting = of_all(waiting.iter().map(|(form, told)| of((self.sought(*form), told))));
        let same = Supposed::same(world);
        let mut left: BTreeMap<FormId, u32> = BTreeMap::new();
        left_behind(&same).iter().for_each(|(form, pods)| *left.entry(*form).or_default() += pods);
        let lost = world.hosts.iter().enumerate().filter(|(_, host)| !host.ready).map(|(host, _)| self.pods(&[host]).0);
        let left = of_all(left.iter().map(|(form, pods)| of((self.sought(*form), pods))).chain(lost));
        of((
            hosts.collect::<Vec<_>>(),
            heard.collect::<Vec<_>>(),
            namespaces.collect::<Vec<_>>(),
            (waiting, left, world.apart_by_labels, told(world.timing()), inventory.scope().gap()),
        ))
    }

    /// Of one question that takes hosts away.
    pub(crate) fn question(&self, hosts: &[HostId], control: &Control) -> Print {
        let (own, forms) = self.pods(hosts);
        let bare = hosts.iter().flat_map(|host| self.world.bare.get(host)).flatten();
        let bare = of_all(bare.map(|key| self.service(&key.namespace, &key.name)));
        let states: Vec<u64> = hosts.iter().map(|host| self.host(*host)).collect();
        let control = of((told(&control.parts), told(&control.course), &control.halted, &control.unsure));
        Print { own: of((own, bare, states, hosts)), forms, control }
    }

    /// Of a host as it stands for pods that come.
    pub(crate) fn host(&self, host: HostId) -> u64 {
        let one = &self.world.hosts[host];
        let ports = of_all(one.ports.iter().map(of));
        of((one.node.cordoned, &one.node.taints, &one.node.allocatable, &one.free, one.addresses, ports, one.ready))
    }

    /// Of all pods of some hosts, and of their forms. Pods of one form are told from those of another by the place of
    /// the form among the forms there.
    fn pods(&self, hosts: &[HostId]) -> (u64, u64) {
        let world = self.world;
        let pods = || hosts.iter().flat_map(|host| &world.hosts[*host].pods);
        let mut forms: Vec<FormId> = pods().map(|(_, form)| *form).collect();
        forms.sort_unstable();
        forms.dedup();
        let place = |form: &FormId| forms.binary_search(form).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        let mut claims = false;
        for (pod, form) in pods() {
            claims |= !pod.claims.is_empty();
            (place(form), &pod.key, pod.leaving, pod.mirror, pod.ready, pod.phase as u8).hash(&mut hasher);
            (&pod.owner, world.inventory.top_owner(pod), &pod.claims, &pod.pin, &pod.node).hash(&mut hasher);
            self.quotas.get(&pod.key.namespace).hash(&mut hasher);
            self.services(pod).hash(&mut hasher);
        }
        // Claims that others hold, and volumes that are attached.
        claims.then(|| *self.storage.get_or_init(|| self.stored())).hash(&mut hasher);
        let forms: Vec<u64> = forms.iter().map(|form| self.sought(*form)).collect();
        (hasher.finish(), of(forms))
    }

    fn services(&self, pod: &Pod) -> u64 {
        let sets = self.world.inventory.endpoints_naming(&pod.key);
        of_all(sets.map(|set| self.service(&set.key.namespace, &set.service)))
    }

    fn service(&self, namespace: &Name, name: &Name) -> u64 {
        of((namespace, name, self.services.get(&(namespace, name))))
    }

    /// Of a form, with whether any host takes it as it is.
    fn sought(&self, form: FormId) -> u64 {
        of((self.form(form), self.world.is_closed(form)))
    }

    /// Of what a form asks for, and of all pods that its rules are about.
    fn form(&self, number: FormId) -> u64 {
        *self.forms[number].get_or_init(|| {
            let world = self.world;
            let form = &world.forms[number];
            let relation = world.relation(number);
            let seated = |other: FormId| of((self.shape(other), self.seats(other)));
            let apart = relation.apart.iter().map(|(other, key)| of((seated(*other), key)));
            let near = relation.near.iter().map(|other| seated(*other));
            let near_some = relation.near_some.iter().map(|other| self.shape(*other));
            let spread = relation
                .spread
                .iter()
                .map(|Counting { forms, itself }| of((of_all(forms.iter().map(|other| seated(*other))), itself)));
            let meddles = relation.meddles.iter().map(|other| self.shape(*other));
            let taints = (!form.shape.spread.is_empty()).then_some(self.taints);
            let rules = (of_all(apart), of_all(near), of_all(near_some), relation.near_itself, of_all(meddles));
            let budgets = relation.budgets.iter().map(|budget| told(*budget)).collect::<Vec<_>>();
            let own = (self.shape(number), self.seats(number), self.ready[number]);
            of((own, rules, spread.collect::<Vec<_>>(), budgets, taints))
        })
    }

    fn shape(&self, number: FormId) -> u64 {
        let form = &self.world.forms[number];
        of((form.namespace, form.labels, form.shape))
    }

    fn seats(&self, number: FormId) -> u64 {
        of_all(self.world.forms[number].seats.iter().map(of))
    }

    /// Of all volumes and who holds them.
    fn stored(&self) -> u64 {
        let world = self.world;
        let catalog = world.inventory.catalog();
        let claims = catalog.claims().map(|claim| {
            let volume = claim.volume.as_ref().and_then(|volume| catalog.volume(volume));
            told(&(claim, volume))
        });
        let held = of_all(world.single.iter().map(of));
        let attached = world.hosts.iter().enumerate().map(|(host, one)| {
            of((host, of_all(one.attached.iter().map(|(driver, volume)| of((driver, told(volume)))))))
        });
        let classes = catalog.storage_classes().map(told);
        let limits = catalog.csi_nodes().map(told);
        of([of_all(claims), held, of_all(attached), of_all(classes), of_all(limits)])
    }
}
