//! The pages of one server and of its tools, its policy, its documents and its badge.

use super::Renderer;
use crate::model::Category;
use crate::publish::PublishError;
use crate::publish::input::{Server, ServerTool};
use crate::publish::neighbours::Place;
use crate::publish::pages::changes::{ChangeView, InstructionsView};
use crate::publish::pages::server::{EmitterView, ServerView};
use crate::publish::pages::tool::ToolView;
use crate::publish::{api, feeds, text};
use serde::Serialize;
use tera::{Context, Value};

/// How many changes a server's page shows.
const CHANGES: usize = 20;
/// How many changes of the instructions it shows.
const INSTRUCTIONS: usize = 3;

/// A tool or a server that a page points to.
#[derive(Debug, Serialize)]
struct Elsewhere<'a> {
    slug: &'a str,
    name: &'a str,
    href: String,
    severity: &'static str,
    server: &'a str,
    grade: String,
    tools: usize,
}

impl Renderer<'_> {
    /// Everything of one server. `at` is its place in the site.
    pub(in crate::publish) fn server(
        &self,
        at: usize,
        server: &Server,
    ) -> Result<(), PublishError> {
        let slug = server.record.slug.as_str();
        let summary = &self.site.servers[at];
        let pages = super::with_page(summary, self.options.tool_pages);
        let ordinals: std::collections::HashMap<usize, usize> = server
            .tools
            .iter()
            .zip(0..)
            .map(|(tool, ordinal)| (tool.place, ordinal))
            .collect();
        let ordinal = |tool: &ServerTool| ordinals.get(&tool.place).copied().unwrap_or_default();
        let has_page = |tool: &ServerTool| pages.get(ordinal(tool)).copied().unwrap_or_default();
        let emitters = if server.tools.is_empty() || !self.shows_emitters() {
            Vec::new()
        } else {
            EmitterView::all(server)
        };
        let view = ServerView::of(server, self.engine.words(), &has_page, emitters);
        let sentence = summary_line(server);
        let path = format!("tools/{slug}/index.html");
        let page = self
            .page(&path, view.name.clone(), describe(&view, &sentence))
            .nav("servers")
            .json(format!("api/v1/servers/{slug}.json"));
        let shared = Value::from_serializable(&view);
        let mut context = Context::new();
        context.insert_value("server", shared.clone());
        context.insert("summary", &sentence);
        context.insert("related", &self.related_servers(at));
        let past = &server.past;
        let changes: Vec<ChangeView> = past
            .steps
            .iter()
            .rev()
            .take(CHANGES)
            .map(ChangeView::of)
            .collect();
        let instructions: Vec<InstructionsView> = past
            .instructions
            .iter()
            .take(INSTRUCTIONS)
            .map(InstructionsView::of)
            .collect();
        context.insert(
            "older_changes",
            &(past.older + past.steps.len() - changes.len()),
        );
        let worse = changes.iter().find(|change| change.rug_pulls > 0);
        context.insert("worse_day", worse.map_or("", |change| change.day.as_str()));
        context.insert("changes", &changes);
        context.insert("other_instructions", &instructions);
        context.insert_value("ld", self.structured(&path, &view.name, &sentence));
        self.put(&path, "pages/server.html", &page, context)?;
        let documents = [
            (
                format!("api/v1/servers/{slug}.json"),
                api::server(server, self.judge.rules_version(), &has_page),
            ),
            (
                format!("badges/{slug}.svg"),
                feeds::badge(summary).into_bytes(),
            ),
        ];
        for (path, bytes) in documents {
            self.stage.put(&path, &bytes)?;
        }
        let tool_page = |name: &str| {
            let tool = server.tools.iter().find(|tool| tool.tool.name == name)?;
            Some((tool.slug.clone(), has_page(tool)))
        };
        self.histories(server, &shared, &tool_page)?;
        if server.tools.is_empty() {
            return Ok(());
        }
        self.stage.put(
            &format!("policies/{slug}.json"),
            server.policy_text.as_bytes(),
        )?;
        if pages.iter().any(|page| *page) {
            self.tools(at, server, &shared, &has_page, &ordinal)?;
            for tool in server.tools.iter().filter(|tool| has_page(tool)) {
                self.stage.put(
                    &api::tool_document(slug, &tool.slug),
                    &api::tool(server, tool),
                )?;
            }
        }
        Ok(())
    }

    /// The pages of a server's tools alone, each tool with one.
    pub(in crate::publish) fn tool_pages(
        &self,
        at: usize,
        server: &Server,
    ) -> Result<(), PublishError> {
        let has_page = |_: &ServerTool| true;
        let ordinal = |tool: &ServerTool| {
            let same = |other: &ServerTool| other.place == tool.place;
            server.tools.iter().position(same).unwrap_or_default()
        };
        let view = ServerView::of(server, self.engine.words(), &has_page, Vec::new());
        let shared = Value::from_serializable(&view);
        self.tools(at, server, &shared, &has_page, &ordinal)
    }

    /// Whether server pages hold the policy in other formats too. On a large site they would
    /// double its size, and one command makes them.
    fn shows_emitters(&self) -> bool {
        self.site.servers.len() <= 5_000
    }

    fn tools(
        &self,
        at: usize,
        server: &Server,
        shared: &Value,
        has_page: &dyn Fn(&ServerTool) -> bool,
        ordinal: &dyn Fn(&ServerTool) -> usize,
    ) -> Result<(), PublishError> {
        let slug = server.record.slug.as_str();
        let server_name = text::visible(&server.record.name);
        let mut base = Context::new();
        base.insert_value("server", shared.clone());
        // The list of siblings is the same on each page: rendered once, by a template of ours.
        let siblings = self.engine.render("parts/siblings.html", &base)?;
        base.insert_value("siblings", Value::safe_string(&siblings));
        for tool in server.tools.iter().filter(|tool| has_page(tool)) {
            let view = ToolView::of(server, tool, self.rules);
            let path = format!("tools/{slug}/{}.html", tool.slug);
            let description = format!(
                "{} of {server_name}: {} {} tool of {} severity, with the evidence and a policy for it.",
                view.name, view.article, view.category, view.severity
            );
            let page = self
                .page(&path, format!("{} · {server_name}", view.name), description)
                .nav("servers")
                .json(api::tool_document(slug, &tool.slug));
            let mut context = base.clone();
            let attacks: Vec<Value> = self
                .attacks
                .iter()
                .zip(&self.attack_links)
                .filter(|(attack, _)| attack.fits(&tool.verdict))
                .map(|(_, link)| link.clone())
                .collect();
            context.insert_value("attacks", Value::from(attacks));
            context.insert("others", &self.other_tools(at, ordinal(tool)));
            context.insert("tool", &view);
            context.insert_value("ld", self.structured(&path, &view.name, &page.description));
            self.put(&path, "pages/tool.html", &page, context)?;
        }
        Ok(())
    }

    /// Tools of the same category on other servers.
    fn other_tools(&self, server: usize, tool: usize) -> Vec<Elsewhere<'_>> {
        let (Ok(server), Ok(tool)) = (u32::try_from(server), u32::try_from(tool)) else {
            return Vec::new();
        };
        self.neighbours
            .tools(self.site, Place { server, tool })
            .into_iter()
            .filter_map(|place| {
                let other = self.site.servers.get(place.server as usize)?;
                let tool = other.tools.get(place.tool as usize)?;
                let page = super::with_page(other, self.options.tool_pages)
                    .get(place.tool as usize)
                    .copied()
                    .unwrap_or_default();
                Some(Elsewhere {
                    slug: &other.slug,
                    name: &tool.name,
                    href: href(&tool.slug, page),
                    severity: tool.severity.as_str(),
                    server: &other.name,
                    grade: String::new(),
                    tools: 0,
                })
            })
            .collect()
    }

    fn related_servers(&self, at: usize) -> Vec<Elsewhere<'_>> {
        self.neighbours
            .servers(at)
            .iter()
            .filter_map(|other| self.site.servers.get(*other as usize))
            .map(|other| Elsewhere {
                slug: &other.slug,
                name: &other.name,
                href: "index.html".to_owned(),
                severity: other.worst().map_or("low", crate::model::Severity::as_str),
                server: &other.label,
                grade: other.grade.map(String::from).unwrap_or_default(),
                tools: other.tools.len(),
            })
            .collect()
    }

    /// JSON-LD for search engines; empty without a base URL, since it needs absolute addresses.
    fn structured(&self, path: &str, name: &str, description: &str) -> Value {
        let shown = path.strip_suffix("index.html").unwrap_or(path);
        let Some(address) = self
            .options
            .base_url
            .as_ref()
            .and_then(|base| base.join(shown).ok())
        else {
            return Value::from("");
        };
        let document = serde_json::json!({
            "@context": "https://schema.org",
            "@type": "TechArticle",
            "headline": name,
            "description": description,
            "url": address.as_str(),
            "isPartOf": {"@type": "WebSite", "name": self.options.title},
        });
        Value::safe_string(&in_script(&document.to_string()))
    }
}

