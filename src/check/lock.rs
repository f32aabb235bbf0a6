//! `toolrisk.lock`: which servers and tools a project was looked at with, and what was accepted by
//! whom.

use super::{Issue, Observed, ObservedTool};
use crate::diff::Risk;
use crate::digest::{canonical, text_digest, without_time};
use crate::model::target::PublicTarget;
use crate::model::taxonomy::Traits;
use crate::model::{Category, Severity, Shown, Tool};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the lock's shape.
pub const LOCK_VERSION: u32 = 1;

/// A lock file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Version of this shape: [`LOCK_VERSION`].
    pub version: u32,
    /// The day it was written, `YYYY-MM-DD`.
    pub locked_on: String,
    /// Hash of the rule set that made the verdicts.
    pub rules_version: String,
    /// The servers by their name in the configuration.
    pub servers: BTreeMap<String, LockedServer>,
    /// Digest over all of the above, so that an edit by hand is seen.
    pub checksum: String,
}

/// One server of a lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedServer {
    /// What was asked, without credentials.
    pub target: PublicTarget,
    /// Version and integrity of an installed package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<serde_json::Value>,
    /// Digest over all tools.
    pub digest: Option<String>,
    /// Who accepted what the server can do, and why; `None` when nothing needed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
    /// The tools, in the order answered.
    pub tools: Vec<LockedTool>,
}

/// A person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// One tool of a lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedTool {
    /// Its name as answered.
    pub name: String,
    /// Digest of the definition.
    pub digest: String,
    /// Digest of each part, to say which one changed; texts without dates and times.
    pub parts: BTreeMap<String, String>,
    /// The verdict's category.
    pub category: Category,
    /// The verdict's severity.
    pub severity: Severity,
    /// The verdict's traits.
    pub traits: Traits,
    /// Ids of the text findings, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// Why a lock could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not of the shape of a lock.
    #[error("not a lock of this program: {0}")]
    Shape(#[from] serde_json::Error),
    /// It was written by a newer program.
    #[error("version {0} of the lock is newer than this program knows (it knows {LOCK_VERSION})")]
    Newer(u32),
    /// The checksum does not fit the contents.
    #[error("the checksum does not fit: the lock was edited by hand or cut")]
    Edited,
}

impl Lock {
    /// Makes a lock of what was seen.
    pub fn new(
        observed: &[Observed],
        accepted: Option<&Acceptance>,
        rules_version: &str,
        today: &str,
    ) -> Lock {
        let servers = observed
            .iter()
            .map(|server| {
                let locked = LockedServer {
                    target: server.target.clone(),
                    package: server.package.clone(),
                    digest: server.digest.clone(),
                    accepted: accepted.cloned(),
                    tools: server.tools.iter().map(locked_tool).collect(),
                };
                (server.name.clone(), locked)
            })
            .collect();
        let mut lock = Lock {
            version: LOCK_VERSION,
            locked_on: today.to_owned(),
            rules_version: rules_version.to_owned(),
            servers,
            checksum: String::new(),
        };
        lock.checksum = lock.computed_checksum();
        lock
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// See [`LockError`]. A lock that cannot be trusted is refused: it never weakens a check.
    pub fn read(text: &str) -> Result<Lock, LockError> {
        // The version is looked at first: a newer lock may have fields unknown here.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text)?;
        if version > LOCK_VERSION {
            return Err(LockError::Newer(version));
        }
        let lock: Lock = serde_json::from_str(text)?;
        if lock.checksum != lock.computed_checksum() {
            return Err(LockError::Edited);
        }
        Ok(lock)
    }

    /// The text of the lock file: pretty JSON with a newline at the end.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    fn computed_checksum(&self) -> String {
        let bare = Lock {
            checksum: String::new(),
            ..self.clone()
        };
        text_digest(&serde_json::to_string(&bare).unwrap_or_default())
    }

    /// Servers that are locked and no longer configured.
    pub(super) fn forgotten(&self, observed: &[Observed]) -> Vec<Issue> {
        let mut issues: Vec<Issue> = Vec::new();
        for name in self.servers.keys() {
            if observed.iter().all(|server| server.name != *name) {
                let message =
                    "the server is in the lock but no longer configured: write the lock again";
                let mut issue = Issue::new(
                    "locked-but-gone",
                    Severity::Low,
                    name,
                    None,
                    message.to_owned(),
                    "",
                );
                issue.status = super::Status::Told;
                issues.push(issue);
            }
        }
        issues
    }
}

impl LockedServer {
    /// The acceptance that covers exactly this definition.
    pub(super) fn acceptance(&self, tool: &ObservedTool) -> Option<&Acceptance> {
        let accepted = self.accepted.as_ref()?;
        let now = locked_tool(tool);
        self.tools
            .iter()
            .any(|locked| same_tool(locked, &now))
            .then_some(accepted)
    }
}

/// The same definition, dates and times in texts apart.
fn same_tool(locked: &LockedTool, now: &LockedTool) -> bool {
    locked.name == now.name && (locked.digest == now.digest || locked.parts == now.parts)
}

fn locked_tool(observed: &ObservedTool) -> LockedTool {
    let verdict = &observed.verdict;
    let mut findings: Vec<String> = verdict.findings.iter().map(|f| f.id.clone()).collect();
    findings.sort();
    findings.dedup();
    LockedTool {
        name: observed.tool.name.clone(),
        digest: observed.digest.clone(),
        parts: parts(&observed.tool),
        category: verdict.category,
        severity: verdict.severity,
        traits: verdict.traits,
        findings,
    }
}

