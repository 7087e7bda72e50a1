//! What a question supposes: the counted cluster, and over it what goes and what is placed anew.

use std::{borrow::Cow, collections::BTreeMap};

use topology::inventory::{HostPort, Name, Pod, Resources};

use crate::{
    fate::is_of_host,
    question::{Question, Step},
    world::{Form, FormId, Host, HostId, World},
};

/// How a host stands in the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it is.
    Same,
    /// Off, with its Node object still there: the scheduler counts its pods as being deleted.
    Lost,
    /// Off, and its Node object deleted: the scheduler knows it no more.
    Removed,
    /// On, takes no new pods, and those that can be evicted are gone.
    Drained,
    /// On, and takes no new pods.
    Cordoned,
}

/// A cluster after the steps of a question, with the pods that were placed since.
#[derive(Clone, Debug)]
pub struct Supposed<'w, 'a> {
    /// The cluster before.
    pub world: &'w World<'a>,
    standing: BTreeMap<HostId, Standing>,
    /// Hosts of pods that were placed since, by their form.
    placed: BTreeMap<FormId, Vec<HostId>>,
    taken: BTreeMap<HostId, Taken<'w>>,
}

#[derive(Clone, Debug, Default)]
struct Taken<'w> {
    amounts: Resources,
    ports: Vec<&'w HostPort>,
}

impl<'w, 'a> Supposed<'w, 'a> {
    /// The cluster after a question's steps. Hosts that it adds are in the world already.
    pub fn new(world: &'w World<'a>, question: &Question) -> Self {
        let standing = question.steps().iter().filter_map(|step| {
            let standing = match step {
                Step::Lose(_) => Standing::Lost,
                Step::Remove(_) => Standing::Removed,
                Step::Drain(_) => Standing::Drained,
                Step::Cordon(_) => Standing::Cordoned,
                Step::Add(_) => return None,
            };
            Some((world.host(step.host())?, standing))
        });
        Self { world, standing: standing.collect(), placed: BTreeMap::new(), taken: BTreeMap::new() }
    }

    /// The cluster as it is.
    pub const fn same(world: &'w World<'a>) -> Self {
        Self { world, standing: BTreeMap::new(), placed: BTreeMap::new(), taken: BTreeMap::new() }
    }

    /// How a host stands.
    pub fn standing(&self, host: HostId) -> Standing {
        self.standing.get(&host).copied().unwrap_or(Standing::Same)
    }

    /// Hosts that do not stay as they are.
    pub fn touched(&self) -> impl Iterator<Item = (HostId, Standing)> + '_ {
        self.standing.iter().map(|(host, standing)| (*host, *standing))
    }

    /// Whether a host's machine is off.
    pub fn is_off(&self, host: HostId) -> bool {
        matches!(self.standing(host), Standing::Lost | Standing::Removed)
    }

    /// Hosts that the scheduler knows: all but the removed.
    pub fn known(&self) -> impl Iterator<Item = (HostId, &'w Host<'a>)> + '_ {
        let hosts = self.world.hosts.iter().enumerate();
        hosts.filter(|(n, _)| self.standing.is_empty() || self.standing(*n) != Standing::Removed)
    }

    /// Where pods of a form run, as the scheduler counts them: host, how many, how many of these are being deleted.
    pub fn seats(&self, number: FormId) -> impl Iterator<Item = (HostId, u32, u32)> + '_ {
        let form: &Form<'_> = &self.world.forms[number];
        let before = form.seats.iter().filter_map(move |&(host, count, leaving)| match self.standing(host) {
            Standing::Same | Standing::Cordoned => Some((host, count, leaving)),
            Standing::Lost => Some((host, count, count)),
            Standing::Drained => Some((host, self.left_by_drain(number, host), 0)).filter(|(_, count, _)| *count > 0),
            Standing::Removed => None,
        });
        before.chain(self.placed_of(number).map(|host| (host, 1, 0)))
    }

    /// How many pods of a form a drain leaves on a host: those of DaemonSets and static ones.
    pub(crate) fn left_by_drain(&self, number: FormId, host: HostId) -> u32 {
        // Most forms have no pod there, which is soon seen.
        if !self.world.forms[number].seats.iter().any(|(at, ..)| *at == host) {
            return 0;
        }
        let left = |(pod, form): &&(&Pod, FormId)| *form == number && !pod.leaving && is_of_host(pod);
        self.world.hosts[host].pods.iter().filter(left).count() as u32
    }

    /// Hosts of a form's pods that were placed since, one for each pod.
    pub(crate) fn placed_of(&self, form: FormId) -> impl Iterator<Item = HostId> + '_ {
        self.placed.get(&form).into_iter().flatten().copied()
    }

    /// Whether the scheduler knows a host.
    pub(crate) fn knows(&self, host: HostId) -> bool {
        self.standing(host) != Standing::Removed
    }

    /// The share of a host's processors that is left, in thousandths.
    pub(crate) fn share(&self, host: HostId) -> u64 {
        self.world.hosts[host].share(self.taken.get(&host).map_or(0, |taken| taken.amounts.cpu))
    }

    /// What is free on a host; `None` where that was not told.
    pub fn free(&self, host: HostId) -> Option<Resources> {
        self.room(host).map(Cow::into_owned)
    }

    /// The same without a copy where nothing was placed there.
    pub(crate) fn room(&self, host: HostId) -> Option<Cow<'w, Resources>> {
        let free = self.world.hosts[host].free.as_ref()?;
        Some(match self.taken.get(&host) {
            None => Cow::Borrowed(free),
            Some(taken) => {
                let mut free = free.clone();
                free.subtract(&taken.amounts);
                Cow::Owned(free)
            }
        })
    }

    /// Whether an amount fits on a host, without a copy where nothing was placed there; `None` where its room was not told.
    pub(crate) fn fits(&self, host: HostId, amount: &Resources) -> Option<bool> {
        Some(amount.fits(&*self.room(host)?))
    }

    /// Ports of a host that are taken.
    pub(crate) fn ports(&self, host: HostId) -> impl Iterator<Item = &HostPort> + '_ {
        let since = self.taken.get(&host).into_iter().flat_map(|taken| &taken.ports);
        self.world.hosts[host].ports.iter().chain(since).copied()
    }

    /// How many pods were placed on a host since.
    pub(crate) fn placed_on(&self, host: HostId) -> u64 {
        self.taken.get(&host).map_or(0, |taken| taken.amounts.pods)
    }

    /// Places a pod.
    pub fn place(&mut self, form: FormId, host: HostId) {
        let world = self.world;
        let shape = world.forms[form].shape;
        let taken = self.taken.entry(host).or_default();
        taken.amounts.add(&shape.requests);
        taken.ports.extend(&shape.host_ports);
        self.placed.entry(form).or_default().push(host);
    }

    /// The name of a host.
    pub fn name(&self, host: HostId) -> &'w Name {
        &self.world.hosts[host].name
    }
}
