//! Clients: Claude Code, Codex, Gemini CLI, Zed, Cursor.

use super::super::json::pretty_json;
use super::{Abilities, Emitter, Plan, is_plain, quote};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// `.claude/settings.json`. Rules are read as deny, ask, allow; the names are `mcp__server__tool`.
pub(super) static CLAUDE_CODE: Emitter = Emitter {
    id: "claude-code",
    title: "Claude Code settings",
    extension: "claude.json",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: true,
        limits: false,
        conditions: false,
        names: "letters, digits, _ and -; no __ and no _ at the start",
    },
    open: "a tool that is in no list makes it ask the user",
    empty: None,
    // The parts of a rule are divided by two underscores.
    fits: |_, tool| is_plain(tool) && !tool.contains("__") && !tool.starts_with('_'),
    render: |plan| {
        let rules = |names: &mut dyn Iterator<Item = &str>| -> Value {
            names
                .map(|tool| format!("mcp__{}__{tool}", plan.alias))
                .collect()
        };
        let mut permissions = Map::new();
        for (list, rules) in [
            ("allow", rules(&mut plan.allowed_names())),
            ("ask", rules(&mut plan.ask.iter().copied())),
            ("deny", rules(&mut plan.denied.iter().copied())),
        ] {
            permissions.insert(list.to_owned(), rules);
        }
        pretty_json(&json!({ "permissions": permissions }))
    },
};

/// `config.toml` of Codex: a list of the tools that it takes from a server.
pub(super) static CODEX: Emitter = Emitter {
    id: "codex",
    title: "Codex config.toml",
    extension: "codex.toml",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: true,
        limits: false,
        conditions: false,
        names: "all",
    },
    open: "",
    empty: None,
    fits: |_, _| true,
    render: codex,
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

/// A policy file of Gemini CLI: the rule with the highest priority decides.
pub(super) static GEMINI_CLI: Emitter = Emitter {
    id: "gemini-cli",
    title: "Gemini CLI policy",
    extension: "gemini.toml",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: true,
        limits: false,
        conditions: false,
        names: "letters, digits, _ and -; mcp_SERVER_TOOL of at most 63 characters",
    },
    open: "",
    empty: None,
    // A longer name is cut, and `*` stands for any.
    fits: |alias, tool| is_plain(tool) && "mcp__".len() + alias.len() + tool.len() <= 63,
    render: gemini,
};

fn gemini(plan: &Plan<'_>) -> String {
    let server = quote::toml(&plan.alias);
    let mut text = format!("[[rule]]\nmcpName = {server}\ndecision = \"deny\"\npriority = 100\n");
    let mut add = |names: Vec<&str>, decision: &str, priority: u32| {
        if names.is_empty() {
            return;
        }
        let _ = write!(text, "\n[[rule]]\nmcpName = {server}\ntoolName = [\n");
        for name in names {
            let _ = writeln!(text, "  {},", quote::toml(name));
        }
        let _ = write!(
            text,
            "]\ndecision = \"{decision}\"\npriority = {priority}\n"
        );
    };
    add(plan.ask.clone(), "ask_user", 200);
    add(plan.allowed_names().collect(), "allow", 300);
    text
}

/// `settings.json` of Zed.
pub(super) static ZED: Emitter = Emitter {
    id: "zed",
    title: "Zed settings",
    extension: "zed.json",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: true,
        limits: false,
        conditions: false,
        names: "without :",
    },
    open: "a tool that is not named makes it ask the user, or falls under the user's own default",
    empty: None,
    fits: |_, tool| !tool.contains(':'),
    render: |plan| {
        let mut tools = Map::new();
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
        pretty_json(&json!({
            "agent": { "tool_permissions": { "default": "confirm", "tools": tools } }
        }))
    },
};

/// `permissions.json` of Cursor: what runs without asking.
pub(super) static CURSOR: Emitter = Emitter {
    id: "cursor",
    title: "Cursor permissions.json",
    extension: "cursor.json",
    can: Abilities {
        default_deny: false,
        hide: false,
        ask: false,
        limits: false,
        conditions: false,
        names: "letters, digits, _ and -",
    },
    open: "it lists what runs without asking; the user is asked for everything else",
    empty: None,
    fits: |_, tool| is_plain(tool),
    render: |plan| {
        let list: Vec<String> = plan
            .allowed_names()
            .map(|tool| format!("{}:{tool}", plan.alias))
            .collect();
        pretty_json(&json!({ "mcpAllowlist": list }))
    },
};
