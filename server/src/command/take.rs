//! Taking a backup from the command line.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clap::Args;

use super::{Exit, Failure, backup::ended, draw::write};
use crate::{
    backup::{
        companion::gather,
        manifest::Compression,
        places::{Address, Place, folder_of},
        seal::{Recipients, Sealing},
        take::{Bounds, Order, Progress, TakeError, Taken, take_with},
    },
    etcd::{Endpoint, Through, Tls},
};

#[derive(Args)]
pub(super) struct TakeArgs {
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
    /// Reach etcd through this machine, by OpenSSH, as in root@10.1.0.2 or a name of its configuration.
    #[arg(long, value_name = "HOST")]
    through: Option<String>,
    /// Another configuration of OpenSSH than this user's.
    #[arg(long, value_name = "FILE", requires = "through")]
    ssh_config: Option<PathBuf>,
    /// Take it from this member and no other; one of the endpoints.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Where it is kept: folders, or s3://BUCKET/PREFIX?endpoint=URL&credentials=FILE, with commas between. It is taken
    /// to the first folder; without one, to a temporary one.
    #[arg(long, value_name = "PLACE,…", required = true, value_delimiter = ',')]
    to: Vec<String>,
    /// The cluster's name, for the backup's.
    #[arg(long, value_name = "CLUSTER", default_value = "etcd")]
    name: String,
    /// Compress it with Zstandard.
    #[arg(long)]
    zstd: bool,
    /// Encrypt it for this public key of age; may be given several times.
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<String>,
    /// Files and folders that travel with it, as certificates, etcd.env and admin.conf; they hold keys, so that it takes a
    /// recipient. May be given several times.
    #[arg(long, value_name = "FILE", requires = "recipient")]
    with: Vec<PathBuf>,
    /// A file with the key that its manifest is signed with: that of the server that shall list it.
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Seconds after which it is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within: u64,
    /// Print its manifest as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: TakeArgs) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
    let endpoints = Endpoint::list(&args.endpoints).map_err(|error| usage(&error))?;
    let from = args.endpoint.as_deref().map(Endpoint::parse).transpose().map_err(|error| usage(&error))?;
    let through = match &args.through {
        None => None,
        Some(host) => Some(Arc::new(
            Through::parse(host, args.ssh_config)
                .ok_or_else(|| usage(&"--through is a host as OpenSSH takes it, as in root@10.1.0.2"))?,
        )),
    };
    let reached = |endpoint: Endpoint| endpoint.reached(through.clone());
    let (endpoints, from) = (endpoints.into_iter().map(reached).collect(), from.map(reached));
    let recipients = Recipients::parse(&args.recipient.join(",")).map_err(|error| usage(&error))?;
    let sealing = Sealing { compression: args.zstd.then_some(Compression::Zstd), recipients };
    let key = match &args.sign {
        Some(file) => signing(file)?,
        None => Vec::new(),
    };
    // Before anything takes long.
    let with = gather(&args.with, &sealing.recipients).map_err(|error| usage(&error))?;
    let kept = Kept::of(&args.to, &args.name)?;
    let order = Order {
        endpoints,
        tls: Tls { cacert: args.cacert, cert: args.cert, key: args.key },
        from,
        folder: kept.folder.clone(),
        cluster: args.name,
        by: "command line".into(),
        sealing,
        key,
        bounds: Bounds { whole: Duration::from_secs(args.within), ..Bounds::default() },
    };
    let said = Said::new();
    let tell = |progress| said.tell(&progress);
    let taken = tokio::select! {
        taken = take_with(&order, Some(with), &tell) => taken,
        () = ended() => Err(TakeError::Ended),
    };
    said.end();
    let mut taken = taken.map_err(|error| {
        kept.forget();
        (exit(&error), error.to_string())
    })?;
    // Nobody rehearses it here, and the places may take long.
    taken.plain = None;
    kept.put(&mut taken, &order.key).await?;
    let unencrypted = order.sealing.recipients.is_empty();
    if args.json {
        return write(None, &taken.manifest.text());
    }
    write(None, &lines(&taken, unencrypted))
}

