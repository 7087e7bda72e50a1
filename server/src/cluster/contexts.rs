//! Finding clusters as kubectl does: a file that is named, KUBECONFIG, ~/.kube/config, in-cluster.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

use plan::Plan;
use topology::{Stamp, inventory::Name, planned::Planned};

use crate::etcd::Access;

use super::{
    Trouble, connect, credential,
    kubeconfig::{named_files, prepare, sound, words},
    proxy::Proxy,
    renewal::renewing,
    trouble::first_line,
};

/// A cluster that can be chosen.
#[derive(Clone)]
pub struct Context {
    /// Its name here and in addresses.
    pub name: String,
    /// The context in its kubeconfig.
    context: String,
    /// Where it comes from, for people.
    pub origin: String,
    /// Whether it is the built-in one.
    pub demo: bool,
    /// What Compass was told to build, when that is known.
    pub planned: Option<Arc<Planned>>,
    /// The plan itself, which an expansion is held against.
    pub plan: Option<Arc<Plan>>,
    /// How its etcd is reached, when that is known.
    pub etcd: Option<Arc<Access>>,
    /// The namespaces that it is limited to; empty for those that its role may read.
    pub namespaces: Arc<BTreeSet<Name>>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Kubeconfig(Source),
    InCluster,
    Ready(Client, String),
}

/// Where a kubeconfig is read from, each time that a client is made.
#[derive(Clone)]
enum Source {
    File(PathBuf),
    /// What KUBECONFIG says.
    Files(String),
}

impl Source {
    fn read(&self) -> Result<Kubeconfig, Trouble> {
        match self {
            Self::File(path) => read(path),
            Self::Files(paths) => read_all(paths),
        }
    }

    fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::File(path) => vec![path.clone()],
            Self::Files(paths) => std::env::split_paths(paths).collect(),
        }
    }
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
        Self {
            name: name.into(),
            context: name.into(),
            origin: origin.into(),
            demo,
            planned: None,
            plan: None,
            etcd: None,
            namespaces: Arc::default(),
            way: Way::Ready(client, address.into()),
        }
    }

    /// The same cluster with its plan.
    #[must_use]
    pub fn with_plan(self, plan: Plan) -> Self {
        Self { planned: Some(Arc::new(Planned::of(&plan))), plan: Some(Arc::new(plan)), ..self }
    }

    /// The same cluster, whose etcd is asked itself.
    #[must_use]
    pub fn with_etcd(self, access: Access) -> Self {
        Self { etcd: Some(Arc::new(access)), ..self }
    }

    /// The same cluster under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same cluster, of which only these namespaces are looked at.
    #[must_use]
    pub fn limited_to(self, namespaces: &BTreeSet<Name>) -> Self {
        Self { namespaces: Arc::new(namespaces.clone()), ..self }
    }

    /// A client for it, and the address that it talks to. Nothing is connected yet; a credential
    /// plugin is run. The client follows its kubeconfig when the server no longer takes it.
    ///
    /// # Errors
    /// [`Trouble::Kubeconfig`] when the context is incomplete, names files that cannot be read, or
    /// its credential plugin does not give any.
    pub async fn client(&self) -> Result<(Client, String), Trouble> {
        match &self.way {
            Way::Ready(client, address) => Ok((client.clone(), address.clone())),
            Way::InCluster => self.in_cluster(),
            Way::Kubeconfig(_) => {
                // In this order: what changes in between is noticed later.
                let mark = self.mark()?;
                let made = self.made().await?;
                let address = made.address.clone();
                Ok((renewing(self.clone(), made, mark), address))
            }
        }
    }

    fn in_cluster(&self) -> Result<(Client, String), Trouble> {
        let mut config = Config::incluster().map_err(|error| self.unusable(&first_line(&error.to_string())))?;
        config.connect_timeout = Some(CONNECT);
        let address = address(&config.cluster_url);
        let client = Client::try_from(config).map_err(|_| self.unusable("no client can be made of it"))?;
        Ok((client, address))
    }

    /// A client of the kubeconfig as it is now.
    pub(super) async fn made(&self) -> Result<Made, Trouble> {
        let Way::Kubeconfig(source) = &self.way else { return Err(self.unusable("it is in no kubeconfig")) };
        let file = source.read()?;
        let (mut config, proxy) = self.config(file).await?;
        config.connect_timeout = Some(CONNECT);
        // As kubectl: a line without TLS carries no secret, and no plugin runs for it.
        let secured = config.cluster_url.scheme_str() != Some("http");
        let credential = match secured {
            true => credential::of(&config.auth_info).await.map_err(|error| self.unusable(&error.to_string()))?,
            false => credential::Credential::none(),
        };
        let plugin = secured && config.auth_info.exec.is_some();
        let (address, until) = (address(&config.cluster_url), credential.until);
        // Authorities are read from disk. Whatever a dependency makes of a kubeconfig, it ends no worker.
        let connected = tokio::task::spawn_blocking(move || connect::client(&config, credential, proxy)).await;
        let connected = connected.map_err(|_| self.unusable("no client can be made of it"))?;
        let client = connected.map_err(|error| self.unusable(&error.to_string()))?;
        Ok(Made { client, address, until, plugin })
    }

    /// Where the API server is, and from when until when the certificate holds that it presents; none of these where it
    /// cannot be looked at. No credential is sent, and no plugin is run.
    ///
    /// # Errors
    /// [`Trouble::Kubeconfig`] when the context is incomplete. Of a server without TLS, nothing is answered.
    pub(crate) async fn certificate(&self) -> Result<Option<Looked>, Trouble> {
        let (config, proxy) = match &self.way {
            Way::Ready(..) => return Ok(None),
            Way::InCluster => {
                (Config::incluster().map_err(|error| self.unusable(&first_line(&error.to_string())))?, None)
            }
            Way::Kubeconfig(source) => self.config(source.read()?).await?,
        };
        if config.cluster_url.scheme_str() == Some("http") {
            return Ok(None);
        }
        let holds = connect::presented(&config, proxy).await.map_err(|error| self.unusable(&error.to_string()))?;
        Ok(Some((address(&config.cluster_url), holds)))
    }

    /// A number that is another one when the kubeconfig or a file that its context names is.
    pub(super) fn mark(&self) -> Result<u64, Trouble> {
        let Way::Kubeconfig(source) = &self.way else { return Ok(0) };
        let file = source.read()?;
        let mut hasher = DefaultHasher::new();
        for path in source.paths().into_iter().chain(named_files(&file, &self.context)) {
            std::fs::read(path).unwrap_or_default().hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    async fn config(&self, mut file: Kubeconfig) -> Result<(Config, Option<Proxy>), Trouble> {
        let proxy_url = prepare(&mut file, &self.context).map_err(|what| self.unusable(&what))?;
        let named = proxy_url.clone();
        let options = KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(file, &options).await;
        let mut config = config.map_err(|error| self.unusable(&words(&error)))?;
        if let Some(cluster) = config.auth_info.exec.as_mut().and_then(|exec| exec.cluster.as_mut()) {
            cluster.proxy_url = named;
        }
        let authority = config.cluster_url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let host = config.cluster_url.host().unwrap_or_default();
        // A port beyond 65535 is read as none.
        let no_port = config.cluster_url.port_u16().is_none() && !authority.ends_with(host);
        if host.is_empty() || no_port {
            return Err(self.unusable("the server of its cluster is no address"));
        }
        if !matches!(config.cluster_url.scheme_str(), Some("http" | "https")) {
            return Err(self.unusable("the server of its cluster is neither http:// nor https://"));
        }
        if config.accept_invalid_certs && config.root_cert.is_some() {
            let what = "has insecure-skip-tls-verify beside a certificate authority: kubectl takes only one";
            return Err(self.unusable(what));
        }
        let proxy = match proxy_url {
            Some(url) => {
                let parsed = Proxy::parse(&url);
                parsed.map(Some).map_err(|why| self.unusable(&format!("the proxy-url of its cluster {why}")))?
            }
            None => Proxy::of_environment(&config.cluster_url, |name| std::env::var(name).ok())
                .map_err(|(name, why)| self.unusable(&format!("the variable {name} {why}")))?,
        };
        Ok((config, proxy))
    }

    fn unusable(&self, what: &str) -> Trouble {
        let what =
            if matches!(self.way, Way::InCluster) { what.into() } else { format!("context {}: {what}", self.context) };
        Trouble::Kubeconfig { file: self.origin.clone(), what }
    }
}

/// Where a certificate was looked at, and from when until when it holds.
pub(crate) type Looked = (String, Option<(Stamp, Stamp)>);

/// A client that was made, and how long it is good.
pub(super) struct Made {
    pub(super) client: Client,
    pub(super) address: String,
    /// When its credentials end, if that is known.
    pub(super) until: Option<jiff::Timestamp>,
    /// Whether a plugin gives them, which can be run again.
    pub(super) plugin: bool,
}

/// Host and port of a URL.
fn address(url: &http::Uri) -> String {
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or_default())
}

/// Where a kubeconfig may be when none is named.
struct Surroundings {
    /// The variable KUBECONFIG.
    kubeconfig: Option<String>,
    /// ~/.kube/config.
    home: Option<PathBuf>,
    /// Whether this is a pod with a service account.
    inside: bool,
}

/// All contexts, the current one first, then by name. Empty when there is no kubeconfig anywhere.
///
/// # Errors
/// [`Trouble::Kubeconfig`] when a file is there but cannot be read as one.
pub fn find(named: Option<&Path>) -> Result<Vec<Context>, Trouble> {
    let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        && Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token").exists();
    find_in(
        named,
        &Surroundings {
            kubeconfig: std::env::var("KUBECONFIG").ok(),
            home: std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config")),
            inside,
        },
    )
}

