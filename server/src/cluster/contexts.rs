//! Finding clusters as kubectl does: a file that is named, KUBECONFIG, ~/.kube/config, in-cluster.

use std::{
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
use topology::planned::Planned;

use crate::etcd::Access;

use super::{
    Trouble,
    kubeconfig::{no_client, words},
    renewal::renewing,
    trouble::first_line,
};

/// A cluster that can be chosen.
#[derive(Clone)]
pub struct Context {
    /// Its name here and in addresses.
    pub name: String,
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
/// A credential plugin that takes longer is said to hang.
const PLUGIN: Duration = Duration::from_secs(30);

impl Context {
    /// A cluster that a client exists for already, as the built-in one.
    pub fn ready(name: &str, origin: &str, client: Client, address: &str, demo: bool) -> Self {
        Self {
            name: name.into(),
            origin: origin.into(),
            demo,
            planned: None,
            plan: None,
            etcd: None,
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

    /// A client for it, and the address that it talks to. Nothing is connected yet; a credential
    /// plugin is run. The client follows its kubeconfig when the server no longer takes it.
    ///
    /// # Errors
    /// [`Trouble::Kubeconfig`] when the context is incomplete, names files that cannot be read, or
    /// its credential plugin does not give any.
    pub async fn client(&self) -> Result<(Client, String), Trouble> {
        let Way::Kubeconfig(_) = &self.way else { return self.plain_client().await };
        // In this order: what changes in between is noticed later.
        let mark = self.mark()?;
        let (client, address) = self.plain_client().await?;
        Ok((renewing(self.clone(), client, mark), address))
    }

    /// The same, of the kubeconfig as it is now.
    pub(super) async fn plain_client(&self) -> Result<(Client, String), Trouble> {
        let (mut config, plugin) = match &self.way {
            Way::Ready(client, address) => return Ok((client.clone(), address.clone())),
            Way::Kubeconfig(source) => {
                let file = source.read()?;
                (self.config(&file).await?, plugin(&file, &self.name))
            }
            Way::InCluster => {
                let unusable = |error: kube::config::InClusterError| self.unusable(&first_line(&error.to_string()));
                (Config::incluster().map_err(unusable)?, None)
            }
        };
        config.connect_timeout = Some(CONNECT);
        let address = address(&config.cluster_url);
        let plugin = plugin.unwrap_or_default();
        // A plugin is another program: it may take its time, but not that of a worker.
        let made = tokio::task::spawn_blocking(move || Client::try_from(config));
        match tokio::time::timeout(PLUGIN, made).await {
            Ok(Ok(Ok(client))) => Ok((client, address)),
            Ok(Ok(Err(error))) => Err(self.unusable(&no_client(&error, &plugin))),
            Ok(Err(_)) => Err(self.unusable("no client can be made of it")),
            Err(_) => Err(self.unusable(&format!("its credential plugin {plugin} does not come to an end"))),
        }
    }

    /// A number that is another one when the kubeconfig or a file that its context names is.
    pub(super) fn mark(&self) -> Result<u64, Trouble> {
        let Way::Kubeconfig(source) = &self.way else { return Ok(0) };
        let file = source.read()?;
        let mut hasher = DefaultHasher::new();
        for path in source.paths().into_iter().chain(named_files(&file, &self.name)) {
            std::fs::read(path).unwrap_or_default().hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    async fn config(&self, file: &Kubeconfig) -> Result<Config, Trouble> {
        let options = KubeConfigOptions { context: Some(self.name.clone()), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(file.clone(), &options).await;
        let mut config = config.map_err(|error| self.unusable(&words(&error)))?;
        if !names_proxy(file, &self.name) {
            // A proxy of the environment is for the world outside; the cluster is near.
            config.proxy_url = None;
        }
        Ok(config)
    }

    fn unusable(&self, what: &str) -> Trouble {
        let what =
            if matches!(self.way, Way::InCluster) { what.into() } else { format!("context {}: {what}", self.name) };
        Trouble::Kubeconfig { file: self.origin.clone(), what }
    }
}

/// The name of the program that gives a context its credentials, if one does.
fn plugin(file: &Kubeconfig, context: &str) -> Option<String> {
    let context = file.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let user = file.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref())?;
    user.auth_info.as_ref()?.exec.as_ref()?.command.clone()
}

/// Files that a context's authority and credentials are in.
fn named_files(file: &Kubeconfig, context: &str) -> Vec<PathBuf> {
    let Some(context) =
        file.contexts.iter().find(|named| named.name == context).and_then(|named| named.context.as_ref())
    else {
        return Vec::new();
    };
    let cluster = file.clusters.iter().find(|named| named.name == context.cluster);
    let user = file.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
    let authority = cluster.and_then(|named| named.cluster.as_ref()?.certificate_authority.clone());
    let user = user.and_then(|named| named.auth_info.as_ref());
    let pair = user.map(|user| [user.client_certificate.clone(), user.client_key.clone()]);
    authority.into_iter().chain(pair.into_iter().flatten().flatten()).map(PathBuf::from).collect()
}

fn names_proxy(file: &Kubeconfig, context: &str) -> bool {
    let named = file.contexts.iter().find(|named| named.name == context);
    let cluster = named.and_then(|named| named.context.as_ref()).map(|context| &context.cluster);
    let found = file.clusters.iter().find(|named| Some(&named.name) == cluster);
    found.and_then(|named| named.cluster.as_ref()).is_some_and(|cluster| cluster.proxy_url.is_some())
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
        origin: "the service account of the pod that Binnacle runs in".into(),
        demo: false,
        planned: None,
        plan: None,
        etcd: None,
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
    Kubeconfig::read_from(path).map_err(|error| Trouble::Kubeconfig { file, what: words(&error) })
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
        way: Way::Kubeconfig(source.clone()),
        name,
    };
    Ok(names.into_iter().map(context).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TWO: &str = "apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
users:
- {name: u, user: {token: hidden-token}}
contexts:
- {name: a, context: {cluster: c, user: u}}
- {name: b, context: {cluster: c, user: u}}
";

    /// A directory of a test's own.
    struct Dir(PathBuf);

    impl Dir {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("binnacle-contexts-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn nothing() -> Surroundings {
        Surroundings { kubeconfig: None, home: None, inside: false }
    }

    fn names(found: &[Context]) -> Vec<&str> {
        found.iter().map(|context| context.name.as_str()).collect()
    }

    fn said(found: Result<Vec<Context>, Trouble>) -> String {
        found.unwrap_err().to_string()
    }

    /// What is wrong with the first context of a file.
    async fn wrong(text: &str) -> String {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = Dir::new(&format!("wrong-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let file = dir.file("conf", text);
        let context = find_in(Some(&file), &nothing()).unwrap().remove(0);
        let said = context.client().await.err().unwrap().to_string();
        said.strip_prefix(&format!("{}: context b: ", file.display())).unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    #[test]
    fn a_file_of_utf_16_that_was_cut_is_said_so() {
        let path = std::env::temp_dir().join(format!("binnacle-utf16-{}", std::process::id()));
        fs::write(&path, [0xfe, 0xff, 0xff]).unwrap();
        let said = find(Some(&path)).err().unwrap().to_string();
        fs::remove_file(&path).unwrap();
        assert!(said.contains("binnacle-utf16") && said.contains("it was cut"), "{said}");
    }

    #[test]
    fn the_current_context_comes_first() {
        let found = contexts(&Kubeconfig::from_yaml(TWO).unwrap(), "x", &Source::File("x".into())).unwrap();
        assert_eq!(names(&found), ["b", "a"]);
        assert!(!format!("{found:?}").contains("hidden-token"));
    }

    #[test]
    fn a_current_context_that_names_nothing_is_an_error_that_names_the_nearest() {
        let dir = Dir::new("current");
        let chosen_of = |line: &str| {
            let file = dir.file("conf", &TWO.replace("current-context: b\n", line).replace("name: a,", "name: lab,"));
            chosen(find_in(Some(&file), &nothing()).unwrap())
        };
        assert_eq!(chosen_of("current-context: b\n").unwrap().unwrap().name, "b");
        let said = chosen_of("current-context: lba\n").unwrap_err().to_string();
        assert!(said.ends_with("its current-context lba names no context; did you mean lab?"), "{said}");
        for line in ["", "current-context: ''\n", "current-context:\n"] {
            let said = chosen_of(line).unwrap_err().to_string();
            let todo = "has no current-context: choose a context with --context, of b, lab";
            assert!(said.ends_with(todo), "{line}: {said}");
        }
        assert!(chosen(Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_named_file_comes_before_the_variable_and_that_before_the_home() {
        let dir = Dir::new("order");
        let (named, variable, home) = (
            dir.file("named", &TWO.replace("name: a", "name: from-named")),
            dir.file("variable", &TWO.replace("name: a", "name: from-variable")),
            dir.file("home", &TWO.replace("name: a", "name: from-home")),
        );
        let mut around =
            Surroundings { kubeconfig: Some(variable.display().to_string()), home: Some(home), inside: true };
        let second = |around: &Surroundings, named| find_in(named, around).unwrap().get(1).map(|c| c.name.clone());
        assert_eq!(second(&around, Some(named.as_path())).as_deref(), Some("from-named"));
        assert_eq!(second(&around, None).as_deref(), Some("from-variable"));
        around.kubeconfig = Some(String::new());
        assert_eq!(second(&around, None).as_deref(), Some("from-home"));
        around.home = None;
        assert_eq!(names(&find_in(None, &around).unwrap()), ["in-cluster"]);
        assert!(find_in(None, &nothing()).unwrap().is_empty());
    }

    #[test]
    fn the_files_of_the_variable_are_merged_and_missing_ones_passed_over() {
        let dir = Dir::new("merge");
        let first = dir.file("first", TWO);
        let second =
            dir.file("second", &TWO.replace("name: a", "name: d").replace("current-context: b", "current-context: d"));
        let paths = format!("{}:{}::{}", first.display(), dir.0.join("missing").display(), second.display());
        let around = Surroundings { kubeconfig: Some(paths), ..nothing() };
        assert_eq!(names(&find_in(None, &around).unwrap()), ["b", "a", "d"]);
        let missing = dir.0.join("missing").display().to_string();
        let around = Surroundings { kubeconfig: Some(missing.clone()), ..nothing() };
        assert_eq!(said(find_in(None, &around)), format!("{missing}: none of these files exists"));
    }

    #[test]
    fn a_file_that_is_none_is_named_with_what_is_wrong() {
        let dir = Dir::new("none");
        let said = |path: &Path| said(find_in(Some(path), &nothing()));
        assert_eq!(said(Path::new("/nowhere/kubeconfig")), "/nowhere/kubeconfig: there is no such file");
        assert!(said(&dir.0).ends_with("is a directory, not a kubeconfig"));
        let odd = dir.file("odd", "apiVersion: v1\nclusters: [\ntoken: hidden-token\n");
        let text = said(&odd);
        assert!(text.contains("is not a kubeconfig in YAML at line ") && !text.contains("hidden-token"), "{text}");
        let path = dir.0.join("bytes");
        fs::write(&path, [0x80, 0xff, 0x00, 0x9c]).unwrap();
        assert!(said(&path).starts_with(&path.display().to_string()));
        assert!(said(&dir.file("empty", "")).ends_with("has no contexts"));
    }

    #[test]
    fn a_home_without_contexts_is_as_none() {
        let dir = Dir::new("home");
        let home = dir.file("config", "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: null\nusers: null\n");
        let around = Surroundings { home: Some(home.clone()), ..nothing() };
        assert!(find_in(None, &around).unwrap().is_empty());
        assert!(said(find_in(Some(&home), &nothing())).ends_with("has no contexts"));
    }

    #[tokio::test]
    async fn a_context_that_cannot_be_used_says_what_it_lacks() {
        let cluster = |with: &str| TWO.replace("server: 'https://127.0.0.1:1'", with);
        let user = |with: &str| TWO.replace("token: hidden-token", with);
        assert_eq!(
            wrong(&TWO.replace("{cluster: c,", "{cluster: gone,")).await,
            "names a cluster gone that it does not describe"
        );
        assert_eq!(wrong(&cluster("tls-server-name: x")).await, "its cluster has no server");
        assert_eq!(wrong(&cluster("server: 'https://[oh'")).await, "the server of its cluster is no address");
        assert_eq!(
            wrong(&cluster("server: 'https://127.0.0.1:1', certificate-authority: /nowhere/ca.crt")).await,
            "its certificate authority /nowhere/ca.crt cannot be read: there is no such file"
        );
        assert_eq!(
            wrong(&cluster("server: 'https://127.0.0.1:1', certificate-authority-data: '*hidden*'")).await,
            "the data of its certificate authority is not base64"
        );
        assert_eq!(
            wrong(&cluster("server: 'https://127.0.0.1:1', proxy-url: 'http://me:hidden@proxy:1'")).await,
            "its cluster is behind a proxy-url, but Binnacle connects directly only"
        );
        assert_eq!(
            wrong(&user("client-certificate: /nowhere/a.crt, client-key: /nowhere/a.key")).await,
            "its client certificate /nowhere/a.crt cannot be read: there is no such file"
        );
        let pem = "client-certificate-data: bm9uZQ==, client-key-data: bm9uZQ==";
        assert_eq!(
            wrong(&user(pem)).await,
            "its client certificate, its key or its authority is not PEM that TLS can use"
        );
        assert_eq!(
            wrong(&user("tokenFile: /nowhere/token")).await,
            "its token file /nowhere/token cannot be read: there is no such file"
        );
    }

    #[tokio::test]
    async fn a_credential_plugin_that_gives_none_is_named_and_not_quoted() {
        let plugin = |command: &str, args: &str| {
            let exec = format!(
                "exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, args: {args}, interactiveMode: Never}}"
            );
            TWO.replace("token: hidden-token", &exec)
        };
        assert_eq!(
            wrong(&plugin("no-such-plugin", "[]")).await,
            "its credential plugin no-such-plugin is not installed, or not on the PATH"
        );
        let failed = wrong(&plugin("sh", "['-c', 'echo hidden-token; exit 3']")).await;
        assert!(failed.starts_with("its credential plugin sh failed (exit status: 3)"), "{failed}");
        assert_eq!(wrong(&plugin("echo", "[hidden-token]")).await, "its credential plugin echo printed no credentials");
    }
}
