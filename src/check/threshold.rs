//! What fails a check: `--fail-on severity=high`, `category=Destructive`, `signal=ID`,
//! `trait=external_egress`, `finding`, `grade=D`, `drift`, `config=high`.

use super::issue::{Issue, Status};
use super::lock::{Acceptance, LockedServer};
use super::observed::{Observed, ObservedTool};
use crate::diff::Risk;
use crate::model::assessment::Letter;
use crate::model::{Category, Severity, Shown};
use std::fmt;
use std::str::FromStr;

/// One threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailOn {
    /// A tool of this severity or above.
    Severity(Severity),
    /// A tool of this category.
    Category(Category),
    /// A tool that shows this signal.
    Signal(String),
    /// A tool that has this trait.
    Trait(TraitName),
    /// A text finding; with an id, only that one.
    Finding(Option<String>),
    /// A server of this grade or a worse one.
    Grade(Letter),
    /// A change against the lock of this risk or above.
    Drift(Risk),
    /// Something wrong in the configuration itself, of this severity or above.
    Config(Severity),
}

/// One of the three traits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitName {
    /// `private_data`
    PrivateData,
    /// `untrusted_content`
    UntrustedContent,
    /// `external_egress`
    ExternalEgress,
}

impl FailOn {
    /// What fails when nothing is said: critical tools, text findings, changes that raise the risk,
    /// and what is badly wrong in the configuration.
    pub fn defaults() -> Vec<FailOn> {
        vec![
            FailOn::Severity(Severity::Critical),
            FailOn::Finding(None),
            FailOn::Drift(Risk::Raises),
            FailOn::Config(Severity::High),
        ]
    }

    /// Whether an issue of the configuration of this severity fails.
    pub(super) fn fails_config(&self, severity: Severity) -> bool {
        matches!(self, FailOn::Config(threshold) if severity >= *threshold)
    }
}

/// The text is no threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no threshold: use severity=low|medium|high|critical, category=NAME, signal=ID, \
     trait=private_data|untrusted_content|external_egress, finding, finding=ID, grade=A..F, \
     drift, drift=raises|lowers|wording, or config=SEVERITY"
)]
pub struct NotAThreshold(String);

impl FromStr for FailOn {
    type Err = NotAThreshold;

    fn from_str(text: &str) -> Result<Self, NotAThreshold> {
        let wrong = || NotAThreshold(text.to_owned());
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim()).filter(|v| !v.is_empty())),
            None => (text.trim(), None),
        };
        let severity = |value: Option<&str>| {
            Severity::ALL
                .into_iter()
                .find(|s| Some(s.as_str()) == value)
                .ok_or_else(wrong)
        };
        match key {
            "severity" => severity(value).map(FailOn::Severity),
            "config" if value.is_none() => Ok(FailOn::Config(Severity::Low)),
            "config" => severity(value).map(FailOn::Config),
            "category" => Category::ALL
                .into_iter()
                .find(|c| value.is_some_and(|v| v.eq_ignore_ascii_case(c.as_str())))
                .map(FailOn::Category)
                .ok_or_else(wrong),
            "signal" => value
                .map(|id| FailOn::Signal(id.to_owned()))
                .ok_or_else(wrong),
            "trait" => match value {
                Some("private_data") => Ok(FailOn::Trait(TraitName::PrivateData)),
                Some("untrusted_content") => Ok(FailOn::Trait(TraitName::UntrustedContent)),
                Some("external_egress") => Ok(FailOn::Trait(TraitName::ExternalEgress)),
                _ => Err(wrong()),
            },
            "finding" => Ok(FailOn::Finding(value.map(str::to_owned))),
            "grade" => {
                use Letter::{A, B, C, D, E, F};
                [A, B, C, D, E, F]
                    .into_iter()
                    .find(|letter| {
                        value.is_some_and(|v| v.eq_ignore_ascii_case(&letter.to_string()))
                    })
                    .map(FailOn::Grade)
                    .ok_or_else(wrong)
            }
            "drift" => match value {
                None | Some("raises") => Ok(FailOn::Drift(Risk::Raises)),
                Some("lowers") => Ok(FailOn::Drift(Risk::Lowers)),
                Some("wording" | "any") => Ok(FailOn::Drift(Risk::Wording)),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for TraitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TraitName::PrivateData => "private_data",
            TraitName::UntrustedContent => "untrusted_content",
            TraitName::ExternalEgress => "external_egress",
        })
    }
}

