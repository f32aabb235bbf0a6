//! Runs the crawl, writes the records as they come, prints the rows in the order of the input.

use super::Args;
use super::output::{Row, Rows, summary};
use crate::catalogue::{Catalogue, CatalogueError, RunReport, RunTarget};
use crate::cli::clock::{now_seconds, rfc3339};
use crate::cli::{Exit, Failure, output};
use crate::crawl::{Crawler, Options, Scanned, Step};
use crate::mcp::Limits;
use crate::model::{Outcome, Shown, Source, Target};
use crate::targets::optout::OptOut;
use crate::sandbox::package::InstallOptions;
use crate::sandbox::{Bubblewrap, Sandbox};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Runs the scan.
pub(super) fn run(args: &Args, targets: Vec<Target>, opt_out: OptOut) -> Result<Exit, Failure> {
    if !args.no_sandbox && targets.iter().all(Target::starts_program) && !has_sandbox()? {
        return Err(Failure::bad_input(
            "programs are only started in a sandbox, and bubblewrap (bwrap) does not work here",
            "install bubblewrap, see toolrisk doctor, or say --no-sandbox for servers you trust",
        ));
    }
    if args.no_sandbox && targets.iter().any(Target::starts_program) {
        output::note("no sandbox: programs run with all that this user may do");
    }
    let options = options(args, opt_out);
    let catalogue = Catalogue::create(&args.catalogue).map_err(|error| {
        Failure::bad_input(error.to_string(), "choose another folder with -C DIR")
    })?;
    let catalogue = catalogue.at(rfc3339(now_seconds()));
    let only_files = targets
        .iter()
        .all(|target| matches!(target.source, Source::File(_)));
    let total = targets.len();
    let (run, started) = name_run(&targets, only_files);
    let clock = Instant::now();
    let bar = progress(total);
    let mut rows = Rows::new(args.format, total);
    let mut seen: Vec<Option<RunTarget>> = Vec::new();
    seen.resize_with(total, || None);
    let mut failure: Option<Failure> = None;
    Crawler::new(options)
        .run_each(targets, |step| {
            let Step::Ended(scanned) = step else { return };
            bar.inc(1);
            let row = Row::of(&scanned);
            if args.verbose {
                bar.suspend(|| output::note(&row.line()));
            }
            if failure.is_none() {
                failure = keep(&catalogue, &scanned, &mut rows, row).err();
            }
            if let Some(place) = seen.get_mut(scanned.index) {
                *place = Some(seen_of(&scanned, only_files));
            }
        })
        .map_err(|error| Failure::failed(error.to_string()))?;
    bar.finish_and_clear();
    if let Some(failure) = failure {
        return Err(failure);
    }
    rows.finish()?;
    let seen: Vec<RunTarget> = seen.into_iter().flatten().collect();
    let report = RunReport {
        run,
        started,
        ms: (!only_files).then(|| millis(clock.elapsed())),
        targets: total,
        outcomes: RunReport::count(&seen),
        seen,
    };
    catalogue.write_report(&report).map_err(unwritable)?;
    for line in summary(&report, catalogue.root(), clock.elapsed()) {
        output::note(&line);
    }
    let unlisted = report.seen.iter().any(|t| t.outcome != Outcome::Listed);
    Ok(if args.fail_on_unlisted && unlisted {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// Whether a sandbox can be had on this machine.
fn has_sandbox() -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(error.to_string()))?;
    Ok(runtime.block_on(Bubblewrap::find()).is_some())
}

/// Writes one record and prints its row, once the rows before it are printed.
fn keep(
    catalogue: &Catalogue,
    scanned: &Scanned,
    rows: &mut Rows,
    row: Row,
) -> Result<(), Failure> {
    catalogue.write(&scanned.record).map_err(unwritable)?;
    rows.add(scanned.index, row)?;
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the shape that map_err wants"
)]
fn unwritable(error: CatalogueError) -> Failure {
    Failure::failed(error.to_string())
}

fn options(args: &Args, opt_out: OptOut) -> Options {
    let mut limits = Limits {
        message_bytes: args.max_bytes,
        total_bytes: args.max_bytes.saturating_mul(4),
        tools: args.max_tools,
        pages: args.max_pages,
        ..Limits::default()
    };
    limits = limits
        .clone()
        .with_total(args.timeout.unwrap_or(limits.total));
    Options {
        limits,
        concurrency: args.concurrency,
        per_host: args.per_host,
        min_gap: args.min_gap,
        host_cap: args.host_cap,
        robots: !args.ignore_robots,
        opt_out,
        allow_net: args.allow_net.clone(),
        sandbox: if args.no_sandbox {
            Sandbox::None
        } else {
            Sandbox::Required
        },
        network: args.net,
        binds: args.bind.clone(),
        placeholders: !args.no_placeholders,
        install: InstallOptions {
            allow_build: args.allow_build,
            keep: args.keep_packages.clone(),
            ..InstallOptions::default()
        },
        ..Options::default()
    }
}

fn seen_of(scanned: &Scanned, only_files: bool) -> RunTarget {
    let record = &scanned.record;
    RunTarget {
        slug: record.slug.clone(),
        name: record.name.clone(),
        outcome: record.outcome,
        detail: record.detail.clone(),
        tools: record.tools.len(),
        ms: (!only_files).then(|| millis(scanned.took)),
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The name of the run and its start. A run over saved files is named by a digest of its targets
/// and has no start: the same input gives the same bytes.
fn name_run(targets: &[Target], only_files: bool) -> (String, Option<String>) {
    let mut hasher = blake3::Hasher::new();
    for target in targets {
        hasher.update(target.slug().as_str().as_bytes());
        hasher.update(b"\n");
    }
    let hash = hasher.finalize().to_hex();
    let digest = &hash.as_str()[..12];
    if only_files {
        return (format!("files-{digest}"), None);
    }
    let started = rfc3339(now_seconds());
    let compact: String = started
        .chars()
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    let run = format!("{}-{digest}", compact.to_ascii_lowercase());
    (run, Some(started))
}

/// A bar on a terminal, nothing elsewhere.
fn progress(total: usize) -> ProgressBar {
    if !output::is_fancy() || total < 2 {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template(
        "{bar:30} {pos}/{len} servers, {per_sec}, {elapsed} so far, {eta} to go",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The label of a target, neutralised.
pub(super) fn label(scanned: &Scanned) -> String {
    Shown(&scanned.record.target.label()).to_string()
}
