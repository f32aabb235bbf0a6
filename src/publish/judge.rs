//! The one place where pages get their judgements from: `classify` and `policy`.
//!
//! Nothing in `publish` decides what a tool is. Everything said of one on a page comes through here.

use crate::model::{Assessment, Category, PolicyDocument, Severity, Tool, Verdict};

/// What a page shows of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// The rule's id.
    pub id: String,
    /// `category`, `signal`, `trait` or `text`.
    pub kind: String,
    /// The line for people, with its placeholders.
    pub title: String,
    /// Why the rule exists.
    pub rationale: String,
    /// Weakness and technique ids.
    pub references: Vec<String>,
    /// How many steps it raises the severity.
    pub raises: u8,
}

/// The classifier and the policy generator, ready for use.
pub struct Judge {}

impl Judge {
    /// With the rules of the binary.
    pub fn embedded() -> Result<Judge, String> {
        Ok(Judge {})
    }

    /// Hash of the rule set.
    pub fn rules_version(&self) -> &str {
        "provisional"
    }

    /// Every rule.
    pub fn rules(&self) -> Vec<RuleInfo> {
        Vec::new()
    }

    /// Verdicts on the tools of one server, in their order.
    pub fn verdicts(
        &self,
        name: &str,
        tools: &[Tool],
        _instructions: Option<&str>,
    ) -> Vec<Verdict> {
        tools
            .iter()
            .map(|tool| {
                let category = if tool.name.contains("delete") {
                    Category::Destructive
                } else if tool.name.contains("create") {
                    Category::Write
                } else if tool.name.contains("run") {
                    Category::Execute
                } else {
                    Category::Read
                };
                Verdict {
                    server: Some(name.to_owned()),
                    name: tool.name.clone(),
                    category,
                    severity: category.base_severity(),
                    confidence: 0.5,
                    signals: vec![],
                    traits: Default::default(),
                    actions: vec![],
                    findings: vec![],
                    evidence: vec![crate::model::Evidence {
                        rule: "x-verb".into(),
                        field: "name".into(),
                        span: [0, 3.min(tool.name.len())],
                        text: tool.name.get(..3).unwrap_or_default().into(),
                        weight: 1.0,
                        category: Some(category),
                    }],
                    problems: vec![],
                    overridden: None,
                    rules_version: "provisional".into(),
                }
            })
            .collect()
    }

    /// What follows for the whole server.
    pub fn assess(&self, verdicts: &[Verdict], _tools: &[Tool]) -> Assessment {
        Assessment {
            categories: Category::ALL
                .into_iter()
                .map(|c| (c, verdicts.iter().filter(|v| v.category == c).count()))
                .collect(),
            severities: Severity::ALL
                .into_iter()
                .map(|c| (c, verdicts.iter().filter(|v| v.severity == c).count()))
                .collect(),
            grade: None,
            trifecta: Default::default(),
        }
    }

    /// The policy of a whole server.
    pub fn policy(&self, _tools: &[Tool], verdicts: &[Verdict]) -> PolicyDocument {
        PolicyDocument {
            version: "1".into(),
            default: crate::model::policy::DefaultAction::Deny,
            hide: vec![],
            all_tools: None,
            tools: verdicts
                .iter()
                .map(|v| (v.name.clone(), Default::default()))
                .collect(),
        }
    }

    /// The policy of one tool alone.
    pub fn policy_for(&self, tool: &Tool, verdict: &Verdict) -> PolicyDocument {
        self.policy(std::slice::from_ref(tool), std::slice::from_ref(verdict))
    }

    /// A policy as text.
    pub fn text(&self, policy: &PolicyDocument) -> String {
        serde_json::to_string_pretty(policy).unwrap_or_default()
    }
}
