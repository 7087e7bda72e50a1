//! How `binnacle serve` keeps backups, from its settings.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use super::{Exit, Failure, described::described};
use crate::{
    access,
    backup::{Backups, Keeping, manifest::Compression, places::Place, rehearsing::Proving, seal::Sealing},
    cluster::contexts::Context,
    config::Settings,
    etcd::Access,
    store::Store,
};

/// The name of the key in the database.
const KEY: &str = "backup manifests";

/// The etcds that are known.
pub(super) fn etcds(contexts: &[Context]) -> BTreeMap<String, Access> {
    let known = contexts.iter().filter_map(|context| Some((context.name.clone(), context.etcd.clone()?)));
    known.map(|(name, access)| (name, Arc::unwrap_or_clone(access))).collect()
}

/// The backups of these. Without an etcd nothing is made or opened.
pub(super) async fn backups(
    settings: &Settings,
    store: &Store,
    etcds: &BTreeMap<String, Access>,
    holder: String,
) -> Result<Backups, Failure> {
    let wanted = &settings.backups;
    if etcds.is_empty() {
        return Ok(Backups::none(store.clone()));
    }
    let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
    let to = match wanted.to.as_str() {
        "" => settings.data.join("backups").display().to_string(),
        text => text.to_owned(),
    };
    let keeping = Keeping {
        waiting: settings.data.join("backups-waiting"),
        places: Place::open_all(&to).map_err(|error| usage(&error))?,
        sealing: Sealing { compression: Some(Compression::Zstd), recipients: wanted.recipients.clone() },
        key: match &wanted.key_file {
            Some(file) => key(file).map_err(|error| usage(&format!("the key file {}: {error}", file.display())))?,
            None => {
                let key = store.key(KEY, &access::random::<32>()).await;
                key.map_err(|error| (Exit::Failed, error.to_string()))?.into_bytes()
            }
        },
        regime: wanted.regime.clone(),
        regimes: etcds
            .keys()
            .filter_map(|name| Some((name.clone(), described(settings, name)?.regime.clone())))
            .collect(),
    };
    let proving = Proving {
        rehearse: wanted.rehearse.clone(),
        programs: wanted.programs.clone(),
        scratch: wanted.scratch.clone().unwrap_or_else(|| settings.data.join("rehearsals")),
        reread: wanted.reread,
        with: wanted.with.clone(),
        ..Proving::default()
    };
    let backups = Backups::proved(store.clone(), keeping, etcds.clone(), holder, proving);
    for cluster in etcds.keys() {
        if let Some(schedule) = &backups.regime(cluster).schedule {
            let (words, text, zone) = (schedule.words(), schedule.text(), schedule.zone());
            tracing::info!("backups of {cluster} are taken {words} ({text}, {zone})");
        }
        let hosts = described(settings, cluster).map_or(&settings.first.backup_hosts, |said| &said.backup_hosts);
        if !hosts.is_empty() {
            backups.ask_hosts(cluster, hosts.clone());
        }
    }
    Ok(backups)
}

/// What a key file holds; one that is not there is made for its owner alone.
fn key(file: &Path) -> std::io::Result<Vec<u8>> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(mut made) => {
            made.write_all(access::random::<32>().as_bytes())?;
            made.sync_all()?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let mut key = Vec::new();
    std::fs::File::open(file)?.take(4_096).read_to_end(&mut key)?;
    let key = key.trim_ascii().to_vec();
    if key.len() < 32 {
        return Err(std::io::Error::other("it holds fewer than 32 bytes: name another, which is made"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::temp_dir().join(format!("binnacle-key-{}-{:x}", std::process::id(), fastrand::u64(..)));
        let first = key(&file).unwrap();
        assert_eq!(key(&file).unwrap(), first);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "short\n").unwrap();
        assert!(key(&file).unwrap_err().to_string().contains("fewer than 32"));
        std::fs::remove_file(&file).unwrap();
    }
}
