//! Runs the crawl, writes the records as they come, prints the rows in the order of the input.

use super::events::Events;
use super::output::{Row, Rows, summary};
use super::settings::options;
use super::{Args, Day};
use crate::catalogue::{Catalogue, Journal, RunReport, RunTarget, Schedule};
use crate::cli::clock::{millis, now_seconds, rfc3339};
use crate::cli::{Exit, Failure, output};
use crate::crawl::{Crawler, Scanned, Step, Stop};
use crate::mcp::missing_variables;
use crate::model::{Outcome, Slug, Source, Target};
use crate::sandbox::Bubblewrap;
use crate::targets::optout::OptOut;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration, Instant, SystemTime};

/// Runs the scan.
pub(super) fn run(args: &Args, targets: Vec<Target>, opt_out: OptOut) -> Result<Exit, Failure> {
    refuse_without_sandbox(args, &targets)?;
    let options = options(args, opt_out);
    let catalogue = Catalogue::create(&args.catalogue).map_err(|error| {
        Failure::bad_input(error.to_string(), "choose another folder with -C DIR")
    })?;
    let catalogue = catalogue.at(rfc3339(now_seconds()));
    let targets = match asked_again(args) {
        Some(age) => due(targets, &catalogue, age),
        None => targets,
    };
    let only_files = targets
        .iter()
        .all(|target| matches!(target.source, Source::File(_)));
    let name = RunName::of(&targets, only_files);
    let total = targets.len();
    let (journal, done) = open_journal(args, &catalogue, &name.digest, &targets)?;
    let mut events = Events::open(args.events.as_deref())?;
    events.add(
        "run_started",
        json!({"run": name.run, "targets": total, "done": done.len()}),
    )?;
    let mut run = Run {
        catalogue,
        journal,
        events,
        rows: Rows::new(args.format, total),
        seen: Vec::new(),
        bar: progress(total),
        places: Vec::new(),
        verbose: args.verbose,
        only_files,
        stopped: 0,
    };
    run.seen.resize_with(total, || None);
    for entry in done {
        run.take_over(entry)?;
    }
    let mut open = Vec::new();
    for (index, target) in targets.into_iter().enumerate() {
        if run.seen[index].is_none() {
            run.places.push(index);
            open.push(target);
        }
    }
    let clock = Instant::now();
    let stop: Stop = options.stop.clone();
    let mut failure: Option<Failure> = None;
    Crawler::new(options)
        .run_each(open, |step| {
            if failure.is_none()
                && let Err(error) = run.take(step, &stop)
            {
                // Nothing can be kept any more: what is under way is left.
                stop.abandon();
                failure = Some(error);
            }
        })
        .map_err(|error| Failure::failed(error.to_string()))?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    run.finish(args, &name, clock.elapsed())
}

/// From which age on a list is asked for again, where the call says so.
fn asked_again(args: &Args) -> Option<Duration> {
    let since = args.since.map(|Day(at)| now_seconds().saturating_sub(at));
    args.stale.or(since.map(Duration::from_secs))
}

/// Leaves out what was asked lately, and what failed and is backed off.
fn due(targets: Vec<Target>, catalogue: &Catalogue, age: Duration) -> Vec<Target> {
    let schedule = Schedule::of(&catalogue.runs());
    let total = targets.len();
    let now = now_seconds();
    let due: Vec<Target> = targets
        .into_iter()
        .filter(|target| schedule.is_due(&target.slug(), age, now))
        .collect();
    output::note(&format!("{} of {total} targets are due", due.len()));
    let gone = schedule.gone().count();
    if gone > 0 {
        output::note(&format!(
            "gone, by three failures or more over seven days: {gone}; their records and history \
             stay, `toolrisk catalogue due` names them"
        ));
    }
    due
}

