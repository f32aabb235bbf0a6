//! What pages show of changes of servers' lists.

use super::history::href;
use crate::publish::past::{InstructionsChange, Step, ToolStep};
use crate::publish::summary::ServerSummary;
use crate::publish::text::{self, Segment};
use crate::publish::{feeds, marked};
use serde::Serialize;

/// How many tools of each kind a change names.
const NAMED: usize = 30;

/// One change.
#[derive(Debug, Serialize)]
pub struct ChangeView {
    /// The moment, visible form.
    pub at: String,
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// What changed, in a few words.
    pub headline: String,
    /// `raises`, `lowers` or `wording`.
    pub risk: &'static str,
    /// How many tools became worse after they were first seen.
    pub rug_pulls: usize,
    /// The tools, the riskiest changes first, the first few of each kind.
    pub tools: Vec<ChangedTool>,
    /// How many more there are.
    pub more: usize,
}

/// A tool in a change.
#[derive(Debug, Serialize)]
pub struct ChangedTool {
    /// Name, visible form, cut.
    pub name: String,
    /// `added`, `changed` or `removed`.
    pub change: &'static str,
    /// `raises`, `lowers` or `wording`.
    pub risk: &'static str,
    /// Whether it became worse after it was first seen.
    pub rug_pull: bool,
    /// Where its earlier definitions are, from the server's folder; empty where there are none.
    pub href: String,
}

/// Other instructions.
#[derive(Debug, Serialize)]
pub struct InstructionsView {
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// The text with what went and what came marked.
    pub text: Vec<Segment>,
}

/// A change in a list over several servers.
#[derive(Debug, Serialize)]
pub struct ChangeRow<'a> {
    /// The server's slug.
    pub slug: &'a str,
    /// Its name, visible form.
    pub name: &'a str,
    /// The change.
    pub change: ChangeView,
}

/// A day with its changes, as `days` in `pages/changes.html`.
#[derive(Debug, Serialize)]
pub struct Day<'a> {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The changes.
    pub rows: Vec<ChangeRow<'a>>,
}

impl ChangeView {
    /// The view of a change.
    pub fn of(step: &Step) -> ChangeView {
        let mut tools: Vec<&ToolStep> = step.tools.iter().collect();
        tools.sort_by_key(|tool| (!tool.rug_pull, std::cmp::Reverse(tool.risk)));
        ChangeView {
            at: text::visible(&step.change.at),
            day: text::visible(step.change.at.get(..10).unwrap_or(&step.change.at)),
            headline: feeds::headline(&step.change),
            risk: step.risk.as_str(),
            rug_pulls: step.rug_pulls(),
            more: tools.len().saturating_sub(NAMED),
            tools: tools
                .into_iter()
                .take(NAMED)
                .map(|tool| ChangedTool {
                    name: text::excerpt(&tool.name, 80),
                    change: tool.change.as_str(),
                    risk: tool.risk.as_str(),
                    rug_pull: tool.rug_pull,
                    href: tool.page.as_deref().map(href).unwrap_or_default(),
                })
                .collect(),
        }
    }
}

impl<'a> ChangeRow<'a> {
    /// The row of a change of a server.
    pub fn of(server: &'a ServerSummary, step: &Step) -> ChangeRow<'a> {
        ChangeRow {
            slug: &server.slug,
            name: &server.name,
            change: ChangeView::of(step),
        }
    }
}

impl InstructionsView {
    /// The view of a change of the instructions.
    pub fn of(change: &InstructionsChange) -> InstructionsView {
        let cut = |text: &str| match text.char_indices().nth(4_000) {
            Some((at, _)) => text[..at].to_owned(),
            None => text.to_owned(),
        };
        InstructionsView {
            day: text::visible(change.at.get(..10).unwrap_or(&change.at)),
            text: marked::words(&cut(&change.before), &cut(&change.after)),
        }
    }
}

/// Rows in the order given, put together by day.
pub fn by_day<'a>(changes: &[(&'a ServerSummary, &Step)]) -> Vec<Day<'a>> {
    let mut days: Vec<Day<'a>> = Vec::new();
    for (server, step) in changes {
        let row = ChangeRow::of(server, step);
        match days.last_mut() {
            Some(day) if day.day == row.change.day => day.rows.push(row),
            _ => days.push(Day {
                day: row.change.day.clone(),
                rows: vec![row],
            }),
        }
    }
    days
}
