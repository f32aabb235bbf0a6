//! `toolrisk catalogue due`: when each server is asked again.

use crate::catalogue::{Catalogue, Schedule};
use crate::cli::clock::{now_seconds, rfc3339};
use crate::cli::{Exit, Failure, output};
use crate::model::{Outcome, Slug};
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `toolrisk catalogue due`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder that `toolrisk scan -C` wrote
    #[arg(default_value = "catalogue")]
    pub(super) folder: PathBuf,
    /// The age from which on a list is asked for again, as in `scan --stale`
    #[arg(long, value_name = "AGE", default_value = "7d", value_parser = super::super::scan::duration)]
    stale: Duration,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line a server
    Text,
    /// A JSON object a line
    Jsonl,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    slug: &'a Slug,
    due: bool,
    gone: bool,
    last: String,
    outcome: Outcome,
    next: String,
}

/// Runs the command.
pub(super) fn run(args: &Args, catalogue: &Catalogue) -> Result<Exit, Failure> {
    let schedule = Schedule::of(&catalogue.runs());
    let now = now_seconds();
    let rows: Vec<Row<'_>> = schedule
        .servers()
        .filter_map(|slug| {
            let (last, outcome) = schedule.last(slug)?;
            Some(Row {
                slug,
                due: schedule.is_due(slug, args.stale, now),
                gone: schedule.is_gone(slug),
                last: rfc3339(last),
                outcome,
                next: rfc3339(schedule.next(slug, args.stale)?),
            })
        })
        .collect();
    let mut out = output::stdout();
    for row in &rows {
        if args.format == Format::Jsonl {
            serde_json::to_writer(&mut out, row).map_err(std::io::Error::from)?;
            writeln!(out)?;
            continue;
        }
        let state = if row.due {
            "due".to_owned()
        } else {
            format!("waits until {}", row.next)
        };
        let gone = if row.gone { ", gone" } else { "" };
        let (slug, outcome) = (row.slug, row.outcome);
        writeln!(out, "{slug}  {outcome} on {}, {state}{gone}", row.last)?;
    }
    out.flush()?;
    let count = |wanted: fn(&Row<'_>) -> bool| rows.iter().filter(|row| wanted(row)).count();
    output::note(&format!(
        "servers that were asked: {}, due: {}, gone: {}",
        rows.len(),
        count(|row| row.due),
        count(|row| row.gone)
    ));
    Ok(Exit::Done)
}
