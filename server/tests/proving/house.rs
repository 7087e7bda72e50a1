//! A server's backups as the library has them, without the server.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use binnacle::{
    backup::{
        Backups, Keeping, Regime,
        manifest::{Compression, Manifest},
        places::{Known, Place},
        rehearsing::{Proving, When},
        retention::Rules,
        schedule::Schedule,
        seal::{Recipients, Sealing},
    },
    etcd::Access,
    store::Store,
};

use super::cluster::{Cluster, Folder, program};

pub const NAME: &str = "harbour";
pub const KEY: &[u8] = b"a key of these tests, which is long enough";

/// Where a server keeps backups, and how it proves them.
pub struct House {
    pub folder: Folder,
    pub places: Vec<&'static str>,
    pub recipients: Recipients,
    pub proving: Proving,
}

impl House {
    /// One place, nobody to encrypt for, and a rehearsal after each.
    pub fn new() -> Self {
        let folder = Folder::new();
        let programs = programs(&folder.0);
        let scratch = folder.0.join("scratch");
        let proving = Proving { rehearse: When::Each, programs: Some(programs), scratch, ..Proving::default() };
        Self { folder, places: vec!["a"], recipients: Recipients::default(), proving }
    }

    pub async fn store(&self, name: &str) -> Store {
        let place = format!("sqlite:{}", self.folder.0.join(name).display());
        Store::open(&binnacle::store::Place::parse(&place).expect("a place")).await.expect("a database")
    }

    pub fn open(&self, cluster: &Cluster, store: &Store, name: &str) -> Backups {
        let places: Vec<String> = self.places.iter().map(|place| self.path(place).display().to_string()).collect();
        let keeping = Keeping {
            waiting: self.path(&format!("waiting-{name}")),
            places: Place::open_all(&places.join(",")).expect("places"),
            sealing: Sealing { compression: Some(Compression::Zstd), recipients: self.recipients.clone() },
            key: KEY.to_vec(),
            regime: Regime {
                schedule: Some(Schedule::parse("0 3 * * *", "UTC").expect("a schedule")),
                rules: Rules { newest: 2, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
                allowed: Duration::from_secs(90_000),
            },
            regimes: BTreeMap::new(),
        };
        let access = Access { endpoints: cluster.endpoints(), tls: cluster.tls.clone() };
        let etcds = BTreeMap::from([(NAME.to_owned(), access)]);
        Backups::proved(store.clone(), keeping, etcds, name.to_owned(), self.proving.clone())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// The one object of a backup in a place.
    pub fn object(&self, place: &str, manifest: &Manifest) -> PathBuf {
        self.path(place).join(NAME).join(&manifest.stored.name)
    }
}

/// A folder with etcd and etcdutl of today.
fn programs(folder: &Path) -> PathBuf {
    let programs = folder.join("programs");
    std::fs::create_dir_all(&programs).expect("a folder");
    for (name, variable) in [("etcd", "BINNACLE_TEST_ETCD"), ("etcdutl", "BINNACLE_TEST_ETCDUTL")] {
        std::os::unix::fs::symlink(program(variable), programs.join(name)).expect("a link");
    }
    programs
}

/// A program that is a few lines for the shell.
pub fn script(path: &Path, lines: &str) {
    drop(std::fs::remove_file(path));
    std::fs::write(path, format!("#!/bin/sh\n{lines}\n")).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
}

/// Everything that lies in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().display().to_string()).collect();
    names.sort();
    names
}

/// The newest backup as the catalogue has it.
pub async fn newest(store: &Store) -> Manifest {
    let newest = store.backups(NAME, None, 1).await.expect("an answer");
    Manifest::read(newest[0].manifest.as_bytes()).expect("a manifest")
}

/// What lies in a place.
pub async fn there(place: &Place) -> Vec<Manifest> {
    let stock = place.stock(Some(NAME), KEY, &Known::new()).await.expect("a list");
    stock.backups.into_iter().map(|found| found.manifest).collect()
}

/// What is warned of, and whether gravely.
pub fn kinds(backups: &Backups) -> Vec<(&'static str, bool)> {
    let told = backups.told().remove(NAME).expect("it was found out");
    told.warnings.iter().map(|warning| (warning.kind, warning.grave)).collect()
}
