//! Tools that offer several actions: an enum of a property that selects one, or a list in words, in
//! the description of such a property or of the tool.

use super::schema::Property;
use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::compiled::{flag, type_bit};
use crate::text::{Gap, names};

/// The fewest items that make a list of actions in prose.
const FEWEST: usize = 3;

/// How many words before a list may say that its items are actions.
const NEAR: usize = 4;
/// The most words of one item.
const LONGEST: usize = 3;

/// Lists of actions in prose: ranges of tokens, one an item.
///
/// A list follows a colon or an opening bracket, its items are parted by commas and have at most
/// three words, and most of them begin with a verb or are identifiers. In a part of little weight it
/// has to be said that they are actions: *Supports 3 operations: sign, verify, remove.*
pub(super) fn lists(toks: &[Tok], into: &mut Vec<(usize, usize)>) {
    let mut at = 0;
    while at < toks.len() {
        let named = || {
            let before = &toks[at.saturating_sub(NEAR)..at];
            before.iter().any(|tok| tok.flags & flag::SELECTOR != 0)
        };
        if !matches!(toks[at].gap, Gap::Colon | Gap::Bracket)
            || toks[at].bits & bit::LOW != 0 && !named()
        {
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
            if at - first > LONGEST || first == at {
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

/// Lists of actions in the description of a property that selects one: ranges of tokens, one an item.
///
/// Items are parted by commas, slashes, bars, or conjunctions, begin a sentence or follow a colon, a
/// bracket or a quotation mark, and most of them begin with a verb: *The action: create | delete*,
/// *One of 'start', 'stop' or 'status'*.
pub(super) fn listed(rules: &Compiled, text: &str, toks: &[Tok], into: &mut Vec<(usize, usize)>) {
    let begins = |at: usize| begins_with_verb(rules, text, &toks[at]);
    let joins = |tok: &Tok| tok.flags & flag::CONJUNCTION != 0;
    let parts = |tok: &Tok| matches!(tok.gap, Gap::Slash | Gap::Comma);
    let mut run = into.len();
    let mut at = 0;
    while at < toks.len() {
        // One item: up to a mark that parts, a conjunction, or the end of what is one thought.
        let mut end = at + 1;
        while end < toks.len() && toks[end].gap < Gap::Slash && !joins(&toks[end]) {
            end += 1;
        }
        let goes_on = toks.get(end).is_some_and(|tok| parts(tok) || joins(tok));
        // What stands before the first item is no part of it: `One of 'start'`.
        let opens = |next: &usize| {
            toks[*next].gap == Gap::Mark
                || toks[*next - 1].flags & flag::PREPOSITION != 0
                    && toks[*next].flags & flag::VERB != 0
        };
        let first = match (at + 1..end).find(opens) {
            Some(opening) if into.len() == run => opening,
            _ => at,
        };
        if end - first <= LONGEST {
            into.push((first, end));
        } else {
            into.truncate(run);
        }
        if !goes_on {
            keep_actions(begins, run, into);
            run = into.len();
        }
        at = end;
        while at < toks.len() && joins(&toks[at]) {
            at += 1;
        }
    }
    keep_actions(begins, run, into);
}

/// Keeps the items of a run where they are several and most of them begin with a verb.
fn keep_actions(
    begins_with_verb: impl Fn(usize) -> bool,
    run: usize,
    into: &mut Vec<(usize, usize)>,
) {
    let items = into.len() - run;
    let own = into[run..].iter();
    let verbs = own.filter(|(first, _)| begins_with_verb(*first)).count();
    if items < 2 || verbs < 2 || verbs * 5 < items * 3 {
        into.truncate(run);
    }
}

/// Whether a word is a verb, or joins several of which the first is one: `add_item`.
fn begins_with_verb(rules: &Compiled, text: &str, tok: &Tok) -> bool {
    let word = text.get(tok.start as usize..tok.end as usize);
    let word = word.unwrap_or_default();
    let mut is_verb = tok.flags & flag::VERB != 0;
    names::each(word, 1, |first| {
        let met = rules.look_up(first.of(word));
        is_verb |= rules.flags(met.word) & flag::VERB != 0;
    });
    is_verb
}

/// Whether a property whose name says that it selects one of several actions has them as values.
pub(super) fn selects(property: &Property<'_>) -> bool {
    property.depth <= 2 && property.values.is_some_and(|values| values.len() >= 2)
}

/// The description of a property of text without a list of values, which may list them in words.
pub(super) fn described<'t>(property: &Property<'t>) -> Option<&'t str> {
    let of_text = property.types & (type_bit("string") | type_bit("any")) != 0;
    property
        .description
        .filter(|_| of_text && property.depth <= 2 && property.values.is_none())
}

/// Methods of HTTP and operations of a JSON Patch (RFC 6902): a choice among them is an arbitrary
/// request or an edit of a document, not a list of actions.
pub(super) fn is_of_a_protocol<'t>(values: impl Iterator<Item = &'t str> + Clone) -> bool {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    const PATCH: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
    let all_of = |known: &[&str]| {
        values
            .clone()
            .all(|value| known.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let replaces = |value: &str| value.eq_ignore_ascii_case("replace");
    all_of(&METHODS) || all_of(&PATCH) && values.clone().any(replaces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::tokens;
    use crate::rules::RuleSet;
    use std::sync::LazyLock;

    static RULES: LazyLock<Compiled> =
        LazyLock::new(|| Compiled::new(&RuleSet::embedded().unwrap()).unwrap());

    fn items(text: &str) -> Vec<&str> {
        let (mut toks, mut found) = (Vec::new(), Vec::new());
        tokens::read_prose(&RULES, text, &mut toks);
        listed(&RULES, text, &toks, &mut found);
        found
            .into_iter()
            .map(|(from, to)| &text[toks[from].start as usize..toks[to - 1].end as usize])
            .collect()
    }

    #[test]
    fn actions_of_a_property_are_listed_in_many_ways() {
        for text in [
            "Operation: create, delete, get",
            "create | delete | get",
            "One of 'create', 'delete' or 'get'.",
            "One of create, delete, get",
            "The action to perform (create/delete/get). The default is none.",
            "What to do: \"create\", \"delete\", or \"get\"",
        ] {
            assert_eq!(items(text), ["create", "delete", "get"], "{text}");
        }
        assert_eq!(
            items("Action: list items, add_item, remove_item"),
            ["list items", "add_item", "remove_item"]
        );
    }

    #[test]
    fn other_lists_are_none_of_actions() {
        for text in [
            "The operation to perform",
            "Mode: fast, slow",
            "Name of the operation, as it was given when it was made",
            "delete",
            "Get the item, and then go on with the others that were found before",
        ] {
            assert_eq!(items(text), Vec::<&str>::new(), "{text}");
        }
    }
}