fn find_in(named: Option<&Path>, around: &Surroundings) -> Result<Vec<Context>, Trouble> {
    if let Some(path) = named {
        return contexts(&read(path)?, &path.display().to_string(), &Source::File(path.into()));
    }
    if let Some(paths) = around.kubeconfig.as_deref().filter(|paths| !paths.is_empty()) {
        return contexts(&read_all(paths)?, &format!("KUBECONFIG={paths}"), &Source::Files(paths.into()));
    }
    if let Some(path) = around.home.as_ref().filter(|path| path.exists()) {
        let file = read(path)?;
        // What tools leave behind when they remove their last cluster is no mistake of anybody's.
        if !file.contexts.is_empty() {
            return contexts(&file, &path.display().to_string(), &Source::File(path.clone()));
        }
    }
    Ok(around.inside.then(in_cluster).into_iter().collect())
}

/// The context that kubectl would use when none is named. `None` when there is no kubeconfig anywhere.
///
/// # Errors
/// [`Trouble::Kubeconfig`] when a file cannot be read as one, or its current-context is missing or names no context.
pub fn current(named: Option<&Path>) -> Result<Option<Context>, Trouble> {
    chosen(find(named)?)
}

fn chosen(found: Vec<Context>) -> Result<Option<Context>, Trouble> {
    let Some(first) = found.first() else { return Ok(None) };
    let Way::Kubeconfig(source) = &first.way else { return Ok(found.into_iter().next()) };
    let current = source.read()?.current_context.unwrap_or_default();
    let wrong = |what: String| Trouble::Kubeconfig { file: first.origin.clone(), what };
    if current.is_empty() {
        let names: Vec<&str> = found.iter().take(NAMED).map(|context| context.name.as_str()).collect();
        let more = if found.len() > NAMED { ", …" } else { "" };
        let what = format!("has no current-context: choose a context with --context, of {}{more}", names.join(", "));
        return Err(wrong(what));
    }
    if let Some(context) = found.iter().find(|context| context.name == current) {
        return Ok(Some(context.clone()));
    }
    Err(wrong(format!("its current-context {current} names no context{}", nearest(&current, &found))))
}

/// An error lists no more names than these.
const NAMED: usize = 10;

/// `; did you mean …?` with the context that is nearest to a name, if there is one.
pub fn nearest(name: &str, found: &[Context]) -> String {
    let near = crate::config::nearest(name, found.iter().map(|context| context.name.as_str()));
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

fn in_cluster() -> Context {
    Context {
        name: "in-cluster".into(),
        context: String::new(),
        origin: "the service account of the pod that Binnacle runs in".into(),
        demo: false,
        planned: None,
        plan: None,
        etcd: None,
        namespaces: Arc::default(),
        way: Way::InCluster,
    }
}

fn read(path: &Path) -> Result<Kubeconfig, Trouble> {
    let file = path.display().to_string();
    if path.is_dir() {
        return Err(Trouble::Kubeconfig { file, what: "is a directory, not a kubeconfig".into() });
    }
    // The client's reader takes UTF-16 two bytes at a time, and does not survive half a character.
    if is_half_a_character_short(path) {
        return Err(Trouble::Kubeconfig { file, what: "is UTF-16 and ends within a character: it was cut".into() });
    }
    let mut read =
        Kubeconfig::read_from(path).map_err(|error| Trouble::Kubeconfig { file: file.clone(), what: words(&error) })?;
    sound(&mut read).map_err(|what| Trouble::Kubeconfig { file, what })?;
    Ok(read)
}

fn is_half_a_character_short(path: &Path) -> bool {
    let marked = || -> std::io::Result<bool> {
        let mut file = std::fs::File::open(path)?;
        let mut mark = [0; 2];
        file.read_exact(&mut mark)?;
        Ok(matches!(mark, [0xff, 0xfe] | [0xfe, 0xff]) && file.metadata()?.len() % 2 == 1)
    };
    marked().unwrap_or(false)
}

/// The files of KUBECONFIG, merged as kubectl merges them: missing ones are passed over.
fn read_all(paths: &str) -> Result<Kubeconfig, Trouble> {
    let mut merged = Kubeconfig::default();
    let mut found = false;
    for path in std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty() && path.exists()) {
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

fn contexts(file: &Kubeconfig, origin: &str, source: &Source) -> Result<Vec<Context>, Trouble> {
    let mut names: Vec<String> = file.contexts.iter().map(|context| context.name.clone()).collect();
    if names.is_empty() {
        return Err(Trouble::Kubeconfig { file: origin.into(), what: "has no contexts".into() });
    }
    names.sort();
    names.dedup();
    names.sort_by_key(|name| Some(name) != file.current_context.as_ref());
    let context = |name: String| Context {
        origin: origin.into(),
        demo: false,
        planned: None,
        plan: None,
        etcd: None,
        namespaces: Arc::default(),
        way: Way::Kubeconfig(source.clone()),
        context: name.clone(),
        name,
    };
    Ok(names.into_iter().map(context).collect())
}

#[cfg(test)]
mod tests;
