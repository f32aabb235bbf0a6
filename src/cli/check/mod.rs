//! `toolrisk check` and `toolrisk lock`: a project's servers against what was looked at.

mod gather;
mod lock;

pub(super) use lock::{Args as LockArgs, run as run_lock};

use super::clock::today;
use super::{Exit, Failure, output};
use crate::catalogue::write_staged;
use crate::check::baseline::{Baseline, BaselineError, config_id};
use crate::check::report::{self, REPORT_VERSION, Report, ServerRow};
use crate::check::{FailOn, Lock, Observed, Rules, Suppression, evaluate, fails, suppress};
use crate::model::Shown;
use gather::Gathered;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

const EXAMPLES: &str = "\
Examples:
  toolrisk check --fail-on severity=high --fail-on drift
  toolrisk check --config .cursor/mcp.json --report sarif=toolrisk.sarif --unlisted warn";

/// Which servers are looked at, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Subject {
    /// The configuration of an MCP client
    #[arg(long, value_name = "FILE", default_value = ".mcp.json")]
    config: PathBuf,
    /// The lock [default: toolrisk.lock beside the configuration]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Use saved tools/list answers, DIR/SERVER.json, instead of asking the servers
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
    /// A catalogue whose overrides.toml corrects wrong labels
    #[arg(short = 'C', long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// What fails: severity=S, category=C, signal=ID, trait=T, finding[=ID], grade=G, drift[=RISK],
    /// config[=S]; may be repeated [default: severity=critical finding drift config=high]
    #[arg(long, value_name = "THRESHOLD")]
    fail_on: Vec<FailOn>,
}

/// Arguments of `toolrisk check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// What a server that could not be scanned does; it never passes in silence
    #[arg(long, value_enum, default_value_t = Unlisted::Fail)]
    unlisted: Unlisted,
    /// Suppressions [default: .toolrisk.toml beside the configuration, if it is there]
    #[arg(long, value_name = "FILE")]
    suppressions: Option<PathBuf>,
    /// Issues that were there before and do not fail
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Freeze the issues that are open now into this file, and pass
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the result to a file too; may be repeated
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportFile>,
}

/// What a server that could not be scanned does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Unlisted {
    /// It fails the check
    Fail,
    /// It is told
    Warn,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// One JSON document, catalogue/schema/check.schema.json
    Json,
    /// For a comment on a pull request
    Markdown,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
}

impl Format {
    fn render(self, report: &Report) -> String {
        match self {
            Format::Text => report::text(report),
            Format::Json => report.json(),
            Format::Markdown => report::markdown(report),
            Format::Sarif => report::sarif(report),
            Format::Junit => report::junit(report),
        }
    }
}

/// A format and a file.
#[derive(Debug, Clone)]
struct ReportFile {
    format: Format,
    path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("write it like sarif=toolrisk.sarif")?;
        let format = <Format as clap::ValueEnum>::from_str(format, false)
            .map_err(|_| format!("{format:?} is none of text, json, markdown, sarif, junit"))?;
        Ok(ReportFile {
            format,
            path: PathBuf::from(path),
        })
    }
}

/// Runs `toolrisk check`.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let config = shown(&args.subject.config);
    let lock = read_lock(&lock_path(&args.subject), args.subject.lock.is_some())?;
    let baseline = args
        .baseline
        .as_deref()
        .map(|path| read_baseline(path, &config))
        .transpose()?;
    let mut day = today();
    if let Some(lock) = &lock
        && lock.locked_on > day
    {
        output::note(&format!(
            "the clock says {day}, the lock was written on {}: dates are held against the later day",
            Shown(&lock.locked_on)
        ));
        day.clone_from(&lock.locked_on);
    }
    let suppressions = read_suppressions(&args, &day)?;
    let gathered = gather::gather(&args.subject)?;
    let rules = Rules {
        fail_on: thresholds(&args.subject.fail_on),
        unlisted_fails: args.unlisted == Unlisted::Fail,
        suppressions,
        baseline,
        today: day,
    };
    let issues = evaluate(
        &gathered.servers,
        lock.as_ref(),
        gathered.config_issues,
        &rules,
    );
    let mut passed = !fails(&issues);
    if let Some(path) = &args.write_baseline {
        let baseline = Baseline::new(config_id(&config), &issues);
        write(path, &baseline.to_text())?;
        output::note(&format!(
            "{} issues frozen in {}",
            baseline.issues.len(),
            shown(path)
        ));
        passed = true;
    }
    let report = Report {
        version: REPORT_VERSION,
        passed,
        config,
        rules_version: gathered.rules_version,
        servers: gathered.servers.iter().map(row).collect(),
        issues,
    };
    for file in &args.report {
        write(&file.path, &file.format.render(&report))?;
    }
    if lock.is_none() {
        output::note("there is no lock: `toolrisk lock` writes one, and later changes then fail");
    }
    let mut stdout = output::stdout();
    stdout.write_all(args.format.render(&report).as_bytes())?;
    stdout.flush()?;
    Ok(if passed { Exit::Done } else { Exit::Findings })
}

