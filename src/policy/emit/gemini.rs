//! Gemini CLI.

use super::{Abilities, Emitter, Plan, Render, quote, underscored};
use std::fmt::Write as _;

/// Priorities of the three kinds of rules; the highest rule that matches decides.
///
/// They lie above everything else of the user's tier: a server with `trust` (200), `--allowed-tools`
/// (300), and what "always allow" writes (950), which must not open what was denied. 950 itself
/// is taken for such a rule and can be switched off.
const DENY: u32 = 960;
const ASK: u32 = 970;
const ALLOW: u32 = 980;

/// A policy file. `toolName` is required in every rule: a file with a rule without it is not
/// loaded at all. With `mcpName` it is the tool's own name; the tool that it is compared with is
/// `mcp_SERVER_TOOL`, in which other characters than letters, digits, `_`, `-`, `.` and `:` have
/// become `_`, and of which the middle is cut out when it is longer than 63.
///
/// Source: `docs/reference/policy-engine.md` and `packages/core/src/policy/toml-loader.ts`,
/// `policy-engine.ts`, `config.ts`, `packages/core/src/tools/mcp-tool.ts` of
/// <https://github.com/google-gemini/gemini-cli>, commit 5411f113 of 2026-08-21.
pub(super) static GEMINI_CLI: Emitter = Emitter {
    id: "gemini-cli",
    title: "Gemini CLI policy",
    extension: "gemini.toml",
    place: "save it as ~/.gemini/policies/NAME.toml, or in the administrator's folder",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: true,
        limits: false,
        conditions: false,
        names: "letters, digits, _, -, . and :; mcp_SERVER_TOOL of at most 63 characters",
    },
    open: "",
    // Of a name that is too long the first 30 characters stay, and the rule for the whole server
    // asks for `mcp_SERVER_` at the start.
    longest_alias: 30 - "mcp__".len(),
    // `*` stands for any, and is none of these characters.
    fits: |alias, tool| {
        !tool.is_empty()
            && underscored(tool, &KEPT) == tool
            && "mcp__".len() + alias.len() + tool.len() <= 63
    },
    reads_as: |tool| underscored(tool, &KEPT),
    render: Render::Named(|plans| {
        let servers: Vec<String> = plans.iter().map(rules).collect();
        servers.join("\n")
    }),
};

/// What stays as it is in a name, besides letters, digits, `_` and `-`.
const KEPT: [char; 2] = ['.', ':'];

fn rules(plan: &Plan<'_>) -> String {
    let server = quote::toml(&plan.alias);
    let mut text = format!(
        "[[rule]]\nmcpName = {server}\ntoolName = \"*\"\ndecision = \"deny\"\npriority = {DENY}\n"
    );
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
    add(plan.ask.clone(), "ask_user", ASK);
    add(plan.allowed_names().collect(), "allow", ALLOW);
    text
}
