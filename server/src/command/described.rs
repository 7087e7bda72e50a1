//! Which clusters are shown, and what the settings say of each: namespaces, plan, etcd.

use std::path::Path;

use crate::{
    cluster::{
        Trouble,
        contexts::{self, Context},
    },
    config::{ClusterSettings, Settings},
    etcd::{Access, Endpoint, proposed},
    plan::PlanError,
};

/// Why the clusters of the settings cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum DescribedError {
    /// A kubeconfig cannot be read.
    #[error("{trouble}. {}", trouble.todo())]
    Kubeconfig {
        /// Why.
        trouble: Trouble,
    },
    /// No kubeconfig has the context.
    #[error("{place}no kubeconfig has a context {name}{near}: {todo}")]
    NoContext {
        /// Where the settings name it.
        place: String,
        /// Its name.
        name: String,
        /// `; did you mean …?`
        near: String,
        /// What to do.
        todo: &'static str,
    },
    /// A plan cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<Trouble> for DescribedError {
    fn from(trouble: Trouble) -> Self {
        Self::Kubeconfig { trouble }
    }
}

/// What a section says of a cluster.
pub(super) fn described<'a>(settings: &'a Settings, name: &str) -> Option<&'a ClusterSettings> {
    settings.clusters.get(name)
}

/// The clusters of the settings, those of sections with a kubeconfig of their own after the others.
///
/// # Errors
/// [`DescribedError`] when a kubeconfig cannot be read, or has not the context that is named.
pub(super) fn found(settings: &Settings) -> Result<Vec<Context>, DescribedError> {
    let its_own = settings.clusters.iter().filter(|(_, said)| said.kubeconfig.is_some() || said.context.is_some());
    // Who names each cluster's kubeconfig does not want those that happen to lie about.
    let looks = settings.kubeconfig.is_some() || settings.clusters.values().all(|said| said.kubeconfig.is_none());
    let mut found = if looks { contexts::find(settings.kubeconfig.as_deref())? } else { Vec::new() };
    if let Some(wanted) = &settings.context {
        let near = contexts::nearest(wanted, &found);
        found.retain(|context| context.name == *wanted);
        if found.is_empty() {
            let todo = "leave --context out to see all";
            return Err(DescribedError::NoContext { place: String::new(), name: wanted.clone(), near, todo });
        }
    }
    for (name, said) in its_own {
        let context = of_section(name, said, settings.kubeconfig.as_deref())?;
        found.retain(|other| other.name != *name && !is_renamed(other, said));
        found.push(context);
    }
    if let Some((name, said)) = settings.clusters.iter().find(|(name, _)| !found.iter().any(|of| of.name == **name)) {
        let todo = "name its kubeconfig in the section, or call the section as a context";
        let near = contexts::nearest(name, &found);
        return Err(DescribedError::NoContext { place: format!("{}: ", said.place), name: name.clone(), near, todo });
    }
    Ok(found)
}

/// Whether a section gives another name to this context of the server's own kubeconfig.
fn is_renamed(other: &Context, said: &ClusterSettings) -> bool {
    said.kubeconfig.is_none() && said.context.as_ref() == Some(&other.name)
}

fn of_section(name: &str, said: &ClusterSettings, of_all: Option<&Path>) -> Result<Context, DescribedError> {
    let file = said.kubeconfig.as_deref().or(of_all);
    let found = match &said.context {
        None => contexts::current(file)?,
        Some(wanted) => {
            let all = contexts::find(file)?;
            let near = contexts::nearest(wanted, &all);
            let found = all.into_iter().find(|context| context.name == *wanted);
            Some(found.ok_or_else(|| DescribedError::NoContext {
                place: format!("{}: ", said.place),
                name: wanted.clone(),
                near,
                todo: "name one that its kubeconfig has",
            })?)
        }
    };
    let none = || DescribedError::NoContext {
        place: format!("{}: ", said.place),
        name: name.to_owned(),
        near: String::new(),
        todo: "its kubeconfig is not there",
    };
    found.map(|context| context.named(name)).ok_or_else(none)
}

/// These with what is said of each: of the first by flags and variables, unless it has a section.
///
/// # Errors
/// [`DescribedError::Plan`] with the first plan that cannot be read.
pub(super) fn with_settings(settings: &Settings, found: Vec<Context>) -> Result<Vec<Context>, DescribedError> {
    if let Some(first) =
        found.first().filter(|first| described(settings, &first.name).is_some() && settings.first.says_something())
    {
        let name = &first.name;
        tracing::warn!("what is said of the first context without a section has no effect: {name} has a section");
    }
    found.into_iter().enumerate().map(|(at, context)| of_one(settings, at, context)).collect()
}

