//! What the names of a server's parameters match. Most names stand in several of its tools, and
//! are read once.

use super::scan::{self, Field, Hit, Scratch, View};
use super::tokens;
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::rules::source::Place;
use std::collections::HashMap;
use std::ops::Range;

/// The most names that are kept from one tool to the next.
const MOST: usize = 1_024;

/// Names of parameters and what they match.
#[derive(Debug, Default)]
pub(super) struct Parameters<'t> {
    known: HashMap<&'t str, Name, foldhash::fast::RandomState>,
    hits: Vec<Hit>,
}

/// What is known of one name.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// Its hits among all, whatever the parameter's type.
    hits: Range<usize>,
    /// Whether it is one that selects one of several actions.
    pub(super) selects: bool,
}

impl<'t> Parameters<'t> {
    /// Begins a tool: what was read of the tools before is forgotten where it is too much.
    pub(super) fn begin(&mut self) {
        if self.known.len() >= MOST {
            self.known.clear();
            self.hits.clear();
        }
    }

    /// Reads a name, or remembers it.
    pub(super) fn read(&mut self, rules: &Compiled, scratch: &mut Scratch, name: &'t str) -> Name {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let Scratch { other, walk, .. } = scratch;
        other.clear();
        tokens::read_name(rules, name, other);
        let from = self.hits.len();
        #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
        let view = View {
            place: Place::Property,
            field: Field::Whole,
            weight: rules.weights.schema as f32,
        };
        scan::text(rules, other, view, walk, &mut self.hits);
        let read = Name {
            hits: from..self.hits.len(),
            selects: other
                .last()
                .is_some_and(|tok| tok.flags & flag::SELECTOR != 0),
        };
        self.known.insert(name, read.clone());
        read
    }

    /// What a name that was read for this tool matches, in no field yet.
    pub(super) fn hits(&self, name: &Name) -> &[Hit] {
        self.hits.get(name.hits.clone()).unwrap_or_default()
    }
}
