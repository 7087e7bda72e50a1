//! `binnacle backup`: taking one, and what else there is to do with them.

use clap::{Args, Subcommand};

use super::{Exit, Failure, diff, guide, rehearse, take, verify};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    take: Option<take::TakeArgs>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Prove how far a snapshot of etcd can be trusted: its digest, every page, every record.
    #[command(after_help = "Example:\n  binnacle backup verify snapshot.db")]
    Verify(verify::VerifyArgs),
    /// Restore a snapshot of etcd into a throwaway etcd, and hold what that tells to the snapshot.
    #[command(
        after_help = "Example:\n  binnacle backup rehearse snapshot.db --etcd /opt/etcd-3.5/etcd --etcdutl /opt/etcd-3.5/etcdutl"
    )]
    Rehearse(rehearse::RehearseArgs),
    /// Write how a backup is restored, as Markdown: the commands host by host, and what to check after each.
    #[command(
        after_help = "Example:\n  binnacle backup guide harbour-20260131t120000z-r4711-5f3a9c.json --dha dha.yml --network network.yml"
    )]
    Guide(guide::GuideArgs),
    /// Tell what changed between two backups: objects added, removed and changed, by kind and namespace. Names only.
    #[command(after_help = "Example:\n  binnacle backup diff monday.db tuesday.db.zst")]
    Diff(diff::DiffArgs),
}

pub(super) async fn run(args: BackupArgs) -> Result<(), Failure> {
    match (args.take, args.what) {
        (_, Some(What::Verify(args))) => verify::run(&args),
        (_, Some(What::Rehearse(args))) => rehearse::run(args).await,
        (_, Some(What::Guide(args))) => guide::run(args).await,
        (_, Some(What::Diff(args))) => diff::run(&args),
        (Some(args), None) => take::run(args).await,
        (None, None) => Err((Exit::Usage, "say where etcd is with --endpoints, and where to put it with --to".into())),
    }
}

/// When somebody wants the command to end.
pub(super) async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
