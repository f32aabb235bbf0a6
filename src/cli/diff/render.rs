//! Changes in the formats that people and programs read.

use super::changes::{Changes, ServerChanges};
use super::words::{Line, lines};
use crate::check::report::escaped_markdown;
use crate::diff::{Change, Risk, ToolChange};
use crate::model::Shown;
use std::fmt::Write as _;

pub(super) fn json(changes: &Changes) -> String {
    let mut text = serde_json::to_string_pretty(changes).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn text(changes: &Changes) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    for server in &changes.servers {
        let _ = writeln!(out, "{}{}", Shown(&server.slug), whole(server));
        if let Some(change) = &server.instructions {
            let pull = if change.rug_pull { ", RUG PULL" } else { "" };
            let _ = writeln!(out, "  ~ (instructions)  {}{pull}", effect(change.risk));
            details(&mut out, &lines(&change.what));
        }
        for tool in worst_first(server) {
            let sign = match tool.change {
                Change::Added => '+',
                Change::Removed => '-',
                Change::Changed => '~',
            };
            let pull = if tool.rug_pull { ", RUG PULL" } else { "" };
            let _ = writeln!(
                out,
                "  {sign} {}  {}{pull}",
                Shown(&tool.name),
                headline(tool)
            );
            details(&mut out, &lines(&tool.what));
        }
    }
    let _ = writeln!(out, "{}", summary(changes));
    out
}

fn details(out: &mut String, lines: &[Line]) {
    for line in lines {
        let _ = writeln!(out, "      {:<8} {}", line.risk.as_str(), line.text);
    }
}

pub(super) fn markdown(changes: &Changes) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "**{}**", escaped_markdown(&summary(changes)));
    for server in &changes.servers {
        let slug = escaped_markdown(&server.slug);
        let _ = writeln!(out, "\n#### {slug}{}\n", whole(server));
        if server.tools.is_empty() && server.instructions.is_none() {
            continue;
        }
        let _ = writeln!(out, "| tool | change | risk | what |\n|---|---|---|---|");
        if let Some(change) = &server.instructions {
            row(
                &mut out,
                "(instructions)",
                "changed",
                (change.risk, change.rug_pull),
                &lines(&change.what),
            );
        }
        for tool in worst_first(server) {
            let name = escaped_markdown(&tool.name);
            let change = match (tool.change, derived(tool)) {
                (Change::Changed, _) | (_, None) => tool.change.as_str().to_owned(),
                (change, Some(verdict)) => format!("{}: {verdict}", change.as_str()),
            };
            row(
                &mut out,
                &name,
                &change,
                (tool.risk, tool.rug_pull),
                &lines(&tool.what),
            );
        }
    }
    out
}

/// One row: what raises the risk in words; of wording beside it only that there is some.
fn row(out: &mut String, name: &str, change: &str, (risk, pull): (Risk, bool), lines: &[Line]) {
    let told = |line: &&Line| line.risk != Risk::Wording || risk == Risk::Wording;
    let mut what: Vec<String> = lines
        .iter()
        .filter(told)
        .map(|line| match line.risk {
            Risk::Lowers if risk != Risk::Lowers => {
                format!("(lowers) {}", escaped_markdown(&line.text))
            }
            _ => escaped_markdown(&line.text),
        })
        .collect();
    if what.len() < lines.len() {
        what.push("and wording".to_owned());
    }
    let pull = if pull { ", **rug pull**" } else { "" };
    let _ = writeln!(
        out,
        "| {name} | {change} | {}{pull} | {} |",
        risk.as_str(),
        what.join("<br>")
    );
}

/// The tools of a server: what raises the risk first.
fn worst_first(server: &ServerChanges) -> Vec<&ToolChange> {
    let mut tools: Vec<&ToolChange> = server.tools.iter().collect();
    tools.sort_by_key(|tool| std::cmp::Reverse((tool.rug_pull, tool.risk)));
    tools
}

/// What a tool that came or went can do.
fn derived(tool: &ToolChange) -> Option<&str> {
    let detail = tool.what.first()?;
    match tool.change {
        Change::Added => detail.after.as_deref(),
        Change::Removed => detail.before.as_deref(),
        Change::Changed => None,
    }
}

fn headline(tool: &ToolChange) -> String {
    let verdict = derived(tool).map(|v| format!(" ({v})")).unwrap_or_default();
    match tool.change {
        Change::Added => format!("new{verdict}"),
        Change::Removed => format!("gone{verdict}"),
        Change::Changed => effect(tool.risk).to_owned(),
    }
}

fn whole(server: &ServerChanges) -> &'static str {
    match server.server {
        Some(Change::Added) => "  (new server)",
        Some(Change::Removed) => "  (server gone)",
        _ => "",
    }
}

const fn effect(risk: Risk) -> &'static str {
    match risk {
        Risk::Raises => "raises the risk",
        Risk::Lowers => "lowers the risk",
        Risk::Wording => "wording",
    }
}

/// One sentence about the whole.
fn summary(changes: &Changes) -> String {
    if changes.servers.is_empty() {
        return "nothing changed".to_owned();
    }
    let tools = || changes.servers.iter().flat_map(|server| &server.tools);
    let count = |risk: Risk| tools().filter(|tool| tool.risk == risk).count();
    let pulls = tools().filter(|tool| tool.rug_pull).count()
        + changes
            .servers
            .iter()
            .filter(|server| server.instructions.as_ref().is_some_and(|i| i.rug_pull))
            .count();
    let servers = match changes.servers.len() {
        1 => "1 server changed".to_owned(),
        more => format!("{more} servers changed"),
    };
    let pulls = match pulls {
        0 => String::new(),
        1 => "; 1 rug pull".to_owned(),
        more => format!("; {more} rug pulls"),
    };
    format!(
        "{servers}; tools that raise the risk: {}, that lower it: {}, only in wording: {}{pulls}",
        count(Risk::Raises),
        count(Risk::Lowers),
        count(Risk::Wording),
    )
}
