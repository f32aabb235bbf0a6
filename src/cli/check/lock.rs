//! `toolrisk lock`: writes down what was looked at, and who accepted it.

use super::super::clock::today;
use super::super::{Exit, Failure, output};
use super::{Subject, gather, lock_path, shown, thresholds, unlisted, write};
use crate::check::lock::Acceptance;
use crate::check::{FailOn, Lock, Rules, Status, evaluate};
use crate::model::Shown;

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
    let gathered = gather::gather(&args.subject)?;
    let missing: Vec<String> = unlisted(&gathered)
        .map(|server| {
            let detail = server.detail.as_deref().unwrap_or_default();
            format!("{}: {} {detail}", Shown(&server.name), server.outcome)
        })
        .collect();
    if !missing.is_empty() {
        for line in &missing {
            output::note(line);
        }
        output::note("nothing was locked: what could not be scanned cannot be accepted");
        return Ok(Exit::Findings);
    }
    let rules = Rules {
        fail_on: thresholds(&args.subject.fail_on)
            .into_iter()
            .filter(|threshold| !matches!(threshold, FailOn::Drift(_)))
            .collect(),
        unlisted_fails: true,
        suppressions: Vec::new(),
        baseline: None,
        today: today(),
    };
    let issues = evaluate(&gathered.servers, None, gathered.config_issues, &rules);
    let mut wants_word = false;
    for issue in issues.iter().filter(|issue| issue.status == Status::Open) {
        output::note(&format!(
            "{} {}: {}",
            issue.severity,
            Shown(&issue.server),
            issue.message
        ));
        wants_word |= issue.tool.is_some() || issue.rule == "server-grade";
    }
    let word = match (&args.by, &args.why) {
        (Some(by), Some(why)) if !by.trim().is_empty() && !why.trim().is_empty() => {
            Some(Acceptance {
                by: by.clone(),
                why: why.clone(),
            })
        }
        (None, None) => None,
        _ => {
            return Err(Failure::bad_input(
                "--by and --why may not be empty",
                "say who accepts it, and why",
            ));
        }
    };
    if wants_word && word.is_none() {
        output::note("nothing was locked: accept the above with --by NAME --why TEXT");
        return Ok(Exit::Findings);
    }
    let word = word.filter(|_| wants_word);
    let lock = Lock::new(
        &gathered.servers,
        word.as_ref(),
        &gathered.rules_version,
        &today(),
    );
    let path = lock_path(&args.subject);
    write(&path, &lock.to_text())?;
    let tools: usize = lock.servers.values().map(|server| server.tools.len()).sum();
    output::note(&format!(
        "{} servers with {tools} tools locked in {}",
        lock.servers.len(),
        shown(&path)
    ));
    Ok(Exit::Done)
}
