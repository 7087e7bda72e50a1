//! `binnacle serve`.

use std::{io::Write, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{Exit, Failure};
use crate::{
    access::{self, Door, Hosts, Oidc, Ways},
    cluster::{
        Clusters,
        contexts::{self, Context},
    },
    config::{Demo, Given, LogFormat, Settings},
    demo,
    front::{self, Front},
    pages::Site,
    store::{Place, Store},
};

/// After a signal, streams and answers have this long to end.
const DRAIN: Duration = Duration::from_secs(5);
/// How often what nobody looks at is looked for.
const TIDY: Duration = Duration::from_secs(15);

pub(super) async fn run(given: Given) -> Result<(), Failure> {
    let settings = Settings::load(&given).map_err(|error| (Exit::Usage, error.to_string()))?;
    log(&settings)?;
    refuse_beyond_loopback(&settings)?;
    let door = Arc::new(door(&settings).await?);
    let mut contexts = clusters(&settings)?;
    let planned = crate::plan::planned(settings.dha.as_deref(), settings.network.as_deref())
        .map_err(|error| (Exit::Usage, error.to_string()))?;
    if let (Some(planned), Some(first)) = (planned, contexts.first_mut()) {
        *first = first.clone().with_plan(planned);
    }
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| cannot_listen(settings.listen, &error))?;
    let address = listener.local_addr().map_err(|error| (Exit::Failed, error.to_string()))?;
    announce(address, &contexts);
    announce_first(address, &door).await?;
    let site = Site::new(Clusters::new(contexts, settings.idle), settings.plans.clone());
    let tidying = tokio::spawn(tidy(site.clone()));
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = axum::serve(
        listener,
        front::router(&Front { site, door, a_minute: settings.rate })
            .into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("stopping; streams have {} s to end", DRAIN.as_secs());
        let _ = stopping.send(());
    });
    let ended = tokio::select! {
        ended = async { served.await } => ended.map_err(|error| (Exit::Failed, error.to_string())),
        () = async { let _ = stopped.await; tokio::time::sleep(DRAIN).await } => Ok(()),
    };
    tidying.abort();
    ended
}

fn log(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| (Exit::Usage, format!("log is {:?}, which is no filter: {error}", settings.log)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

fn refuse_beyond_loopback(settings: &Settings) -> Result<(), Failure> {
    let listen = settings.listen;
    if listen.ip().is_loopback() || !settings.sign_in.is_none() {
        return Ok(());
    }
    let why = format!(
        "listening on {listen} is refused: nobody signs in, so whoever reaches it could see every cluster and act. \
         Set sign_in to local, oidc or tokens, or listen on 127.0.0.1 and reach it through SSH \
         (ssh -L 8080:127.0.0.1:8080 jumphost)"
    );
    Err((Exit::Usage, why))
}

/// The database of these settings; its folder is made when it is not there.
pub(super) async fn store(settings: &Settings) -> Result<Store, Failure> {
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        let data = settings.data.display();
        (Exit::Usage, format!("the data folder {data} cannot be made: {error}. Name another with --data"))
    })?;
    let place = settings.database.clone().unwrap_or_else(|| Place::beside(&settings.data));
    Store::open(&place).await.map_err(|error| (Exit::Failed, error.to_string()))
}

async fn door(settings: &Settings) -> Result<Door, Failure> {
    let lines = settings.audit.as_deref().map(audit_lines).transpose()?;
    let ways = Ways { loopback: settings.sign_in.is_none(), local: settings.sign_in.local, oidc: false };
    let hosts = Hosts::new(settings.listen, &settings.hosts);
    let proxies = settings.trusted_proxies.clone();
    let door = Door::new(store(settings).await?, ways, hosts, proxies, settings.sessions, lines);
    match &settings.oidc {
        Some(oidc) => Ok(door.with_oidc(Oidc::new(oidc.clone()).map_err(|error| (Exit::Failed, error))?)),
        None => Ok(door),
    }
}

fn audit_lines(path: &Path) -> Result<access::Lines, Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdout()));
    }
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let file = file.map_err(|error| {
        (
            Exit::Usage,
            format!("audit lines cannot be written to {}: {error}. Name another with --audit", path.display()),
        )
    })?;
    Ok(Box::new(file))
}

/// Where nobody can sign in yet, whoever reads our output makes the first admin.
async fn announce_first(address: SocketAddr, door: &Door) -> Result<(), Failure> {
    let key = door.first_key().await.map_err(|error| (Exit::Failed, error.to_string()))?;
    if let Some(key) = key {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "There is no admin yet. Make the first one, once: http://{address}/first?key={key}");
        let _ = out.flush();
    }
    Ok(())
}

fn clusters(settings: &Settings) -> Result<Vec<Context>, Failure> {
    if settings.demo == Demo::Always {
        return Ok(vec![demo::context()]);
    }
    let mut found = contexts::find(settings.kubeconfig.as_deref())
        .map_err(|trouble| (Exit::Usage, format!("{trouble}. {}", trouble.todo())))?;
    if let Some(wanted) = &settings.context {
        found.retain(|context| context.name == *wanted);
        if found.is_empty() {
            return Err((Exit::Usage, format!("no kubeconfig has a context {wanted}: leave --context out to see all")));
        }
    }
    if found.is_empty() && settings.demo == Demo::IfNone {
        tracing::info!("no kubeconfig found: showing the built-in demonstration cluster");
        found.push(demo::context());
    }
    Ok(found)
}

fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> Failure {
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("port {} is taken by another program: choose another with --listen", listen.port())
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("this user may not listen on port {}: choose one above 1023", listen.port())
        }
        _ => format!("cannot listen on {listen}: {error}"),
    };
    (Exit::Failed, why)
}

fn announce(address: SocketAddr, contexts: &[Context]) {
    let names: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
    let names = if names.is_empty() { "none: name a kubeconfig, or use --demo".to_owned() } else { names.join(", ") };
    let mut out = std::io::stdout().lock();
    // Whoever started us may have closed its end; that is no reason to stop.
    let _ = writeln!(out, "Clusters: {names}\nListening on http://{address}");
    let _ = out.flush();
}

async fn tidy(site: Arc<Site>) {
    loop {
        tokio::time::sleep(TIDY).await;
        site.forget_idle();
    }
}

/// Ends when the process is asked to stop.
async fn signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
