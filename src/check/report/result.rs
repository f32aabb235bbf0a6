//! What a check found, and its JSON form.

use crate::check::issue::{Issue, Status};
use crate::model::Outcome;
use serde::{Deserialize, Serialize};

/// The version of the JSON form, see `catalogue/schema/check.schema.json`.
pub const REPORT_VERSION: u32 = 1;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape: [`REPORT_VERSION`].
    pub version: u32,
    /// Whether nothing open is left.
    pub passed: bool,
    /// The configuration that was checked, as it was given.
    pub config: String,
    /// Hash of the rule set that made the verdicts.
    pub rules_version: String,
    /// Every server of the configuration, by name.
    pub servers: Vec<ServerRow>,
    /// Every concern, by server, tool and rule.
    pub issues: Vec<Issue>,
}

/// One server in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRow {
    /// Its name in the configuration.
    pub name: String,
    /// What was asked, without credentials.
    pub target: String,
    /// How that ended.
    pub outcome: Outcome,
    /// Tools that were read.
    pub tools: usize,
    /// The grade, A to F; none without tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
}

impl Report {
    /// The number of issues that are still open.
    pub fn open(&self) -> usize {
        self.issues
            .iter()
            .filter(|issue| issue.status == Status::Open)
            .count()
    }

    /// JSON, pretty, with a newline at the end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A status in a word or a few, for people.
pub(super) fn status_text(status: &Status) -> String {
    use crate::model::Shown;
    match status {
        Status::Open => "open".to_owned(),
        Status::Accepted { by, why } => {
            format!("accepted by {}: {}", Shown(by), Shown(why))
        }
        Status::Suppressed { reason, until } => {
            format!("suppressed until {}: {}", Shown(until), Shown(reason))
        }
        Status::Baseline => "in the baseline".to_owned(),
        Status::Told => "told only".to_owned(),
    }
}

#[cfg(test)]
pub(in crate::check::report) mod tests {
    use super::*;
    use crate::check::issue::Location;
    use crate::model::Severity;

    /// A report with one issue of each status and hostile text.
    pub(in crate::check::report) fn sample() -> Report {
        let issue = |tool: &str, status: Status| {
            let mut issue = Issue::new(
                "tool-severity",
                Severity::Critical,
                "files<&\"",
                Some(tool),
                format!("tool {tool} is Destructive (critical)"),
                "critical",
            )
            .at(Some(Location {
                file: ".mcp.json".to_owned(),
                line: 3,
                column: 5,
            }));
            issue.status = status;
            issue
        };
        Report {
            version: REPORT_VERSION,
            passed: false,
            config: ".mcp.json".to_owned(),
            rules_version: "r1".to_owned(),
            servers: vec![
                ServerRow {
                    name: "files<&\"".to_owned(),
                    target: "npm:files@1.0.0".to_owned(),
                    outcome: Outcome::Listed,
                    tools: 3,
                    grade: Some("D".to_owned()),
                },
                ServerRow {
                    name: "gone".to_owned(),
                    target: "https://gone.example/mcp".to_owned(),
                    outcome: Outcome::Timeout,
                    tools: 0,
                    grade: None,
                },
            ],
            issues: vec![
                issue("delete|all`x`", Status::Open),
                issue(
                    "wipe",
                    Status::Accepted {
                        by: "ada".to_owned(),
                        why: "needed".to_owned(),
                    },
                ),
                issue("old", Status::Baseline),
            ],
        }
    }

    #[test]
    fn open_issues_are_counted() {
        assert_eq!(sample().open(), 1);
    }

    #[test]
    fn the_json_form_reads_back() {
        let report = sample();
        assert_eq!(
            serde_json::from_str::<Report>(&report.json()).unwrap(),
            report
        );
    }
}
