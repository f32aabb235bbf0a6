//! What one run saw.

use crate::model::{Outcome, Slug};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The report of a run. A run over saved files alone has neither times nor durations, so that the
/// same input gives the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// The hosts with the slowest targets, slowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slowest: Vec<HostTime>,
    /// Whether the run was stopped before its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
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
    /// For how many milliseconds the server says that its list holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The host it was asked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Variables that it wants and that were not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

/// The targets of one host and the time they took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostTime {
    /// The host.
    pub host: String,
    /// Its targets in this run.
    pub targets: usize,
    /// The slowest of them, in milliseconds.
    pub slowest_ms: u64,
}

impl RunReport {
    /// The ten hosts with the slowest targets, slowest first.
    pub fn slowest(seen: &[RunTarget]) -> Vec<HostTime> {
        let mut hosts: BTreeMap<&str, HostTime> = BTreeMap::new();
        for target in seen {
            if let (Some(host), Some(ms)) = (&target.host, target.ms) {
                let time = hosts.entry(host).or_insert_with(|| HostTime {
                    host: host.clone(),
                    targets: 0,
                    slowest_ms: 0,
                });
                time.targets += 1;
                time.slowest_ms = time.slowest_ms.max(ms);
            }
        }
        let mut hosts: Vec<HostTime> = hosts.into_values().collect();
        hosts.sort_by(|a, b| b.slowest_ms.cmp(&a.slowest_ms).then(a.host.cmp(&b.host)));
        hosts.truncate(10);
        hosts
    }

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
