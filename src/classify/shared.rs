//! What is the same for all tools of a server: found once, not once a tool.

use super::prefix::{Prefix, unscoped};
use super::scan::{self, Field, Hit, View, Walk};
use super::tokens;
use super::{Options, ServerContext};
use crate::rules::Compiled;
use crate::rules::source::Place;
use smol_str::SmolStr;

/// What a server says of all its tools.
#[derive(Debug)]
pub(super) struct Shared {
    /// Its name, where one is known.
    pub(super) server: Option<SmolStr>,
    /// The words that its tools share at the front of their names.
    pub(super) prefix: Prefix,
    /// How to classify.
    pub(super) options: Options,
    /// What its name matches.
    pub(super) hits: Vec<Hit>,
}

impl Shared {
    pub(super) fn of(
        rules: &Compiled,
        walk: &mut Walk,
        server: &ServerContext<'_>,
        options: Options,
    ) -> Shared {
        Shared {
            server: server.name.map(SmolStr::new),
            prefix: Prefix::of(server.name, server.tools, rules),
            options,
            hits: server
                .name
                .map_or_else(Vec::new, |name| hits(rules, walk, name)),
        }
    }
}

/// What a server's name matches, apart from whose server it is.
fn hits(rules: &Compiled, walk: &mut Walk, name: &str) -> Vec<Hit> {
    let own = unscoped(name);
    let (mut toks, mut hits) = (Vec::new(), Vec::new());
    tokens::read_name(rules, own, &mut toks);
    let skipped = u32::try_from(name.len() - own.len()).unwrap_or(0);
    for tok in &mut toks {
        tok.start += skipped;
        tok.end += skipped;
    }
    #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
    let view = View {
        place: Place::Server,
        field: Field::Server,
        weight: rules.weights.server as f32,
    };
    scan::text(rules, &toks, view, walk, &mut hits);
    hits
}
