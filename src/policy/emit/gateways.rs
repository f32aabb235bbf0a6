//! Gateways: Docker MCP gateway, agentgateway, and Rego for any enforcer with an OPA engine.

use super::plan::MAX_ALIAS;
use super::{Abilities, Emitter, Plan, Render, quote};
use std::fmt::Write as _;

/// `tools.yaml`: the tools that the gateway offers of each server, compared exactly. A server that
/// is not in it has all its tools; one with an empty list has none.
///
/// Source: `pkg/config/tools.go`, `pkg/gateway/capabilitites.go` (`isToolEnabled`),
/// `cmd/docker-mcp/commands/gateway.go` of <https://github.com/docker/mcp-gateway>, commit
/// 2bd20fe8 of 2026-07-23.
pub(super) static DOCKER_GATEWAY: Emitter = Emitter {
    id: "docker-gateway",
    title: "Docker MCP gateway tools.yaml",
    extension: "docker.yaml",
    place: "merge it into ~/.docker/mcp/tools.yaml, and start the gateway with --servers and without --tools",
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
    render: Render::Named(|plans| {
        let mut text = String::new();
        for plan in plans {
            let server = quote::yaml(&plan.alias);
            if plan.allowed.is_empty() {
                let _ = writeln!(text, "{server}: []");
                continue;
            }
            let _ = writeln!(text, "{server}:");
            for tool in plan.allowed_names() {
                let _ = writeln!(text, "  - {}", quote::yaml(tool));
            }
        }
        text
    }),
};

/// `mcpAuthorization`: a tool is allowed, and listed, when one rule is true. The rules see a
/// tool's name without the prefix that clients see, and the name of its target. Without any rule
/// everything is allowed.
///
/// Source: `crates/agentgateway/src/http/authorization.rs`, `src/mcp/rbac.rs`, `src/mcp/handler.rs`
/// and `examples/mcp-authorization/config.yaml` of
/// <https://github.com/agentgateway/agentgateway>, commit 75b4e6ce of 2026-08-21.
pub(super) static AGENTGATEWAY: Emitter = Emitter {
    id: "agentgateway",
    title: "agentgateway mcpAuthorization",
    extension: "agentgateway.yaml",
    place: "merge it into the gateway's configuration, whose target must have that name",
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
    render: Render::Named(|plans| {
        let mut text = "mcp:\n  policies:\n    mcpAuthorization:\n      rules:\n".to_owned();
        for plan in plans {
            // The target too: another one may have a tool of that name.
            let target = quote::cel(&plan.alias);
            for tool in plan.allowed_names() {
                let tool = quote::cel(tool);
                let rule = format!("mcp.tool.target == {target} && mcp.tool.name == {tool}");
                let _ = writeln!(text, "        - {}", quote::yaml(&rule));
            }
        }
        if plans.iter().all(|plan| plan.allowed.is_empty()) {
            // Without a rule everything would be allowed.
            text.push_str("        - \"false\"\n");
        }
        text
    }),
};

/// A Rego module whose input is the JSON-RPC request: there is no common shape, so that the
/// enforcer has to give it that one.
///
/// Source: <https://www.openpolicyagent.org/docs/policy-language>, read 2026-11.
pub(super) static REGO: Emitter = Emitter {
    id: "rego",
    title: "Rego module",
    extension: "rego",
    place: "load it into the policy engine, and ask for data.mcp.authz.allow",
    can: Abilities {
        default_deny: true,
        hide: false,
        ask: false,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    longest_alias: MAX_ALIAS,
    fits: |_, _| true,
    reads_as: str::to_owned,
    render: Render::One(rego),
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
