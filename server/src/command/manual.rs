//! `binnacle man`: the manual pages, made from the command line itself.

use std::path::Path;

use super::{Exit, Failure};

/// Writes `binnacle.1` and one page for each command into a folder, which is made when it is not there.
pub(super) fn write(command: clap::Command, folder: &Path) -> Result<(), Failure> {
    let unwritable = |error| (Exit::Failed, format!("{} cannot be written: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    clap_mangen::generate_to(command, folder).map_err(unwritable)
}
