//! The tools of one server beside each other: which names there are, and which look alike.

use super::tokens::capped;
use crate::model::Tool;
use crate::text::confusables::{skeleton, skeleton_hash};
use std::collections::HashSet;

/// The names of a server's tools.
#[derive(Debug)]
pub(super) struct Neighbours<'a> {
    names: HashSet<&'a str, foldhash::fast::RandomState>,
    /// The skeletons that more than one name has.
    alike: HashSet<String>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn of(tools: &'a [Tool]) -> Neighbours<'a> {
        Neighbours {
            names: tools.iter().map(|tool| tool.name.as_str()).collect(),
            alike: alike(tools),
        }
    }

    /// Whether the server has a tool of that name.
    pub(super) fn have(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether another tool of the server has a name that looks the same.
    pub(super) fn collide(&self, name: &str) -> bool {
        !self.alike.is_empty() && self.alike.contains(&skeleton(capped(name)))
    }
}

/// The skeletons that more than one tool has.
fn alike(tools: &[Tool]) -> HashSet<String> {
    let names = || {
        tools
            .iter()
            .map(|tool| capped(&tool.name))
            .filter(|name| !name.is_empty())
    };
    let mut hashes: Vec<u64> = names().map(skeleton_hash).collect();
    hashes.sort_unstable();
    let again: Vec<u64> = hashes
        .chunk_by(|a, b| a == b)
        .filter(|same| same.len() > 1)
        .map(|same| same[0])
        .collect();
    // Two of one hash are nearly always two of one skeleton; the skeletons decide.
    let mut seen = HashSet::new();
    names()
        .filter(|name| again.binary_search(&skeleton_hash(name)).is_ok())
        .map(skeleton)
        .filter(|skeleton| !seen.insert(skeleton.clone()))
        .collect()
}
