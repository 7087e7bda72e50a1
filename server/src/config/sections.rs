//! The file's sections: where each setting stands in it, under which name, and what stands there.
//!
//! `[backup] keep` is the setting `backup_keep`, whose flag is `--backup-keep`. A setting of one cluster stands in
//! `[clusters.NAME]` as well. The names without sections are those of 0.2 and before; they are read with a warning.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    file::{ConfigError, Values},
    keys::{KEYS, Key, nearest},
};

/// Settings whose names begin with the first stand in the second under what is left of their names.
const BY_PREFIX: [(&str, &str); 8] = [
    ("oidc_", "sign_in.oidc"),
    ("tls_", "tls"),
    ("audit_", "audit"),
    ("etcd_", "etcd"),
    ("backup_", "backup"),
    ("compass_", "deploy"),
    ("history_", "history"),
    ("incident_", "incidents"),
];

/// The others that stand in a section.
const BY_NAME: [(&str, &str); 22] = [
    ("sign_in", "sign_in.ways"),
    ("session_idle", "sign_in.session_idle"),
    ("session_length", "sign_in.session_length"),
    ("audit", "audit.to"),
    ("compass", "deploy.compass"),
    ("plans", "deploy.plans"),
    ("jump_host", "deploy.jump_host"),
    ("ssh_config", "deploy.ssh_config"),
    ("webhook", "deploy.webhook"),
    ("webhook_file", "deploy.webhook_file"),
    ("webhook_secret_file", "deploy.webhook_secret_file"),
    ("on_finish", "deploy.on_finish"),
    ("log_days", "deploy.log_days"),
    ("log_size", "deploy.log_size"),
    ("history", "history.keep"),
    ("alertmanager", "incidents.alertmanager"),
    ("alertmanager_file", "incidents.alertmanager_file"),
    ("log_format", "log.format"),
    ("log", "log.filter"),
    ("namespaces", "cluster.namespaces"),
    ("dha", "cluster.dha"),
    ("network", "cluster.network"),
];

/// What a section `[clusters.NAME]` may say, and the setting of the first context that means the same.
pub(super) const OF_A_CLUSTER: [(&str, &str); 15] = [
    ("kubeconfig", "kubeconfig"),
    ("context", "context"),
    ("namespaces", "namespaces"),
    ("dha", "dha"),
    ("network", "network"),
    ("etcd.endpoints", "etcd_endpoints"),
    ("etcd.cacert", "etcd_cacert"),
    ("etcd.cert", "etcd_cert"),
    ("etcd.key", "etcd_key"),
    ("etcd.through", "etcd_through"),
    ("backup.hosts", "backup_hosts"),
    ("backup.schedule", "backup_schedule"),
    ("backup.zone", "backup_zone"),
    ("backup.keep", "backup_keep"),
    ("backup.age", "backup_age"),
];

impl Key {
    /// The same for people, as in `[backup] keep` and `[clusters.NAME.etcd] endpoints`.
    pub fn place(&self) -> String {
        if let Some((path, _)) = OF_A_CLUSTER.iter().find(|(path, name)| *name == self.name && is_its_own(path)) {
            let (below, key) =
                path.split_once('.').map_or((String::new(), *path), |(below, key)| (format!(".{below}"), key));
            return format!("[clusters.NAME{below}] {key}");
        }
        let path = self.path();
        let (section, key) = path.rsplit_once('.').unwrap_or(("server", self.name));
        format!("[{section}] {key}")
    }

    /// Where it stands in the file, as in `backup.keep`; what belongs to the server as a whole stands in `server`.
    pub fn path(&self) -> String {
        if let Some((_, path)) = BY_NAME.iter().find(|(name, _)| *name == self.name) {
            return (*path).to_owned();
        }
        let prefixed = BY_PREFIX.iter().find_map(|(prefix, section)| Some((section, self.name.strip_prefix(prefix)?)));
        match prefixed {
            Some((section, rest)) => format!("{section}.{rest}"),
            None => format!("server.{}", self.name),
        }
    }
}

/// Whether a cluster without it has none, and not what all clusters have.
pub(super) fn is_its_own(path: &str) -> bool {
    !["kubeconfig", "context"].contains(&path) && (!path.starts_with("backup.") || path == "backup.hosts")
}

/// What a file says: values of the server, of clusters by name, and what to be warned of.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) values: BTreeMap<&'static str, (String, String)>,
    pub(super) clusters: BTreeMap<String, Section>,
    pub(super) warnings: Vec<String>,
}

/// What stands in `[clusters.NAME]`.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// File and line of its heading.
    pub(super) place: String,
    /// By the settings that mean the same for the first context.
    pub(super) values: Values,
}