/// A key is a line of text that nobody guesses.
fn signing(file: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |what: String| (Exit::Usage, format!("the key in {} {what}", file.display()));
    let key = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let key = key.trim_ascii().to_vec();
    if key.len() < 16 { Err(wrong("is shorter than 16 bytes, and so could be guessed".into())) } else { Ok(key) }
}

/// Where a backup is to be kept.
struct Kept {
    /// Where it is taken to.
    folder: PathBuf,
    /// Whether that is only for the way.
    passing: bool,
    /// Where else it is put.
    places: Vec<Place>,
}

impl Kept {
    fn of(to: &[String], cluster: &str) -> Result<Self, Failure> {
        let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
        let mut folder = None;
        let mut places = Vec::new();
        for text in to.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            match Address::parse(text).map_err(|error| usage(&error))? {
                Address::Folder(path) if folder.is_none() => folder = Some(path.join(folder_of(cluster))),
                _ => places.push(Place::open(text).map_err(|error| usage(&error))?),
            }
        }
        let passing = folder.is_none();
        if passing && places.is_empty() {
            return Err(usage(&"--to names no place"));
        }
        let way = || std::env::temp_dir().join(format!("binnacle-backup-{}", std::process::id()));
        Ok(Self { folder: folder.unwrap_or_else(way), passing, places })
    }

    /// Puts it where it is to be kept; what was taken stays as long as one place does not have it.
    async fn put(&self, taken: &mut Taken, key: &[u8]) -> Result<(), Failure> {
        if self.places.is_empty() {
            return Ok(());
        }
        let (path, manifest) = (&taken.path, &taken.manifest);
        let putting = self.places.iter().map(|place| async {
            let name = place.name();
            eprintln!("storing it in {name}");
            let told = Mutex::new(Instant::now());
            let tell = |sent: u64| {
                let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if told.elapsed() > Duration::from_secs(2) {
                    *told = Instant::now();
                    eprintln!("{} of {} into {name}", bytes(sent), bytes(manifest.stored.size));
                }
            };
            let put = place.put_telling(path, manifest, key, &tell).await;
            if put.is_ok() {
                eprintln!("read back from {name}: it is as it was taken");
            }
            put
        });
        let mut failed = Vec::new();
        for put in futures::future::join_all(putting).await {
            match put {
                Ok(listed) if self.passing => taken.manifest = listed,
                Ok(_) => {}
                Err(error) => failed.push(error.to_string()),
            }
        }
        if !failed.is_empty() {
            let here = taken.path.display();
            return Err((Exit::Failed, format!("{}\nthe backup is good, and is stored in {here}", failed.join("\n"))));
        }
        if self.passing {
            let first = self.places[0].name();
            let there = format!("{first}/{}/{}", folder_of(&taken.manifest.cluster), taken.manifest.stored.name);
            taken.path = PathBuf::from(there);
            self.forget();
        }
        Ok(())
    }

    /// What was only for the way.
    fn forget(&self) {
        if self.passing {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn exit(error: &TakeError) -> Exit {
    use crate::etcd::Why;
    match error {
        TakeError::NoneAnswers(none) => {
            let unusable = |why: &Why| matches!(why, Why::Address(_) | Why::Socket | Why::File { .. });
            if none.0.iter().all(|error| unusable(&error.why)) { Exit::Usage } else { Exit::Unreachable }
        }
        TakeError::Forbidden(_) => Exit::Unreachable,
        _ => Exit::Failed,
    }
}

fn lines(taken: &Taken, unencrypted: bool) -> String {
    let Taken { manifest, path, passed_over, warnings, .. } = taken;
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
    if let Some(companion) = &manifest.companion {
        lines += &format!("with it travel {} files, encrypted, in {}\n", companion.files.len(), companion.stored.name);
    }
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
