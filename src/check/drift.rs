//! What moved since the lock was written.

use super::issue::{Issue, Status};
use super::lock::{Lock, LockedServer, LockedTool, finding_ids, instructions_digest};
use super::observed::Observed;
use crate::diff::Risk;
use crate::model::taxonomy::Traits;
use crate::model::{Severity, Shown};
use serde_json::Value;

/// A change since the lock.
struct Moved {
    risk: Risk,
    severity: Severity,
    tool: Option<String>,
    message: String,
    /// What tells it from other changes of the same thing.
    key: String,
    /// What makes it a rug pull: it became worse after it was looked at.
    worse: Vec<String>,
}

impl Moved {
    fn new(risk: Risk, severity: Severity, message: String, key: &str) -> Moved {
        Moved {
            risk,
            severity,
            tool: None,
            message,
            key: key.to_owned(),
            worse: Vec::new(),
        }
    }

    fn of(mut self, tool: &str) -> Moved {
        self.tool = Some(tool.to_owned());
        self
    }

    fn worse(mut self, worse: Vec<String>) -> Moved {
        self.worse = worse;
        self
    }
}

/// What moved since the lock, as issues; those below the threshold are told only. What became worse
/// is an issue of its own, `rug-pull`, beside the change.
pub(super) fn drift(server: &Observed, lock: &Lock, threshold: Option<Risk>) -> Vec<Issue> {
    let moved = match lock.servers.get(&server.name) {
        None => {
            let message = "the server is not in the lock: look at it, then write the lock again";
            let message = message.to_owned();
            vec![Moved::new(
                Risk::Raises,
                Severity::High,
                message,
                "new server",
            )]
        }
        Some(locked) => {
            let mut moved = target(server, locked);
            moved.extend(instructions(server, locked));
            moved.extend(tools(server, locked));
            moved
        }
    };
    let mut issues = Vec::new();
    for change in moved {
        let tool = change.tool.as_deref();
        let mut add = |rule: &str, severity: Severity, message: String| {
            let mut issue = Issue::new(rule, severity, &server.name, tool, message, &change.key);
            if threshold.is_none_or(|least| change.risk < least) {
                issue.status = Status::Told;
            }
            issues.push(issue);
        };
        if !change.worse.is_empty() {
            let what = match tool {
                Some(tool) => format!("tool {}", Shown(tool)),
                None => "the server".to_owned(),
            };
            let message = format!(
                "{what} became worse after it was looked at: {}",
                change.worse.join(", ")
            );
            add("rug-pull", change.severity.max(Severity::High), message);
        }
        add("drift", change.severity, change.message.clone());
    }
    issues
}

/// Servers that are locked and no longer configured.
pub(super) fn forgotten(lock: &Lock, observed: &[Observed]) -> Vec<Issue> {
    let gone = |name: &&String| observed.iter().all(|server| server.name != **name);
    lock.servers
        .keys()
        .filter(gone)
        .map(|name| {
            let message =
                "the server is in the lock but no longer configured: write the lock again";
            let message = message.to_owned();
            let mut issue = Issue::new("locked-but-gone", Severity::Low, name, None, message, "");
            issue.status = Status::Told;
            issue
        })
        .collect()
}

/// Another address or package, or another package under the same name and version.
fn target(server: &Observed, locked: &LockedServer) -> Vec<Moved> {
    let mut moved = Vec::new();
    if locked.target != server.target {
        let label = server.target.label();
        let message = format!(
            "the target is another than in the lock: {} was {}",
            Shown(&label),
            Shown(&locked.target.label())
        );
        moved.push(Moved::new(Risk::Raises, Severity::High, message, &label));
        return moved;
    }
    let text = |package: &Option<Value>, key: &str| {
        let value = package.as_ref()?.get(key)?;
        Some(value.as_str()?.to_owned())
    };
    let both = |key: &str| text(&locked.package, key).zip(text(&server.package, key));
    let version = both("version");
    match (version, both("integrity")) {
        (Some((was, is)), _) if was != is => {
            let message = format!("the package is version {}, was {}", Shown(&is), Shown(&was));
            moved.push(Moved::new(Risk::Wording, Severity::Medium, message, &is));
        }
        (_, Some((was, is))) if was != is => {
            let message = "the package has other contents than in the lock, under the same version";
            let message = message.to_owned();
            moved.push(Moved::new(Risk::Raises, Severity::Critical, message, &is));
        }
        _ => {}
    }
    moved
}