/// Programs are started in a sandbox or, when the user says so aloud, on the host.
fn refuse_without_sandbox(args: &Args, targets: &[Target]) -> Result<(), Failure> {
    let programs = targets
        .iter()
        .filter(|target| target.starts_program())
        .count();
    if args.no_sandbox && programs > 0 {
        output::note("no sandbox: programs run with all that this user may do");
    }
    // Among others, a target that cannot be started is a row.
    if !args.no_sandbox && programs > 0 && programs == targets.len() && !has_sandbox()? {
        return Err(Failure::bad_input(
            "programs are only started in a sandbox, and bubblewrap (bwrap) does not work here",
            "install bubblewrap, see toolrisk doctor, or say --no-sandbox for servers you trust",
        ));
    }
    Ok(())
}

/// One line of the journal: a target that came to its end.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    index: usize,
    row: Row,
    seen: RunTarget,
}

/// Opens the journal of these targets and gives what an unfinished run did, if it is to go on. A
/// run over saved files alone is done in a moment and keeps none.
fn open_journal(
    args: &Args,
    catalogue: &Catalogue,
    digest: &str,
    targets: &[Target],
) -> Result<(Journal, Vec<Done>), Failure> {
    let (mut journal, done) = Journal::open::<Done>(catalogue.root(), digest)
        .map_err(|error| Failure::bad_input(error.to_string(), "wait for it, or use another -C"))?;
    if args.resume {
        catalogue.remove_leftovers(SystemTime::now());
        let done: Vec<Done> = done
            .into_iter()
            .filter(|entry| {
                let target = targets.get(entry.index);
                target.is_some_and(|target| target.slug() == entry.seen.slug)
                    && has_record(catalogue, &entry.seen.slug)
            })
            .collect();
        output::note(&format!(
            "{} of {} targets are done already",
            done.len(),
            targets.len()
        ));
        return Ok((journal, done));
    }
    if !done.is_empty() {
        output::note(&format!(
            "an earlier run over these targets stopped after {}; --resume would go on there",
            done.len()
        ));
    }
    journal
        .clear()
        .map_err(|error| Failure::failed(error.to_string()))?;
    Ok((journal, Vec::new()))
}

/// Whether the record of a target that was done is there. A machine that lost power may have kept the
/// line of the journal and not the record.
fn has_record(catalogue: &Catalogue, slug: &Slug) -> bool {
    std::fs::metadata(catalogue.path_of(slug)).is_ok_and(|file| file.len() > 0)
}

/// A run under way.
#[derive(Debug)]
struct Run {
    catalogue: Catalogue,
    journal: Journal,
    events: Events,
    rows: Rows,
    seen: Vec<Option<RunTarget>>,
    bar: ProgressBar,
    /// The place in the input of each target that is asked.
    places: Vec<usize>,
    verbose: bool,
    only_files: bool,
    stopped: usize,
}

impl Run {
    /// Takes over what an unfinished run did.
    fn take_over(&mut self, done: Done) -> Result<(), Failure> {
        if self.seen[done.index].is_none() {
            self.bar.inc(1);
            self.seen[done.index] = Some(done.seen);
            self.rows.add(done.index, done.row)?;
        }
        Ok(())
    }

    fn take(&mut self, step: Step, switch: &Stop) -> Result<(), Failure> {
        match step {
            Step::Started(at) => self
                .events
                .add("started", json!({"index": self.places[at]})),
            Step::Ended(scanned) => {
                if switch.is_asked() && !self.bar.is_finished() {
                    self.bar.finish_and_clear();
                    output::note(
                        "stopping: targets under way come to their end; again to leave them",
                    );
                }
                self.ended(&scanned)
            }
        }
    }

    /// Keeps the end of a target: its record first, then the line of the journal, then its row.
    fn ended(&mut self, scanned: &Scanned) -> Result<(), Failure> {
        let index = self.places[scanned.index];
        let row = Row::of(scanned);
        let seen = self.seen_of(scanned);
        self.bar.inc(1);
        if self.verbose && !scanned.stopped {
            let line = row.line();
            self.bar.suspend(|| output::note(&line));
        }
        if scanned.stopped {
            self.stopped += 1;
        } else {
            let failed = |error: &dyn std::fmt::Display| Failure::failed(error.to_string());
            self.catalogue
                .write(&scanned.record)
                .map_err(|e| failed(&e))?;
            self.events.add(
                "ended",
                json!({
                    "index": index, "slug": seen.slug, "outcome": seen.outcome,
                    "detail": seen.detail, "tools": seen.tools, "ms": seen.ms,
                }),
            )?;
            let done = Done { index, row, seen };
            if !self.only_files {
                self.journal.add(&done).map_err(|e| failed(&e))?;
            }
            self.seen[index] = Some(done.seen);
            self.rows.add(index, done.row)?;
            return Ok(());
        }
        self.seen[index] = Some(seen);
        self.rows.add(index, row)?;
        Ok(())
    }