/// JSON that can stand in a `script` element: what could end it, or start a comment or an entity,
/// and the two separators that older parsers take for line ends, are written as escapes.
pub(super) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Where a tool is, from its server's folder.
pub(super) fn href(slug: &str, page: bool) -> String {
    if page {
        format!("{slug}.html")
    } else {
        format!("index.html#t-{slug}")
    }
}

fn describe(view: &ServerView, sentence: &str) -> String {
    if view.listed {
        format!("{}: {}. {sentence}", view.name, view.count_text)
    } else {
        format!(
            "{}: its tools could not be listed. {}",
            view.name, view.outcome_text
        )
    }
}

/// One sentence on what a server's tools can do.
fn summary_line(server: &Server) -> String {
    let of = |category| {
        server
            .assessment
            .categories
            .get(&category)
            .copied()
            .unwrap_or_default()
    };
    let parts: Vec<String> = [
        (Category::Financial, "can move money", "can move money"),
        (
            Category::Destructive,
            "can destroy data",
            "can destroy data",
        ),
        (Category::Execute, "can run something", "can run something"),
        (Category::Write, "can change state", "can change state"),
        (
            Category::Unknown,
            "does not say what it does",
            "do not say what they do",
        ),
    ]
    .into_iter()
    .filter_map(|(category, one, many)| match of(category) {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    })
    .collect();
    match parts.as_slice() {
        [] if server.tools.is_empty() => String::new(),
        [] if server.tools.len() == 1 => "It only reads.".to_owned(),
        [] => "All of them only read.".to_owned(),
        [one] => format!("{one}."),
        [first @ .., last] => format!("{} and {last}.", first.join(", ")),
    }
}