fn instructions(server: &Observed, locked: &LockedServer) -> Option<Moved> {
    let now = instructions_digest(server);
    if now == locked.instructions {
        return None;
    }
    let worse: Vec<String> = finding_ids(&server.instruction_findings)
        .into_iter()
        .filter(|id| !locked.instruction_findings.contains(id))
        .map(|id| format!("new text finding {id}"))
        .collect();
    let (risk, severity) = if worse.is_empty() {
        (Risk::Wording, Severity::Low)
    } else {
        (Risk::Raises, Severity::High)
    };
    let message = "the instructions to the model are others than in the lock".to_owned();
    let key = now.unwrap_or_default();
    Some(Moved::new(risk, severity, message, &format!("instructions {key}")).worse(worse))
}

fn tools(server: &Observed, locked: &LockedServer) -> Vec<Moved> {
    let mut left: Vec<&LockedTool> = locked.tools.iter().collect();
    let mut other: Vec<LockedTool> = Vec::new();
    for tool in &server.tools {
        let Some(now) = LockedTool::of(tool, &locked.unstable) else {
            continue;
        };
        match left.iter().position(|locked| locked.is_same(&now)) {
            Some(index) => {
                left.remove(index);
            }
            None => other.push(now),
        }
    }
    let mut moved = Vec::new();
    for now in other {
        let name = Shown(&now.name).to_string();
        let was = left.iter().position(|was| was.name == now.name);
        let (risk, message, worse) = if let Some(index) = was {
            let (risk, what, worse) = compare(left.remove(index), &now);
            (
                risk,
                format!("tool {name} changed since the lock: {what}"),
                worse,
            )
        } else {
            let message = format!(
                "tool {name} is new since the lock: {} ({})",
                now.category, now.severity
            );
            let findings = now.findings.iter();
            let worse = findings.map(|id| format!("it is new and has the text finding {id}"));
            (Risk::Raises, message, worse.collect())
        };
        let change = Moved::new(risk, now.severity, message, &now.digest);
        moved.push(change.of(&now.name).worse(worse));
    }
    for gone in left {
        let message = format!("tool {} is gone since the lock", Shown(&gone.name));
        let change = Moved::new(Risk::Lowers, Severity::Low, message, &gone.digest);
        moved.push(change.of(&gone.name));
    }
    moved
}

/// How two states of a tool differ, in words, what that does to the risk, and what of it became
/// worse. A changed input schema raises: the lock holds digests, so it cannot tell a wider schema
/// from a narrower one.
fn compare(was: &LockedTool, now: &LockedTool) -> (Risk, String, Vec<String>) {
    let mut risk = Risk::Wording;
    let mut what: Vec<String> = Vec::new();
    let mut worse: Vec<String> = Vec::new();
    let mut note = |change: Risk, pull: bool, text: String| {
        risk = risk.max(change);
        if pull {
            worse.push(text.clone());
        }
        what.push(text);
    };
    let direction = |raised: bool| if raised { Risk::Raises } else { Risk::Lowers };
    if now.category != was.category {
        let text = format!("category {} was {}", now.category, was.category);
        note(direction(now.category > was.category), false, text);
    }
    if now.severity != was.severity {
        let raised = now.severity > was.severity;
        let text = format!("severity {} was {}", now.severity, was.severity);
        note(direction(raised), raised, text);
    }
    for (name, had, has) in traits(was.traits, now.traits) {
        match (had, has) {
            (false, true) => note(Risk::Raises, true, format!("gained the trait {name}")),
            (true, false) => note(Risk::Lowers, false, format!("lost the trait {name}")),
            _ => {}
        }
    }
    for id in now.findings.iter().filter(|id| !was.findings.contains(id)) {
        note(Risk::Raises, true, format!("new text finding {id}"));
    }
    for (part, digest) in &now.parts {
        if was.parts.get(part) != Some(digest) {
            let change = match part.as_str() {
                "inputSchema" | "annotations" => Risk::Raises,
                _ => Risk::Wording,
            };
            note(change, false, format!("another {part}"));
        }
    }
    (risk, what.join(", "), worse)
}

fn traits(was: Traits, now: Traits) -> [(&'static str, bool, bool); 3] {
    [
        ("private_data", was.private_data, now.private_data),
        (
            "untrusted_content",
            was.untrusted_content,
            now.untrusted_content,
        ),
        ("external_egress", was.external_egress, now.external_egress),
    ]
}
