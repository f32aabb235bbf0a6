//! Tools that offer several actions: an enum of a property that selects one, or a list in the
//! description.

use super::schema::Property;
use super::tokens::{Tok, bit};
use crate::rules::compiled::flag;
use crate::text::Gap;
use serde_json::Value;

/// The fewest items that make a list of actions in prose.
const FEWEST: usize = 3;

/// Lists of actions in prose: ranges of tokens, one an item.
///
/// A list follows a colon or an opening bracket, its items are parted by commas and have at most
/// three words, and most of them begin with a verb or are identifiers.
pub(super) fn lists(toks: &[Tok], into: &mut Vec<(usize, usize)>) {
    let mut at = 0;
    while at < toks.len() {
        if !matches!(toks[at].gap, Gap::Colon | Gap::Bracket) || toks[at].bits & bit::LOW != 0 {
            at += 1;
            continue;
        }
        let before = into.len();
        let (end, verbs) = list_at(toks, at, into);
        let items = into.len() - before;
        if items < FEWEST || verbs * 5 < items * 3 {
            into.truncate(before);
            at += 1;
        } else {
            at = end.max(at + 1);
        }
    }
}

fn list_at(toks: &[Tok], from: usize, into: &mut Vec<(usize, usize)>) -> (usize, usize) {
    let mut verbs = 0;
    let mut start = from;
    let mut at = from;
    loop {
        at += 1;
        let ended = at >= toks.len() || toks[at].gap >= Gap::Bracket && toks[at].gap != Gap::Comma;
        if ended || toks[at].gap == Gap::Comma {
            let mut first = start;
            while first < at && toks[first].flags & flag::CONJUNCTION != 0 {
                first += 1;
            }
            if at - first > 3 || first == at {
                return (at, verbs);
            }
            if toks[first].flags & flag::VERB != 0 {
                verbs += 1;
            }
            into.push((first, at));
            start = at;
        }
        if ended {
            return (at, verbs);
        }
    }
}

/// Whether a property whose name says that it selects one of several actions has them as values.
pub(super) fn selects(property: &Property<'_>) -> bool {
    property.depth <= 2 && property.values.is_some_and(|values| values.len() >= 2)
}

/// Methods of HTTP and operations of a JSON Patch (RFC 6902): a choice among them is an arbitrary
/// request or an edit of a document, not a list of actions.
pub(super) fn is_of_a_protocol(values: &[Value]) -> bool {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    const PATCH: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
    let all_of = |known: &[&str]| {
        values
            .iter()
            .filter_map(Value::as_str)
            .all(|value| known.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let replaces = |value: &Value| {
        value
            .as_str()
            .is_some_and(|value| value.eq_ignore_ascii_case("replace"))
    };
    all_of(&METHODS) || all_of(&PATCH) && values.iter().any(replaces)
}
