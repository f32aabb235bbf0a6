//! What pages show of a policy: the document as text, and its effect on one tool in words.

use crate::model::PolicyDocument;
use crate::model::policy::{DefaultAction, Window};
use crate::policy::Generated;
use crate::publish::judge;
use crate::publish::mould::ink::{Count, Text};
use crate::publish::text;
use serde::Serialize;

/// The policy of one tool.
#[derive(Debug, Serialize)]
pub struct PolicyView<'a> {
    /// The document as its file holds it.
    pub text: Text<'a>,
    /// `hidden`, `denied`, `limited`, `conditional`, `allowed` or `unlisted`.
    pub stance: &'static str,
    /// The tool's name as a JSON string, visible form.
    pub key: Text<'a>,
    /// The first limit's counter; empty without one.
    pub counter: Text<'a>,
    /// The first limit's window.
    pub window: &'static str,
    /// The first limit's maximum.
    pub max: Count,
}

impl PolicyView<'_> {
    /// Reads what the policy says of the tool of this name.
    pub fn of<'a>(generated: &'a Generated, name: &str) -> PolicyView<'a> {
        let document = &judge::policy_for(generated, name);
        let rules = generated.document.tools.get(name);
        let limit = rules.and_then(|rules| rules.limits.first());
        // A string can always be written as JSON.
        let key = serde_json::to_string(name).unwrap_or_default();
        PolicyView {
            text: judge::policy_text(document).into(),
            stance: stance(document, name),
            key: text::shown(&key).into_owned().into(),
            counter: limit
                .map(|limit| text::shown(&limit.counter))
                .unwrap_or_default()
                .into(),
            window: limit.map_or("minute", |limit| window(limit.window)),
            max: Count(limit.map_or(0, |limit| usize::try_from(limit.max).unwrap_or(usize::MAX))),
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
