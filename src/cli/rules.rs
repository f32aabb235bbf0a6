//! `toolrisk rules`: list, show and check the rules.

use super::{Exit, Failure};
use crate::rules::{RuleError, RuleSet};
use std::path::Path;

/// Arguments of `toolrisk rules`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// The built-in rules, with those of a folder on top.
pub(super) fn rule_set(folder: Option<&Path>) -> Result<RuleSet, Failure> {
    match folder {
        None => RuleSet::embedded(),
        // A folder with weights of its own is a whole set; any other adds to the built-in one.
        Some(folder) if folder.join("taxonomy.toml").is_file() => RuleSet::load(folder),
        Some(folder) => RuleSet::with_overrides(folder),
    }
    .map_err(|error| rule_failure(&error))
}

/// A rule set that cannot be used is bad input.
pub(super) fn rule_failure(error: &RuleError) -> Failure {
    Failure::bad_input(
        error.to_string(),
        "`toolrisk rules lint --rules DIR` checks a folder of rules",
    )
}

/// Runs the command.
pub(super) fn run(_args: Args) -> Result<Exit, Failure> {
    Err(Failure::failed("not written yet"))
}