/// Reads a file's table.
pub(super) struct Reading<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    said: Said,
}

impl<'a> Reading<'a> {
    pub(super) fn of(path: &'a str, text: &'a str) -> Result<Said, ConfigError> {
        let mut reading = Self { path, text, said: Said::default() };
        let table = DeTable::parse(text).map_err(|error| ConfigError::NotToml {
            file: path.to_owned(),
            line: error.span().map_or(1, |span| reading.line(span.start)),
            what: error.message().to_owned(),
        })?;
        for (name, value) in table.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("clusters", DeValue::Table(clusters)) => reading.clusters(clusters)?,
                (section, DeValue::Table(table)) => reading.section(section, &reading.place(name), table)?,
                (flat, _) => reading.flat(flat, &reading.place(name), value)?,
            }
        }
        Ok(reading.said)
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at.min(self.text.len())].matches('\n').count() + 1
    }

    fn place<T>(&self, spanned: &Spanned<T>) -> String {
        format!("{}, line {}", self.path, self.line(spanned.span().start))
    }

    /// A setting without a section, as files had it before there were any.
    fn flat(&mut self, name: &str, place: &str, value: &Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let near = nearest(name, KEYS.iter().map(|key| key.name));
            let near = KEYS.iter().find(|key| Some(key.name) == near).map(Key::path).unwrap_or_default();
            return Err(ConfigError::Unknown { place: place.to_owned(), name: name.to_owned(), nearest: near });
        };
        let now = key.place().replace("] ", "] as ");
        self.said
            .warnings
            .push(format!("{place}: {name} stands in {now} now; without a section it is read for one release more"));
        self.put(key, place, value.get_ref())
    }

    /// What stands in a section, and in those below it.
    fn section(&mut self, section: &str, place: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        let paths =
            || KEYS.iter().map(Key::path).filter(|path| !path.starts_with("cluster.") && !path.starts_with("etcd."));
        if !paths().any(|path| path.starts_with(&format!("{section}."))) {
            let sections = paths().filter_map(|path| Some(path.rsplit_once('.')?.0.to_owned()));
            return Err(unknown(
                place,
                &format!("[{section}]"),
                sections.chain(["clusters.NAME".into()]).map(|name| format!("[{name}]")),
            ));
        }
        for (name, value) in table {
            let (path, place) = (format!("{section}.{}", name.get_ref()), self.place(name));
            if let DeValue::Table(below) = value.get_ref() {
                self.section(&path, &place, below)?;
                continue;
            }
            let Some(key) = KEYS.iter().find(|key| key.path() == path) else {
                return Err(unknown(&place, &path, paths()));
            };
            self.put(key, &place, value.get_ref())?;
        }
        Ok(())
    }

    fn put(&mut self, key: &Key, place: &str, value: &DeValue<'_>) -> Result<(), ConfigError> {
        let value = text(key.name, place, value)?;
        if let Some((_, before)) = self.said.values.insert(key.name, (value, place.to_owned())) {
            return Err(ConfigError::Twice { place: place.to_owned(), name: key.path(), before });
        }
        Ok(())
    }

    fn clusters(&mut self, clusters: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in clusters {
            let place = self.place(name);
            let DeValue::Table(table) = value.get_ref() else {
                let known = OF_A_CLUSTER.iter().map(|(path, _)| format!("[clusters.NAME] {path}"));
                return Err(unknown(&place, &format!("clusters.{}", name.get_ref()), known));
            };
            let mut values = Values::new();
            self.cluster("", table, &mut values)?;
            self.said.clusters.insert(name.get_ref().to_string(), Section { place, values });
        }
        Ok(())
    }

    /// What stands in `[clusters.NAME]`, and in `[clusters.NAME.etcd]` and the like.
    fn cluster(&self, above: &str, table: &DeTable<'_>, values: &mut Values) -> Result<(), ConfigError> {
        for (name, value) in table {
            let (path, place) = (format!("{above}{}", name.get_ref()), self.place(name));
            if let DeValue::Table(below) = value.get_ref() {
                self.cluster(&format!("{path}."), below, values)?;
                continue;
            }
            let known = OF_A_CLUSTER.iter().find(|(known, _)| *known == path);
            let Some((_, setting)) = known else {
                return Err(unknown(&place, &path, OF_A_CLUSTER.iter().map(|(path, _)| (*path).to_owned())));
            };
            values.insert(setting, (text(setting, &place, value.get_ref())?, place));
        }
        Ok(())
    }
}

fn unknown(place: &str, name: &str, known: impl Iterator<Item = String>) -> ConfigError {
    let known: Vec<String> = known.collect();
    let nearest = nearest(name, known.iter().map(String::as_str)).unwrap_or_default().to_owned();
    ConfigError::Unknown { place: place.to_owned(), name: name.to_owned(), nearest }
}

