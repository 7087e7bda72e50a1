//! `binnacle serve`.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use simulator::Simulator;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::EnvFilter;

use super::{Exit, Failure, data, described, keeping, sweeping};
use crate::{
    access::{self, Door, Hosts, Oidc, Ways},
    backup,
    cluster::{Clusters, contexts::Context},
    config::{Demo, Deploying, Given, LogFormat, Settings},
    demo::{self, Demonstration},
    deploy::Office,
    embed::Embed,
    front::{self, Front},
    incidents::{self, Judging, certificates::Pace},
    journal::{self, History},
    listen::{self, Bounds, Certificates, Listening, Stopping},
    pages::Site,
    running::{self, Running},
    store::{Duty, Place, Store},
};

/// How often what nobody looks at is looked for.
const TIDY: Duration = Duration::from_secs(15);
/// What was recorded last is kept within this time, or lost.
const LAST: Duration = Duration::from_secs(5);

pub(super) async fn run(given: Given) -> Result<(), Failure> {
    let settings = Settings::load(&given).map_err(|error| (Exit::Usage, error.to_string()))?;
    log(&settings)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    refuse_beyond_loopback(&settings)?;
    app::base::serve_below(&settings.base_path);
    let store = store(&settings).await?;
    let door = Arc::new(door(&settings, store.clone())?);
    let tls = settings.tls.as_ref().map(|(certificate, key)| Certificates::read(certificate, key)).transpose();
    let tls = tls.map_err(|error| (Exit::Usage, error.to_string()))?;
    let (found, mut demonstration) = clusters(&settings)?;
    let mut contexts: Vec<Context> = match &demonstration {
        Some(_) => found,
        None => described::with_settings(&settings, found).map_err(|error| (Exit::Usage, error.to_string()))?,
    };
    let built_in = demonstration.as_ref().is_some_and(|it| it.name == demo::NAME);
    if let Some(demonstration) = demonstration.as_mut().filter(|_| built_in) {
        demonstration.start_etcd(&settings.data);
    }
    let its = demonstration.as_ref().and_then(|it| Some(it.etcd.as_ref()?.access()));
    if let (Some(access), Some(first)) = (its, contexts.first_mut()) {
        *first = first.clone().with_etcd(access);
    }
    let backups = keeping::backups(&settings, &store, &keeping::etcds(&contexts), holder()).await?;
    // Whoever reads that we listen may ask us to stop at once.
    let asked = asked_to_stop().map_err(|error| (Exit::Failed, format!("signals cannot be heard: {error}")))?;
    let listener = listen::socket(settings.listen).map_err(|error| cannot_listen(settings.listen, &error))?;
    let address = listener.local_addr().map_err(|error| (Exit::Failed, error.to_string()))?;
    let address = format!("{}://{address}{}", if tls.is_some() { "https" } else { "http" }, settings.base_path);
    announce_first(&address, &door).await?;
    announce(&address, &contexts);
    let (deploying, plans) = deploying(&settings, built_in);
    let looked_at = contexts.clone();
    let site = Site::of(Clusters::new(contexts, settings.idle), plans, settings.compass_release);
    let tidying = tokio::spawn(tidy(site.clone()));
    let (stop_recording, ends_recording) = watch::channel(false);
    let certificates = incidents::Certificates::default();
    let history = settings.history.map(|bounds| {
        let (backups, rules, seen) = (backups.clone(), settings.incidents.rules, certificates.clone());
        let beside = move |cluster: &str| incidents::beside(&backups, &seen, cluster);
        History::new(store.clone(), bounds, holder()).judging(Judging { rules, beside: Arc::new(beside) })
    });
    let looks = history.is_some() && settings.incidents.rules.ahead > 0;
    let looking = looks.then(|| tokio::spawn(certificates.follow(looked_at, Pace::default())));
    let recording = history.clone().map(|history| {
        site.remembers(history.clone());
        let (clusters, first) = (site.clusters(), jiff::Timestamp::now());
        tokio::spawn(async move {
            // Nothing is recorded before these days.
            if built_in && let Err(error) = demo::make_past(&history, first).await {
                tracing::warn!("the demonstration has no past: {error}");
            }
            journal::record(history, clusters, ends_recording).await;
        })
    });
    let embed = Embed::new(site.clone(), store.clone(), settings.embed_origins, settings.public_url).await;
    let embed = embed.map_err(|error| (Exit::Failed, error.to_string()))?;
    let bounds = Bounds { each: settings.connections_per_address, ..Bounds::here() };
    let (stopping, proxies) = (Stopping::default(), settings.trusted_proxies.clone());
    let duty = Duty::stand(store.clone(), "acts", holder());
    let running = Running {
        site: site.clone(),
        store: store.clone(),
        tls: tls.clone(),
        stopping: stopping.clone(),
        backups: backups.clone(),
        duty: duty.watch(),
    };
    let telling = settings.incidents.telling.clone();
    let attending_incidents =
        history.map(|history| tokio::spawn(incidents::attend(history, telling, site.clusters(), duty.watch())));
    let backing_up = tokio::spawn(backup::rounds(backups.clone(), duty.watch()));
    let warning = settings.backups.webhook.clone();
    let filling = demonstration.clone().map(|it| tokio::spawn(it.fill_etcd(backups.clone())));
    let warning = warning.map(|webhook| tokio::spawn(backup::telling(backups, webhook, duty.watch())));
    let sweeping = tokio::spawn(sweeping::sweep(door.clone(), settings.audit_kept, duty.watch()));
    let office = deploying.map(|of| Office::new(store.clone(), of.host, of.finish, of.keep));
    let attending = office.clone().map(|office| tokio::spawn(office.attend(duty.watch())));
    let staged = demonstration.clone().filter(|_| built_in).zip(office.clone());
    let staging = staged.map(|(demonstration, office)| tokio::spawn(demo::stage(demonstration, office)));
    let etcd = demonstration.as_ref().and_then(|it| it.etcd.clone());
    let router = front::router(&Front { site, door, embed, running, office, demonstration, a_minute: settings.rate });
    let ends = tokio::spawn(end(asked, stopping.clone(), bounds.drain));
    let lives = tokio::spawn(running::watchdog());
    running::ready(&address);
    Listening { listener, tls, bounds, proxies, stopping }.serve(router).await;
    let tasks = [tidying, ends, lives, sweeping, backing_up].into_iter().chain(attending).chain(staging);
    for task in tasks.chain(filling).chain(warning).chain(attending_incidents).chain(looking) {
        task.abort();
    }
    let _ = stop_recording.send(true);
    if let Some(recording) = recording {
        let _ = tokio::time::timeout(LAST, recording).await;
    }
    duty.resign().await;
    store.close().await;
    if let Some(etcd) = etcd {
        etcd.stop();
    }
    Ok(())
}

