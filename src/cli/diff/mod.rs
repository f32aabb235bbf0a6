//! `toolrisk diff`

mod changes;
mod render;
mod side;
mod words;

use super::{Exit, Failure, output};
use crate::diff::Risk;
use crate::publish::judge::Judge;
use crate::rules::RuleSet;
use changes::changes;
use side::Place;
use std::io::Write as _;

const EXAMPLES: &str = "\
Examples:
  toolrisk diff yesterday.json today.json
  toolrisk diff catalogue@2026-11-01 catalogue --format markdown";

/// Arguments of `toolrisk diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// The state before: a saved list, a record, a catalogue folder, or a catalogue as it was:
    /// DIR@YYYY-MM-DD or DIR@RUN
    before: String,
    /// The state after, in the same forms
    after: String,
    /// How the changes are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 2 when a change of this risk or above is there
    #[arg(long, value_enum, value_name = "RISK")]
    fail_on: Option<Threshold>,
}

/// How the changes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a comment
    Markdown,
}

/// From which risk on a change fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Threshold {
    /// Any change
    Wording,
    /// What lowers or raises the risk
    Lowers,
    /// What raises the risk
    Raises,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let before = Place::open(&args.before)?;
    let after = Place::open(&args.after)?;
    let judge = RuleSet::embedded()
        .and_then(Judge::new)
        .map_err(|error| Failure::failed(error.to_string()))?;
    let changes = changes(&before, &after, &judge)?;
    let text = match args.format {
        Format::Text => render::text(&changes),
        Format::Json => render::json(&changes),
        Format::Markdown => render::markdown(&changes),
    };
    let mut stdout = output::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    let least = args.fail_on.map(|threshold| match threshold {
        Threshold::Wording => Risk::Wording,
        Threshold::Lowers => Risk::Lowers,
        Threshold::Raises => Risk::Raises,
    });
    let found = changes.servers.iter().any(|server| {
        let worst = server.tools.iter().map(|tool| tool.risk).max();
        let texts = server.instructions.as_ref().map(|change| change.risk);
        least.is_some_and(|least| worst.max(texts).is_some_and(|risk| risk >= least))
    });
    Ok(if found { Exit::Findings } else { Exit::Done })
}
