//! Changes in the formats that people and programs read.

use super::{Changes, ServerChanges};
use crate::check::report::escaped_markdown;
use crate::diff::{Change, Detail, Risk};
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
        let _ = writeln!(out, "{}{}", server.slug, whole(server));
        if server.instructions.is_some() {
            let _ = writeln!(out, "  ~ instructions changed");
        }
        for tool in &server.tools {
            let sign = match tool.change {
                Change::Added => '+',
                Change::Removed => '-',
                Change::Changed => '~',
            };
            let pull = if tool.rug_pull { "  RUG PULL" } else { "" };
            let _ = writeln!(
                out,
                "  {sign} {}  {} ({}){pull}",
                Shown(&tool.name),
                tool.change.as_str(),
                risk(tool.risk)
            );
            for detail in tool.what.iter().filter(|d| !d.at.is_empty()) {
                let _ = writeln!(out, "      {}", line(detail));
            }
        }
    }
    let (raises, lowers, wording) = counts(changes);
    let _ = if changes.servers.is_empty() {
        writeln!(out, "nothing changed")
    } else {
        writeln!(
            out,
            "{} servers changed; tools: {raises} raise the risk, {lowers} lower it, {wording} only in wording",
            changes.servers.len()
        )
    };
    out
}

pub(super) fn markdown(changes: &Changes) -> String {
    let mut out = String::new();
    if changes.servers.is_empty() {
        return "Nothing changed.\n".to_owned();
    }
    let (raises, lowers, wording) = counts(changes);
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "**{} servers changed.** Tools: {raises} raise the risk, {lowers} lower it, {wording} only in wording.\n",
        changes.servers.len()
    );
    let _ = writeln!(
        out,
        "| server | tool | change | risk | what |\n|---|---|---|---|---|"
    );
    for server in &changes.servers {
        let slug = escaped_markdown(&server.slug);
        if server.server.is_some() && server.tools.is_empty() {
            let _ = writeln!(out, "| {slug} | | {} | | |", whole(server).trim());
        }
        if server.instructions.is_some() {
            let _ = writeln!(out, "| {slug} | | changed | wording | the instructions |");
        }
        for tool in &server.tools {
            let what: Vec<String> = tool
                .what
                .iter()
                .filter(|detail| !detail.at.is_empty())
                .map(|detail| escaped_markdown(&line(detail)))
                .collect();
            let pull = if tool.rug_pull { " (rug pull)" } else { "" };
            let _ = writeln!(
                out,
                "| {slug} | {} | {} | {}{pull} | {} |",
                escaped_markdown(&tool.name),
                tool.change.as_str(),
                tool.risk.as_str(),
                what.join("<br>")
            );
        }
    }
    out
}

fn whole(server: &ServerChanges) -> &'static str {
    match server.server {
        Some(Change::Added) => "  new server",
        Some(Change::Removed) => "  server gone",
        _ => "",
    }
}

fn line(detail: &Detail) -> String {
    let mut line = format!("{} {}", detail.kind, Shown(&detail.at));
    if let Some(before) = &detail.before {
        let _ = write!(line, "  was: {}", cut(before));
    }
    if let Some(after) = &detail.after {
        let _ = write!(line, "  now: {}", cut(after));
    }
    line
}

/// Foreign text on one line, not longer than a line.
fn cut(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = folded.chars().take(160).collect();
    if short.len() < folded.len() {
        short.push('…');
    }
    Shown(&short).to_string()
}

const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Raises => "raises the risk",
        Risk::Lowers => "lowers the risk",
        Risk::Wording => "wording",
    }
}

fn counts(changes: &Changes) -> (usize, usize, usize) {
    let tools = || changes.servers.iter().flat_map(|server| &server.tools);
    let count = |risk: Risk| tools().filter(|tool| tool.risk == risk).count();
    (
        count(Risk::Raises),
        count(Risk::Lowers),
        count(Risk::Wording),
    )
}
