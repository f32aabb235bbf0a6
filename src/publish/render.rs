//! Which pages there are and what each is given.

use super::PublishError;
use super::engine::Engine;
use super::input::{Server, ServerTool};
use super::judge::Judge;
use super::options::{Options, ToolPages};
use super::pages::Page;
use super::pages::lists::{self, ServerRow};
use super::pages::server::{self, ServerView};
use super::pages::tool::ToolView;
use super::rulebook::{self, Rulebook};
use super::site::Site;
use super::summary::{ServerSummary, ToolSummary};
use super::text;
use super::write::Stage;
use crate::model::{Category, Outcome, Severity};
use serde::Serialize;
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
    pub(super) site: &'a Site,
    pub(super) options: &'a Options,
    pub(super) stage: &'a Stage,
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

    /// The pages of one server, its policy, and the pages of its tools.
    pub(super) fn server(&self, server: &Server) -> Result<(), PublishError> {
        let slug = server.record.slug.as_str();
        let with_page = self.with_page(server);
        let has_page = |tool: &ServerTool| with_page.contains(&tool.place);
        let view = ServerView::of(server, self.engine.words(), &has_page);
        let summary = summary_line(server);
        let path = format!("tools/{slug}/index.html");
        let page = self
            .page(
                &path,
                view.name.clone(),
                format!("{}: {}. {summary}", view.name, view.count_text),
            )
            .nav("servers");
        let shared = Value::from_serializable(&view);
        let mut context = Context::new();
        context.insert_value("server", shared.clone());
        context.insert("summary", &summary);
        self.put(&path, "pages/server.html", &page, context)?;
        if !server.tools.is_empty() {
            self.stage.put(
                &format!("policies/{slug}.json"),
                server.policy_text.as_bytes(),
            )?;
        }
        if with_page.is_empty() {
            return Ok(());
        }
        let mut context = Context::new();
        context.insert_value("server", shared.clone());
        let siblings = self.engine.render("parts/siblings.html", &context)?;
        let siblings = Value::safe_string(&siblings);
        for tool in server.tools.iter().filter(|tool| has_page(tool)) {
            let tool_view = ToolView::of(server, tool, self.rules);
            let path = format!("tools/{slug}/{}.html", tool.slug);
            let page = self
                .page(
                    &path,
                    format!("{} · {}", tool_view.name, view.name),
                    format!(
                        "{} of {}: {} {} tool, {}.",
                        tool_view.name,
                        view.name,
                        tool_view.article,
                        tool_view.category,
                        tool_view.severity
                    ),
                )
                .nav("servers");
            let mut context = Context::new();
            context.insert_value("server", shared.clone());
            context.insert_value("siblings", siblings.clone());
            context.insert("tool", &tool_view);
            self.put(&path, "pages/tool.html", &page, context)?;
        }
        Ok(())
    }

    /// Places of the tools that get a page of their own.
    fn with_page(&self, server: &Server) -> Vec<usize> {
        let most = match self.options.tool_pages {
            ToolPages::All => usize::MAX,
            ToolPages::Top(most) => most,
            ToolPages::None => 0,
        };
        server
            .riskiest_first()
            .into_iter()
            .take(most)
            .map(|tool| tool.place)
            .collect()
    }

    /// The pages over the whole catalogue.
    pub(super) fn whole(&self) -> Result<(), PublishError> {
        self.home()?;
        self.servers()?;
        self.categories()?;
        self.risk()?;
        self.signals()?;
        self.methodology()?;
        self.outcomes()?;
        self.about()?;
        self.stage.put(super::write::MARKER, &self.build())?;
        for (name, bytes) in self.engine.assets() {
            self.stage.put(&format!("assets/{name}"), bytes)?;
        }
        Ok(())
    }

    /// What this site was made from and how: the only file that may hold a date.
    fn build(&self) -> Vec<u8> {
        let mut build = serde_json::json!({
            "generator": format!("toolrisk {}", env!("CARGO_PKG_VERSION")),
            "rules_version": self.judge.rules_version(),
            "templates_version": self.engine.version(),
            "servers": self.site.totals.servers,
            "listed": self.site.totals.listed,
            "tools": self.site.totals.tools,
        });
        if let Some(date) = &self.options.date {
            build["date"] = date.as_str().into();
        }
        format!("{build:#}\n").into_bytes()
    }

    fn home(&self) -> Result<(), PublishError> {
        let totals = &self.site.totals;
        let riskiest: Vec<ServerRow<'_>> = self
            .site
            .riskiest()
            .into_iter()
            .take(12)
            .map(ServerRow::of)
            .collect();
        let mut context = Context::new();
        context.insert("servers", &text::thousands(totals.servers));
        context.insert("listed", &text::thousands(totals.listed));
        context.insert("tools", &text::thousands(totals.tools));
        context.insert(
            "critical",
            &text::thousands(totals.severity(Severity::Critical)),
        );
        context.insert("trifectas", &text::thousands(totals.trifectas));
        context.insert("findings", &text::thousands(totals.findings));
        context.insert("categories", &server::categories(|c| totals.category(c)));
        context.insert("severities", &server::severities(|s| totals.severity(s)));
        context.insert("riskiest", &riskiest);
        let page = self.page(
            "index.html",
            "What MCP tools can do",
            format!(
                "{} tools of {} MCP servers, classified by published rules, with a default-deny policy for each.",
                text::thousands(totals.tools),
                text::thousands(totals.listed)
            ),
        );
        self.put("index.html", "pages/home.html", &page, context)
    }

    fn servers(&self) -> Result<(), PublishError> {
        let rows: Vec<ServerRow<'_>> = self.site.servers.iter().map(ServerRow::of).collect();
        let mut context = Context::new();
        context.insert("rows", &rows);
        let page = self
            .page(
                "servers/index.html",
                "All servers",
                "Every server that was asked, by name.",
            )
            .nav("servers");
        self.put("servers/index.html", "pages/servers.html", &page, context)
    }

    fn has_page(&self) -> impl Fn(&ServerSummary, &ToolSummary) -> bool + use<'_> {
        |_, _| self.options.tool_pages != ToolPages::None
    }

    fn categories(&self) -> Result<(), PublishError> {
        let totals = &self.site.totals;
        let bar = server::categories(|c| totals.category(c));
        let mut context = Context::new();
        context.insert("bar", &bar);
        let page = self
            .page(
                "categories/index.html",
                "Categories",
                "What one call does, at worst: six categories and how many tools are in each.",
            )
            .nav("categories");
        self.put(
            "categories/index.html",
            "pages/categories.html",
            &page,
            context,
        )?;
        for category in Category::ALL {
            let name = category.as_str();
            let path = format!("categories/{}/index.html", name.to_ascii_lowercase());
            let groups = lists::groups(
                self.site,
                |tool| tool.category == category,
                &self.has_page(),
            );
            let mut context = Context::new();
            context.insert("category", name);
            context.insert("count", &text::thousands(totals.category(category)));
            context.insert("groups", &groups);
            let page = self
                .page(
                    &path,
                    format!("{name} tools"),
                    format!("Every tool in the category {name}."),
                )
                .nav("categories");
            self.put(&path, "pages/category.html", &page, context)?;
        }
        Ok(())
    }

    fn risk(&self) -> Result<(), PublishError> {
        let totals = &self.site.totals;
        let mut context = Context::new();
        context.insert("bar", &server::severities(|s| totals.severity(s)));
        let page = self
            .page(
                "risk/index.html",
                "Risk levels",
                "How bad one uncontrolled call can be: four levels and how many tools are at each.",
            )
            .nav("risk");
        self.put("risk/index.html", "pages/risk.html", &page, context)?;
        for severity in Severity::ALL {
            let name = severity.as_str();
            let path = format!("risk/{name}/index.html");
            let groups = lists::groups(
                self.site,
                |tool| tool.severity == severity,
                &self.has_page(),
            );
            let mut context = Context::new();
            context.insert("severity", name);
            context.insert("count", &text::thousands(totals.severity(severity)));
            context.insert("groups", &groups);
            let page = self
                .page(
                    &path,
                    format!("Tools of {name} severity"),
                    format!("Every tool of {name} severity."),
                )
                .nav("risk");
            self.put(&path, "pages/level.html", &page, context)?;
        }
        Ok(())
    }

    fn methodology(&self) -> Result<(), PublishError> {
        let kinds = ["category", "signal", "trait", "severity", "text"];
        let counts: Vec<(&str, usize)> = kinds
            .into_iter()
            .map(|kind| {
                (
                    kind,
                    self.rules.iter().filter(|rule| rule.kind == kind).count(),
                )
            })
            .collect();
        let totals = &self.site.totals;
        let mut context = Context::new();
        context.insert("rules", &self.rules.iter().count());
        context.insert("kinds", &counts);
        context.insert("servers", &text::thousands(totals.servers));
        context.insert("listed", &text::thousands(totals.listed));
        context.insert("tools", &text::thousands(totals.tools));
        context.insert(
            "unknown",
            &text::thousands(totals.category(Category::Unknown)),
        );
        let page = self
            .page("methodology.html", "Methodology", "How tools are listed and classified, with which rules, and what the figures cover.")
            .nav("methodology");
        self.put("methodology.html", "pages/methodology.html", &page, context)
    }

    fn outcomes(&self) -> Result<(), PublishError> {
        let counts: Vec<OutcomeRow> = Outcome::ALL
            .into_iter()
            .map(|outcome| OutcomeRow {
                outcome: outcome.as_str(),
                count: self
                    .site
                    .totals
                    .outcomes
                    .get(&outcome)
                    .copied()
                    .unwrap_or_default(),
            })
            .filter(|row| row.count > 0)
            .collect();
        let rows: Vec<ServerRow<'_>> = self
            .site
            .servers
            .iter()
            .filter(|server| server.outcome != Outcome::Listed)
            .map(ServerRow::of)
            .collect();
        let mut context = Context::new();
        context.insert("counts", &counts);
        context.insert("rows", &rows);
        context.insert("servers", &text::thousands(self.site.totals.servers));
        let page = self.page(
            "outcomes.html",
            "What could not be listed",
            "Every server that was asked ended in exactly one outcome; these are those whose tools could not be read, and why.",
        );
        self.put("outcomes.html", "pages/outcomes.html", &page, context)
    }

    fn about(&self) -> Result<(), PublishError> {
        let page = self.page(
            "about-crawler.html",
            "About the crawler",
            "What the crawler sends, how often, and how to be left out.",
        );
        self.put(
            "about-crawler.html",
            "pages/about-crawler.html",
            &page,
            Context::new(),
        )
    }

    fn signals(&self) -> Result<(), PublishError> {
        let rows: Vec<SignalRow> = self
            .rules
            .iter()
            .filter(|rule| rule.kind == "signal")
            .map(|rule| SignalRow {
                id: rule.id.clone(),
                title: rulebook::plain_title(&rule.title),
                count: self
                    .site
                    .totals
                    .signals
                    .get(rule.id.as_str())
                    .copied()
                    .unwrap_or_default(),
            })
            .collect();
        let mut context = Context::new();
        context.insert("rows", &rows);
        let page = self
            .page(
                "signals/index.html",
                "Risk signals",
                "One line of evidence each: what the rules look for, and how many tools show it.",
            )
            .nav("signals");
        self.put("signals/index.html", "pages/signals.html", &page, context)?;
        for rule in self.rules.iter().filter(|rule| rule.kind == "signal") {
            let title = rulebook::plain_title(&rule.title);
            let path = format!("signals/{}.html", rule.id);
            let groups = lists::groups(
                self.site,
                |tool| tool.signals.iter().any(|id| **id == *rule.id),
                &self.has_page(),
            );
            let mut context = Context::new();
            context.insert("id", &rule.id);
            context.insert("title", &title);
            context.insert("rationale", &rule.rationale);
            context.insert("references", &rule.references);
            context.insert("raises", &rule.raises);
            context.insert(
                "count",
                &groups.iter().map(|group| group.tools.len()).sum::<usize>(),
            );
            context.insert("groups", &groups);
            let page = self
                .page(&path, title, rule.rationale.clone())
                .nav("signals");
            self.put(&path, "pages/signal.html", &page, context)?;
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
struct OutcomeRow {
    outcome: &'static str,
    count: usize,
}

#[derive(Debug, Serialize)]
struct SignalRow {
    id: String,
    title: String,
    count: usize,
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
        (Category::Financial, "can move money"),
        (Category::Destructive, "can destroy data"),
        (Category::Execute, "can run something"),
        (Category::Write, "can change state"),
        (Category::Unknown, "do not say what they do"),
    ]
    .into_iter()
    .filter_map(|(category, words)| {
        let count = of(category);
        (count > 0).then(|| format!("{count} {words}"))
    })
    .collect();
    match parts.as_slice() {
        [] if server.tools.is_empty() => String::new(),
        [] => "All of them only read.".to_owned(),
        [one] => format!("{one}."),
        [first @ .., last] => format!("{} and {last}.", first.join(", ")),
    }
}
