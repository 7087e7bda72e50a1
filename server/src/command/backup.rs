//! `binnacle backup`: taking one, and what else there is to do with them.

use clap::{Args, Subcommand};

use super::{Exit, Failure, rehearse, take, verify};

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
}

pub(super) async fn run(args: BackupArgs) -> Result<(), Failure> {
    match (args.take, args.what) {
        (_, Some(What::Verify(args))) => verify::run(&args),
        (_, Some(What::Rehearse(args))) => rehearse::run(args).await,
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