/// A cluster, the first or a later one, with what is said of it.
///
/// # Errors
/// [`DescribedError::Plan`] when its plan cannot be read.
pub(super) fn of_one(settings: &Settings, at: usize, context: Context) -> Result<Context, DescribedError> {
    let said = described(settings, &context.name).or_else(|| (at == 0).then_some(&settings.first));
    let Some(said) = said else { return Ok(context) };
    let context = context.limited_to(&said.namespaces);
    let context = match crate::plan::whole(said.dha.as_deref(), said.network.as_deref())? {
        Some(plan) => context.with_plan(plan),
        None => context,
    };
    Ok(match etcd(said, &context) {
        Some(access) => context.with_etcd(access),
        None => context,
    })
}

/// How a cluster's etcd is reached: as it is set, else as its plan lets expect.
fn etcd(said: &ClusterSettings, context: &Context) -> Option<Access> {
    let (mut endpoints, tls) = (said.etcd_endpoints.clone(), said.etcd_tls.clone());
    if endpoints.is_empty() && tls.cacert.is_some() {
        endpoints = context.planned.as_deref().map(proposed).unwrap_or_default();
        let words: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
        tracing::info!("etcd of {} is asked where the plan has it: {}", context.name, words.join(","));
    }
    let reached = |endpoint: Endpoint| endpoint.reached(said.etcd_through.clone());
    let endpoints: Vec<Endpoint> = endpoints.into_iter().map(reached).collect();
    (!endpoints.is_empty()).then_some(Access { endpoints, tls })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    /// A folder with two kubeconfigs and a file of settings, removed with it.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    impl Folder {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("binnacle-described-{:x}", fastrand::u64(..)));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("a.conf"), kubeconfig(&["lab", "spare"])).unwrap();
            fs::write(folder.join("b.conf"), kubeconfig(&["admin@pod2"])).unwrap();
            Self(folder)
        }

        fn clusters(&self, text: &str) -> Result<Vec<Context>, String> {
            let file = self.0.join("binnacle.toml");
            fs::write(&file, text.replace("DIR", &self.0.display().to_string())).unwrap();
            let settings =
                Settings::load(&vec![("config", file.display().to_string())]).map_err(|error| error.to_string())?;
            let found = found(&settings).and_then(|found| with_settings(&settings, found));
            found.map_err(|error| error.to_string())
        }

        fn names(&self, text: &str) -> Vec<String> {
            self.clusters(text).unwrap().into_iter().map(|context| context.name).collect()
        }
    }

    fn kubeconfig(contexts: &[&str]) -> String {
        let named = |context: &&str| format!("- {{name: {context}, context: {{cluster: c, user: u}}}}\n");
        let contexts_text: String = contexts.iter().map(named).collect();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {}\nclusters:\n- {{name: c, cluster: {{server: 'http://127.0.0.1:1'}}}}\n\
             users:\n- {{name: u, user: {{}}}}\ncontexts:\n{contexts_text}",
            contexts[0]
        )
    }

    const ETCD: &str = "etcd.endpoints = [\"https://10.1.0.50:2379\"]\nnamespaces = [\"ims\"]\n";

    #[test]
    fn each_cluster_has_what_its_section_says() {
        let folder = Folder::new();
        let text = format!("server.kubeconfig = \"DIR/a.conf\"\n[clusters.spare]\n{ETCD}");
        let found = folder.clusters(&text).unwrap();
        let told: Vec<_> = found.iter().map(|of| (of.name.as_str(), of.etcd.is_some(), of.namespaces.len())).collect();
        assert_eq!(told, [("lab", false, 0), ("spare", true, 1)]);
    }

    #[test]
    fn a_section_with_a_kubeconfig_is_a_cluster_of_that_name() {
        let folder = Folder::new();
        assert_eq!(folder.names("[clusters.pod2]\nkubeconfig = \"DIR/b.conf\"\n"), ["pod2"]);
        let both = "server.kubeconfig = \"DIR/a.conf\"\n[clusters.pod2]\nkubeconfig = \"DIR/b.conf\"\n";
        assert_eq!(folder.names(both), ["lab", "spare", "pod2"]);
        let renamed = "server.kubeconfig = \"DIR/a.conf\"\n[clusters.production]\ncontext = \"lab\"\n";
        assert_eq!(folder.names(renamed), ["spare", "production"]);
    }

    #[test]
    fn a_section_without_a_cluster_is_refused_with_its_line() {
        let folder = Folder::new();
        let error =
            folder.clusters("server.kubeconfig = \"DIR/a.conf\"\n[clusters.lob]\ndha = \"d.yml\"\n").unwrap_err();
        assert!(error.contains("line 2: no kubeconfig has a context lob; did you mean lab?"), "{error}");
        let wrong = "[clusters.pod2]\nkubeconfig = \"DIR/b.conf\"\ncontext = \"admin@pod\"\n";
        let error = folder.clusters(wrong).unwrap_err();
        assert!(error.contains("line 1: no kubeconfig has a context admin@pod; did you mean admin@pod2?"), "{error}");
    }
}
