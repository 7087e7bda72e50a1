//! Binnacle's one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    binnacle::command::run().into()
}
