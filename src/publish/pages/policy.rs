//! What pages show of a policy: the document as text, and its effect on one tool in words.

use crate::model::PolicyDocument;
use crate::model::policy::{DefaultAction, Window};
use crate::policy::Generated;
use crate::publish::judge;
use crate::publish::text;
use serde::Serialize;

/// The policy of one tool.
#[derive(Debug, Serialize)]
pub struct PolicyView {
    /// The document as its file holds it.
    pub text: String,
    /// `hidden`, `denied`, `limited`, `conditional`, `allowed` or `unlisted`.
    pub stance: &'static str,
    /// The tool's name as a JSON string, visible form.
    pub key: String,
    /// Why, in one sentence.
    pub reason: String,
    /// The first limit's counter; empty without one.
    pub counter: String,
    /// The first limit's window.
    pub window: &'static str,
    /// The first limit's maximum.
    pub max: u64,
    /// What a caller is told when an unconditional rule denies.
    pub on_deny: String,
    /// How many argument conditions there are.
    pub conditions: usize,
}

impl PolicyView {
    /// Reads what the policy says of the tool of this name.
    pub fn of(generated: &Generated, name: &str) -> PolicyView {
        let document = &judge::policy_for(generated, name);
        let rules = document.tools.get(name);
        let limit = rules.and_then(|rules| rules.limits.first());
        let conditions = rules.map_or(0, |rules| {
            rules
                .require
                .iter()
                .chain(&rules.deny_if)
                .map(|rule| rule.conditions.len())
                .sum()
        });
        PolicyView {
            text: judge::policy_text(document),
            stance: stance(document, name),
            reason: generated
                .tools
                .iter()
                .find(|tool| tool.tool == name)
                .map(|tool| text::visible(&tool.reason))
                .unwrap_or_default(),
            key: text::visible(&serde_json::Value::from(name).to_string()),
            counter: limit
                .map(|limit| text::visible(&limit.counter))
                .unwrap_or_default(),
            window: limit.map_or("minute", |limit| window(limit.window)),
            max: limit.map_or(0, |limit| limit.max),
            on_deny: rules
                .into_iter()
                .flat_map(|rules| &rules.deny_if)
                .find(|rule| rule.conditions.is_empty())
                .and_then(|rule| rule.on_deny.as_deref())
                .map(text::visible)
                .unwrap_or_default(),
            conditions,
        }
    }
}

/// What a document does with a tool.
pub fn stance(document: &PolicyDocument, name: &str) -> &'static str {
    if document
        .hide
        .iter()
        .any(|hidden| hidden == name || hidden == "*")
    {
        return "hidden";
    }
    let Some(rules) = document.tools.get(name) else {
        return match document.default {
            DefaultAction::Deny => "unlisted",
            DefaultAction::Allow => "allowed",
        };
    };
    if rules.deny_if.iter().any(|rule| rule.conditions.is_empty()) {
        "denied"
    } else if !rules.require.is_empty() || !rules.deny_if.is_empty() {
        "conditional"
    } else if rules.limits.is_empty() {
        "allowed"
    } else {
        "limited"
    }
}

const fn window(window: Window) -> &'static str {
    match window {
        Window::Minute => "minute",
        Window::Hour => "hour",
        Window::Day => "day",
    }
}
