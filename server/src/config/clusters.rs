//! What is said of one cluster: its kubeconfig, its plan, its etcd, and how its backups are kept.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use topology::inventory::Name;

use super::{
    file::{self, ConfigError, Values},
    keys::KEYS,
    namespaces,
    sections::{OF_A_CLUSTER, Section, is_its_own},
};
use crate::{
    backup::{Regime, hosts::Host},
    etcd::{Endpoint, Through, Tls},
};

/// Settings of one cluster.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// File and line of its section; empty for what is said of the first context without one.
    pub place: String,
    /// Its kubeconfig, when it is another than the server's.
    pub kubeconfig: Option<PathBuf>,
    /// The context there, when it is not called as the cluster.
    pub context: Option<String>,
    /// The namespaces that are looked at; empty for those that its role may read.
    pub namespaces: BTreeSet<Name>,
    /// The DHA file that it was deployed from.
    pub dha: Option<PathBuf>,
    /// Its network.yml.
    pub network: Option<PathBuf>,
    /// Where its etcd may be asked; empty to go by the plan.
    pub etcd_endpoints: Vec<Endpoint>,
    /// With what.
    pub etcd_tls: Tls,
    /// The machine through which etcd is reached.
    pub etcd_through: Option<Arc<Through>>,
    /// Where kubespray leaves backups of its own.
    pub backup_hosts: Vec<Host>,
    /// When its backups are taken, and which stay.
    pub regime: Regime,
}

impl ClusterSettings {
    /// Of the first context, as flags and variables have it.
    pub(super) fn first(values: &Values) -> Result<Self, ConfigError> {
        Self::of(values, String::new())
    }

    /// Of a section; what it does not say of backups holds as for all clusters.
    pub(super) fn named(section: &Section, of_all: &Values) -> Result<Self, ConfigError> {
        let mut values = of_all.clone();
        for (path, name) in OF_A_CLUSTER.iter().filter(|(path, _)| is_its_own(path)) {
            let default = KEYS.iter().find(|key| key.name == *name).map_or("", |key| key.default);
            values.insert(name, (default.to_owned(), format!("{} has no {path}", section.place)));
        }
        values.extend(section.values.clone());
        let of = Self::of(&values, section.place.clone())?;
        let given = |name: &str| section.values.get(name).map(|(text, _)| text.clone()).filter(|text| !text.is_empty());
        Ok(Self { kubeconfig: given("kubeconfig").map(PathBuf::from), context: given("context"), ..of })
    }

    fn of(values: &Values, place: String) -> Result<Self, ConfigError> {
        let some = |name: &str| Some(values[name].0.clone()).filter(|text| !text.is_empty());
        let wrong = |name: &'static str, expected: &'static str| {
            let (value, place) = values[name].clone();
            ConfigError::Value { place, name, value, expected }
        };
        // An endpoint may have a password in it, and so is never repeated.
        let endpoints = some("etcd_endpoints").map(|text| Endpoint::list(&text)).transpose();
        let endpoints = endpoints.map_err(|_| ConfigError::Value {
            place: values["etcd_endpoints"].1.clone(),
            name: "etcd_endpoints",
            value: "…".into(),
            expected: "addresses with commas between, as in https://10.1.0.50:2379",
        })?;
        let tls = match (some("etcd_cert"), some("etcd_key")) {
            (Some(_), None) => {
                return Err(wrong("etcd_key", "the file of the certificate's key, as etcd_cert is given"));
            }
            (None, Some(_)) => {
                return Err(wrong("etcd_cert", "the file of the key's certificate, as etcd_key is given"));
            }
            (cert, key) => Tls {
                cacert: some("etcd_cacert").map(PathBuf::from),
                cert: cert.map(PathBuf::from),
                key: key.map(PathBuf::from),
            },
        };
        Ok(Self {
            place,
            kubeconfig: None,
            context: None,
            namespaces: namespaces::of(values)?,
            dha: some("dha").map(PathBuf::from),
            network: some("network").map(PathBuf::from),
            etcd_endpoints: endpoints.unwrap_or_default(),
            etcd_tls: tls,
            etcd_through: file::through(values)?,
            backup_hosts: file::hosts(values)?,
            regime: file::regime(values)?,
        })
    }

    /// Whether something is said that only one cluster can have.
    pub fn says_something(&self) -> bool {
        !self.namespaces.is_empty()
            || self.dha.is_some()
            || self.network.is_some()
            || !self.etcd_endpoints.is_empty()
            || self.etcd_tls != Tls::default()
            || !self.backup_hosts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::in_file;

    #[test]
    fn a_section_has_what_it_says_and_the_rest_of_all_clusters() {
        let settings = in_file(
            "[backup]\nschedule = \"0 3 * * *\"\nkeep = \"newest=3\"\n\
             [clusters.lab]\ndha = \"lab.yml\"\n[clusters.lab.backup]\nkeep = \"newest=9\"\n\
             [clusters.pod2]\nkubeconfig = \"pod2.conf\"\ncontext = \"admin@pod2\"\n\
             [clusters.pod2.etcd]\nendpoints = [\"https://10.2.0.50:2379\"]\n",
        )
        .unwrap();
        let (lab, pod2) = (&settings.clusters["lab"], &settings.clusters["pod2"]);
        assert_eq!((lab.regime.rules.newest, pod2.regime.rules.newest), (9, 3));
        assert!(lab.regime.schedule.is_some() && pod2.regime.schedule.is_some());
        assert_eq!((lab.dha.is_some(), pod2.dha.is_some()), (true, false));
        assert_eq!((lab.etcd_endpoints.len(), pod2.etcd_endpoints.len()), (0, 1));
        assert_eq!((&lab.context, pod2.context.as_deref()), (&None, Some("admin@pod2")));
    }

    #[test]
    fn a_wrong_value_of_a_cluster_names_its_line() {
        let error = in_file("[clusters.lab.backup]\nkeep = \"newest=0\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2: backup_keep is \"newest=0\""), "{error}");
        let error = in_file("[clusters.lab.etcd]\ncert = \"a.pem\"\n").unwrap_err().to_string();
        assert!(error.contains("line 1 has no etcd.key: etcd_key is \"\""), "{error}");
    }
}
