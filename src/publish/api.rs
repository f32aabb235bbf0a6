//! The catalogue as JSON under `api/v1/`: what an agent reads instead of the pages.
//!
//! docs/api.md describes it; `catalogue/schema/api-*.json` hold it to a shape. Foreign text stands
//! here as it was answered: JSON needs no other escaping, and a reader may want the bytes.

use super::input::{Server, ServerTool};
use super::judge;
use super::past::{Event, Step, ToolPast};
use super::site::Site;
use super::summary::ServerSummary;
use crate::catalogue::history::Change;
use crate::diff::{Detail, Risk};
use crate::model::target::PublicTarget;
use crate::model::verdict::Overridden;
use crate::model::{Assessment, Category, Finding, Outcome, PolicyDocument, Severity, Signal};
use crate::model::{ToolEntry, Traits, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The version of these documents.
pub const SCHEMA: u32 = 1;

/// `api/v1/servers/<slug>.json`.
#[derive(Debug, Serialize)]
pub struct ServerDocument<'a> {
    schema: u32,
    kind: &'static str,
    slug: &'a str,
    name: &'a str,
    target: &'a PublicTarget,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    transport: Option<&'a str>,
    protocol_version: Option<&'a str>,
    instructions: Option<&'a str>,
    digest: Option<&'a str>,
    rules_version: &'a str,
    assessment: &'a Assessment,
    context_tokens: usize,
    page: String,
    policy: Option<String>,
    tools: Vec<ToolLine<'a>>,
    changes: Vec<StepLine<'a>>,
    older_changes: usize,
}

/// One change: the line of the history, and what it does to the risk.
#[derive(Debug, Serialize)]
struct StepLine<'a> {
    #[serde(flatten)]
    change: &'a Change,
    risk: Risk,
    tools: Vec<StepTool<'a>>,
}

/// One tool in a change.
#[derive(Debug, Serialize)]
struct StepTool<'a> {
    name: &'a str,
    change: crate::diff::Change,
    risk: Risk,
    rug_pull: bool,
    history: Option<String>,
}

/// `api/v1/history/<server>/<tool>.json`.
#[derive(Debug, Serialize)]
struct HistoryDocument<'a> {
    schema: u32,
    kind: &'static str,
    server: &'a str,
    server_document: String,
    name: &'a str,
    page: String,
    listed: bool,
    events: Vec<EventLine<'a>>,
}

/// One thing that happened to a tool.
#[derive(Debug, Serialize)]
struct EventLine<'a> {
    at: &'a str,
    change: crate::diff::Change,
    risk: Risk,
    rug_pull: bool,
    what: &'a [Detail],
    before: Option<VersionLine<'a>>,
    after: Option<VersionLine<'a>>,
}

/// One definition with the verdict on it.
#[derive(Debug, Serialize)]
struct VersionLine<'a> {
    digest: &'a str,
    category: Category,
    severity: Severity,
    definition: Option<&'a RawValue>,
}

/// One tool in a server's document.
#[derive(Debug, Serialize)]
struct ToolLine<'a> {
    name: &'a str,
    slug: &'a str,
    category: Category,
    severity: Severity,
    confidence: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden: Option<&'a Overridden>,
    signals: &'a [Signal],
    traits: Traits,
    findings: &'a [Finding],
    page: String,
    document: Option<String>,
}

/// `api/v1/tools/<server>/<tool>.json`.
#[derive(Debug, Serialize)]
pub struct ToolDocument<'a> {
    schema: u32,
    kind: &'static str,
    server: &'a str,
    server_document: String,
    slug: &'a str,
    page: String,
    verdict: &'a Verdict,
    policy: PolicyDocument,
    definition: Option<&'a RawValue>,
}

/// `api/v1/index.json`.
#[derive(Debug, Serialize)]
pub struct IndexDocument<'a> {
    schema: u32,
    kind: &'static str,
    title: &'a str,
    rules_version: &'a str,
    servers: usize,
    listed: usize,
    tools: usize,
    categories: BTreeMap<Category, usize>,
    severities: BTreeMap<Severity, usize>,
    outcomes: BTreeMap<Outcome, usize>,
    shards: Vec<ShardLine>,
    changes: &'static str,
    schemas: Vec<String>,
}

