//! The gate: what was seen of a project's servers, held against its lock and its thresholds. Pure.
//!
//! Every concern is an [`Issue`]. It is *open* unless a person accepted it in the lock, suppressed
//! it with a reason and a date, or froze it in a baseline. What could not be scanned is an issue
//! too: it never passes. The clock is passed in.

pub mod baseline;
pub mod config;
pub mod lock;
pub mod report;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::lock::Acceptance;
    use crate::model::Category;
    use crate::model::taxonomy::Traits;

    const TODAY: &str = "2026-11-22";

    fn tool(text: &str, category: Category, severity: Severity) -> ObservedTool {
        let entry: ToolEntry = serde_json::from_str(text).unwrap();
        let tool = entry.tool().unwrap();
        let verdict = Verdict {
            server: None,
            name: tool.name.clone(),
            category,
            severity,
            confidence: 1.0,
            signals: Vec::new(),
            traits: Traits::default(),
            actions: Vec::new(),
            findings: Vec::new(),
            evidence: Vec::new(),
            problems: Vec::new(),
            overridden: None,
            rules_version: String::new(),
        };
        ObservedTool {
            digest: tool_digest(&entry),
            tool,
            verdict,
        }
    }

    fn read_tool(description: &str) -> ObservedTool {
        let text = format!(r#"{{"name":"get","description":"{description}"}}"#);
        tool(&text, Category::Read, Severity::Low)
    }

    fn wipe_tool() -> ObservedTool {
        tool(
            r#"{"name":"wipe"}"#,
            Category::Destructive,
            Severity::Critical,
        )
    }

    fn server(outcome: Outcome, tools: Vec<ObservedTool>) -> Observed {
        Observed {
            name: "s".to_owned(),
            target: PublicTarget {
                npm: Some("s@1.0.0".to_owned()),
                ..PublicTarget::default()
            },
            outcome,
            detail: None,
            package: None,
            digest: None,
            tools,
            grade: None,
            location: None,
        }
    }

    fn rules() -> Rules {
        Rules {
            fail_on: FailOn::defaults(),
            unlisted_fails: true,
            suppressions: Vec::new(),
            baseline: None,
            today: TODAY.to_owned(),
        }
    }

    fn open(observed: &Observed, lock: Option<&Lock>, rules: &Rules) -> Vec<String> {
        evaluate(std::slice::from_ref(observed), lock, Vec::new(), rules)
            .into_iter()
            .filter(|issue| issue.status == Status::Open)
            .map(|issue| issue.rule)
            .collect()
    }

    fn lock(observed: &Observed) -> Lock {
        let word = Acceptance {
            by: "ada".to_owned(),
            why: "needed".to_owned(),
        };
        Lock::new(std::slice::from_ref(observed), Some(&word), "r", TODAY)
    }

    #[test]
    fn what_could_not_be_scanned_never_passes() {
        let hung = server(Outcome::Timeout, Vec::new());
        assert_eq!(open(&hung, None, &rules()), ["not-scanned"]);
        let told = Rules {
            unlisted_fails: false,
            ..rules()
        };
        assert_eq!(open(&hung, None, &told), Vec::<String>::new());
        let issues = evaluate(&[hung], None, Vec::new(), &told);
        assert_eq!(issues[0].status, Status::Told, "it is still told");
    }

    #[test]
    fn an_accepted_tool_passes_until_it_changes() {
        let before = server(Outcome::Listed, vec![wipe_tool()]);
        assert_eq!(open(&before, None, &rules()), ["tool-severity"]);
        let lock = lock(&before);
        assert_eq!(open(&before, Some(&lock), &rules()), Vec::<String>::new());
        let changed = tool(
            r#"{"name":"wipe","inputSchema":{"properties":{"all":{}}}}"#,
            Category::Destructive,
            Severity::Critical,
        );
        let after = server(Outcome::Listed, vec![changed]);
        assert_eq!(
            open(&after, Some(&lock), &rules()),
            ["drift", "tool-severity"]
        );
    }

    #[test]
    fn only_drift_at_or_above_the_threshold_fails() {
        let lock = lock(&server(Outcome::Listed, vec![read_tool("One.")]));
        let worded = server(Outcome::Listed, vec![read_tool("Two.")]);
        assert_eq!(open(&worded, Some(&lock), &rules()), Vec::<String>::new());
        let strict = Rules {
            fail_on: vec![FailOn::Drift(Risk::Wording)],
            ..rules()
        };
        assert_eq!(open(&worded, Some(&lock), &strict), ["drift"]);
        let more = server(Outcome::Listed, vec![read_tool("One."), wipe_tool()]);
        assert_eq!(
            open(&more, Some(&lock), &rules()),
            ["drift", "tool-severity"]
        );
        let fewer = server(Outcome::Listed, Vec::new());
        assert_eq!(open(&fewer, Some(&lock), &rules()), Vec::<String>::new());
    }

    #[test]
    fn a_moved_clock_in_a_description_is_no_drift() {
        let lock = lock(&server(
            Outcome::Listed,
            vec![read_tool("Now 2026-11-22 05:00.")],
        ));
        let later = server(Outcome::Listed, vec![read_tool("Now 2026-11-23 17:30.")]);
        let strict = Rules {
            fail_on: vec![FailOn::Drift(Risk::Wording)],
            ..rules()
        };
        assert_eq!(open(&later, Some(&lock), &strict), Vec::<String>::new());
    }

    #[test]
    fn another_target_under_the_same_name_is_drift() {
        let before = server(Outcome::Listed, vec![read_tool("One.")]);
        let lock = lock(&before);
        let mut after = before.clone();
        after.target.npm = Some("s@2.0.0".to_owned());
        assert_eq!(open(&after, Some(&lock), &rules()), ["drift"]);
    }

    #[test]
    fn a_baseline_covers_old_issues_only() {
        let old = server(Outcome::Listed, vec![wipe_tool()]);
        let issues = evaluate(std::slice::from_ref(&old), None, Vec::new(), &rules());
        let baseline = Baseline::new(baseline::config_id(".mcp.json"), &issues);
        let frozen = Rules {
            baseline: Some(baseline),
            ..rules()
        };
        assert_eq!(open(&old, None, &frozen), Vec::<String>::new());
        let pay = tool(r#"{"name":"pay"}"#, Category::Financial, Severity::Critical);
        let new = server(Outcome::Listed, vec![wipe_tool(), pay]);
        assert_eq!(open(&new, None, &frozen), ["tool-severity"]);
    }
}