/// A value as its flag would have it.
fn text(name: &'static str, place: &str, value: &DeValue<'_>) -> Result<String, ConfigError> {
    let wrong = |value: &str, expected: &'static str| ConfigError::Value {
        place: place.to_owned(),
        name,
        value: value.to_owned(),
        expected,
    };
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Ok(yes.to_string()),
        DeValue::Array(items) => listed(name, items).ok_or_else(|| wrong("array", LIST)),
        other => Err(wrong(other.type_str(), "a text or a number")),
    }
}

/// What a list in the file must be.
const LIST: &str = "a text, a number, or a list of texts without quotes in them (and without commas, but for groups)";

/// A list of the file, as its flag would have it: with commas between. Names of groups may have commas in them.
fn listed(name: &str, items: &toml::de::DeArray<'_>) -> Option<String> {
    let quoted = ["oidc_groups", "oidc_viewers", "oidc_operators", "oidc_admins"].contains(&name);
    let item = |item: &Spanned<DeValue<'_>>| {
        let text = item.get_ref().as_str()?;
        match quoted {
            true if !text.contains('"') => Some(format!("\"{text}\"")),
            false if !text.contains([',', '"']) => Some(text.to_owned()),
            _ => None,
        }
    };
    items.iter().map(item).collect::<Option<Vec<_>>>().map(|items| items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_place_of_its_own() {
        let mut paths: Vec<String> = KEYS.iter().map(Key::path).collect();
        assert!(paths.iter().all(|path| path.contains('.')), "{paths:?}");
        paths.sort();
        let before = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), before);
        // No path is also a section of others.
        assert!(!paths.iter().any(|path| paths.iter().any(|other| other.starts_with(&format!("{path}.")))));
    }

    #[test]
    fn tables_of_places_name_settings_that_exist() {
        let exists = |name: &str| KEYS.iter().any(|key| key.name == name);
        assert!(BY_NAME.iter().all(|(name, _)| exists(name)));
        assert!(OF_A_CLUSTER.iter().all(|(_, name)| exists(name)));
        assert!(BY_PREFIX.iter().all(|(prefix, _)| KEYS.iter().any(|key| key.name.starts_with(prefix))));
    }

    fn read(text: &str) -> Result<Said, String> {
        Reading::of("b.toml", text).map_err(|error| error.to_string())
    }

    #[test]
    fn sections_and_old_names_mean_the_same() {
        let new = read("[backup]\nkeep = \"newest=7\"\n[sign_in.oidc]\nviewers = [\"a,b\", \"c\"]\n").unwrap();
        let old = read("backup_keep = \"newest=7\"\noidc_viewers = [\"a,b\", \"c\"]\n").unwrap();
        let values =
            |said: &Said| said.values.iter().map(|(name, (value, _))| (*name, value.clone())).collect::<Vec<_>>();
        assert_eq!(values(&new), values(&old));
        assert!(new.warnings.is_empty());
        assert_eq!(
            old.warnings[0],
            "b.toml, line 1: backup_keep stands in [backup] as keep now; without a section it is read for one release more"
        );
    }

    #[test]
    fn a_cluster_has_settings_of_its_own() {
        let said =
            read("[clusters.lab]\ndha = \"d.yml\"\n[clusters.lab.etcd]\nendpoints = [\"a:1\", \"b:2\"]\n").unwrap();
        let lab = &said.clusters["lab"];
        assert_eq!((lab.place.as_str(), lab.values["etcd_endpoints"].0.as_str()), ("b.toml, line 1", "a:1,b:2"));
        assert_eq!(lab.values["dha"].1, "b.toml, line 2");
    }

    #[test]
    fn a_mistyped_name_or_section_names_the_nearest() {
        for (text, told) in [
            ("[backup]\n\nkep = \"\"\n", "line 3: there is no setting backup.kep; did you mean backup.keep?"),
            ("[bakup]\nkeep = \"\"\n", "line 1: there is no setting [bakup]; did you mean [backup]?"),
            (
                "[clusters.lab.etcd]\nendpoint = \"a:1\"\n",
                "line 2: there is no setting etcd.endpoint; did you mean etcd.endpoints?",
            ),
            ("[clusters]\nlab = 1\n", "there is no setting clusters.lab"),
            ("[cluster]\ndha = \"a\"\n", "there is no setting [cluster]; did you mean [clusters.NAME]?"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn what_is_given_twice_is_refused_with_both_places() {
        let error = read("backup_keep = \"newest=7\"\n[backup]\nkeep = \"newest=8\"\n").unwrap_err();
        assert!(error.contains("line 1: backup.keep is given already in b.toml, line 3"), "{error}");
    }
}
