//! Clients whose lists of tools are given by name: Claude Code, Codex, Zed, Cursor.

use super::super::json::pretty_json;
use super::plan::MAX_ALIAS;
use super::{Abilities, Emitter, Plan, Render, is_plain, quote, underscored};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// `permissions` of Claude Code's settings. A rule is `mcp__SERVER__TOOL`; they are read as deny,
/// ask, allow, and the first list with a match decides, so that a denial of the whole server would
/// beat every allowance.
///
/// Source: <https://code.claude.com/docs/en/permissions>, read 2026-11.
pub(super) static CLAUDE_CODE: Emitter = Emitter {
    id: "claude-code",
    title: "Claude Code settings",
    extension: "claude.json",
    place: "merge the lists into .claude/settings.json of the project, ~/.claude/settings.json, or the managed settings",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: true,
        limits: false,
        conditions: false,
        names: "letters, digits, _ and -; no __ and no _ at the start",
    },
    open: "a tool that is in no list makes it ask the user",
    longest_alias: MAX_ALIAS,
    // The parts of a rule are divided by two underscores.
    fits: |_, tool| is_plain(tool) && !tool.contains("__") && !tool.starts_with('_'),
    reads_as: |tool| underscored(tool, &[]),
    render: Render::Named(|plans| {
        let mut lists = [("allow", vec![]), ("ask", vec![]), ("deny", vec![])];
        for plan in plans {
            let rule = |tool: &str| Value::String(format!("mcp__{}__{tool}", plan.alias));
            lists[0].1.extend(plan.allowed_names().map(rule));
            lists[1].1.extend(plan.ask.iter().copied().map(rule));
            lists[2].1.extend(plan.denied.iter().copied().map(rule));
        }
        let permissions: Map<String, Value> = lists
            .into_iter()
            .map(|(name, rules)| (name.to_owned(), Value::Array(rules)))
            .collect();
        pretty_json(&json!({ "permissions": permissions }))
    }),
};

/// `mcp_servers` of Codex: `enabled_tools` are all that it takes from a server, by the names as
/// answered; `approval_mode` of a tool goes before `default_tools_approval_mode`.
///
/// Source: `codex-rs/config/src/mcp_types.rs` of <https://github.com/openai/codex>, commit
/// 00b17c26, read 2026-11.
pub(super) static CODEX: Emitter = Emitter {
    id: "codex",
    title: "Codex config.toml",
    extension: "codex.toml",
    place: "merge it into ~/.codex/config.toml, beside the server's command or url",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: true,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    longest_alias: MAX_ALIAS,
    fits: |_, _| true,
    reads_as: str::to_owned,
    render: Render::Named(|plans| {
        let servers: Vec<String> = plans.iter().map(codex).collect();
        servers.join("\n")
    }),
};

fn codex(plan: &Plan<'_>) -> String {
    let mut tools: Vec<&str> = plan
        .allowed_names()
        .chain(plan.ask.iter().copied())
        .collect();
    tools.sort_unstable();
    let mut text = format!("[mcp_servers.{}]\n", plan.alias);
    text.push_str("enabled_tools = [\n");
    for tool in &tools {
        let _ = writeln!(text, "  {},", quote::toml(tool));
    }
    text.push_str("]\ndefault_tools_approval_mode = \"prompt\"\n");
    for tool in plan.allowed_names() {
        let _ = write!(
            text,
            "\n[mcp_servers.{}.tools.{}]\napproval_mode = \"approve\"\n",
            plan.alias,
            quote::toml(tool)
        );
    }
    text
}

/// `agent.tool_permissions` of Zed's settings, from version 0.224 on. A tool is
/// `mcp:SERVER:TOOL`; its own default goes before the one for all.
///
/// Source: `docs/src/ai/tool-permissions.md` of <https://github.com/zed-industries/zed>, commit
/// 07b5ab52, read 2026-11.
pub(super) static ZED: Emitter = Emitter {
    id: "zed",
    title: "Zed settings",
    extension: "zed.json",
    place: "merge it into ~/.config/zed/settings.json",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: true,
        limits: false,
        conditions: false,
        names: "without :",
    },
    open: "a tool that is not named makes it ask the user, or falls under the user's own default",
    longest_alias: MAX_ALIAS,
    fits: |_, tool| !tool.contains(':'),
    reads_as: str::to_owned,
    render: Render::Named(|plans| {
        let mut tools = Map::new();
        for plan in plans {
            let allowed = plan.allowed_names().map(|tool| (tool, "allow"));
            let ask = plan.ask.iter().map(|tool| (*tool, "confirm"));
            let denied = plan.denied.iter().map(|tool| (*tool, "deny"));
            let mut all: Vec<(&str, &str)> = allowed.chain(ask).chain(denied).collect();
            all.sort_unstable();
            for (tool, default) in all {
                tools.insert(
                    format!("mcp:{}:{tool}", plan.alias),
                    json!({ "default": default }),
                );
            }
        }
        pretty_json(&json!({
            "agent": { "tool_permissions": { "default": "confirm", "tools": tools } }
        }))
    }),
};

/// `permissions.json` of Cursor: `SERVER:TOOL` runs without asking. `*` stands for any server or
/// any tool.
///
/// Source: <https://cursor.com/docs/reference/permissions>, read 2026-11.
pub(super) static CURSOR: Emitter = Emitter {
    id: "cursor",
    title: "Cursor permissions.json",
    extension: "cursor.json",
    place: "merge it into ~/.cursor/permissions.json or .cursor/permissions.json of the project",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: false,
        limits: false,
        conditions: false,
        names: "letters, digits, _ and -",
    },
    open: "it lists what runs without asking; the user is asked for everything else",
    longest_alias: MAX_ALIAS,
    fits: |_, tool| is_plain(tool),
    reads_as: |tool| underscored(tool, &[]),
    render: Render::Named(|plans| {
        let list: Vec<String> = plans
            .iter()
            .flat_map(|plan| {
                plan.allowed_names()
                    .map(|tool| format!("{}:{tool}", plan.alias))
            })
            .collect();
        pretty_json(&json!({ "mcpAllowlist": list }))
    }),
};
