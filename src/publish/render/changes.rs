//! Pages of changes: of the whole catalogue by day, and of each tool with its earlier definitions.

use super::{Renderer, server::href};
use crate::diff::Risk;
use crate::publish::PublishError;
use crate::publish::api;
use crate::publish::input::Server;
use crate::publish::pages::changes::{self, Day};
use crate::publish::pages::history::HistoryView;
use crate::publish::past::Step;
use crate::publish::shards;
use crate::publish::summary::ServerSummary;
use crate::publish::text;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use tera::{Context, Value};

/// How many changes the first page shows.
const NEWEST: usize = 100;
/// The most changes on the page of a day.
const DAY: usize = 400;

/// A change with its server.
type Changed<'a> = (&'a ServerSummary, &'a Step);

/// A day in the list of days.
#[derive(Debug, Serialize)]
struct DayLine {
    day: String,
    count: String,
    raises: String,
}

/// A part of a day with many changes.
#[derive(Debug, Serialize)]
struct Part {
    prefix: String,
    file: String,
    count: String,
}

impl Renderer<'_> {
    /// `changes/`: the newest changes, and a page for each day.
    pub(super) fn changes(&self) -> Result<(), PublishError> {
        let all = self.site.changes(usize::MAX);
        let mut days: BTreeMap<&str, Vec<Changed<'_>>> = BTreeMap::new();
        for (server, step) in &all {
            if let Some(day) = step.day() {
                days.entry(day).or_default().push((server, step));
            }
        }
        let raising = |changes: &[Changed<'_>]| {
            let raising = changes.iter().filter(|(_, step)| step.risk == Risk::Raises);
            raising.count()
        };
        let lines: Vec<DayLine> = days
            .iter()
            .rev()
            .map(|(day, changes)| DayLine {
                day: (*day).to_owned(),
                count: text::thousands(changes.len()),
                raises: text::thousands(raising(changes)),
            })
            .collect();
        let newest = &all[..all.len().min(NEWEST)];
        let mut context = Context::new();
        context.insert("days", &changes::by_day(newest));
        context.insert("lines", &lines);
        context.insert("parts", &Vec::<Part>::new());
        context.insert("part", "");
        context.insert("day", "");
        context.insert("count", &text::thousands(all.len()));
        context.insert("raises", &text::thousands(raising(&all)));
        context.insert("all", &(newest.len() == all.len()));
        let page = self
            .page(
                "changes/index.html",
                "Changes",
                "Which servers changed their tools after they were first seen, by day, and whether that raises the risk.",
            )
            .nav("changes");
        self.put("changes/index.html", "pages/changes.html", &page, context)?;
        days.into_par_iter()
            .try_for_each(|(day, changes)| self.day(day, changes))
    }

    fn day(&self, day: &str, mut all: Vec<Changed<'_>>) -> Result<(), PublishError> {
        all.sort_by(|a, b| (&a.0.slug, &a.1.change.at).cmp(&(&b.0.slug, &b.1.change.at)));
        let shards = if all.len() <= DAY {
            Vec::new()
        } else {
            shards::cut(all.len(), &|at| all[at].0.slug.as_str(), &|_| 1, DAY)
        };
        let parts: Vec<Part> = shards
            .iter()
            .map(|shard| Part {
                prefix: shard.prefix.trim_end_matches('_').to_owned(),
                file: format!("{day}-at-{}.html", shard.prefix),
                count: text::thousands(shard.weight),
            })
            .collect();
        let put = |path: &str, part: &str, rows: &[Changed<'_>]| {
            let mut context = Context::new();
            let shown: Vec<Day<'_>> = changes::by_day(rows);
            context.insert("days", &shown);
            context.insert("lines", &Vec::<DayLine>::new());
            context.insert("parts", &parts);
            context.insert("part", part);
            context.insert("day", day);
            context.insert("count", &text::thousands(all.len()));
            context.insert("raises", "");
            context.insert("all", &true);
            let page = self
                .page(
                    path,
                    format!("Changes of {day}"),
                    format!("Which servers changed their tools on {day}, and whether that raises the risk."),
                )
                .nav("changes");
            self.put(path, "pages/changes.html", &page, context)
        };
        // Of a long day the first page shows what became worse.
        let mut first = all.clone();
        if !shards.is_empty() {
            first.sort_by_key(|(_, step)| std::cmp::Reverse((step.rug_pulls(), step.risk)));
            first.truncate(NEWEST);
        }
        put(&format!("changes/{day}.html"), "", &first)?;
        for (shard, part) in shards.iter().zip(&parts) {
            let path = format!("changes/{}", part.file);
            put(&path, &part.prefix, &all[shard.from..shard.to])?;
        }
        Ok(())
    }

    /// The pages and documents of the earlier definitions of one server's tools.
    pub(super) fn histories(
        &self,
        server: &Server,
        shared: &Value,
        pages: &dyn Fn(&str) -> Option<(String, bool)>,
    ) -> Result<(), PublishError> {
        let slug = server.record.slug.as_str();
        let server_name = text::visible(&server.record.name);
        for past in &server.past.tools {
            let now = pages(&past.name).map(|(tool, page)| href(&tool, page));
            let view = HistoryView::of(past, now);
            let path = format!("tools/{slug}/history/{}.html", past.slug);
            let document = api::history_document(slug, &past.slug);
            let description = format!(
                "The earlier definitions of {} of {server_name}, with the difference marked.",
                view.name
            );
            let page = self
                .page(
                    &path,
                    format!("{} before · {server_name}", view.name),
                    description,
                )
                .nav("servers")
                .json(document.clone());
            let mut context = Context::new();
            context.insert_value("server", shared.clone());
            context.insert("past", &view);
            self.put(&path, "pages/history.html", &page, context)?;
            self.stage.put(&document, &api::history(server, past))?;
        }
        Ok(())
    }
}
