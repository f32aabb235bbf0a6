//! Cedar: ToolHive and AWS AgentCore. Cedar denies what no policy permits.

use super::super::json::pretty_json;
use super::super::placeholder::placeholder;
use super::{Abilities, Emitter, quote};
use serde_json::json;
use std::fmt::Write as _;

/// A file for ToolHive's `--authz-config`.
pub(super) static TOOLHIVE: Emitter = Emitter {
    id: "toolhive-cedar",
    title: "ToolHive authorization (Cedar)",
    extension: "toolhive.json",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    empty: None,
    fits: |_, _| true,
    render: |plan| {
        let mut policies: Vec<String> = plan
            .allowed_names()
            .map(|tool| {
                format!(
                    "permit(principal, action == Action::\"call_tool\", resource == Tool::{});",
                    quote::cedar(tool)
                )
            })
            .collect();
        if policies.is_empty() {
            // An empty list could be read as no authorization at all.
            policies.push("forbid(principal, action, resource);".to_owned());
        }
        pretty_json(&json!({
            "version": "1.0",
            "type": "cedarv1",
            "cedar": { "policies": policies, "entities_json": "[]" }
        }))
    },
};

/// Policies for a policy engine of AgentCore. An action is the target's name, three underscores
/// and the tool's name.
pub(super) static AGENTCORE: Emitter = Emitter {
    id: "agentcore-cedar",
    title: "AWS AgentCore policy (Cedar)",
    extension: "cedar",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: false,
        conditions: false,
        names: "all but those that begin with _",
    },
    open: "",
    empty: None,
    fits: |_, tool| !tool.starts_with('_'),
    render: |plan| {
        let gateway = quote::cedar(&placeholder("the ARN of the gateway"));
        let mut text = String::new();
        for tool in plan.allowed_names() {
            let action = quote::cedar(&format!("{}___{tool}", plan.alias));
            let _ = writeln!(
                text,
                "permit(\n  principal,\n  action == AgentCore::Action::{action},\n  \
                 resource == AgentCore::Gateway::{gateway}\n);"
            );
        }
        if text.is_empty() {
            let _ = writeln!(
                text,
                "forbid(\n  principal,\n  action,\n  resource == AgentCore::Gateway::{gateway}\n);"
            );
        }
        text
    },
};
