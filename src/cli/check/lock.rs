//! `toolrisk lock`: writes down what was looked at, and who accepted it.

use super::files::{lock_before, write};
use super::gather::{Gathered, gather};
use super::subject::{Subject, shown};
use crate::check::lock::Acceptance;
use crate::check::{FailOn, Lock, Rules, Status, evaluate};
use crate::cli::clock::today;
use crate::cli::{Exit, Failure, output};
use crate::model::{Outcome, Shown};
use std::collections::BTreeSet;

const EXAMPLES: &str = "\
Examples:
  toolrisk lock --by ada --why 'read the definitions, the delete tools are wanted'
  toolrisk lock --config .cursor/mcp.json --offline lists";

/// Arguments of `toolrisk lock`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Who accepts what is at or above the thresholds
    #[arg(long, value_name = "NAME", requires = "why")]
    by: Option<String>,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT", requires = "by")]
    why: Option<String>,
}

/// Runs the command.
pub(in crate::cli) fn run(args: Args) -> Result<Exit, Failure> {
    let word = word(&args)?;
    let path = args.subject.lock_path();
    let mut day = today();
    let gathered = gather(&args.subject)?;
    if !all_scanned(&gathered) {
        return Ok(Exit::Findings);
    }
    let before = lock_before(&path)?;
    if let Some(lock) = before.as_ref().filter(|lock| lock.locked_on > day) {
        output::note(&format!(
            "the clock says {day}, the lock was written on {}: the later day stays",
            Shown(&lock.locked_on)
        ));
        day.clone_from(&lock.locked_on);
    }
    let rules = Rules {
        fail_on: args
            .subject
            .thresholds()
            .into_iter()
            .filter(|threshold| !matches!(threshold, FailOn::Drift(_)))
            .collect(),
        unlisted_fails: true,
        suppressions: Vec::new(),
        baseline: None,
        today: day.clone(),
    };
    let Gathered {
        servers,
        config_issues,
        rules_version,
    } = gathered;
    let issues = evaluate(&servers, before.as_ref(), config_issues, &rules);
    // What nobody accepted yet in exactly this definition.
    let mut wanting: BTreeSet<&str> = BTreeSet::new();
    for issue in issues.iter().filter(|issue| issue.status == Status::Open) {
        output::note(&format!(
            "{} {}: {}",
            issue.severity,
            Shown(&issue.server),
            issue.message
        ));
        if matches!(issue.rule.as_str(), "server-grade" | "text-finding") || issue.tool.is_some() {
            wanting.insert(&issue.server);
        }
    }
    for server in &servers {
        let locked = before
            .as_ref()
            .and_then(|lock| lock.servers.get(&server.name));
        let said = locked.filter(|locked| locked.accepted.is_some());
        if said.is_some_and(|locked| !locked.covers(server)) && wanting.insert(&server.name) {
            output::note(&format!(
                "{}: what was accepted is not what is there now",
                Shown(&server.name)
            ));
        }
    }
    if !wanting.is_empty() && word.is_none() {
        output::note("nothing was locked: accept the above with --by NAME --why TEXT");
        return Ok(Exit::Findings);
    }
    let accepted = |server: &str| {
        if wanting.contains(server) {
            return word.clone();
        }
        // An earlier word stands as long as what it was said of does.
        let locked = before.as_ref()?.servers.get(server)?;
        locked.accepted.clone()
    };
    let lock = Lock::new(&servers, accepted, &rules_version, &day);
    write(&path, &lock.to_text())?;
    let tools: usize = lock.servers.values().map(|server| server.tools.len()).sum();
    output::note(&format!(
        "servers locked in {}: {}, with {tools} tools",
        shown(&path),
        lock.servers.len()
    ));
    Ok(Exit::Done)
}

/// Who accepts, and why.
fn word(args: &Args) -> Result<Option<Acceptance>, Failure> {
    match (&args.by, &args.why) {
        (Some(by), Some(why)) if !by.trim().is_empty() && !why.trim().is_empty() => {
            Ok(Some(Acceptance {
                by: by.clone(),
                why: why.clone(),
            }))
        }
        (None, None) => Ok(None),
        _ => Err(Failure::bad_input(
            "--by and --why may not be empty",
            "say who accepts it, and why",
        )),
    }
}

/// Whether every server was listed as a whole; says which were not.
fn all_scanned(gathered: &Gathered) -> bool {
    let mut all = true;
    for server in gathered
        .servers
        .iter()
        .filter(|s| s.outcome != Outcome::Listed)
    {
        let detail = server.detail.as_deref().unwrap_or_default();
        output::note(&format!(
            "{}: {} {detail}",
            Shown(&server.name),
            server.outcome
        ));
        all = false;
    }
    if !all {
        output::note("nothing was locked: what could not be scanned cannot be accepted");
    }
    all
}
