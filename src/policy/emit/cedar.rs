//! Cedar: ToolHive and AWS AgentCore. Cedar denies what no policy permits.

use super::super::json::pretty_json;
use super::super::placeholder::placeholder;
use super::plan::MAX_ALIAS;
use super::{Abilities, Emitter, Plan, Render, quote};
use serde_json::json;
use std::fmt::Write as _;

/// A file for ToolHive's `--authz-config`. Lists are always allowed and show what may be called.
/// An empty list of policies is refused when the server starts.
///
/// Source: `docs/authz.md`, `pkg/authz/authorizers/config.go`,
/// `pkg/authz/authorizers/cedar/core.go` of <https://github.com/stacklok/toolhive>, commit
/// e25de16c of 2026-08-21.
pub(super) static TOOLHIVE: Emitter = Emitter {
    id: "toolhive-cedar",
    title: "ToolHive authorization (Cedar)",
    extension: "toolhive.json",
    place: "`thv run --authz-config FILE SERVER`",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    longest_alias: MAX_ALIAS,
    fits: |_, _| true,
    reads_as: str::to_owned,
    render: Render::One(|plan| {
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
            policies.push("forbid(principal, action, resource);".to_owned());
        }
        pretty_json(&json!({
            "version": "1.0",
            "type": "cedarv1",
            "cedar": { "policies": policies, "entities_json": "[]" }
        }))
    }),
};

/// The most characters of one statement of AgentCore, with room for the ARN of the gateway.
const MAX_STATEMENT: usize = 10_000 - 256;

/// Policies for a policy engine of AgentCore. An action is the target's name, three underscores
/// and the tool's name; a statement that names actions must name its gateway by ARN. A policy
/// holds one statement of at most 10,000 characters.
///
/// Source: <https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/>, pages
/// `gateway-tool-naming`, `policy-scope`, `example-policies-action-resource`, and
/// `API_PolicyStatement` of the API reference, read 2026-11.
pub(super) static AGENTCORE: Emitter = Emitter {
    id: "agentcore-cedar",
    title: "AWS AgentCore policy (Cedar)",
    extension: "cedar",
    place: "create a policy of each statement in the gateway's policy engine, with the gateway's ARN filled in",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: false,
        conditions: false,
        names: "all but those that begin with _",
    },
    open: "",
    longest_alias: MAX_ALIAS,
    fits: |_, tool| !tool.starts_with('_'),
    reads_as: str::to_owned,
    render: Render::Named(|plans| {
        let statements: Vec<String> = plans.iter().flat_map(agentcore).collect();
        statements.join("\n")
    }),
};

/// The statements of one target.
fn agentcore(plan: &Plan<'_>) -> Vec<String> {
    let gateway = quote::cedar(&placeholder("the ARN of the gateway"));
    let statement = |effect: &str, action: &str| {
        format!(
            "{effect}(\n  principal,\n  action in {action},\n  resource == \
             AgentCore::Gateway::{gateway}\n);\n"
        )
    };
    if plan.allowed.is_empty() {
        // The action that a target's tools are in.
        let target = format!("AgentCore::Action::{}", quote::cedar(&plan.alias));
        return vec![statement("forbid", &target)];
    }
    let mut statements = Vec::new();
    let mut list = String::new();
    for tool in plan.allowed_names() {
        let action = quote::cedar(&format!("{}___{tool}", plan.alias));
        let mut line = String::new();
        let _ = write!(line, "    AgentCore::Action::{action}");
        if !list.is_empty() && list.len() + line.len() > MAX_STATEMENT {
            statements.push(statement("permit", &format!("[\n{list}\n  ]")));
            list.clear();
        }
        if !list.is_empty() {
            list.push_str(",\n");
        }
        list.push_str(&line);
    }
    statements.push(statement("permit", &format!("[\n{list}\n  ]")));
    statements
}
