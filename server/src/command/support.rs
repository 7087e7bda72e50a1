//! `binnacle support-bundle`: what a maintainer needs to help, in one file, and no secret.
//!
//! It is listed before it is written. Every text goes through the rules that hide secrets in logs, and the
//! secrets of the settings are sought in it.

use std::{
    fmt::Write as _,
    io::{IsTerminal, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use transcript::Redactor;

use super::{Exit, Failure, draw, examine};
use crate::config::{ConfigError, Given, Settings};

#[derive(Args)]
pub(super) struct SupportArgs {
    /// File to write; it must not be there yet.
    #[arg(long, short, value_name = "FILE", default_value = "binnacle-support.tar.gz")]
    output: PathBuf,
    /// Write it without asking.
    #[arg(long)]
    yes: bool,
    /// Only list what would be written.
    #[arg(long, conflicts_with = "yes")]
    list: bool,
    /// The server's TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Folder for what Binnacle keeps.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// A file of the server's log to add, as journalctl -u binnacle prints it; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Of a log the end is taken.
const LOG: usize = 4 << 20;

/// What stands in the place of the log where the secrets of the settings are not known.
const UNREAD: &str = "left out: the settings cannot be read. Mend what settings.txt tells, and run this again\n";

/// One file of the bundle.
struct Part {
    name: &'static str,
    /// For the list.
    meaning: &'static str,
    text: String,
}

pub(super) async fn run(args: SupportArgs) -> Result<(), Failure> {
    let mut given: Given = Vec::new();
    given.extend(args.config.map(|config| ("config", config)));
    given.extend(args.data.map(|data| ("data", data)));
    given.extend(args.kubeconfig.map(|kubeconfig| ("kubeconfig", kubeconfig)));
    let log = args.log.as_deref().map(end_of).transpose()?;
    let parts = parts(&given, log).await;
    draw::write(None, &listed(&args.output, &parts))?;
    if args.list || !(args.yes || agreed()?) {
        return draw::write(None, "nothing was written\n");
    }
    let refused = |error: std::io::Error| {
        (Exit::Failed, format!("cannot write {}: {error}. Name another file with --output", args.output.display()))
    };
    write(&args.output, &parts).map_err(refused)?;
    draw::write(None, &format!("written: {}\n", args.output.display()))
}

async fn parts(given: &Given, log: Option<String>) -> Vec<Part> {
    let mut parts = vec![Part { name: "about.txt", meaning: "version and machine", text: about() }];
    // Settings that cannot be used are what help may be wanted with.
    let wrong = |error: ConfigError| format!("wrong: {error}\n");
    let line = |[name, value, place]: [String; 3]| format!("{name} = {value}    ({place})\n");
    let shown = Settings::shown(given);
    let known = shown.is_ok();
    let text = shown.map_or_else(wrong, |shown| shown.into_iter().map(line).collect());
    parts.push(Part {
        name: "settings.txt",
        meaning: "settings that were given, without addresses of databases and hooks",
        text,
    });
    let (name, meaning) = ("doctor.txt", "everything that binnacle doctor looks at");
    let text = match Settings::load(given) {
        Ok(settings) => examine::text(&examine::all(&settings).await),
        Err(error) => wrong(error),
    };
    parts.push(Part { name, meaning, text });
    if let Some(text) = log {
        // Secrets of settings that cannot be read cannot be sought in it.
        let text = if known { text } else { UNREAD.to_owned() };
        parts.push(Part { name: "log.txt", meaning: "the end of the log", text });
    }
    let secrets = Settings::secrets(given);
    for part in &mut parts {
        part.text = hidden(&part.text, &secrets);
    }
    parts
}

/// A text without these secrets, and without what looks like one.
fn hidden(text: &str, secrets: &[String]) -> String {
    let (mut redactor, mut out) = (Redactor::new(secrets.iter().map(String::as_str)), Vec::with_capacity(text.len()));
    redactor.push(text.as_bytes(), &mut out);
    redactor.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn about() -> String {
    let uname = rustix::system::uname();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let mut text = String::new();
    let _ = writeln!(text, "binnacle {} for {}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let _ = writeln!(text, "{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy());
    let _ = writeln!(text, "{cores} cores");
    let _ = writeln!(text, "written {}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
    text
}

fn end_of(path: &Path) -> Result<String, Failure> {
    let bytes = match path.as_os_str() == "-" {
        true => last(&mut std::io::stdin().lock()),
        false => std::fs::File::open(path).and_then(|mut file| last(&mut file)),
    };
    let bytes = bytes.map_err(|error| (Exit::Usage, format!("{} cannot be read: {error}", path.display())))?;
    let end = &bytes[bytes.len().saturating_sub(LOG)..];
    // From the first whole line on: half a line may be half a secret.
    let whole = match end.len() < bytes.len() {
        true => end.iter().position(|byte| *byte == b'\n').map_or(&[][..], |at| &end[at + 1..]),
        false => end,
    };
    Ok(String::from_utf8_lossy(whole).into_owned())
}

/// The last bytes of it, a little more than are wanted where there are more.
fn last(from: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while from.take(LOG as u64).read_to_end(&mut bytes)? > 0 {
        let more = bytes.len().saturating_sub(LOG + 1);
        bytes.drain(..more);
    }
    Ok(bytes)
}

fn listed(output: &Path, parts: &[Part]) -> String {
    let mut text = format!("{} would hold:\n", output.display());
    for Part { name, meaning, text: whole } in parts {
        let _ = writeln!(text, "  {name:<14} {:>8} bytes  {meaning}", whole.len());
    }
    text.push_str("Names of clusters, hosts and folders are in it; passwords, keys and tokens are not.\n");
    text
}

/// Asks at the terminal whether it is to be written.
fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err((
            Exit::Usage,
            "nobody can be asked here: say --yes to write it, or --list to see the list alone".into(),
        ));
    }
    draw::write(None, "Write it? [y/N] ")?;
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.map_err(|error| (Exit::Failed, format!("no answer was read: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn write(output: &Path, parts: &[Part]) -> std::io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(output)?;
    let packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    let mut archive = tar::Builder::new(packed);
    for part in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(part.text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, format!("binnacle-support/{}", part.name), part.text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.flush()
}