/// One shard in the index.
#[derive(Debug, Serialize)]
pub struct ShardLine {
    /// The letters that slugs in it begin with.
    pub prefix: String,
    /// How many servers.
    pub servers: usize,
    /// Where it is, from the site's root.
    pub document: String,
}

/// `api/v1/index/<prefix>.json`.
#[derive(Debug, Serialize)]
pub struct ShardDocument<'a> {
    schema: u32,
    kind: &'static str,
    prefix: &'a str,
    servers: Vec<ServerLine<'a>>,
}

/// One server in a shard.
#[derive(Debug, Serialize)]
struct ServerLine<'a> {
    slug: &'a str,
    name: &'a str,
    outcome: Outcome,
    grade: Option<char>,
    tools: usize,
    critical: usize,
    high: usize,
    trifecta: bool,
    digest: Option<&'a str>,
    document: String,
}

/// `api/v1/changes.json`.
#[derive(Debug, Serialize)]
pub struct ChangesDocument<'a> {
    schema: u32,
    kind: &'static str,
    changes: Vec<ChangeLine<'a>>,
}

/// One change of one server.
#[derive(Debug, Serialize)]
struct ChangeLine<'a> {
    server: &'a str,
    document: String,
    #[serde(flatten)]
    step: StepLine<'a>,
}