/// The issues that the thresholds make of one server. A tool that the lock accepts in exactly this
/// definition gives accepted issues.
pub(super) fn issues(
    server: &Observed,
    locked: Option<&LockedServer>,
    fail_on: &[FailOn],
) -> Vec<Issue> {
    let mut issues = Vec::new();
    for tool in &server.tools {
        let accepted = locked.and_then(|locked| locked.acceptance(tool));
        for mut issue in fail_on
            .iter()
            .flat_map(|threshold| of_tool(server, tool, threshold))
        {
            accept(&mut issue, accepted);
            issues.push(issue);
        }
    }
    for threshold in fail_on {
        if let FailOn::Finding(id) = threshold {
            let accepted = locked.and_then(|locked| locked.instructions_acceptance(server));
            for mut issue in of_instructions(server, id.as_deref()) {
                accept(&mut issue, accepted);
                issues.push(issue);
            }
        }
        if let (FailOn::Grade(worst), Some(grade)) = (threshold, server.grade)
            && grade >= *worst
        {
            let message = format!("the server's grade is {grade}");
            let key = grade.to_string();
            let mut issue = Issue::new(
                "server-grade",
                Severity::High,
                &server.name,
                None,
                message,
                &key,
            );
            let same = locked.filter(|locked| locked.digest == server.digest);
            accept(&mut issue, same.and_then(|locked| locked.accepted.as_ref()));
            issues.push(issue);
        }
    }
    issues
}

fn accept(issue: &mut Issue, accepted: Option<&Acceptance>) {
    if let Some(acceptance) = accepted {
        issue.status = Status::Accepted {
            by: acceptance.by.clone(),
            why: acceptance.why.clone(),
        };
    }
}

/// Text findings in the server's instructions to the model.
fn of_instructions(server: &Observed, wanted: Option<&str>) -> Vec<Issue> {
    server
        .instruction_findings
        .iter()
        .filter(|finding| wanted.is_none_or(|id| id == finding.id))
        .map(|finding| {
            let message = format!("{} in the instructions", Shown(&finding.title));
            let key = format!("{} instructions", finding.id);
            Issue::new(
                "text-finding",
                finding.severity,
                &server.name,
                None,
                message,
                &key,
            )
        })
        .collect()
}

fn of_tool(server: &Observed, tool: &ObservedTool, threshold: &FailOn) -> Vec<Issue> {
    let verdict = &tool.verdict;
    let name = Shown(&verdict.name);
    let issue = |rule: &str, severity: Severity, message: String, key: &str| {
        Issue::new(
            rule,
            severity,
            &server.name,
            Some(&verdict.name),
            message,
            key,
        )
    };
    let kind = format!("{} ({})", verdict.category, verdict.severity);
    match threshold {
        FailOn::Severity(least) if verdict.severity >= *least => {
            let signals: Vec<&str> = verdict.signals.iter().map(|s| s.title.as_str()).collect();
            let mut message = format!("tool {name} is {kind}");
            if !signals.is_empty() {
                message.push_str(": ");
                message.push_str(&Shown(&signals.join("; ")).to_string());
            }
            vec![issue(
                "tool-severity",
                verdict.severity,
                message,
                verdict.severity.as_str(),
            )]
        }
        FailOn::Category(category) if verdict.category == *category => vec![issue(
            "tool-category",
            verdict.severity,
            format!("tool {name} is {kind}"),
            category.as_str(),
        )],
        FailOn::Signal(id) => verdict
            .signals
            .iter()
            .filter(|signal| signal.id == *id)
            .map(|signal| {
                issue(
                    "tool-signal",
                    verdict.severity,
                    format!("tool {name}: {}", Shown(&signal.title)),
                    &signal.title,
                )
            })
            .collect(),
        FailOn::Trait(wanted) => {
            let has = match wanted {
                TraitName::PrivateData => verdict.traits.private_data,
                TraitName::UntrustedContent => verdict.traits.untrusted_content,
                TraitName::ExternalEgress => verdict.traits.external_egress,
            };
            let message = format!("tool {name} has the trait {wanted}");
            let key = wanted.to_string();
            has.then(|| issue("tool-trait", verdict.severity, message, &key))
                .into_iter()
                .collect()
        }
        FailOn::Finding(id) => verdict
            .findings
            .iter()
            .filter(|finding| id.as_ref().is_none_or(|id| *id == finding.id))
            .map(|finding| {
                issue(
                    "text-finding",
                    finding.severity,
                    format!(
                        "tool {name}: {} in {}",
                        Shown(&finding.title),
                        Shown(&finding.field)
                    ),
                    &format!("{} {}", finding.id, finding.field),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_read() {
        assert_eq!(
            "severity=high".parse(),
            Ok(FailOn::Severity(Severity::High))
        );
        assert_eq!(
            "category=destructive".parse(),
            Ok(FailOn::Category(Category::Destructive))
        );
        assert_eq!("drift".parse(), Ok(FailOn::Drift(Risk::Raises)));
        assert_eq!("finding".parse(), Ok(FailOn::Finding(None)));
        assert_eq!("grade=d".parse(), Ok(FailOn::Grade(Letter::D)));
        for wrong in [
            "",
            "severity",
            "severity=severe",
            "trait=x",
            "signal",
            "grade=G",
            "x=y",
        ] {
            assert!(wrong.parse::<FailOn>().is_err(), "{wrong}");
        }
    }
}
