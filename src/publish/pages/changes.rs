//! What pages show of a change of a server's list.

use crate::catalogue::history::Change;
use crate::publish::{feeds, text};
use serde::Serialize;

/// One change.
#[derive(Debug, Serialize)]
pub struct ChangeView {
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// What changed, in a few words.
    pub headline: String,
    /// Names of new tools, visible form, the first few.
    pub added: Vec<String>,
    /// Names of tools that are gone.
    pub removed: Vec<String>,
    /// Names of tools whose definition is another.
    pub changed: Vec<String>,
}

impl ChangeView {
    /// The view of a change.
    pub fn of(change: &Change) -> ChangeView {
        fn few<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
            names.take(30).map(|name| text::excerpt(name, 80)).collect()
        }
        ChangeView {
            day: text::visible(change.at.get(..10).unwrap_or(&change.at)),
            headline: feeds::headline(change),
            added: few(change.added.iter().map(|tool| &tool.name)),
            removed: few(change.removed.iter().map(|tool| &tool.name)),
            changed: few(change.changed.iter().map(|tool| &tool.name)),
        }
    }
}
