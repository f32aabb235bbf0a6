//! `toolrisk diff`

mod render;
mod side;
mod words;

use super::{Exit, Failure, output};
use crate::diff::{InstructionsChange, Risk, Side, ToolChange, compare, compare_instructions};
use crate::model::Shown;
use crate::publish::judge::Judge;
use crate::rules::RuleSet;
use rayon::prelude::*;
use serde::Serialize;
use side::{Facts, Place};
use std::collections::BTreeSet;
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

/// What changed, server by server; a server without a change is not in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Changes {
    servers: Vec<ServerChanges>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ServerChanges {
    /// The server's slug; for two saved lists the name of the first.
    slug: String,
    /// Set when the whole server is new or gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<crate::diff::Change>,
    /// What changed in its instructions to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<InstructionsChange>,
    /// Its tools that changed, by name.
    tools: Vec<ToolChange>,
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

fn changes(before: &Place, after: &Place, judge: &Judge) -> Result<Changes, Failure> {
    let pairs: Vec<(String, Option<Facts>, Option<Facts>)> =
        if let (Place::One(old), Place::One(new)) = (before, after) {
            vec![(old.slug.clone(), Some(old.clone()), Some(new.clone()))]
        } else {
            let slugs = match (before, after) {
                // A list beside a catalogue is about its own server alone.
                (Place::One(one), many) | (many, Place::One(one)) => {
                    if many.facts(&one.slug)?.is_none() {
                        return Err(Failure::bad_input(
                            format!("the catalogue has no server {}", Shown(&one.slug)),
                            "compare two lists, a record with its catalogue, or two catalogues",
                        ));
                    }
                    BTreeSet::from([one.slug.clone()])
                }
                _ => before.slugs().chain(after.slugs()).collect(),
            };
            slugs
                .into_par_iter()
                .filter_map(|slug| {
                    if before.same_bytes(after, &slug) {
                        return None;
                    }
                    Some(both(before, after, slug))
                })
                .collect::<Result<_, Failure>>()?
        };
    let mut servers: Vec<ServerChanges> = pairs
        .into_par_iter()
        .filter_map(|(slug, old, new)| server_changes(slug, old.as_ref(), new.as_ref(), judge))
        .collect();
    servers.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(Changes { servers })
}

type Pair = (String, Option<Facts>, Option<Facts>);

fn both(before: &Place, after: &Place, slug: String) -> Result<Pair, Failure> {
    let (old, new) = (before.facts(&slug)?, after.facts(&slug)?);
    Ok((slug, old, new))
}

fn server_changes(
    slug: String,
    old: Option<&Facts>,
    new: Option<&Facts>,
    judge: &Judge,
) -> Option<ServerChanges> {
    let side = |facts: Option<&Facts>| {
        facts.map_or_else(Side::default, |facts| {
            let tools: Vec<_> = facts
                .entries
                .iter()
                .filter_map(crate::model::ToolEntry::tool)
                .collect();
            let verdicts = judge.verdicts(&facts.name, &tools, facts.instructions.as_deref());
            Side::new(&facts.entries, verdicts)
        })
    };
    let tools = compare(&side(old), &side(new));
    let text = |facts: Option<&Facts>| facts.and_then(|f| f.instructions.clone());
    let (was, is) = (text(old).unwrap_or_default(), text(new).unwrap_or_default());
    let both = old.is_some() && new.is_some();
    let moved = both && was != is;
    let instructions = moved
        .then(|| {
            let (had, has) = (judge.instructions(&was), judge.instructions(&is));
            compare_instructions((&was, &had), (&is, &has))
        })
        .flatten();
    let server = match (old, new) {
        (None, Some(_)) => Some(crate::diff::Change::Added),
        (Some(_), None) => Some(crate::diff::Change::Removed),
        _ => None,
    };
    let nothing = tools.is_empty() && instructions.is_none() && server.is_none();
    (!nothing).then_some(ServerChanges {
        slug,
        server,
        instructions,
        tools,
    })
}
