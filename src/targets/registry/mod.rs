//! The official registry: its list answers and saved dumps in every revision of their schema, to
//! targets. What the lists say is foreign: origin `List`, names and versions by allow-list, nothing
//! of it ever in a shell.
//!
//! A server becomes one target for each of its npm and PyPI packages that speak over stdio, and one
//! for each of its remotes. What cannot be scanned is in [`Reading::skipped`] with a reason, never
//! dropped: container images, NuGet, MCPB and Cargo packages (`unsupported`), servers that the
//! registry calls deleted, older versions of a server that the list has in a newer one.

mod input;
pub mod moment;
pub mod pages;
mod server;

use super::document::outline::{Outline, element, outline};
use super::document::{Document, Lines, Node, Value};
use super::reading::{InputError, Reading, Reason, Skipped};
use crate::model::Shown;
use moment::Moment;
use server::Entry;
use std::collections::BTreeMap;

/// The longest registry dump that is read: about ten times the whole official registry with all
/// versions (29,000 of about 1.5 kB in May 2026).
pub const MAX_DUMP_BYTES: usize = 512 * 1024 * 1024;

/// The key under which a list answer has its servers.
pub const LIST_KEYS: [&str; 1] = ["servers"];

/// What of a list is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Only servers that changed at or after this moment; those without a date are kept.
    pub updated_since: Option<Moment>,
}

/// Whether an entry of a list is a registry's: a server with its packages or remotes, or wrapped.
pub fn is_entry(node: &Node) -> bool {
    let server = node.get("server").filter(|inner| inner.is_table());
    let inner = server.unwrap_or(node);
    let named = inner.get("name").and_then(Node::text).is_some();
    named
        && (server.is_some()
            || inner
                .any(&["packages", "remotes", "version_detail", "$schema"])
                .is_some())
}

/// Reads a saved dump: a list answer, an array of servers, or one server.json.
pub fn read(file: &str, text: &str, wanted: &Wanted) -> Result<Reading, InputError> {
    if text.len() > MAX_DUMP_BYTES {
        return Err(InputError::TooLarge {
            file: file.to_owned(),
            bytes: text.len(),
            limit: MAX_DUMP_BYTES,
            format: "a registry dump",
        });
    }
    let seen = outline(text, &LIST_KEYS);
    let lines = Lines::new(text);
    whole(file, &seen, &lines)?;
    let mut entries = Vec::new();
    if seen.has_list {
        for (index, range) in seen.elements.iter().enumerate() {
            let node = element(file, text, &lines, range)?;
            entries.push(Entry::read(&node, &lines, index + 1));
        }
    } else {
        let node = element(file, text, &lines, &(0..text.len()))?;
        entries.push(Entry::read(&node, &lines, 1));
    }
    Ok(reading(entries, wanted))
}

/// Reads the servers of one answer of a live registry, already parsed; the first of them has the
/// number `first`.
fn read_page(document: &Document<'_>, first: usize) -> Result<Vec<Entry>, InputError> {
    let list = document.root.get("servers");
    let Some(list) = list.filter(|node| matches!(node.value, Value::List(_))) else {
        return Err(document.wrong(document.root.at, "the answer has no list of `servers`"));
    };
    let nodes = list.list().iter().enumerate();
    Ok(nodes
        .map(|(index, node)| Entry::read(node, document.lines(), first + index))
        .collect())
}

/// A dump that was cut off is refused as a whole, with the count of what was there.
fn whole(file: &str, seen: &Outline, lines: &Lines<'_>) -> Result<(), InputError> {
    let Some(broken) = &seen.broken else {
        return Ok(());
    };
    let place = lines.place(broken.at);
    if broken.ends && broken.in_list {
        return Err(InputError::Cut {
            file: file.to_owned(),
            place,
            whole: seen.elements.len(),
        });
    }
    let what = if broken.ends {
        "the file ends too early"
    } else {
        "unexpected text"
    };
    Err(InputError::Syntax {
        file: file.to_owned(),
        place,
        syntax: "JSON",
        problem: if seen.has_list {
            format!("{what}, after {} whole entries", seen.elements.len())
        } else {
            what.to_owned()
        },
    })
}

/// Chooses among versions and turns what is left into targets.
fn reading(entries: Vec<Entry>, wanted: &Wanted) -> Reading {
    let is_deleted = |entry: &Entry| entry.status.as_deref() == Some("deleted");
    // The status is that of one version: a deleted one does not take the others with it.
    let mut newest: BTreeMap<String, usize> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(best) = newest.get(&entry.name) {
            let best = &entries[*best];
            let keep = match (is_deleted(best), is_deleted(entry)) {
                (false, true) => true,
                (true, false) => false,
                _ => best.is_newer_than(entry),
            };
            if keep {
                continue;
            }
        }
        newest.insert(entry.name.clone(), index);
    }
    let mut reading = Reading {
        entries: entries.len(),
        ..Reading::default()
    };
    for (index, entry) in entries.into_iter().enumerate() {
        let old = wanted
            .updated_since
            .zip(entry.updated)
            .is_some_and(|(since, updated)| updated < since);
        let dropped = if is_deleted(&entry) {
            Some((Reason::Deleted, "the registry says that it was deleted"))
        } else if newest.get(&entry.name) != Some(&index) {
            Some((Reason::Superseded, "the list has a newer version of it"))
        } else if old {
            Some((Reason::Unchanged, "not changed since the moment asked for"))
        } else {
            None
        };
        if let Some((reason, detail)) = dropped {
            reading.skip(Skipped {
                name: entry.name,
                reason,
                detail: detail.to_owned(),
                place: entry.place,
                covered: false,
                after: 0,
            });
            continue;
        }
        if entry.status.as_deref() == Some("deprecated") {
            let name = Shown(&entry.name);
            reading
                .notes
                .push(format!("{name}: deprecated, still scanned"));
        }
        let place = entry.place;
        let (targets, skipped) = entry.into_targets();
        reading
            .targets
            .extend(targets.into_iter().map(|target| (target, place)));
        for one in skipped {
            reading.skip(one);
        }
    }
    reading.mark_covered();
    reading
}

#[cfg(test)]
mod tests;
