//! `binnacle mcp`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{
    Exit, Failure,
    draw::context,
    user::{DatabaseArgs, failed},
};
use crate::{
    access::{Door, Hosts, Lasting, Limits, Proxies, Role, Way, Ways, Who, random},
    backup::Backups,
    cluster::{Clusters, contexts::Context},
    embed::{Embed, Origins},
    journal::{Bounds, History},
    mcp::{self, Reach, Server, Source},
    pages::Site,
    rest,
    store::{Place, Store},
};

/// A cluster is watched for as long as its assistant is there.
const IDLE: Duration = Duration::from_secs(365 * 24 * 3_600);

#[derive(Args)]
pub(super) struct McpArgs {
    /// A server of Binnacle to ask, instead of a cluster.
    #[arg(long, value_name = "URL", requires = "token_file", conflicts_with_all = ["kubeconfig", "context", "demo", "dha", "network", "data", "database", "database_file", "config"])]
    server: Option<String>,
    /// A file with a token of that server; a viewer's is enough.
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    kubeconfig: Option<PathBuf>,
    /// The context to tell of; else the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Tell of the built-in cluster, or a distribution's, as in --demo=k3s.
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, require_equals = true, default_missing_value = crate::demo::NAME)]
    demo: Option<String>,
    /// DHA file that the cluster was deployed from.
    #[arg(long, value_name = "FILE")]
    dha: Option<PathBuf>,
    /// Its network.yml.
    #[arg(long, value_name = "FILE", requires = "dha")]
    network: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: McpArgs) -> Result<(), Failure> {
    log();
    let ends = ends().map_err(|error| (Exit::Failed, format!("signals cannot be heard: {error}")))?;
    let (source, folder) = source(args).await?;
    let served = tokio::select! {
        served = mcp::serve(source) => served,
        () = ends => Ok(()),
    };
    drop(folder);
    served.map_err(|error| (Exit::Failed, error.to_string()))
}

/// Whom the assistant asks, and a folder that is needed for as long.
async fn source(args: McpArgs) -> Result<(Source, Option<Folder>), Failure> {
    if let (Some(server), Some(file)) = (&args.server, &args.token_file) {
        let server = Server::new(server, file).map_err(|error| (Exit::Usage, error.to_string()))?;
        return Ok((Source::Server(server), None));
    }
    let plan = crate::plan::whole(args.dha.as_deref(), args.network.as_deref())
        .map_err(|error| (Exit::Usage, error.to_string()))?;
    let context = context(args.demo.as_deref(), args.kubeconfig.as_deref(), args.context.as_deref())?;
    let context = match plan {
        Some(plan) => context.with_plan(plan),
        None => context,
    };
    let (folder, store, reach) = if args.database.is_said() {
        (None, args.database.open().await?, Reach::Past)
    } else {
        // The API expects a database; this one is empty and goes when the assistant does.
        let folder = Folder::new().map_err(|error| (Exit::Failed, format!("no folder can be made: {error}")))?;
        let store = Store::open(&Place::beside(&folder.0)).await.map_err(failed)?;
        (Some(folder), store, Reach::Now)
    };
    let api = api(context, store, reach).await?;
    Ok((Source::Here(api, reach), folder))
}

/// The REST API of one cluster, for whoever holds this process's standard streams.
async fn api(context: Context, store: Store, reach: Reach) -> Result<Router, Failure> {
    let site = Site::new(Clusters::new(vec![context], IDLE), None);
    if reach >= Reach::Past {
        let bounds = Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 };
        site.remembers(History::new(store.clone(), bounds, String::new()));
    }
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let hosts = Hosts::new(SocketAddr::new(here, 0), "");
    let lasting = Lasting { idle: Duration::ZERO, whole: Duration::ZERO };
    let door = Door::new(store.clone(), Ways::default(), hosts, Proxies::default(), lasting, None);
    let embed = Embed::new(site.clone(), store.clone(), Origins::default(), None).await.map_err(failed)?;
    let limits = Arc::new(Limits::new(rest::RATE));
    let api = rest::router(site, Arc::new(door), embed, None, limits, Backups::none(store));
    let who = Who { name: "assistant".into(), role: Some(Role::Viewer), way: Way::Loopback, from: here };
    Ok(api.layer(Extension(who)))
}

/// To standard error: standard output is the protocol's.
fn log() {
    let wanted = std::env::var("BINNACLE_LOG").unwrap_or_else(|_| "warn".into());
    // What an assistant asks for in vain is told to it.
    let filter = EnvFilter::try_new(format!("rmcp=error,{wanted}")).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.log_internal_errors(false).with_ansi(false).init();
}

/// Ends when the process is asked to stop.
fn ends() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A folder for its owner alone, which goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("binnacle-mcp-{}", random::<16>()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}