/// Waits until the process is asked to stop, and tells everybody.
async fn end(asked: impl Future<Output = ()>, stopping: Stopping, drain: Duration) {
    asked.await;
    tracing::info!("stopping; streams have {} s to end", drain.as_secs());
    running::ending();
    stopping.ask();
}

fn log(settings: &Settings) -> Result<(), Failure> {
    // The style sheet's selectors for hands and keyboards mean nothing to a PNG, and that is no news.
    // What assistants ask for in vain is theirs to know, and what they send is not the log's.
    let filter = EnvFilter::try_new(format!("simplecss=error,rmcp=error,{}", settings.log))
        .map_err(|error| (Exit::Usage, format!("log is {:?}, which is no filter: {error}", settings.log)))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A reader of the log that went away must not take the server with it.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

pub(super) fn refuse_beyond_loopback(settings: &Settings) -> Result<(), Failure> {
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
    data::private(&settings.data).map_err(|error| (Exit::Usage, error.to_string()))?;
    let place = settings.database.clone().unwrap_or_else(|| Place::beside(&settings.data));
    Store::open(&place).await.map_err(|error| (Exit::Failed, error.to_string()))
}

fn door(settings: &Settings, store: Store) -> Result<Door, Failure> {
    let lines = settings.audit.as_deref().map(audit_lines).transpose()?;
    let ways = Ways { loopback: settings.sign_in.is_none(), local: settings.sign_in.local, oidc: false };
    let hosts = Hosts::new(settings.listen, &settings.hosts);
    let proxies = settings.trusted_proxies.clone();
    let door = Door::new(store, ways, hosts, proxies, settings.sessions, lines);
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
async fn announce_first(address: &str, door: &Door) -> Result<(), Failure> {
    let key = door.first_key().await.map_err(|error| (Exit::Failed, error.to_string()))?;
    if let Some(key) = key {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "There is no admin yet. Make the first one, once: {address}/first?key={key}");
        let _ = out.flush();
    }
    Ok(())
}

fn clusters(settings: &Settings) -> Result<(Vec<Context>, Option<Demonstration>), Failure> {
    let shown = |(context, simulator): (Context, Simulator)| {
        let demonstration = Demonstration::new(&context.name, simulator);
        (vec![context], Some(demonstration))
    };
    let built_in = || shown(demo::context());
    if settings.demo == Demo::Always {
        return Ok(built_in());
    }
    if let Demo::Of(distribution) = settings.demo {
        return Ok(shown(demo::context_of(distribution)));
    }
    let found = described::found(settings).map_err(|error| (Exit::Usage, error.to_string()))?;
    if found.is_empty() && settings.demo == Demo::IfNone {
        tracing::info!("no kubeconfig found: showing the built-in demonstration cluster");
        return Ok(built_in());
    }
    Ok((found, None))
}

/// From where deployments are made, and the folder of plans: the built-in cluster has its own where nothing is said.
fn deploying(settings: &Settings, built_in: bool) -> (Option<Deploying>, Option<PathBuf>) {
    let plans = settings.plans.clone();
    if settings.deploying.is_some() || !built_in {
        return (settings.deploying.clone(), plans);
    }
    match demo::rehearsal(&settings.data) {
        Ok(Some((deploying, folder))) => (Some(deploying), plans.or(Some(folder))),
        Ok(None) => (None, plans),
        Err(error) => {
            tracing::warn!("the built-in cluster cannot be deployed: {error}");
            (None, plans)
        }
    }
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

fn announce(address: &str, contexts: &[Context]) {
    let names: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
    let names = if names.is_empty() { "none: name a kubeconfig, or use --demo".to_owned() } else { names.join(", ") };
    let mut out = std::io::stdout().lock();
    // Whoever started us may have closed its end; that is no reason to stop.
    let _ = writeln!(out, "Clusters: {names}\nListening on {address}");
    let _ = out.flush();
}

/// A name for this process that no other has, on this machine or another.
fn holder() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} {} {}", machine.trim(), std::process::id(), access::random::<8>())
}

async fn tidy(site: Arc<Site>) {
    loop {
        tokio::time::sleep(TIDY).await;
        site.forget_idle();
    }
}

/// Ends when the process is asked to stop; listens from the call on, not only when it is first waited for.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
