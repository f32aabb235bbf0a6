//! The YAML of Intercept. Its rules say when a call is allowed, so that `require` fits and a
//! conditional `deny_if` does not.
//!
//! Source: `POLICY.md`, `internal/config/validate.go`, `internal/engine/engine.go` of
//! <https://github.com/PolicyLayer/Intercept>, commit 7898b010, read 2026-11.

use super::plan::MAX_ALIAS;
use super::{Abilities, Emitter, Plan, Render, quote};
use crate::model::policy::{DefaultAction, Limit, Rule, ToolRules, Window};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) static INTERCEPT: Emitter = Emitter {
    id: "intercept",
    title: "Intercept YAML",
    extension: "intercept.yaml",
    place: "`intercept -c FILE -- COMMAND ARGS` in the place of the server's command",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: true,
        conditions: true,
        names: "all but *",
    },
    open: "",
    longest_alias: MAX_ALIAS,
    fits: |_, tool| tool != "*",
    reads_as: str::to_owned,
    render: Render::One(render),
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
    let all = all.filter(|limits| !limits.is_empty() && can_limit_all(plan));
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
    let limits = if can_limit(name) {
        rules.limits.as_slice()
    } else {
        &[]
    };
    if limits.iter().any(|limit| limit.max == 0) {
        // No rate: Intercept refuses a limit of nothing.
        let _ = write!(list, "      - name: \"none\"\n        action: \"deny\"\n");
    }
    rate_limits(&mut list, limits);
    for limit in limits.iter().filter(|l| l.max > 0) {
        added_up(&mut list, name, limit);
    }
    if list.is_empty() {
        text.push_str("    rules: []\n");
    } else {
        text.push_str("    rules:\n");
        text.push_str(&list);
    }
}

/// Whether limits of a tool can be written: the path of a counter is `state.TOOL.COUNTER`, and is
/// divided at the first two dots.
pub(super) fn can_limit(tool: &str) -> bool {
    !tool.contains('.')
}

/// Whether limits over all calls can be written: they stand under `*`, which lists a tool of that
/// name too.
pub(super) fn can_limit_all(plan: &Plan<'_>) -> bool {
    !plan.source.unlisted.iter().any(|name| name == "*")
}

/// One `rate_limit` for each window: the counters of a tool are named after their windows, so that
/// a second one of the same window would be refused.
fn rate_limits(list: &mut String, limits: &[Limit]) {
    for window in Window::ALL {
        let of_window = limits
            .iter()
            .filter(|l| l.window == window && l.increment_from.is_none() && l.max > 0);
        if let Some(lowest) = of_window.min_by_key(|limit| limit.max) {
            let _ = write!(
                list,
                "      - name: {}\n        rate_limit: \"{}/{}\"\n",
                quote::yaml(&lowest.counter),
                lowest.max,
                window.as_str()
            );
        }
    }
}

/// A limit that adds up an argument, in full: the rate limit's short form counts calls.
fn added_up(list: &mut String, tool: &str, limit: &Limit) {
    let Some(path) = &limit.increment_from else {
        return;
    };
    let counter = quote::yaml(&limit.counter);
    let scope = if tool == "*" { "_global" } else { tool };
    let state = quote::yaml(&format!("state.{scope}.{}", limit.counter));
    let _ = write!(
        list,
        "      - name: {counter}\n        action: \"evaluate\"\n        conditions:\n          \
         - path: {state}\n            op: \"lte\"\n            value: {}\n        state:\n          \
         counter: {counter}\n          window: \"{}\"\n          increment_from: {}\n",
        limit.max,
        limit.window.as_str(),
        quote::yaml(path)
    );
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
