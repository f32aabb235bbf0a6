//! What the page of a tool's earlier definitions shows.

use crate::diff::{Detail, Risk};
use crate::model::{Severity, ToolEntry};
use crate::publish::marked::{self, Line};
use crate::publish::mould::ink::Text;
use crate::publish::past::{Event, ToolPast, Version};
use crate::publish::text::{self, Segment};
use serde::Serialize;

/// How many changes a page shows; the document of the same name has them all.
const EVENTS: usize = 12;
/// How many bytes of definitions a page shows, so that it stays light.
const BYTES: usize = 24_000;
/// Unchanged lines about a change.
const AROUND: usize = 3;
/// Characters of a line.
const WIDTH: usize = 400;

/// The past of a tool, as `past` in `pages/history.html`.
#[derive(Debug, Serialize)]
pub struct HistoryView {
    /// Name, visible form.
    pub name: String,
    /// Where the tool is now, from this page; empty for one that is gone.
    pub now: String,
    /// What happened, newest first.
    pub events: Vec<EventView>,
    /// How many changes more the document has.
    pub more: usize,
}

/// One thing that happened.
#[derive(Debug, Serialize)]
pub struct EventView {
    /// The anchor, unique on the page.
    pub id: String,
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// `added`, `changed` or `removed`.
    pub change: &'static str,
    /// `raises`, `lowers` or `wording`.
    pub risk: &'static str,
    /// Whether it became worse after it was first seen.
    pub rug_pull: bool,
    /// What changed.
    pub what: Vec<DetailView>,
    /// The verdict before; none where nothing is kept.
    pub before: Option<VerdictView>,
    /// The verdict after.
    pub after: Option<VerdictView>,
    /// The description with what went and what came marked; empty where it is the same.
    pub description: Vec<Segment>,
    /// The definition with what went and what came marked.
    pub definition: Vec<Line>,
    /// Whether the definition was left out, because the page has shown enough.
    pub cut: bool,
    /// Whether a definition is no longer kept.
    pub lost: bool,
}

/// One thing that changed.
#[derive(Debug, Serialize)]
pub struct DetailView {
    /// In words: `Parameter added`.
    pub what: String,
    /// Where, visible form.
    pub at: String,
    /// `raises`, `lowers` or `wording`.
    pub risk: &'static str,
    /// Before, visible form, cut.
    pub before: String,
    /// After, visible form, cut.
    pub after: String,
}

/// A verdict in two words.
#[derive(Debug, Serialize)]
pub struct VerdictView {
    /// The category.
    pub category: &'static str,
    /// The severity.
    pub severity: &'static str,
}

/// What the page of a tool says of its past.
#[derive(Debug, Serialize)]
pub struct PastView {
    /// Where the page of its past is, from the server's folder.
    pub href: Text<'static>,
    /// How many changes.
    pub count: usize,
    /// The day of the newest.
    pub day: Text<'static>,
    /// What the newest did to the risk.
    pub risk: &'static str,
    /// Whether any of them is a rug pull.
    pub rug_pull: bool,
}

/// Where the page of a tool's past is, from the server's folder.
pub fn href(slug: &str) -> String {
    format!("history/{slug}.html")
}

fn day(at: &str) -> String {
    text::visible(at.get(..10).unwrap_or(at))
}

impl PastView {
    /// In short.
    pub fn of(past: &ToolPast) -> Option<PastView> {
        let newest = past.events.first()?;
        Some(PastView {
            href: href(&past.slug).into(),
            count: past.events.len(),
            day: day(&newest.at).into(),
            risk: newest.change.risk.as_str(),
            rug_pull: past.events.iter().any(|event| event.change.rug_pull),
        })
    }
}

impl HistoryView {
    /// The view of a tool's past. `now` is where the tool is, from the server's folder.
    pub fn of(past: &ToolPast, now: Option<String>) -> HistoryView {
        let mut room = BYTES;
        HistoryView {
            name: text::visible(&past.name),
            now: now.map(|href| format!("../{href}")).unwrap_or_default(),
            events: (1..)
                .zip(past.events.iter().take(EVENTS))
                .map(|(number, event)| EventView::of(number, event, &mut room))
                .collect(),
            more: past.events.len().saturating_sub(EVENTS),
        }
    }
}

impl EventView {
    fn of(number: usize, event: &Event, room: &mut usize) -> EventView {
        let (before, after) = (event.before.as_ref(), event.after.as_ref());
        let described = |version: Option<&Version>| {
            let tool = version.map(|version| &version.tool);
            tool.and_then(|tool| tool.description.clone())
                .unwrap_or_default()
        };
        let (old, new) = (described(before), described(after));
        // A new tool has its page; only what was before, and what became of it, is shown here.
        let shows = before.is_some();
        let mut description = if shows && old != new && after.is_some() {
            marked::words(&old, &new)
        } else {
            Vec::new()
        };
        let mut definition = if shows {
            let pretty = |version: Option<&Version>| version.map(pretty).unwrap_or_default();
            marked::lines(&pretty(before), &pretty(after), AROUND, WIDTH)
        } else {
            Vec::new()
        };
        let size: usize = description.iter().map(|s| s.text.len() + 30).sum::<usize>()
            + definition.iter().map(|l| l.text.len() + 30).sum::<usize>();
        let cut = size > *room;
        if cut {
            description.clear();
            definition.clear();
        } else {
            *room -= size;
        }
        let verdict = |version: Option<&Version>| {
            version.map(|version| VerdictView {
                category: version.verdict.category.as_str(),
                severity: Severity::as_str(version.verdict.severity),
            })
        };
        EventView {
            id: format!("change-{number}"),
            day: day(&event.at),
            change: event.change.change.as_str(),
            risk: event.change.risk.as_str(),
            rug_pull: event.change.rug_pull,
            what: event.change.what.iter().map(DetailView::of).collect(),
            before: verdict(before),
            after: verdict(after),
            description,
            definition,
            cut,
            lost: match event.change.change {
                crate::diff::Change::Added => false,
                crate::diff::Change::Removed => before.is_none(),
                crate::diff::Change::Changed => before.is_none() || after.is_none(),
            },
        }
    }
}

impl DetailView {
    fn of(detail: &Detail) -> DetailView {
        let mut what = detail.kind.replace('_', " ");
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let shown = |text: Option<&String>| {
            text.map(|text| text::excerpt(text, 160))
                .unwrap_or_default()
        };
        DetailView {
            what: text::visible(&what),
            at: place(&detail.at),
            risk: Risk::as_str(detail.risk),
            before: shown(detail.before.as_ref()),
            after: shown(detail.after.as_ref()),
        }
    }
}

/// Where a detail is, for people: what follows from a definition has its own words.
fn place(at: &str) -> String {
    match at.strip_prefix("verdict.") {
        Some(derived) => text::visible(&derived.replace("traits.", "trait ").replace('_', " ")),
        None => text::excerpt(at, 120),
    }
}

/// A definition with sorted keys, a line for each value: the order of keys is no change.
fn pretty(version: &Version) -> String {
    let text = match &version.entry {
        ToolEntry::Listed(raw) => raw.get(),
        ToolEntry::Malformed(_) => return String::new(),
    };
    serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .and_then(|value| {
            let sorted = serde_json_canonicalizer::to_string(&value).ok()?;
            let value: serde_json::Value = serde_json::from_str(&sorted).ok()?;
            serde_json::to_string_pretty(&value).ok()
        })
        .map_or_else(|| text.to_owned(), |text| text + "\n")
}