/// One line of compact JSON.
fn text<T: Serialize>(document: &T) -> Vec<u8> {
    // These documents hold nothing that can fail to be written as JSON.
    let mut bytes = serde_json::to_vec(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn server_document(slug: &str) -> String {
    format!("api/v1/servers/{slug}.json")
}

/// Where a tool's document is.
pub fn tool_document(server: &str, tool: &str) -> String {
    format!("api/v1/tools/{server}/{tool}.json")
}

/// The document of a server.
pub fn server(
    server: &Server,
    rules_version: &str,
    has_page: &dyn Fn(&ServerTool) -> bool,
) -> Vec<u8> {
    let record = &server.record;
    let slug = record.slug.as_str();
    text(&ServerDocument {
        schema: SCHEMA,
        kind: "server",
        slug,
        name: &record.name,
        target: &record.target,
        outcome: record.outcome,
        detail: record.detail.as_deref(),
        transport: record.transport.as_deref(),
        protocol_version: record.protocol_version.as_deref(),
        instructions: record.instructions.as_deref(),
        digest: record.digest.as_deref(),
        rules_version,
        assessment: &server.assessment,
        context_tokens: server.tokens(),
        page: format!("tools/{slug}/index.html"),
        policy: (!server.tools.is_empty()).then(|| format!("policies/{slug}.json")),
        tools: server
            .riskiest_first()
            .into_iter()
            .map(|tool| ToolLine {
                name: &tool.tool.name,
                slug: &tool.slug,
                category: tool.verdict.category,
                severity: tool.verdict.severity,
                confidence: tool.verdict.confidence,
                overridden: tool.verdict.overridden.as_ref(),
                signals: &tool.verdict.signals,
                traits: tool.verdict.traits,
                findings: &tool.verdict.findings,
                page: if has_page(tool) {
                    format!("tools/{slug}/{}.html", tool.slug)
                } else {
                    format!("tools/{slug}/index.html#t-{}", tool.slug)
                },
                document: has_page(tool).then(|| tool_document(slug, &tool.slug)),
            })
            .collect(),
        changes: server
            .past
            .steps
            .iter()
            .map(|step| StepLine::of(slug, step))
            .collect(),
        older_changes: server.past.older,
    })
}

/// The document of a tool.
pub fn tool(server: &Server, tool: &ServerTool) -> Vec<u8> {
    let slug = server.record.slug.as_str();
    let definition = match server.record.tools.get(tool.place) {
        Some(ToolEntry::Listed(raw)) => Some(&**raw),
        _ => None,
    };
    text(&ToolDocument {
        schema: SCHEMA,
        kind: "tool",
        server: slug,
        server_document: server_document(slug),
        slug: &tool.slug,
        page: format!("tools/{slug}/{}.html", tool.slug),
        verdict: &tool.verdict,
        policy: judge::policy_for(&server.policy, &tool.tool.name),
        definition,
    })
}

/// The entry to everything.
pub fn index(
    site: &Site,
    title: &str,
    rules_version: &str,
    shards: Vec<ShardLine>,
    schemas: Vec<String>,
) -> Vec<u8> {
    let totals = &site.totals;
    text(&IndexDocument {
        schema: SCHEMA,
        kind: "index",
        title,
        rules_version,
        servers: totals.servers,
        listed: totals.listed,
        tools: totals.tools,
        categories: Category::ALL
            .into_iter()
            .map(|c| (c, totals.category(c)))
            .collect(),
        severities: Severity::ALL
            .into_iter()
            .map(|s| (s, totals.severity(s)))
            .collect(),
        outcomes: totals.outcomes.clone(),
        shards,
        changes: "api/v1/changes.json",
        schemas,
    })
}

/// One shard of the index.
pub fn shard(prefix: &str, servers: &[ServerSummary]) -> Vec<u8> {
    text(&ShardDocument {
        schema: SCHEMA,
        kind: "shard",
        prefix,
        servers: servers
            .iter()
            .map(|server| ServerLine {
                slug: &server.slug,
                name: &server.name,
                outcome: server.outcome,
                grade: server.grade,
                tools: server.tools.len(),
                critical: server.with_severity(Severity::Critical),
                high: server.with_severity(Severity::High),
                trifecta: server.trifecta,
                digest: server.digest.as_deref(),
                document: server_document(&server.slug),
            })
            .collect(),
    })
}

/// The newest changes, newest first.
pub fn changes(changes: &[(&ServerSummary, &Step)]) -> Vec<u8> {
    text(&ChangesDocument {
        schema: SCHEMA,
        kind: "changes",
        changes: changes
            .iter()
            .map(|(server, step)| ChangeLine {
                server: &server.slug,
                document: server_document(&server.slug),
                step: StepLine::of(&server.slug, step),
            })
            .collect(),
    })
}

impl<'a> StepLine<'a> {
    fn of(server: &str, step: &'a Step) -> StepLine<'a> {
        StepLine {
            change: &step.change,
            risk: step.risk,
            tools: step
                .tools
                .iter()
                .map(|tool| StepTool {
                    name: &tool.name,
                    change: tool.change,
                    risk: tool.risk,
                    rug_pull: tool.rug_pull,
                    history: tool
                        .page
                        .as_ref()
                        .map(|page| history_document(server, page)),
                })
                .collect(),
        }
    }
}

/// Where the document of a tool's earlier definitions is.
pub fn history_document(server: &str, tool: &str) -> String {
    format!("api/v1/history/{server}/{tool}.json")
}

/// The document of a tool's earlier definitions.
pub fn history(server: &Server, past: &ToolPast) -> Vec<u8> {
    let slug = server.record.slug.as_str();
    text(&HistoryDocument {
        schema: SCHEMA,
        kind: "history",
        server: slug,
        server_document: server_document(slug),
        name: &past.name,
        page: format!("tools/{slug}/history/{}.html", past.slug),
        listed: past.listed,
        events: past.events.iter().map(EventLine::of).collect(),
    })
}

impl<'a> EventLine<'a> {
    fn of(event: &'a Event) -> EventLine<'a> {
        let line = |version: &'a super::past::Version| VersionLine {
            digest: &version.digest,
            category: version.verdict.category,
            severity: version.verdict.severity,
            definition: match &version.entry {
                ToolEntry::Listed(raw) => Some(&**raw),
                ToolEntry::Malformed(_) => None,
            },
        };
        EventLine {
            at: &event.at,
            change: event.change.change,
            risk: event.change.risk,
            rug_pull: event.change.rug_pull,
            what: &event.change.what,
            before: event.before.as_ref().map(line),
            after: event.after.as_ref().map(line),
        }
    }
}
