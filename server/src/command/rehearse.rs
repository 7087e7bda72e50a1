//! `binnacle backup rehearse`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::json;

use super::{Exit, Failure, draw::write, verify};
use crate::backup::rehearsal::{Programs, RehearsalError, Rehearsed, rehearse};

#[derive(Args)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    backup: verify::StoredArgs,
    /// etcd's server, of the cluster's version where it can be had; else the one in the PATH.
    #[arg(long, value_name = "PROGRAM")]
    etcd: Option<PathBuf>,
    /// etcdutl, or etcdctl before 3.5; else the one in the PATH.
    #[arg(long, value_name = "PROGRAM")]
    etcdutl: Option<PathBuf>,
    /// Seconds after which it is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within: u64,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: RehearseArgs) -> Result<(), Failure> {
    // Before anything takes long.
    let programs = Programs::find(args.etcd.as_deref(), args.etcdutl.as_deref()).map_err(|error| failure(&error))?;
    let (backup, json) = (args.backup, args.json);
    let proved = tokio::task::spawn_blocking(move || {
        let opened = backup.opened()?;
        let (file, proof) = verify::proved(opened.path())?;
        Ok((backup, opened, file, proof))
    });
    let (backup, opened, file, proof) = proved.await.map_err(|error| (Exit::Failed, error.to_string()))??;
    let Ok(examined) = &proof.sound else {
        if json {
            write(None, &format!("{:#}\n", verify::answer(&backup, &opened, &file, &proof)))?;
        }
        return verify::refused(&backup.file, &proof);
    };
    let (folder, within) = (backup.scratch(), Duration::from_secs(args.within));
    let rehearsed = tokio::select! {
        rehearsed = rehearse(opened.path(), examined, &programs, &folder, within) => rehearsed.map_err(|error| failure(&error))?,
        () = super::backup::ended() => return Err((Exit::Failed, "it was ended before the rehearsal was over".into())),
    };
    if json {
        let mut answer = verify::answer(&backup, &opened, &file, &proof);
        answer["reached"] = json!(snapshot::Step::Rehearsed.number());
        answer["rehearsal"] = json!({
            "etcd": rehearsed.version,
            "cluster_version": rehearsed.other,
            "revision": rehearsed.revision,
            "keys": rehearsed.keys,
            "hash_kv": rehearsed.hash,
            "alarms": rehearsed.alarms,
            "refused": rehearsed.refused,
            "restored_millis": millis(rehearsed.restored),
            "started_millis": millis(rehearsed.started),
            "millis": millis(rehearsed.whole),
        });
        return write(None, &format!("{answer:#}\n"));
    }
    write(None, &(verify::lines(&opened, &file, &proof) + &lines(&rehearsed)))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn failure(error: &RehearsalError) -> Failure {
    let exit = match error {
        RehearsalError::Missing { .. }
        | RehearsalError::Program { .. }
        | RehearsalError::Older { .. }
        | RehearsalError::Room { .. }
        | RehearsalError::Folder { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    (exit, error.to_string())
}

fn lines(rehearsed: &Rehearsed) -> String {
    let Rehearsed { version, other, revision, keys, hash, alarms, refused, restored, started, whole } = rehearsed;
    let step = snapshot::Step::Rehearsed;
    let (number, took) = (step.number(), whole.as_secs_f64());
    let mut out = match refused {
        None => format!(
            "step {number}, {}: {} It wrote a key and gave it back. ({took:.3} s)\n",
            step.word(),
            step.sentence()
        ),
        Some(why) => format!(
            "step {number}, restores, and refuses writes: {} It refused to write a key ({why}) until its alarm {} was \
             disarmed, and then wrote it. After a restore run: etcdctl alarm disarm ({took:.3} s)\n",
            step.sentence(),
            alarms.join(" and "),
        ),
    };
    if refused.is_none() && !alarms.is_empty() {
        out += &format!("warning: It has the alarm {}.\n", alarms.join(" and "));
    }
    let keys = keys.map_or("keys that could not be counted".to_owned(), |keys| format!("{keys} keys"));
    let hash = hash.map_or("no hash to compare".to_owned(), |hash| format!("HashKV {hash:x}"));
    out += &format!(
        "etcd {version}: restored in {:.3} s, answered after {:.3} s; revision {revision}, {keys}, {hash}\n",
        restored.as_secs_f64(),
        started.as_secs_f64(),
    );
    if let Some(other) = other {
        out += &format!("The cluster has etcd {other}: a rehearsal with that one would prove more.\n");
    }
    out
}
