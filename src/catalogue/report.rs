//! What one run saw.

use crate::model::{Outcome, Slug};
use serde::{Deserialize, Serialize};

/// The report of a run. A run over saved files alone has neither times nor durations, so that the
/// same input gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The name of the run: its start, or a digest of its targets.
    pub run: String,
    /// When it started, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// How many targets there were; the counts of the outcomes add up to it.
    pub targets: usize,
    /// Targets by outcome, in the order of [`Outcome::ALL`], without zeros.
    pub outcomes: Vec<OutcomeCount>,
    /// Every target, in the order of the input.
    pub seen: Vec<RunTarget>,
}

/// One outcome and how often it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCount {
    /// The outcome.
    pub outcome: Outcome,
    /// How many targets ended so.
    pub count: usize,
}

/// One target of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunTarget {
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Tools listed.
    pub tools: usize,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

impl RunReport {
    /// Counts the outcomes of `seen`.
    pub fn count(seen: &[RunTarget]) -> Vec<OutcomeCount> {
        Outcome::ALL
            .into_iter()
            .map(|outcome| OutcomeCount {
                outcome,
                count: seen.iter().filter(|t| t.outcome == outcome).count(),
            })
            .filter(|count| count.count > 0)
            .collect()
    }
}
