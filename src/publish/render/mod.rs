//! Which pages there are and what each is given.

mod changes;
mod lists;
mod machine;
mod server;
mod texts;

use super::PublishError;
use super::attacks::Attack;
use super::engine::Engine;
use super::judge::Judge;
use super::neighbours::Neighbours;
use super::options::{Options, ToolPages};
use super::pages::Page;
use super::rulebook::Rulebook;
use super::site::Site;
use super::summary::ServerSummary;
use super::write::Stage;
use crate::model::Severity;
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Reverse;
use tera::{Context, Value};

/// What every page sees of the site, as `site`.
#[derive(Debug, Serialize)]
pub(super) struct SiteView {
    title: String,
    footer: String,
    totals_line: String,
    rules_version: String,
}

impl SiteView {
    pub(super) fn of(site: &Site, judge: &Judge, options: &Options) -> SiteView {
        SiteView {
            title: options.title.clone(),
            footer: options.footer.clone().unwrap_or_default(),
            totals_line: site.totals.line(),
            rules_version: judge.rules_version().to_owned(),
        }
    }
}

/// Everything that rendering needs.
pub(super) struct Renderer<'a> {
    pub(super) engine: &'a Engine,
    pub(super) judge: &'a Judge,
    pub(super) rules: &'a Rulebook,
    pub(super) attacks: &'a [Attack],
    pub(super) attack_links: Vec<Value>,
    pub(super) site: &'a Site,
    pub(super) neighbours: &'a Neighbours,
    pub(super) options: &'a Options,
    pub(super) stage: &'a Stage,
}

/// An attack where a tool's page names it.
#[derive(Debug, Serialize)]
pub(super) struct AttackLink<'a> {
    id: &'a str,
    title: &'a str,
    summary: &'a str,
    case: &'a str,
    date: &'a str,
}

impl<'a> AttackLink<'a> {
    fn of(attack: &'a Attack) -> AttackLink<'a> {
        let case = attack.cases.first();
        AttackLink {
            id: &attack.id,
            title: &attack.title,
            summary: &attack.summary,
            case: case.map_or("", |case| &case.title),
            date: case.map_or("", |case| &case.date),
        }
    }
}

/// The attacks as tools' pages name them, made once.
pub(super) fn attack_links(attacks: &[Attack]) -> Vec<Value> {
    attacks
        .iter()
        .map(|attack| Value::from_serializable(&AttackLink::of(attack)))
        .collect()
}

impl Renderer<'_> {
    fn page(&self, path: &str, title: impl Into<String>, description: impl Into<String>) -> Page {
        Page::at(
            path,
            self.options.base_url.as_ref(),
            title.into(),
            description.into(),
        )
    }

    fn put(
        &self,
        path: &str,
        template: &str,
        page: &Page,
        mut context: Context,
    ) -> Result<(), PublishError> {
        context.insert("page", page);
        let text = self.engine.render(template, &context)?;
        self.stage.put(path, text.as_bytes())?;
        Ok(())
    }

    /// The pages over the whole catalogue, and the files for machines.
    pub(super) fn whole(&self) -> Result<(), PublishError> {
        type Job<'a> = fn(&Renderer<'a>) -> Result<(), PublishError>;
        let jobs: [Job<'_>; 14] = [
            Self::search_index,
            Self::categories,
            Self::risk,
            Self::signals,
            Self::servers,
            Self::home,
            Self::attacks,
            Self::methodology,
            Self::outcomes,
            Self::about,
            Self::search_page,
            Self::api,
            Self::changes,
            Self::feeds,
        ];
        // Some of them use one core only, so they run beside one another.
        jobs.par_iter().try_for_each(|job| job(self))?;
        self.stage.put(super::write::MARKER, &self.build())?;
        for (name, bytes) in self.engine.assets() {
            self.stage.put(&format!("assets/{name}"), bytes)?;
        }
        Ok(())
    }

    /// What this site was made from and how: the only page that may hold a date.
    fn build(&self) -> Vec<u8> {
        let totals = &self.site.totals;
        let mut build = serde_json::json!({
            "generator": format!("toolrisk {}", env!("CARGO_PKG_VERSION")),
            "rules_version": self.judge.rules_version(),
            "templates_version": self.engine.version(),
            "servers": totals.servers,
            "listed": totals.listed,
            "tools": totals.tools,
        });
        if let Some(date) = &self.options.date {
            build["date"] = date.as_str().into();
        }
        format!("{build:#}\n").into_bytes()
    }
}

/// For each tool of a server, in the order answered, whether it has a page of its own.
pub(super) fn with_page(server: &ServerSummary, which: ToolPages) -> Vec<bool> {
    let count = server.tools.len();
    let most = match which {
        ToolPages::All => return vec![true; count],
        ToolPages::None => 0,
        ToolPages::Top(most) => most,
    };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|at| {
        let tool = &server.tools[*at];
        (Reverse(tool.severity), Reverse(tool.category), *at)
    });
    let mut out = vec![false; count];
    for at in order.into_iter().take(most) {
        out[at] = true;
    }
    out
}

/// The severities, worst first.
fn worst_first() -> impl Iterator<Item = Severity> {
    Severity::ALL.into_iter().rev()
}

/// Every file that belongs to one server alone.
pub(super) fn files_of(server: &ServerSummary, options: &Options) -> Vec<String> {
    let slug = &server.slug;
    let mut files = vec![
        format!("tools/{slug}/index.html"),
        format!("api/v1/servers/{slug}.json"),
        format!("badges/{slug}.svg"),
    ];
    if !server.tools.is_empty() {
        files.push(format!("policies/{slug}.json"));
    }
    let pages = with_page(server, options.tool_pages);
    for (tool, _) in server.tools.iter().zip(pages).filter(|(_, page)| *page) {
        files.push(format!("tools/{slug}/{}.html", tool.slug));
        files.push(super::api::tool_document(slug, &tool.slug));
    }
    for tool in &server.histories {
        files.push(format!("tools/{slug}/history/{tool}.html"));
        files.push(super::api::history_document(slug, tool));
    }
    files
}