    fn seen_of(&self, scanned: &Scanned) -> RunTarget {
        let record = &scanned.record;
        let mut variables = scanned.target.missing.clone();
        if record.outcome == Outcome::NeedsConfig && variables.is_empty() {
            let detail = record.detail.as_deref().unwrap_or_default();
            variables.extend(missing_variables(detail));
        }
        let host = match &scanned.target.source {
            Source::Url { url, .. } => url::Url::parse(url)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned)),
            _ => None,
        };
        RunTarget {
            slug: record.slug.clone(),
            name: record.name.clone(),
            outcome: record.outcome,
            detail: record.detail.clone(),
            tools: record.tools.len(),
            ms: (!self.only_files).then(|| millis(scanned.took)),
            ttl_ms: record.ttl_ms,
            host,
            variables,
        }
    }

    /// Prints what is left, writes the report, and says how it went.
    fn finish(self, args: &Args, name: &RunName, took: Duration) -> Result<Exit, Failure> {
        let Run {
            catalogue,
            journal,
            mut events,
            rows,
            seen,
            bar,
            only_files,
            stopped,
            ..
        } = self;
        bar.finish_and_clear();
        rows.finish()?;
        let seen: Vec<RunTarget> = seen.into_iter().flatten().collect();
        let report = RunReport {
            run: name.run.clone(),
            started: name.started.clone(),
            ms: (!only_files).then(|| millis(took)),
            targets: seen.len(),
            outcomes: RunReport::count(&seen),
            slowest: RunReport::slowest(&seen),
            stopped: stopped > 0,
            seen,
        };
        let failed = |error: &dyn std::fmt::Display| Failure::failed(error.to_string());
        catalogue.write_report(&report).map_err(|e| failed(&e))?;
        events.add(
            "run_ended",
            json!({"run": report.run, "outcomes": report.outcomes}),
        )?;
        for line in summary(&report, catalogue.root(), took) {
            output::note(&line);
        }
        if stopped > 0 {
            output::note(&format!(
                "stopped with {stopped} of {} targets left; the same command with --resume goes on",
                report.targets
            ));
            return Ok(Exit::Failed);
        }
        journal.finish().map_err(|e| failed(&e))?;
        let unlisted = report.seen.iter().any(|t| t.outcome != Outcome::Listed);
        Ok(if args.fail_on_unlisted && unlisted {
            Exit::Findings
        } else {
            Exit::Done
        })
    }
}

/// Whether a sandbox can be had on this machine.
fn has_sandbox() -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(error.to_string()))?;
    Ok(runtime.block_on(Bubblewrap::find()).is_some())
}

/// What a run is called.
#[derive(Debug)]
struct RunName {
    /// Its start and a digest of its targets; of a run over saved files only the digest, so that
    /// the same input gives the same bytes.
    run: String,
    started: Option<String>,
    digest: String,
}

impl RunName {
    fn of(targets: &[Target], only_files: bool) -> Self {
        let mut hasher = blake3::Hasher::new();
        for target in targets {
            hasher.update(target.slug().as_str().as_bytes());
            hasher.update(b"\n");
        }
        let digest = hasher.finalize().to_hex().as_str()[..12].to_owned();
        if only_files {
            return RunName {
                run: format!("files-{digest}"),
                started: None,
                digest,
            };
        }
        let started = rfc3339(now_seconds());
        let compact: String = started
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect();
        RunName {
            run: format!("{}-{digest}", compact.to_ascii_lowercase()),
            started: Some(started),
            digest,
        }
    }
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
