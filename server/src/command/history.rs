//! `binnacle history` and `binnacle diff`: what was recorded, from the database alone, whether or not a server runs.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use journal::{Group, Record, open, seal};
use serde::{Deserialize, Serialize};
use topology::Stamp;

use super::{
    Exit, Failure,
    draw::write,
    user::{DatabaseArgs, command_line, failed},
};
use crate::{
    cluster::Cluster,
    journal::{Bounds, History, PastError, row},
    store::{BlockRow, Extent, Head, HistoryMark, IncidentRow, KeptAround, Learnt, Runs, Store, StoreError},
};

#[derive(Args)]
pub(super) struct HistoryArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Subcommand)]
enum What {
    /// Tell what is kept of each cluster, and what it takes.
    Stat {
        /// Write one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write the history of a cluster, or a part of it, into one file that another machine can read.
    Export {
        /// Of which cluster.
        cluster: String,
        /// Where to write.
        #[arg(short, value_name = "FILE")]
        output: PathBuf,
        /// From this moment on, RFC 3339; else all.
        #[arg(long, value_name = "MOMENT")]
        from: Option<jiff::Timestamp>,
        /// Until this moment; else all.
        #[arg(long, value_name = "MOMENT")]
        until: Option<jiff::Timestamp>,
    },
    /// Read such a file into this database.
    Import {
        /// It.
        file: PathBuf,
        /// The cluster's name here; else as in the file.
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Remove a namespace from all that is kept of a cluster; the server must not run meanwhile.
    Forget {
        /// Of which cluster.
        cluster: String,
        /// Which namespace.
        #[arg(long, value_name = "NAME")]
        namespace: String,
    },
}

#[derive(Args)]
pub(super) struct DiffArgs {
    /// Of which cluster.
    cluster: String,
    /// The first moment, RFC 3339, as in 2026-11-29T03:02:00Z.
    #[arg(long, value_name = "MOMENT")]
    t1: jiff::Timestamp,
    /// The second.
    #[arg(long, value_name = "MOMENT")]
    t2: jiff::Timestamp,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Deployments and backups that a file tells of at most.
const LISTED: u32 = 10_000;

/// The beginning of a file with a history.
const MAGIC: &[u8; 4] = b"BNH\x01";

/// What stands before the blocks.
#[derive(Serialize, Deserialize)]
struct Header {
    cluster: String,
    seen: i64,
    next: i64,
    marks: Vec<HistoryMark>,
    /// Files of earlier versions have none.
    #[serde(default)]
    incidents: Vec<IncidentRow>,
}

pub(super) async fn run(args: HistoryArgs) -> Result<(), Failure> {
    let store = args.database.open().await?;
    match args.what {
        What::Stat { json } => stat(&store, json).await,
        What::Export { cluster, output, from, until } => export(&store, &cluster, &output, from, until).await,
        What::Import { file, name } => import(&store, &file, name).await,
        What::Forget { cluster, namespace } => forget(&store, &cluster, &namespace).await,
    }
}

/// A cluster as it was, from a database.
pub(super) async fn then(
    store: &Store,
    cluster: &str,
    at: jiff::Timestamp,
) -> Result<std::sync::Arc<Cluster>, Failure> {
    let bounds = Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 };
    let history = History::new(store.clone(), bounds, String::new());
    let moment = history.moment(cluster, Stamp(at.as_millisecond())).await;
    moment.map(|moment| moment.cluster).map_err(|error| match &error {
        PastError::Store(_) => (Exit::Failed, error.to_string()),
        _ => (Exit::Usage, format!("{cluster}: {error}. binnacle history stat tells what is kept")),
    })
}

pub(super) async fn diff(args: DiffArgs) -> Result<(), Failure> {
    let store = args.database.open().await?;
    let (before, after) = (then(&store, &args.cluster, args.t1).await?, then(&store, &args.cluster, args.t2).await?);
    let (found, untold) = before.read(|before| after.read(|after| journal::compare(before, after)));
    let text = if args.json {
        let line = |one: &journal::Difference| serde_json::json!({ "group": one.group.word(), "name": one.name, "what": one.what });
        let untold: Vec<&str> = untold.iter().map(|source| source.word()).collect();
        let found: Vec<serde_json::Value> = found.iter().map(line).collect();
        format!("{:#}\n", serde_json::json!({ "differences": found, "untold": untold }))
    } else {
        let mut out = String::new();
        for group in Group::ALL {
            let lines: Vec<_> = found.iter().filter(|one| one.group == group).collect();
            if !lines.is_empty() {
                out += &format!("{}\n", group.heading());
                out.extend(lines.iter().map(|one| format!("  {}: {}\n", one.name, one.what)));
            }
        }
        if out.is_empty() {
            out += "Nothing that is compared was different.\n";
        }
        if !untold.is_empty() {
            let words: Vec<&str> = untold.iter().map(|source| source.word()).collect();
            out += &format!("Not compared, because one of the moments does not tell of them: {}\n", words.join(", "));
        }
        out
    };
    write(None, &scene::readable(&text))
}

async fn stat(store: &Store, json: bool) -> Result<(), Failure> {
    let mut extents = Vec::new();
    for extent in store.history_extents().await.map_err(failed)? {
        let around = store.kept_around(&extent.cluster).await.map_err(failed)?;
        extents.push((extent, around));
    }
    let shown = |at: i64| topology::health::moment(Stamp(at));
    let text = if json {
        let one = |(extent, around): &(Extent, KeptAround)| {
            serde_json::json!({
                "cluster": extent.cluster, "first": shown(extent.first), "last": shown(extent.last),
                "changes": extent.changes, "blocks": extent.blocks, "bytes": extent.size,
                "wholes": extent.wholes, "bytes_of_wholes": extent.wholes_size,
                "spans_around": around.spans, "bytes_around": around.size,
            })
        };
        format!("{:#}\n", serde_json::json!({ "clusters": extents.iter().map(one).collect::<Vec<_>>() }))
    } else if extents.is_empty() {
        "Nothing is kept.\n".to_owned()
    } else {
        extents.iter().map(|(extent, around)| line(extent, *around)).collect()
    };
    write(None, &scene::readable(&text))
}

fn line(extent: &Extent, around: KeptAround) -> String {
    let shown = |at: i64| topology::health::moment(Stamp(at));
    let each = if extent.changes > 0 { extent.size / extent.changes } else { 0 };
    let around = match around.spans {
        0 => String::new(),
        spans => format!(
            "; of it {spans} {} around deployments, restores and incidents until {}, {} bytes",
            if spans == 1 { "span" } else { "spans" },
            shown(around.until),
            around.size
        ),
    };
    format!(
        "{}: {} to {}; {} changes in {} blocks, {} bytes, {each} a change; everything {} times, {} bytes{around}\n",
        extent.cluster,
        shown(extent.first),
        shown(extent.last),
        extent.changes,
        extent.blocks,
        extent.size,
        extent.wholes,
        extent.wholes_size
    )
}

fn missing(cluster: &str) -> Failure {
    (
        Exit::Usage,
        format!("nothing is kept of {cluster}: binnacle history stat tells of which clusters there is something"),
    )
}

/// The place of a block in the order in which all are gone through.
fn place(row: &BlockRow) -> (i64, i64, i64) {
    (row.number, i64::from(row.whole), row.first)
}

async fn export(
    store: &Store,
    cluster: &str,
    output: &Path,
    from: Option<jiff::Timestamp>,
    until: Option<jiff::Timestamp>,
) -> Result<(), Failure> {
    let head = store.history_head(cluster).await.map_err(failed)?.ok_or_else(|| missing(cluster))?;
    let until = until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
    let start = match from {
        Some(from) => store.whole_before(cluster, from.as_millisecond()).await.map_err(failed)?,
        None => None,
    };
    let (first, mut next) = (start.as_ref().map_or(i64::MIN, |whole| whole.first), None);
    // Blocks of changes that begin before the whole and end after it are needed as well.
    let needed = start.as_ref().map_or(i64::MIN, |whole| whole.number);
    let seen = head.seen.min(until);
    let mut marks = store.history_marks(cluster, first, until).await.map_err(failed)?;
    marks.extend(elsewhere(store, cluster, first, seen).await.map_err(failed)?);
    let incidents = store.incidents(cluster, first, until, u32::MAX).await.map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = store.history_after(cluster, next).await.map_err(failed)? {
        next = Some(place(&row));
        let wanted = if row.whole { row.first >= first } else { row.number + row.changes > needed };
        if wanted && row.first <= until {
            rows.push(row);
        }
    }
    if !rows.iter().any(|row| row.whole) {
        let why = format!("nothing is kept of {cluster} in that span: binnacle history stat tells from when on it is");
        return Err((Exit::Usage, why));
    }
    let end = rows.iter().filter(|row| !row.whole).map(|row| row.number + row.changes).max();
    let header = Header { cluster: cluster.to_owned(), seen, next: end.unwrap_or(needed.max(0)), marks, incidents };
    let header = serde_json::to_vec(&header).map_err(|error| (Exit::Failed, error.to_string()))?;
    let parts: Vec<&[u8]> =
        std::iter::once(&header).chain(rows.iter().map(|row| &row.body)).map(Vec::as_slice).collect();
    let written = write_parts(output, &parts);
    let bytes = written.map_err(|error| (Exit::Failed, format!("cannot write {}: {error}", output.display())))?;
    println!("{}: {} blocks, {bytes} bytes", output.display(), rows.len());
    Ok(())
}

/// Deployments and backups, which have tables of their own here, as marks for a time line elsewhere.
async fn elsewhere(store: &Store, cluster: &str, from: i64, until: i64) -> Result<Vec<HistoryMark>, StoreError> {
    let lasted = |began: i64, ended: i64| began <= until && ended >= from;
    let runs = store.runs(&Runs { cluster: cluster.to_owned(), ..Runs::default() }, LISTED).await?;
    let runs = runs.into_iter().filter(|run| lasted(run.created, run.ended.unwrap_or(until))).map(|run| HistoryMark {
        lane: "deployment".into(),
        what: format!("{} by {}: {}", run.kind, run.who, run.state),
        about: run.id,
        began: run.created,
        ended: run.ended,
    });
    let backups = store.good_backups(cluster, LISTED).await?;
    let backups = backups.into_iter().filter(|backup| lasted(backup.began, backup.began)).map(|backup| HistoryMark {
        lane: "backup".into(),
        about: backup.id,
        began: backup.began,
        ended: None,
        what: "A backup that was found right.".into(),
    });
    Ok(runs.chain(backups).collect())
}

/// Writes parts, each after its length; answers how many bytes there are.
fn write_parts(output: &Path, parts: &[&[u8]]) -> std::io::Result<usize> {
    let (mut file, mut bytes) = (BufWriter::new(File::create(output)?), MAGIC.len());
    file.write_all(MAGIC)?;
    for part in parts {
        let length = u32::try_from(part.len()).map_err(std::io::Error::other)?.to_le_bytes();
        file.write_all(&length)?;
        file.write_all(part)?;
        bytes += length.len() + part.len();
    }
    file.flush()?;
    Ok(bytes)
}

async fn import(store: &Store, file: &Path, name: Option<String>) -> Result<(), Failure> {
    let odd = |what: String| (Exit::Usage, format!("{}: {what}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| odd(error.to_string()))?;
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| odd("this is no history: make one with binnacle history export".into()))?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let cut = || odd("the file ends within a block: it was cut. Export or copy it again".into());
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
        parts.push(part);
        rest = after;
    }
    let (header, blocks) = parts.split_first().ok_or_else(|| odd("the file is empty".into()))?;
    let header: Header = serde_json::from_slice(header)
        .map_err(|error| odd(format!("its header cannot be read: {error}. Export or copy it again")))?;
    let mut rows = Vec::new();
    for bytes in blocks {
        let (block, _) = open(bytes).map_err(|error| odd(error.to_string()))?;
        rows.push(row(block));
    }
    let name = name.unwrap_or(header.cluster);
    let head = Head { seen: header.seen, next: header.next };
    let learnt = Learnt { blocks: &rows, marks: &header.marks, incidents: &header.incidents };
    if !store.import_history(&name, head, learnt).await.map_err(failed)? {
        return Err((Exit::Usage, format!("there is a history of {name}: name this one otherwise with --as")));
    }
    println!("{}: {} blocks", scene::readable(&name), rows.len());
    Ok(())
}

async fn forget(store: &Store, cluster: &str, namespace: &str) -> Result<(), Failure> {
    if store.is_held(&format!("history {cluster}")).await.map_err(failed)? {
        let why = format!("a server records {cluster} now and would write again what is removed: stop it first");
        return Err((Exit::Usage, why));
    }
    store.history_head(cluster).await.map_err(failed)?.ok_or_else(|| missing(cluster))?;
    let entry = command_line().entry("history.forget", cluster, "", true, namespace);
    store.remember(&entry).await.map_err(failed)?;
    let (mut next, mut removed, mut unread) = (None, 0, 0);
    while let Some(old) = store.history_after(cluster, next).await.map_err(failed)? {
        next = Some(place(&old));
        let Ok((block, records)) = open(&old.body) else {
            unread += 1;
            continue;
        };
        let mut found = 0;
        let kept: Vec<Record> = records
            .into_iter()
            .map(|record| match record.without(namespace) {
                Some(nothing) => {
                    found += 1;
                    nothing
                }
                None => record,
            })
            .collect();
        if found == 0 {
            continue;
        }
        removed += found;
        let sealed = seal(block.content, block.number, &kept).map_err(|error| (Exit::Failed, error.to_string()))?;
        store.replace_history(cluster, &old, &row(sealed)).await.map_err(failed)?;
    }
    removed += forget_incidents(store, cluster, namespace).await?;
    println!("{removed} records of {namespace} are removed from the history of {cluster}");
    if unread > 0 {
        // A later version may read them, and find the namespace there.
        let why = format!(
            "{unread} blocks could not be read and stay as they are until they are too old: a later version of \
             Binnacle may have written them. Repeat this with it"
        );
        return Err((Exit::Failed, why));
    }
    Ok(())
}

/// Removes incidents of a namespace, and its names from what others touched and from what had changed before them.
async fn forget_incidents(store: &Store, cluster: &str, namespace: &str) -> Result<usize, Failure> {
    let rows = store.incidents(cluster, i64::MIN, i64::MAX, u32::MAX).await.map_err(failed)?;
    let within = |name: &str| name.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('/'));
    let mut removed = 0;
    for row in rows {
        if row.about.split_once('/').is_some_and(|(kind, rest)| kind != "node" && within(rest)) {
            store.remove_incident(cluster, &row.id).await.map_err(failed)?;
            removed += 1;
            continue;
        }
        let touched = row.touched();
        let kept: Vec<_> =
            touched.iter().filter(|one| !one.name.split_once(' ').is_some_and(|(_, name)| within(name))).collect();
        if kept.len() < touched.len() {
            removed += touched.len() - kept.len();
            let touched = serde_json::to_string(&kept).map_err(|error| (Exit::Failed, error.to_string()))?;
            store.keep_incidents(&[IncidentRow { touched, ..row.clone() }]).await.map_err(failed)?;
        }
        let Some(mut before) = row.before() else { continue };
        let count = before.lines.len();
        before.lines.retain(|line| !within(&line.name));
        if before.lines.len() < count {
            removed += count - before.lines.len();
            let before = serde_json::to_string(&before).map_err(|error| (Exit::Failed, error.to_string()))?;
            store.incident_changed(&row, &before).await.map_err(failed)?;
        }
    }
    Ok(removed)
}
