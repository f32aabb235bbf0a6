//! SARIF 2.1.0, for code scanning. Source: OASIS Static Analysis Results Interchange Format
//! version 2.1.0, sections 3.19 to 3.35.

use super::result::Report;
use crate::check::issue::{Issue, Status};
use crate::model::{Severity, Shown};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The rules of the check: id, one line, how bad at most (the `security-severity` of the rule).
const RULES: [(&str, &str, Severity); 15] = [
    (
        "drift",
        "A server or tool changed since the lock",
        Severity::Critical,
    ),
    (
        "locked-but-gone",
        "A locked server is no longer configured",
        Severity::Low,
    ),
    (
        "lookalike-name",
        "A package is named almost like a well-known one",
        Severity::High,
    ),
    (
        "not-scanned",
        "A server could not be scanned",
        Severity::High,
    ),
    ("plain-http", "An endpoint is not encrypted", Severity::High),
    (
        "rug-pull",
        "Something became worse after it was looked at",
        Severity::Critical,
    ),
    (
        "secret-in-config",
        "A secret stands in the configuration",
        Severity::High,
    ),
    (
        "server-grade",
        "A server's grade is at or below the threshold",
        Severity::High,
    ),
    ("shell-command", "The command is a shell", Severity::High),
    (
        "text-finding",
        "The text of a definition looks like manipulation",
        Severity::Critical,
    ),
    (
        "tool-category",
        "A tool is of a category that was asked for",
        Severity::Critical,
    ),
    (
        "tool-severity",
        "A tool's severity is at or above the threshold",
        Severity::Critical,
    ),
    (
        "tool-signal",
        "A tool shows a signal that was asked for",
        Severity::High,
    ),
    (
        "tool-trait",
        "A tool has a trait that was asked for",
        Severity::High,
    ),
    (
        "unpinned-package",
        "A package has no exact version",
        Severity::Medium,
    ),
];

/// A report as SARIF, pretty, with a newline at the end. Issues that do not fail carry a
/// suppression with its justification.
pub fn sarif(report: &Report) -> String {
    let descriptors: Vec<Value> = RULES
        .iter()
        .map(|(id, text, severity)| {
            json!({
                "id": id,
                "shortDescription": {"text": text},
                "defaultConfiguration": {"level": level(*severity)},
                "properties": {
                    "tags": ["security"],
                    "security-severity": security_severity(*severity),
                },
            })
        })
        .collect();
    let results: Vec<Value> = report
        .issues
        .iter()
        .map(|issue| result(issue, &report.config))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "toolrisk",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn result(issue: &Issue, config: &str) -> Value {
    let (file, line, column) = match &issue.location {
        Some(at) => (at.file.as_str(), at.line, at.column),
        None => (config, 1, 1),
    };
    let mut result = json!({
        "ruleId": issue.rule,
        "level": level(issue.severity),
        "message": {"text": format!("{}: {}", Shown(&issue.server), issue.message)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(file)},
                "region": {"startLine": line, "startColumn": column},
            },
        }],
        "partialFingerprints": {"toolrisk/v1": issue.fingerprint},
        "properties": {"security-severity": security_severity(issue.severity)},
    });
    if let Some(index) = RULES.iter().position(|(id, ..)| *id == issue.rule) {
        result["ruleIndex"] = index.into();
    }
    let suppression = match &issue.status {
        Status::Open => None,
        Status::Accepted { by, why } => Some(format!("accepted by {by}: {why}")),
        Status::Suppressed { reason, until } => Some(format!("{reason} (until {until})")),
        Status::Baseline => Some("in the baseline".to_owned()),
        Status::Told => Some("below the threshold".to_owned()),
    };
    if let Some(justification) = suppression {
        result["suppressions"] =
            json!([{"kind": "external", "status": "accepted", "justification": justification}]);
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// The number by which code scanning sorts: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "2.0",
        Severity::Medium => "5.0",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::sample;
    use super::*;

    #[test]
    fn it_names_the_line_and_the_severity() {
        let log: Value = serde_json::from_str(&sarif(&sample())).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], ".mcp.json");
        assert_eq!(place["region"]["startLine"], 3);
        assert_eq!(results[0]["properties"]["security-severity"], "9.5");
        assert!(results[0].get("suppressions").is_none());
        assert_eq!(
            results[1]["suppressions"][0]["justification"],
            "accepted by ada: needed"
        );
    }

    #[test]
    fn every_rule_index_points_at_its_rule() {
        let log: Value = serde_json::from_str(&sarif(&sample())).unwrap();
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
    }

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(uri("a b/ü.json"), "a%20b/%C3%BC.json");
    }
}
