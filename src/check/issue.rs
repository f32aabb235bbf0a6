//! One concern: what it is about, where it stands, and whether it still stands.

use crate::model::Severity;
use serde::{Deserialize, Serialize};

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
