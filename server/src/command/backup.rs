//! `binnacle backup`.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};

use super::{Exit, Failure, draw::write, verify};
use crate::{
    backup::{
        manifest::Compression,
        seal::{Recipients, Sealing},
        take::{Bounds, Order, Progress, TakeError, Taken, take},
    },
    etcd::{Endpoint, Tls},
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    take: Option<TakeArgs>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Prove how far a snapshot of etcd can be trusted: its digest, every page, every record.
    #[command(after_help = "Example:\n  binnacle backup verify snapshot.db")]
    Verify(verify::VerifyArgs),
}

#[derive(Args)]
struct TakeArgs {
    /// Where members of etcd may be asked, with commas between; one is enough to find the others.
    #[arg(long, value_name = "URL,…")]
    endpoints: String,
    /// Certificates of the authority that signs etcd's, in PEM form.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Our certificate for etcd.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Take it from this member and no other; one of the endpoints.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The folder that it is put in; made for its owner alone when it is not there.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The cluster's name, for the backup's.
    #[arg(long, value_name = "CLUSTER", default_value = "etcd")]
    name: String,
    /// Compress it with Zstandard.
    #[arg(long)]
    zstd: bool,
    /// Encrypt it for this public key of age; may be given several times.
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<String>,
    /// Seconds after which it is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within: u64,
    /// Print its manifest as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: BackupArgs) -> Result<(), Failure> {
    match (args.take, args.what) {
        (_, Some(What::Verify(args))) => verify::run(&args),
        (Some(args), None) => taken(args).await,
        (None, None) => Err((Exit::Usage, "say where etcd is with --endpoints, and where to put it with --to".into())),
    }
}

async fn taken(args: TakeArgs) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
    let endpoints = Endpoint::list(&args.endpoints).map_err(|error| usage(&error))?;
    let from = args.endpoint.as_deref().map(Endpoint::parse).transpose().map_err(|error| usage(&error))?;
    let recipients = Recipients::parse(&args.recipient.join(",")).map_err(|error| usage(&error))?;
    let sealing = Sealing { compression: args.zstd.then_some(Compression::Zstd), recipients };
    let order = Order {
        endpoints,
        tls: Tls { cacert: args.cacert, cert: args.cert, key: args.key },
        from,
        folder: args.to,
        cluster: args.name,
        by: "command line".into(),
        sealing,
        key: Vec::new(),
        bounds: Bounds { whole: Duration::from_secs(args.within), ..Bounds::default() },
    };
    let said = Said::new();
    let tell = |progress| said.tell(&progress);
    let taken = tokio::select! {
        taken = take(&order, &tell) => taken,
        () = ended() => Err(TakeError::Ended),
    };
    said.end();
    let taken = taken.map_err(|error| (exit(&error), error.to_string()))?;
    let unencrypted = order.sealing.recipients.is_empty();
    if args.json {
        return write(None, &taken.manifest.text());
    }
    write(None, &lines(&taken, unencrypted))
}

fn exit(error: &TakeError) -> Exit {
    use crate::etcd::Why;
    match error {
        TakeError::NoneAnswers(none) => {
            let unusable = |why: &Why| matches!(why, Why::Address(_) | Why::File { .. });
            if none.0.iter().all(|error| unusable(&error.why)) { Exit::Usage } else { Exit::Unreachable }
        }
        _ => Exit::Failed,
    }
}

async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn lines(taken: &Taken, unencrypted: bool) -> String {
    let Taken { manifest, path, passed_over, warnings } = taken;
    let seconds = Duration::from_millis(u64::try_from(manifest.ended - manifest.began).unwrap_or_default());
    let mut lines = format!(
        "{}\nrevision {}, {} keys, {}, from {} (etcd {}), in {:.1} s, proved to step {} of 6\n",
        path.display(),
        manifest.revision,
        manifest.keys,
        bytes(manifest.size),
        manifest.member,
        manifest.etcd_version,
        seconds.as_secs_f64(),
        manifest.reached(),
    );
    for why in passed_over {
        lines += &format!("passed over: {why}\n");
    }
    for warning in warnings {
        lines += &format!("warning: {warning}\n");
    }
    if unencrypted {
        lines += "warning: It is not encrypted, and holds every Secret of the cluster: keep it as you keep these.\n";
    }
    lines
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

/// What was said last, so that a terminal's line is written over and a log is not flooded.
struct Said(Mutex<(Option<Instant>, bool)>);

impl Said {
    fn new() -> Self {
        Self(Mutex::new((None, false)))
    }

    fn tell(&self, progress: &Progress) {
        let terminal = std::io::stderr().is_terminal();
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (last, open) = &mut *state;
        let line = match progress {
            Progress::Looking => "asking the members of etcd how they fare".to_owned(),
            Progress::Streaming { member, done, total } => {
                let every = Duration::from_millis(if terminal { 200 } else { 5_000 });
                if done < total && last.is_some_and(|last| last.elapsed() < every) {
                    return;
                }
                *last = Some(Instant::now());
                format!("{} of {} from {member}", bytes(*done), bytes(*total))
            }
            Progress::Next { why } => format!("asking the next member, because {why}"),
            Progress::Proving => "reading it again and examining it".to_owned(),
            Progress::Storing => "giving it its name".to_owned(),
        };
        let mut out = std::io::stderr().lock();
        let _ = match (terminal, matches!(progress, Progress::Streaming { .. })) {
            (true, true) => {
                *open = true;
                write!(out, "\r\x1b[K{line}").and_then(|()| out.flush())
            }
            _ => {
                let begin = if std::mem::take(open) { "\n" } else { "" };
                writeln!(out, "{begin}{line}")
            }
        };
    }

    fn end(&self) {
        if self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1 {
            eprintln!();
        }
    }
}
