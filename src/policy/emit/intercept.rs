//! The YAML of Intercept. Its rules say when a call is allowed, so that `require` fits and a
//! conditional `deny_if` does not.

use super::{Abilities, Emitter, Plan, quote};
use crate::model::policy::{DefaultAction, Rule, ToolRules};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) static INTERCEPT: Emitter = Emitter {
    id: "intercept",
    title: "Intercept YAML",
    extension: "intercept.yaml",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: true,
        conditions: true,
        names: "all but *",
    },
    open: "",
    empty: None,
    fits: |_, tool| tool != "*",
    render,
};

fn render(plan: &Plan<'_>) -> String {
    let document = plan.source.document;
    let default = match document.default {
        DefaultAction::Allow => "allow",
        DefaultAction::Deny => "deny",
    };
    let mut text = format!("version: \"1\"\ndefault: \"{default}\"\n");
    if !document.hide.is_empty() {
        text.push_str("hide:\n");
        for name in &document.hide {
            let _ = writeln!(text, "  - {}", quote::yaml(name));
        }
    }
    let all = document.all_tools.as_ref().map(|all| &all.limits);
    let all = all.filter(|limits| !limits.is_empty());
    if document.tools.is_empty() && all.is_none() {
        text.push_str("tools: {}\n");
        return text;
    }
    text.push_str("tools:\n");
    if let Some(limits) = all {
        // `*` counts every call and lets nothing through that is not listed.
        let rules = ToolRules {
            limits: limits.clone(),
            ..ToolRules::default()
        };
        tool(&mut text, "*", &rules);
    }
    for (name, rules) in &document.tools {
        tool(&mut text, name, rules);
    }
    text
}

fn tool(text: &mut String, name: &str, rules: &ToolRules) {
    let _ = writeln!(text, "  {}:", quote::yaml(name));
    let mut list = String::new();
    for (number, rule) in rules.require.iter().enumerate() {
        // A rule without conditions always holds, and Intercept refuses one.
        if !rule.conditions.is_empty() {
            evaluate(&mut list, number + 1, rule);
        }
    }
    if let Some(rule) = rules.deny_if.iter().find(|r| r.conditions.is_empty()) {
        let _ = write!(list, "      - name: \"denied\"\n        action: \"deny\"\n");
        on_deny(&mut list, rule);
    }
    // One call counts as one in a rate limit; an added-up argument is a loss.
    for limit in rules.limits.iter().filter(|l| l.increment_from.is_none()) {
        if limit.max == 0 {
            // No rate: Intercept refuses a limit of nothing.
            let name = quote::yaml(&limit.counter);
            let _ = write!(list, "      - name: {name}\n        action: \"deny\"\n");
            continue;
        }
        let _ = write!(
            list,
            "      - name: {}\n        rate_limit: \"{}/{}\"\n",
            quote::yaml(&limit.counter),
            limit.max,
            limit.window.as_str()
        );
    }
    if list.is_empty() {
        text.push_str("    rules: []\n");
    } else {
        text.push_str("    rules:\n");
        text.push_str(&list);
    }
}

fn evaluate(list: &mut String, number: usize, rule: &Rule) {
    let _ = write!(
        list,
        "      - name: \"require {number}\"\n        action: \"evaluate\"\n        conditions:\n"
    );
    for condition in &rule.conditions {
        let _ = writeln!(list, "          - path: {}", quote::yaml(&condition.path));
        let _ = writeln!(list, "            op: \"{}\"", condition.op.as_str());
        let _ = writeln!(list, "            value: {}", value(&condition.value));
    }
    on_deny(list, rule);
}

/// A value of a condition: a scalar or a list of scalars.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quote::yaml(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(self::value).collect();
            format!("[{}]", elements.join(", "))
        }
        other => other.to_string(),
    }
}

fn on_deny(list: &mut String, rule: &Rule) {
    if let Some(message) = &rule.on_deny {
        let _ = writeln!(list, "        on_deny: {}", quote::yaml(message));
    }
}
