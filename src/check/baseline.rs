//! A baseline: the issues that were there when a project began to check, so that only new ones
//! fail.

use super::issue::{Issue, Status};
use crate::digest::text_digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the baseline's shape.
const VERSION: u32 = 1;

/// A frozen set of issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    /// Which configuration it was made for, see [`config_id`].
    config: String,
    /// Fingerprints of the issues.
    pub issues: BTreeSet<String>,
}

/// Why a baseline could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not of the shape of a baseline.
    #[error("not a baseline of this program: {0}")]
    Shape(#[from] serde_json::Error),
    /// It was written by a newer program.
    #[error("version {0} of the baseline is newer than this program knows (it knows {VERSION})")]
    Newer(u32),
    /// It was made for another configuration.
    #[error("the baseline was made for another configuration")]
    OtherConfig,
}

/// What tells a configuration from another: its file name and nothing of its contents, so that a
/// server may be added to it.
pub fn config_id(file: &str) -> String {
    text_digest(file)
}

impl Baseline {
    /// Freezes the open issues.
    pub fn new(config: String, issues: &[Issue]) -> Baseline {
        let issues = issues
            .iter()
            .filter(|issue| matches!(issue.status, Status::Open | Status::Baseline))
            .map(|issue| issue.fingerprint.clone())
            .collect();
        Baseline {
            version: VERSION,
            config,
            issues,
        }
    }

    /// Reads a baseline that was made for `config`.
    ///
    /// # Errors
    /// See [`BaselineError`].
    pub fn read(text: &str, config: &str) -> Result<Baseline, BaselineError> {
        let baseline: Baseline = serde_json::from_str(text)?;
        if baseline.version > VERSION {
            return Err(BaselineError::Newer(baseline.version));
        }
        if baseline.config != config {
            return Err(BaselineError::OtherConfig);
        }
        Ok(baseline)
    }

    /// The text of the file: pretty JSON with a newline at the end.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    #[test]
    fn it_is_for_one_configuration() {
        let issue = Issue::new("drift", Severity::High, "a", None, String::new(), "");
        let baseline = Baseline::new(config_id(".mcp.json"), std::slice::from_ref(&issue));
        let text = baseline.to_text();
        let read = Baseline::read(&text, &config_id(".mcp.json")).unwrap();
        assert!(read.issues.contains(&issue.fingerprint));
        assert!(matches!(
            Baseline::read(&text, &config_id("other.json")),
            Err(BaselineError::OtherConfig)
        ));
        let newer = text.replace("\"version\": 1", "\"version\": 9");
        assert!(matches!(
            Baseline::read(&newer, &config_id(".mcp.json")),
            Err(BaselineError::Newer(9))
        ));
    }
}
