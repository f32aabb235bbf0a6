//! What only a person knows: recipients, amounts, folders. It is marked in the document and
//! counted until it is filled in.

use super::pointer;
use crate::model::PolicyDocument;
use crate::model::policy::Rule;
use serde_json::Value;

/// How a text begins that waits for a person. A condition that compares with it fits no call.
pub const PLACEHOLDER: &str = "<fill in: ";

/// A place that a person has yet to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Where: a JSON pointer.
    pub pointer: String,
    /// What is to be filled in.
    pub text: String,
}

/// The text of a placeholder.
pub(crate) fn placeholder(what: &str) -> String {
    format!("{PLACEHOLDER}{what}>")
}

/// Every place of a document that a person has yet to fill in: a value, or an element of a list,
/// that begins with [`PLACEHOLDER`], and a rule whose message does (its number waits).
pub fn placeholders(document: &PolicyDocument) -> Vec<Placeholder> {
    let mut found = Vec::new();
    for (name, tool) in &document.tools {
        let at = pointer::member("/tools", name);
        for (list, rules) in [("require", &tool.require), ("deny_if", &tool.deny_if)] {
            let at = pointer::member(&at, list);
            for (number, rule) in rules.iter().enumerate() {
                of_rule(rule, &pointer::element(&at, number), &mut found);
            }
        }
    }
    found
}

fn of_rule(rule: &Rule, at: &str, found: &mut Vec<Placeholder>) {
    let mut look = |text: &str, pointer: String| {
        if text.contains(PLACEHOLDER) {
            let text = text.to_owned();
            found.push(Placeholder { pointer, text });
        }
    };
    for (number, condition) in rule.conditions.iter().enumerate() {
        let at = pointer::element(&pointer::member(at, "conditions"), number);
        let at = pointer::member(&at, "value");
        match &condition.value {
            Value::String(text) => look(text, at),
            Value::Array(elements) => {
                for (number, element) in elements.iter().enumerate() {
                    if let Value::String(text) = element {
                        look(text, pointer::element(&at, number));
                    }
                }
            }
            _ => {}
        }
    }
    if let Some(text) = &rule.on_deny {
        look(text, pointer::member(at, "on_deny"));
    }
}