/// Digests of the parts of a definition that people tell apart.
fn parts(tool: &Tool) -> BTreeMap<String, String> {
    let text =
        |text: &Option<String>| text_digest(&without_time(text.as_deref().unwrap_or_default()));
    let schema = |schema: &Option<serde_json::Value>| match schema {
        Some(schema) => text_digest(&canonical(schema)),
        None => text_digest(""),
    };
    let claims = tool.annotations;
    let claims = [
        claims.read_only,
        claims.destructive,
        claims.idempotent,
        claims.open_world,
    ];
    BTreeMap::from([
        ("title".to_owned(), text(&tool.title)),
        ("description".to_owned(), text(&tool.description)),
        ("inputSchema".to_owned(), schema(&tool.input_schema)),
        ("outputSchema".to_owned(), schema(&tool.output_schema)),
        (
            "annotations".to_owned(),
            text_digest(&format!("{claims:?}")),
        ),
    ])
}

/// What moved since the lock, as issues; those below the threshold are told only.
pub(super) fn drift(server: &Observed, lock: &Lock, threshold: Option<Risk>) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add =
        |risk: Risk, severity: Severity, tool: Option<&str>, message: String, key: &str| {
            let mut issue = Issue::new("drift", severity, &server.name, tool, message, key);
            if threshold.is_none_or(|least| risk < least) {
                issue.status = super::Status::Told;
            }
            issues.push(issue);
        };
    let Some(locked) = lock.servers.get(&server.name) else {
        let message = "the server is not in the lock: look at it, then write the lock again";
        add(
            Risk::Raises,
            Severity::High,
            None,
            message.to_owned(),
            "new server",
        );
        return issues;
    };
    if locked.target != server.target {
        let message = format!(
            "the target is another than in the lock: {} was {}",
            Shown(&server.target.label()),
            Shown(&locked.target.label())
        );
        add(
            Risk::Raises,
            Severity::High,
            None,
            message,
            &server.target.label(),
        );
    }
    let mut left: Vec<&LockedTool> = locked.tools.iter().collect();
    let mut moved: Vec<LockedTool> = Vec::new();
    for tool in &server.tools {
        let now = locked_tool(tool);
        match left.iter().position(|locked| same_tool(locked, &now)) {
            Some(index) => {
                left.remove(index);
            }
            None => moved.push(now),
        }
    }
    for now in moved {
        let name = Shown(&now.name).to_string();
        if let Some(index) = left.iter().position(|locked| locked.name == now.name) {
            let was = left.remove(index);
            let (risk, what) = compare(was, &now);
            let message = format!("tool {name} changed since the lock: {what}");
            add(risk, now.severity, Some(&now.name), message, &now.digest);
        } else {
            let message = format!(
                "tool {name} is new since the lock: {} ({})",
                now.category, now.severity
            );
            add(
                Risk::Raises,
                now.severity,
                Some(&now.name),
                message,
                &now.digest,
            );
        }
    }
    for gone in left {
        let message = format!("tool {} is gone since the lock", Shown(&gone.name));
        add(
            Risk::Lowers,
            Severity::Low,
            Some(&gone.name),
            message,
            &gone.digest,
        );
    }
    issues
}

/// How two states of a tool differ, in words, and what that does to the risk. A changed input
/// schema raises: the lock holds digests, so it cannot tell a wider schema from a narrower one.
fn compare(was: &LockedTool, now: &LockedTool) -> (Risk, String) {
    let mut risk = Risk::Wording;
    let mut what: Vec<String> = Vec::new();
    let mut note = |change: Risk, text: String| {
        risk = risk.max(change);
        what.push(text);
    };
    if now.category != was.category {
        let change = if now.category > was.category {
            Risk::Raises
        } else {
            Risk::Lowers
        };
        note(
            change,
            format!("category {} was {}", now.category, was.category),
        );
    }
    if now.severity != was.severity {
        let change = if now.severity > was.severity {
            Risk::Raises
        } else {
            Risk::Lowers
        };
        note(
            change,
            format!("severity {} was {}", now.severity, was.severity),
        );
    }
    for (name, had, has) in [
        (
            "private_data",
            was.traits.private_data,
            now.traits.private_data,
        ),
        (
            "untrusted_content",
            was.traits.untrusted_content,
            now.traits.untrusted_content,
        ),
        (
            "external_egress",
            was.traits.external_egress,
            now.traits.external_egress,
        ),
    ] {
        match (had, has) {
            (false, true) => note(Risk::Raises, format!("gained the trait {name}")),
            (true, false) => note(Risk::Lowers, format!("lost the trait {name}")),
            _ => {}
        }
    }
    for id in now.findings.iter().filter(|id| !was.findings.contains(id)) {
        note(Risk::Raises, format!("new text finding {id}"));
    }
    for (part, digest) in &now.parts {
        if was.parts.get(part) != Some(digest) {
            let change = match part.as_str() {
                "inputSchema" | "annotations" => Risk::Raises,
                _ => Risk::Wording,
            };
            note(change, format!("another {part}"));
        }
    }
    (risk, what.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        Lock::new(&[], None, "rules", "2026-11-22")
    }

    #[test]
    fn a_lock_reads_back() {
        assert_eq!(Lock::read(&lock().to_text()).unwrap(), lock());
    }

    #[test]
    fn an_edited_a_newer_and_a_cut_lock_are_refused() {
        let edited = lock().to_text().replace("2026-11-22", "2026-11-23");
        assert!(matches!(Lock::read(&edited), Err(LockError::Edited)));
        let newer = lock()
            .to_text()
            .replace("\"version\": 1", "\"version\": 2, \"x\": 0");
        assert!(matches!(Lock::read(&newer), Err(LockError::Newer(2))));
        assert!(matches!(
            Lock::read(&lock().to_text()[..40]),
            Err(LockError::Shape(_))
        ));
    }
}