fn row(server: &Observed) -> ServerRow {
    ServerRow {
        name: server.name.clone(),
        target: server.target.label(),
        outcome: server.outcome,
        tools: server.tools.len(),
        grade: server.grade.map(|grade| grade.to_string()),
    }
}

fn thresholds(asked: &[FailOn]) -> Vec<FailOn> {
    if asked.is_empty() {
        FailOn::defaults()
    } else {
        asked.to_vec()
    }
}

fn lock_path(subject: &Subject) -> PathBuf {
    match &subject.lock {
        Some(path) => path.clone(),
        None => subject.config.with_file_name("toolrisk.lock"),
    }
}

/// Reads the lock; without one that was asked for by name, there need not be any.
fn read_lock(path: &Path, asked: bool) -> Result<Option<Lock>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !asked => return Ok(None),
        Err(error) => {
            return Err(Failure::bad_input(
                format!("cannot read the lock {}: {error}", shown(path)),
                "`toolrisk lock` writes one",
            ));
        }
    };
    let lock = Lock::read(&text).map_err(|error| {
        Failure::bad_input(
            format!(
                "the lock {} cannot be used: {}",
                shown(path),
                Shown(&error.to_string())
            ),
            "look at the servers again and write it anew with `toolrisk lock`",
        )
    })?;
    Ok(Some(lock))
}

fn read_baseline(path: &Path, config: &str) -> Result<Baseline, Failure> {
    let bad = |message: String| {
        Failure::bad_input(
            format!("the baseline {} cannot be used: {message}", shown(path)),
            "write one with --write-baseline FILE",
        )
    };
    let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    Baseline::read(&text, &config_id(config)).map_err(|error: BaselineError| bad(error.to_string()))
}

fn read_suppressions(args: &Args, day: &str) -> Result<Vec<Suppression>, Failure> {
    let path = match &args.suppressions {
        Some(path) => path.clone(),
        None => args.subject.config.with_file_name(".toolrisk.toml"),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && args.suppressions.is_none() => {
            return Ok(Vec::new());
        }
        Err(error) => {
            return Err(Failure::bad_input(
                format!("cannot read the suppressions {}: {error}", shown(&path)),
                "name a file with --suppressions",
            ));
        }
    };
    let suppressions = suppress::read(&text).map_err(|error| {
        Failure::bad_input(
            format!("the suppressions {} cannot be used: {error}", shown(&path)),
            "an entry is [[suppress]] with rule, reason and until = \"YYYY-MM-DD\"",
        )
    })?;
    for suppression in suppress::expired(&suppressions, day) {
        output::note(&format!(
            "the suppression of {} ended on {} and does not hold any more",
            Shown(&suppression.rule),
            suppression.until
        ));
    }
    Ok(suppressions)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_staged(path, text.as_bytes())
        .map_err(|error| Failure::bad_input(error.to_string(), "choose a file that can be written"))
}

/// A path as it may be shown.
fn shown(path: &Path) -> String {
    Shown(&path.to_string_lossy()).to_string()
}

/// Whether a gathered set holds a server that was not listed whole.
fn unlisted(gathered: &Gathered) -> impl Iterator<Item = &Observed> {
    gathered
        .servers
        .iter()
        .filter(|server| server.outcome != crate::model::Outcome::Listed)
}
