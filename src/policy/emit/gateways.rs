//! Gateways: Docker MCP gateway, agentgateway, and Rego for any enforcer with an OPA engine.

use super::{Abilities, Emitter, Plan, quote};
use std::fmt::Write as _;

/// `~/.docker/mcp/tools.yaml`: the tools that the gateway offers of each server.
pub(super) static DOCKER_GATEWAY: Emitter = Emitter {
    id: "docker-gateway",
    title: "Docker MCP gateway tools.yaml",
    extension: "docker.yaml",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    empty: Some("leave the server out of --servers"),
    fits: |_, _| true,
    render: |plan| {
        let mut text = format!("{}:\n", quote::yaml(&plan.alias));
        for tool in plan.allowed_names() {
            let _ = writeln!(text, "  - {}", quote::yaml(tool));
        }
        text
    },
};

/// `mcpAuthorization` of agentgateway: a tool is allowed, and listed, when one rule is true.
pub(super) static AGENTGATEWAY: Emitter = Emitter {
    id: "agentgateway",
    title: "agentgateway mcpAuthorization",
    extension: "agentgateway.yaml",
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
        let mut text = "mcp:\n  policies:\n    mcpAuthorization:\n      rules:\n".to_owned();
        for tool in plan.allowed_names() {
            let rule = format!("mcp.tool.name == {}", quote::cel(tool));
            let _ = writeln!(text, "        - {}", quote::yaml(&rule));
        }
        if plan.allowed.is_empty() {
            // Without a rule everything would be allowed.
            text.push_str("        - \"false\"\n");
        }
        text
    },
};

/// A Rego module whose input is the JSON-RPC request.
pub(super) static REGO: Emitter = Emitter {
    id: "rego",
    title: "Rego module",
    extension: "rego",
    can: Abilities {
        default_deny: true,
        hide: false,
        ask: false,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    empty: None,
    fits: |_, _| true,
    render: rego,
};

fn rego(plan: &Plan<'_>) -> String {
    let mut text = "package mcp.authz\n\nimport rego.v1\n\ndefault allow := false\n".to_owned();
    if plan.allowed.is_empty() {
        return text;
    }
    text.push_str("\ntools := {\n");
    for tool in plan.allowed_names() {
        let _ = writeln!(text, "\t{},", quote::rego(tool));
    }
    text.push_str(
        "}\n\nallow if {\n\tinput.method == \"tools/call\"\n\tinput.params.name in tools\n}\n",
    );
    text
}
