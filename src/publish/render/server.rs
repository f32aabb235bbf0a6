//! The pages of one server and of its tools, its policy, its documents and its badge.

use super::Renderer;
use crate::model::Category;
use crate::publish::PublishError;
use crate::publish::input::{Server, ServerTool};
use crate::publish::pages::changes::{ChangeView, InstructionsView};
use crate::publish::pages::server::{EmitterView, ServerView};
use crate::publish::{api, feeds};
use serde::Serialize;
use tera::{Context, Value};

/// How many changes a server's page shows.
const CHANGES: usize = 20;
/// How many changes of the instructions it shows.
const INSTRUCTIONS: usize = 3;

/// A server that the page of another points to.
#[derive(Debug, Serialize)]
struct Related<'a> {
    slug: &'a str,
    name: &'a str,
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
        context.insert(
            "ld",
            &super::structured(&page, &view.name, &self.options.title),
        );
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
            self.tools(at, server, &has_page, &ordinal)?;
            for tool in server.tools.iter().filter(|tool| has_page(tool)) {
                self.stage.put(
                    &api::tool_document(slug, &tool.slug),
                    &api::tool(server, tool),
                )?;
            }
        }
        Ok(())
    }

    /// Whether server pages hold the policy in other formats too. On a large site they would
    /// double its size, and one command makes them.
    fn shows_emitters(&self) -> bool {
        self.site.servers.len() <= 5_000
    }

    fn related_servers(&self, at: usize) -> Vec<Related<'_>> {
        self.neighbours
            .servers(at)
            .iter()
            .filter_map(|other| self.site.servers.get(*other as usize))
            .map(|other| Related {
                slug: &other.slug,
                name: &other.name,
                grade: other.grade.map(String::from).unwrap_or_default(),
                tools: other.tools.len(),
            })
            .collect()
    }
}

/// Where a tool is, from its server's folder.
pub(super) fn href(slug: &str, page: bool) -> String {
    if page {
        [slug, ".html"].concat()
    } else {
        ["index.html#t-", slug].concat()
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
