//! Finding clusters as kubectl does: a file that is named, KUBECONFIG, ~/.kube/config, in-cluster.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use super::{Trouble, trouble::first_line};

/// A cluster that can be chosen.
#[derive(Clone)]
pub struct Context {
    /// Its name here and in addresses.
    pub name: String,
    /// Where it comes from, for people.
    pub origin: String,
    /// Whether it is the built-in one.
    pub demo: bool,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Kubeconfig(Box<Kubeconfig>, String),
    InCluster,
    Ready(Client, String),
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("name", &self.name).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A connection attempt takes no longer than this.
const CONNECT: Duration = Duration::from_millis(1_500);

impl Context {
    /// A cluster that a client exists for already, as the built-in one.
    pub fn ready(name: &str, origin: &str, client: Client, address: &str, demo: bool) -> Self {
        Self { name: name.into(), origin: origin.into(), demo, way: Way::Ready(client, address.into()) }
    }

    /// A client for it, and the address that it talks to. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Trouble::Kubeconfig`] when the context is incomplete or names files that cannot be read.
    pub async fn client(&self) -> Result<(Client, String), Trouble> {
        let mut config = match &self.way {
            Way::Ready(client, address) => return Ok((client.clone(), address.clone())),
            Way::Kubeconfig(file, context) => {
                let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
                let config = Config::from_custom_kubeconfig((**file).clone(), &options).await;
                config.map_err(|error| self.unusable(&error))?
            }
            Way::InCluster => Config::incluster().map_err(|error| Trouble::Kubeconfig {
                file: "the service account of this pod".into(),
                what: first_line(&error.to_string()),
            })?,
        };
        config.connect_timeout = Some(CONNECT);
        let address = address(&config.cluster_url);
        let client = Client::try_from(config).map_err(|error| Trouble::of(&error, &self.name, &address))?;
        Ok((client, address))
    }

    fn unusable(&self, error: &KubeconfigError) -> Trouble {
        Trouble::Kubeconfig { file: self.origin.clone(), what: words(error) }
    }
}

/// Host and port of a URL.
fn address(url: &http::Uri) -> String {
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or_default())
}

/// All contexts, the current one first, then by name. Empty when there is no kubeconfig anywhere.
///
/// # Errors
/// [`Trouble::Kubeconfig`] when a file is named but cannot be read as one.
pub fn find(named: Option<&Path>) -> Result<Vec<Context>, Trouble> {
    let env = std::env::var("KUBECONFIG").ok().filter(|paths| !paths.is_empty());
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config"));
    match (named, env) {
        (Some(path), _) => contexts(&read(path)?, &path.display().to_string()),
        (None, Some(paths)) => contexts(&read_all(&paths)?, &format!("KUBECONFIG={paths}")),
        (None, None) => match home.filter(|path| path.exists()) {
            Some(path) => contexts(&read(&path)?, &path.display().to_string()),
            None => Ok(in_cluster().into_iter().collect()),
        },
    }
}

fn in_cluster() -> Option<Context> {
    let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        && Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token").exists();
    inside.then(|| Context {
        name: "in-cluster".into(),
        origin: "the cluster that Binnacle runs in".into(),
        demo: false,
        way: Way::InCluster,
    })
}

fn read(path: &Path) -> Result<Kubeconfig, Trouble> {
    let file = path.display().to_string();
    if path.is_dir() {
        return Err(Trouble::Kubeconfig { file, what: "is a directory, not a kubeconfig".into() });
    }
    Kubeconfig::read_from(path).map_err(|error| Trouble::Kubeconfig { file, what: words(&error) })
}

/// The files of KUBECONFIG, merged as kubectl merges them: missing ones are passed over.
fn read_all(paths: &str) -> Result<Kubeconfig, Trouble> {
    let mut merged = Kubeconfig::default();
    let mut found = false;
    for path in std::env::split_paths(paths).filter(|path| path.exists()) {
        let next = read(&path)?;
        merged = merged
            .merge(next)
            .map_err(|error| Trouble::Kubeconfig { file: path.display().to_string(), what: words(&error) })?;
        found = true;
    }
    if found {
        Ok(merged)
    } else {
        Err(Trouble::Kubeconfig { file: paths.into(), what: "none of these files exists".into() })
    }
}

fn contexts(file: &Kubeconfig, origin: &str) -> Result<Vec<Context>, Trouble> {
    let mut names: Vec<String> = file.contexts.iter().map(|context| context.name.clone()).collect();
    if names.is_empty() {
        return Err(Trouble::Kubeconfig { file: origin.into(), what: "has no contexts".into() });
    }
    names.sort();
    names.sort_by_key(|name| Some(name) != file.current_context.as_ref());
    let context = |name: String| Context {
        origin: origin.into(),
        demo: false,
        way: Way::Kubeconfig(Box::new(file.clone()), name.clone()),
        name,
    };
    Ok(names.into_iter().map(context).collect())
}

/// What is wrong with a kubeconfig. Its content never shows: it may be a key.
fn words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(io, _) => match io.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::PermissionDenied => "this user may not read it".into(),
            _ => first_line(&io.to_string()),
        },
        KubeconfigError::Parse(error) => {
            let place = error
                .location()
                .map(|at| format!(" at line {}, column {}", at.line(), at.column()))
                .unwrap_or_default();
            format!("is not a kubeconfig in YAML{place}")
        }
        KubeconfigError::LoadContext(name) => format!("has no context {name}"),
        KubeconfigError::LoadClusterOfContext(name) => format!("names a cluster {name} that it does not describe"),
        KubeconfigError::LoadCertificateAuthority(error) => {
            format!("its certificate authority cannot be read: {}", first_line(&error.to_string()))
        }
        KubeconfigError::LoadClientCertificate(error) => {
            format!("its client certificate cannot be read: {}", first_line(&error.to_string()))
        }
        KubeconfigError::LoadClientKey(_) => "its client key cannot be read".into(),
        other => first_line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "apiVersion: v1\nkind: Config\ncurrent-context: b\nclusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\nusers:\n- {name: u, user: {token: hidden-token}}\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n- {name: b, context: {cluster: c, user: u}}\n";

    #[test]
    fn the_current_context_comes_first() {
        let file = Kubeconfig::from_yaml(TWO).unwrap();
        let names: Vec<String> = contexts(&file, "x").unwrap().into_iter().map(|context| context.name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn no_token_is_printed() {
        let file = Kubeconfig::from_yaml(TWO).unwrap();
        let text = format!("{:?}", contexts(&file, "x").unwrap());
        assert!(!text.contains("hidden-token"), "{text}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = find(Some(Path::new("/nowhere/kubeconfig"))).unwrap_err().to_string();
        assert_eq!(error, "/nowhere/kubeconfig: there is no such file");
    }

    #[tokio::test]
    async fn a_context_without_its_cluster_says_so() {
        let file = Kubeconfig::from_yaml(&TWO.replace("{cluster: c,", "{cluster: gone,")).unwrap();
        let context = contexts(&file, "conf").unwrap().remove(0);
        let error = context.client().await.err().unwrap().to_string();
        assert!(error.contains("gone") && error.starts_with("conf"), "{error}");
    }
}
