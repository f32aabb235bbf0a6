//! The policy document: what an agent may call on one server, and under which conditions.
//!
//! The format is that of the public `policy.json` documents described at
//! <https://policylayer.com/docs/writing-policies>; where that leaves semantics open, docs/policy.md
//! says what ours are.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The only version of the format.
pub const POLICY_VERSION: &str = "1";

/// One policy for one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// The version of the format; only `"1"` exists.
    pub version: String,
    /// What happens to a tool that is not listed under `tools`.
    pub default: DefaultAction,
    /// Tools that are dropped from the list and denied when called; `"*"` hides everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hide: Vec<String>,
    /// Limits over all calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_tools: Option<AllTools>,
    /// Rules by exact tool name; an empty rule set allows the tool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, ToolRules>,
}

impl PolicyDocument {
    /// A document that lists nothing and so denies everything.
    pub fn deny_all() -> Self {
        PolicyDocument {
            version: POLICY_VERSION.to_owned(),
            default: DefaultAction::Deny,
            hide: Vec::new(),
            all_tools: None,
            tools: BTreeMap::new(),
        }
    }
}

/// What happens to a tool that is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultAction {
    /// It may be called.
    Allow,
    /// It may not.
    Deny,
}

/// Limits that count every call, whatever the tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllTools {
    /// Quotas, all of which must have room.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// The rules of one tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolRules {
    /// Every one of these must match, or the call is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Rule>,
    /// None of these may match, or the call is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny_if: Vec<Rule>,
    /// Quotas, all of which must have room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

impl ToolRules {
    /// Whether some `deny_if` rule has no conditions, so that every call is denied.
    pub fn denies_always(&self) -> bool {
        self.deny_if.iter().any(|rule| rule.conditions.is_empty())
    }

    /// Whether there is no rule and no limit, so that every call is allowed.
    pub fn is_empty(&self) -> bool {
        self.require.is_empty() && self.deny_if.is_empty() && self.limits.is_empty()
    }
}

/// Conditions that are all to hold, and what to say when the rule denies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// All must hold; an empty list always holds.
    pub conditions: Vec<Condition>,
    /// The message to the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_deny: Option<String>,
}

impl Rule {
    /// A rule without conditions: under `deny_if` it denies every call.
    pub fn always(on_deny: &str) -> Self {
        Rule {
            conditions: Vec::new(),
            on_deny: Some(on_deny.to_owned()),
        }
    }
}

/// One comparison of one argument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// `args.` and the dotted path of the argument.
    pub path: String,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with.
    pub value: Value,
}

/// The eleven comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// equal
    Eq,
    /// not equal
    Neq,
    /// less
    Lt,
    /// less or equal
    Lte,
    /// greater
    Gt,
    /// greater or equal
    Gte,
    /// one of a list
    In,
    /// none of a list
    NotIn,
    /// present and not null, or the opposite
    Exists,
    /// matches a regular expression somewhere
    Regex,
    /// a substring, or an element of a list
    Contains,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Operator; 11] = [
        Operator::Eq,
        Operator::Neq,
        Operator::Lt,
        Operator::Lte,
        Operator::Gt,
        Operator::Gte,
        Operator::In,
        Operator::NotIn,
        Operator::Exists,
        Operator::Regex,
        Operator::Contains,
    ];

    /// The word of the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::Neq => "neq",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::In => "in",
            Operator::NotIn => "not_in",
            Operator::Exists => "exists",
            Operator::Regex => "regex",
            Operator::Contains => "contains",
        }
    }
}

/// One quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The counter's name, unique in the document.
    pub counter: String,
    /// The calendar window, in UTC.
    pub window: Window,
    /// How much fits into one window.
    pub max: u64,
    /// Whose calls are counted together; only `grant` exists.
    pub scope: Scope,
    /// The argument (`args.…`) whose number is added instead of 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increment_from: Option<String>,
}

/// Calendar windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// from second 0
    Minute,
    /// from minute 0
    Hour,
    /// from midnight UTC
    Day,
}

impl Window {
    /// Every window.
    pub const ALL: [Window; 3] = [Window::Minute, Window::Hour, Window::Day];

    /// The word of the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Window::Minute => "minute",
            Window::Hour => "hour",
            Window::Day => "day",
        }
    }

    /// How the name of a counter of calls in this window ends, after the tool's name.
    pub const fn counter_suffix(self) -> &'static str {
        match self {
            Window::Minute => "rate",
            Window::Hour => "per_hour",
            Window::Day => "per_day",
        }
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Window::Minute => 60,
            Window::Hour => 3_600,
            Window::Day => 86_400,
        }
    }
}

/// Whose calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One client token.
    Grant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_the_serialised_forms() {
        for operator in Operator::ALL {
            assert_eq!(serde_json::to_value(operator).unwrap(), operator.as_str());
        }
        for window in Window::ALL {
            assert_eq!(serde_json::to_value(window).unwrap(), window.as_str());
        }
    }
}
