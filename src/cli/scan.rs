//! `toolrisk scan`

use super::{Exit, Failure};

/// Arguments of `toolrisk scan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Runs the command.
pub(super) fn run(_args: Args) -> Result<Exit, Failure> {
    Err(Failure::failed("not written yet"))
}
