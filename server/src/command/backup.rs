//! `binnacle backup`.

use clap::{Args, Subcommand};

use super::{Failure, verify};

#[derive(Args)]
pub(super) struct BackupArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prove how far a snapshot of etcd can be trusted: its digest, every page, every record.
    #[command(after_help = "Example:\n  binnacle backup verify snapshot.db")]
    Verify(verify::VerifyArgs),
}

pub(super) fn run(args: BackupArgs) -> Result<(), Failure> {
    match args.what {
        What::Verify(args) => verify::run(&args),
    }
}
