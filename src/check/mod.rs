//! The gate: what was seen of a project's servers, held against its lock and its thresholds. Pure.
//!
//! Every concern is an [`Issue`]. It is *open* unless a person accepted it in the lock, suppressed
//! it with a reason and a date, or froze it in a baseline. What could not be scanned is an issue
//! too: it never passes. The clock is passed in.

pub mod baseline;
pub mod config;
pub mod lock;
pub mod suppress;
pub mod threshold;

pub use baseline::Baseline;
pub use lock::Lock;
pub use suppress::Suppression;
pub use threshold::FailOn;

use crate::diff::Risk;
use crate::digest::tool_digest;
use crate::model::assessment::Letter;
use crate::model::target::PublicTarget;
use crate::model::{Outcome, Severity, Tool, ToolEntry, Verdict};
use serde::{Deserialize, Serialize};

/// What was seen of one server that a project uses.
#[derive(Debug, Clone)]
pub struct Observed {
    /// Its name in the project's configuration.
    pub name: String,
    /// What was asked, without credentials.
    pub target: PublicTarget,
    /// How that ended.
    pub outcome: Outcome,
    /// What went wrong.
    pub detail: Option<String>,
    /// Version and integrity of an installed package.
    pub package: Option<serde_json::Value>,
    /// Digest over all tools.
    pub digest: Option<String>,
    /// The tools in the order answered.
    pub tools: Vec<ObservedTool>,
    /// The server's grade.
    pub grade: Option<Letter>,
    /// Where it stands in the configuration.
    pub location: Option<Location>,
}

/// One tool that was seen.
#[derive(Debug, Clone)]
pub struct ObservedTool {
    /// Digest of the definition.
    pub digest: String,
    /// The definition.
    pub tool: Tool,
    /// The verdict on it.
    pub verdict: Verdict,
}

impl ObservedTool {
    /// Pairs a record's entries with the verdicts on those that are not malformed, in order.
    pub fn all(entries: &[ToolEntry], verdicts: Vec<Verdict>) -> Vec<ObservedTool> {
        entries
            .iter()
            .filter_map(|entry| Some((tool_digest(entry), entry.tool()?)))
            .zip(verdicts)
            .map(|((digest, tool), verdict)| ObservedTool {
                digest,
                tool,
                verdict,
            })
            .collect()
    }
}

/// A place in a file that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// One concern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// What kind: `tool-severity`, `drift`, `not-scanned`, `unpinned-package` …
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// The server's name in the configuration.
    pub server: String,
    /// The tool's name, for a concern about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// One sentence for people; foreign text in it is neutralised.
    pub message: String,
    /// Where the server stands in the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Stable over runs: the same concern about the same thing has the same fingerprint.
    pub fingerprint: String,
    /// Whether it still stands.
    pub status: Status,
}

/// Whether an issue still stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum Status {
    /// It does, and it fails the check.
    Open,
    /// A person accepted it in the lock.
    Accepted {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A person suppressed it until a day.
    Suppressed {
        /// Why.
        reason: String,
        /// Last day on which it holds, `YYYY-MM-DD`.
        until: String,
    },
    /// It was there when the baseline was frozen.
    Baseline,
    /// It is told but does not fail the check, as was asked.
    Told,
}

impl Issue {
    /// Makes an open issue. `key` is what tells it from other issues of the same rule, server and
    /// tool, such as a digest or a signal's id; it goes into the fingerprint.
    pub fn new(
        rule: &str,
        severity: Severity,
        server: &str,
        tool: Option<&str>,
        message: String,
        key: &str,
    ) -> Issue {
        let mut hasher = blake3::Hasher::new();
        for part in [rule, server, tool.unwrap_or_default(), key] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Issue {
            rule: rule.to_owned(),
            severity,
            server: server.to_owned(),
            tool: tool.map(str::to_owned),
            message,
            location: None,
            fingerprint: hasher.finalize().to_hex().as_str()[..32].to_owned(),
            status: Status::Open,
        }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Issue {
        self.location = location;
        self
    }
}

/// What the check is asked to do.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What fails.
    pub fail_on: Vec<FailOn>,
    /// Whether a server that could not be scanned fails the check; it never passes silently.
    pub unlisted_fails: bool,
    /// What people suppressed.
    pub suppressions: Vec<Suppression>,
    /// What was frozen.
    pub baseline: Option<Baseline>,
    /// The day, `YYYY-MM-DD`.
    pub today: String,
}

/// Holds what was seen against the lock and the rules. `others` are issues found elsewhere, such as
/// those of the configuration itself. The answer is sorted: by server, then tool, then rule.
pub fn evaluate(
    observed: &[Observed],
    lock: Option<&Lock>,
    others: Vec<Issue>,
    rules: &Rules,
) -> Vec<Issue> {
    let mut issues: Vec<Issue> = others
        .into_iter()
        .map(|mut issue| {
            if !rules
                .fail_on
                .iter()
                .any(|threshold| threshold.fails_config(issue.severity))
            {
                issue.status = Status::Told;
            }
            issue
        })
        .collect();
    for server in observed {
        let locked = lock.and_then(|lock| lock.servers.get(&server.name));
        let mut found = Vec::new();
        if server.outcome == Outcome::Listed {
            found.extend(threshold::issues(server, locked, &rules.fail_on));
        } else {
            found.push(not_scanned(server, rules.unlisted_fails));
            // What was read of it is looked at all the same.
            found.extend(threshold::issues(server, locked, &rules.fail_on));
        }
        if let Some(lock) = lock
            && server.outcome.has_tools()
        {
            found.extend(lock::drift(server, lock, drift_threshold(&rules.fail_on)));
        }
        issues.extend(
            found
                .into_iter()
                .map(|issue| issue.at(server.location.clone())),
        );
    }
    if let Some(lock) = lock {
        issues.extend(lock.forgotten(observed));
    }
    for issue in &mut issues {
        suppress::apply(issue, &rules.suppressions, &rules.today);
        if let Some(baseline) = &rules.baseline
            && issue.status == Status::Open
            && baseline.issues.contains(&issue.fingerprint)
        {
            issue.status = Status::Baseline;
        }
    }
    issues.sort_by(|a, b| {
        (&a.server, &a.tool, &a.rule, &a.fingerprint).cmp(&(
            &b.server,
            &b.tool,
            &b.rule,
            &b.fingerprint,
        ))
    });
    issues.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    issues
}

/// Whether the check fails.
pub fn fails(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.status == Status::Open)
}

fn drift_threshold(fail_on: &[FailOn]) -> Option<Risk> {
    fail_on
        .iter()
        .filter_map(|threshold| match threshold {
            FailOn::Drift(risk) => Some(*risk),
            _ => None,
        })
        .min()
}

fn not_scanned(server: &Observed, fails: bool) -> Issue {
    let mut message = format!("the server could not be scanned: {}", server.outcome);
    if let Some(detail) = &server.detail {
        message.push_str(": ");
        message.push_str(detail);
    }
    let outcome = server.outcome.as_str();
    let mut issue = Issue::new(
        "not-scanned",
        Severity::High,
        &server.name,
        None,
        message,
        outcome,
    );
    if !fails {
        issue.status = Status::Told;
    }
    issue
}
