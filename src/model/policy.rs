//! The policy document: what an agent may call on one server, and under which conditions.
//!
//! The format is that of the public `policy.json` documents described at
//! <https://policylayer.com/docs/writing-policies>; where that leaves semantics open, docs/policy.md
//! says what ours are.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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

/// Whose calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One client token.
    Grant,
}
