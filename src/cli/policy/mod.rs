//! `toolrisk policy`

use super::{Exit, Failure, output};
use crate::model::Shown;
use crate::policy::Mistake;
use clap::Subcommand;
use std::io::Read as _;
use std::path::Path;

mod args;
mod bulk;
mod check;
mod emitted;
mod files;
mod generate;
mod server;
mod tell;
mod test;
mod together;
mod validate;

const EXAMPLES: &str = "\
Examples:
  toolrisk policy generate saved-tools.json --preset hardened > policy.json
  toolrisk policy test policy.json calls.jsonl";

/// Arguments of `toolrisk policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make default-deny policies from what servers answered
    Generate(args::Args),
    /// Say everything that is wrong with a policy document, and what is left to fill in
    Validate(validate::Args),
    /// Say for each of a list of calls whether a policy allows it, and why
    Test(test::Args),
    /// Say which definitions moved since a policy was made
    Check(check::Args),
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Validate(args) => validate::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Check(args) => check::run(&args),
    }
}

/// The bytes of a file, or of standard input for `-`; at most `limit` and one more, so that what is
/// too long can be told.
fn read_input(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::bad_input(
            format!("cannot read {}: {error}", shown(path)),
            "name a file that can be read, or - for standard input",
        )),
    }
}

/// A path as it may be shown.
fn shown(path: &Path) -> String {
    Shown(&path.to_string_lossy()).to_string()
}

/// The failure: the mistake itself, or one line for each of several and how many they are.
fn mistaken(path: &Path, what: &str, mistakes: &[Mistake]) -> Failure {
    let path = shown(path);
    let help = "docs/policy.md describes the format";
    if let [only] = mistakes {
        return Failure::bad_input(format!("{path}: {only}"), help);
    }
    for mistake in mistakes {
        output::note(&format!("{path}: {mistake}"));
    }
    Failure::bad_input(
        format!(
            "{path} is no {what} that can be used: it has {} mistakes, named above",
            mistakes.len()
        ),
        help,
    )
}
