//! What is known of a server, as rows beside its page.

use crate::publish::input::Server;
use crate::publish::text;
use serde::Serialize;

/// A row of what is known.
#[derive(Debug, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Its value, visible form.
    pub value: String,
    /// Where it leads, http or https only; empty for none.
    pub href: String,
}

/// A link that may be followed from a page: http or https only.
pub fn safe_href(link: &str) -> String {
    match url::Url::parse(link) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.to_string(),
        _ => String::new(),
    }
}

/// The rows: how it was reached and when, and what it says of itself.
pub fn facts(server: &Server) -> Vec<Fact> {
    let record = &server.record;
    let target = &record.target;
    let mut facts = Vec::new();
    let seen = &server.seen;
    let failed = seen.failed.as_ref();
    let failed = failed.map(|(day, outcome)| format!("{day}: {}", outcome.as_str()));
    let mut add = |name: &'static str, value: Option<String>, href: String| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push(Fact {
                name,
                value: text::visible(&value),
                href,
            });
        }
    };
    add("List read on", seen.read.clone(), String::new());
    add("Last tried on", failed, String::new());
    add("Endpoint", target.url.clone(), String::new());
    add("npm package", target.npm.clone(), String::new());
    add("PyPI package", target.pypi.clone(), String::new());
    add(
        "Command",
        target.command.as_ref().map(|words| words.join(" ")),
        String::new(),
    );
    add("Saved list", target.file.clone(), String::new());
    for (name, link) in [
        ("Homepage", &target.homepage),
        ("Source", &target.repository),
    ] {
        let href = link.as_deref().map(safe_href).unwrap_or_default();
        if !href.is_empty() {
            add(name, link.clone(), href);
        }
    }
    let info: Option<serde_json::Value> = record
        .server_info
        .as_ref()
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    let said = |key: &str| {
        let value = info.as_ref()?.get(key)?.as_str()?;
        Some(text::excerpt(value, 120))
    };
    let calls_itself = match (said("name"), said("version")) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, version) => name.or(version),
    };
    add("Calls itself", calls_itself, String::new());
    add("Transport", record.transport.clone(), String::new());
    let spoken = match (record.protocol_version.as_deref(), record.era) {
        (Some(version), Some(era)) => Some(format!("{version} ({} era)", era.as_str())),
        (Some(version), None) => Some(version.to_owned()),
        (None, era) => era.map(|era| format!("{} era", era.as_str())),
    };
    add("Protocol", spoken, String::new());
    let package = |key: &str| Some(record.package.as_ref()?.get(key)?.as_str()?.to_owned());
    add("Package version", package("version"), String::new());
    let listed_with = record.listed_with.as_deref().map(|with| match with {
        "placeholder" => {
            "placeholder credentials; with real ones it may offer other tools".to_owned()
        }
        other => other.to_owned(),
    });
    add("Started with", listed_with, String::new());
    let given: Vec<String> = target.env.iter().chain(&target.headers).cloned().collect();
    add(
        "Set by the caller",
        (!given.is_empty()).then(|| given.join(", ")),
        String::new(),
    );
    facts
}
