//! Everything that backups of a server need, in one place that is cheap to clone: what is kept where, and what goes on.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    changes::Comparing,
    hosts::Hosts,
    manifest::Manifest,
    places::Place,
    rehearsing::{Proving, Trial},
    retention::Rules,
    schedule::Schedule,
    seal::Sealing,
    take::Progress,
    warnings::Warning,
};
use crate::{etcd::Access, store::Store};

/// How backups are kept.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The folder of ours in which they wait until every place has them.
    pub waiting: PathBuf,
    /// Where they are put.
    pub places: Vec<Place>,
    /// How they are stored.
    pub sealing: Sealing,
    /// What their manifests are signed with.
    pub key: Vec<u8>,
    /// What holds for every cluster.
    pub regime: Regime,
    /// What holds for those that have their own.
    pub regimes: BTreeMap<String, Regime>,
}

/// When a cluster's backups are taken, and which stay.
#[derive(Clone, Debug)]
pub struct Regime {
    /// When they are taken without being asked for.
    pub schedule: Option<Schedule>,
    /// Which stay.
    pub rules: Rules,
    /// How old the newest that was found right may be.
    pub allowed: Duration,
}

/// The backups of a server's clusters.
#[derive(Clone)]
pub struct Backups(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) keeping: Keeping,
    proving: Proving,
    pub(super) etcds: BTreeMap<String, Access>,
    /// Names this process among those that share the database.
    pub(super) holder: String,
    /// What goes on, or went on last, by cluster.
    courses: Mutex<BTreeMap<String, Course>>,
    /// Rehearsals, by cluster.
    trials: Mutex<BTreeMap<String, Trial>>,
    /// What is to be warned of, by cluster.
    warned: Mutex<BTreeMap<String, Told>>,
    /// One delivery at a time: each has several parts in memory.
    pub(super) delivering: tokio::sync::Mutex<()>,
    /// What was compared last.
    pub(super) comparing: Comparing,
    /// What kubespray left on hosts.
    hosts: Hosts,
}

/// How a backup goes, or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// When it began, in milliseconds since the epoch.
    pub began: i64,
    /// Who asked for it.
    pub by: String,
    /// How far it is.
    pub stage: Stage,
}

/// How far a backup is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is being taken.
    Taking(Progress),
    /// It is being put where it is kept.
    Delivering(String),
    /// It is there: its id.
    Done(String),
    /// There is none, and why.
    Failed(String),
}

/// What is told of a cluster's backups on every page and in `/metrics`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What to be warned of.
    pub warnings: Vec<Warning>,
    /// When the newest that was found right was begun, in milliseconds since the epoch.
    pub newest: Option<i64>,
    /// What that newest one is.
    pub best: Option<Manifest>,
    /// When one was last restored for trial and was right, in milliseconds since the epoch.
    pub restored: Option<i64>,
    /// How many there are.
    pub count: i64,
    /// How many copies wait to be put somewhere.
    pub pending: usize,
    /// How often the schedule failed since it last went well.
    pub failures: i64,
}

impl Course {
    /// Whether it goes on.
    pub const fn goes_on(&self) -> bool {
        matches!(self.stage, Stage::Taking(_) | Stage::Delivering(_))
    }
}

impl Backups {
    /// The backups of these clusters' etcds.
    pub fn new(store: Store, keeping: Keeping, etcds: BTreeMap<String, Access>, holder: String) -> Self {
        Self::proved(store, keeping, etcds, holder, Proving::default())
    }

    /// The same, which are proved further than taking them does.
    pub fn proved(
        store: Store,
        keeping: Keeping,
        etcds: BTreeMap<String, Access>,
        holder: String,
        proving: Proving,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            keeping,
            proving,
            etcds,
            holder,
            courses: Mutex::default(),
            trials: Mutex::default(),
            warned: Mutex::default(),
            delivering: tokio::sync::Mutex::default(),
            comparing: Comparing::default(),
            hosts: Hosts::default(),
        }))
    }

    /// Of a server that keeps none.
    pub fn none(store: Store) -> Self {
        let keeping = Keeping {
            waiting: PathBuf::new(),
            places: Vec::new(),
            sealing: Sealing { compression: None, recipients: super::seal::Recipients::default() },
            key: Vec::new(),
            regime: Regime {
                schedule: None,
                rules: Rules { newest: 0, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
                allowed: Duration::MAX,
            },
            regimes: BTreeMap::new(),
        };
        Self::new(store, keeping, BTreeMap::new(), String::new())
    }

    /// How they are kept.
    pub fn keeping(&self) -> &Keeping {
        &self.0.keeping
    }

    /// When a cluster's are taken, and which stay.
    pub fn regime(&self, cluster: &str) -> &Regime {
        self.keeping().regimes.get(cluster).unwrap_or(&self.keeping().regime)
    }

    /// How they are proved beyond taking them.
    pub fn proving(&self) -> &Proving {
        &self.0.proving
    }

    /// The rehearsal that goes on with a cluster, or went on last, on this server.
    pub fn trial(&self, cluster: &str) -> Option<Trial> {
        self.trials().get(cluster).cloned()
    }

    pub(super) fn trials(&self) -> MutexGuard<'_, BTreeMap<String, Trial>> {
        self.0.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    /// The catalogue.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Whether it is known where a cluster's etcd is.
    pub fn knows(&self, cluster: &str) -> bool {
        self.0.etcds.contains_key(cluster)
    }

    /// How a cluster's etcd is reached.
    pub fn access(&self, cluster: &str) -> Option<&Access> {
        self.0.etcds.get(cluster)
    }

    /// The clusters whose etcd is known.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.0.etcds.keys().map(String::as_str)
    }

    /// The place of a name, as long as it is configured.
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.0.keeping.places.iter().find(|place| place.name() == name)
    }

    /// What goes on with a cluster, or went on last, on this server.
    pub fn course(&self, cluster: &str) -> Option<Course> {
        self.courses().get(cluster).cloned()
    }

    pub(super) fn courses(&self) -> MutexGuard<'_, BTreeMap<String, Course>> {
        self.0.courses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stage(&self, cluster: &str, stage: Stage) {
        if let Some(course) = self.courses().get_mut(cluster) {
            course.stage = stage;
        }
    }

    /// What was last found out about each cluster.
    pub fn told(&self) -> BTreeMap<String, Told> {
        self.0.warned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was last found out about one.
    pub fn told_of(&self, cluster: &str) -> Option<Told> {
        self.0.warned.lock().unwrap_or_else(PoisonError::into_inner).get(cluster).cloned()
    }

    /// What to be warned of, with the cluster: all of one, or what is grave of any.
    pub fn warned(&self, cluster: Option<&str>) -> Vec<(String, Warning)> {
        let told = self.0.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |(name, told): (&String, &Told)| {
            let named = |warning: &Warning| (name.clone(), warning.clone());
            told.warnings.iter().map(named).collect::<Vec<_>>()
        };
        match cluster {
            Some(cluster) => told.get_key_value(cluster).map(said).unwrap_or_default(),
            None => told.iter().flat_map(said).filter(|(_, warning)| warning.grave).collect(),
        }
    }

    pub(super) fn tell(&self, cluster: &str, told: Told) {
        self.0.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(cluster.to_owned(), told);
    }
}
