//! Tools that offer several actions: an enum of a property that selects one, or a list in words, in
//! the description of such a property or of the tool.

use super::schema::{Property, Values};
use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::compiled::type_bit;
use crate::rules::grammar::flag;
use crate::text::{Gap, names};
use serde_json::Value;

/// The fewest items that make a list of actions in prose.
const FEWEST: usize = 3;

/// How many words before a list may say that its items are actions.
const NEAR: usize = 4;
/// The most words of one item.
const LONGEST: usize = 3;

/// Lists of actions in prose: ranges of tokens, one an item.
///
/// A list follows a colon or an opening bracket, its items are parted by commas and have at most
/// three words, and most of them begin with a verb. In a part of little weight, and of identifiers, it
/// has to be said that they are actions: *Supports 3 operations: sign, verify, remove_key.* With
/// `said_always` it has to be everywhere.
fn lists(
    rules: &Compiled,
    text: &str,
    toks: &[Tok],
    said_always: bool,
    into: &mut Vec<(usize, usize)>,
) {
    let mut at = 0;
    while at < toks.len() {
        let named = || {
            let before = &toks[at.saturating_sub(NEAR)..at];
            before.iter().any(|tok| tok.flags & flag::SELECTOR != 0)
        };
        if !matches!(toks[at].gap, Gap::Colon | Gap::Bracket)
            || (said_always || toks[at].bits & bit::LOW != 0) && !named()
        {
            at += 1;
            continue;
        }
        let before = into.len();
        let end = list_at(toks, at, into);
        let items = into.len() - before;
        let named = toks[at].gap == Gap::Colon && named();
        let is_verb =
            |tok: &Tok| tok.flags & flag::VERB != 0 || named && begins_with_verb(rules, text, tok);
        let own = into[before..].iter();
        let verbs = own.filter(|(first, _)| is_verb(&toks[*first])).count();
        if items < FEWEST || verbs * 5 < items * 3 {
            into.truncate(before);
            at += 1;
        } else {
            at = end.max(at + 1);
        }
    }
}

/// Reads the items of a list that begins at a token; gives where it ends.
fn list_at(toks: &[Tok], from: usize, into: &mut Vec<(usize, usize)>) -> usize {
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
                return at;
            }
            into.push((first, at));
            start = at;
        }
        if ended {
            return at;
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
    tok.flags & flag::VERB != 0 || names_verb(rules, word.unwrap_or_default())
}

/// Whether the first word of a name is a verb.
fn names_verb(rules: &Compiled, name: &str) -> bool {
    flags_of_first(rules, name) & flag::VERB != 0
}

/// Whether the first word of a name is a verb that reads.
fn names_reading(rules: &Compiled, name: &str) -> bool {
    flags_of_first(rules, name) & flag::READS != 0
}

fn flags_of_first(rules: &Compiled, name: &str) -> u32 {
    let mut flags = 0;
    names::each(name, 1, |first| {
        flags |= rules.flags(rules.look_up(first.of(name)).word);
    });
    flags
}

/// The actions that the description of a tool lists, as byte ranges; `open` says whether a property
/// selects one of several actions that are listed nowhere else, and `reads` whether the name says that
/// the tool reads: then one of the actions has to read, or they are something that is read of.
pub(super) fn of_description(
    rules: &Compiled,
    name: &[Tok],
    toks: &[Tok],
    text: &str,
    (open, reads): (bool, bool),
) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    lists(rules, text, toks, reads, &mut ranges);
    // A verb of the name that says what is done, and is none of the list, makes it a list of
    // something else: `create_webhook` with *events: create, update, delete*.
    let plain = name.iter().find(|t| {
        t.bits & (bit::HEAD | bit::NOUN) == bit::HEAD
            && t.flags & (flag::WEAK | flag::AMBIGUOUS) == 0
    });
    let listed = |word: u32| {
        let mut items = ranges.iter();
        items.any(|(from, to)| toks[*from..*to].iter().any(|tok| tok.word == word))
    };
    if plain.is_some_and(|plain| !listed(plain.word)) {
        ranges.clear();
    }
    let bytes = |(from, to): (usize, usize)| {
        let last = to.checked_sub(1)?;
        Some((toks.get(from)?.start as usize, toks.get(last)?.end as usize))
    };
    let mut found: Vec<(usize, usize)> = ranges.into_iter().filter_map(bytes).collect();
    // Under a heading that calls them so, where the name says nothing else.
    if (open || reads || plain.is_none()) && found.is_empty() && text.contains('\n') {
        found = by_lines(rules, text);
    }
    let reading = |(from, to): &(usize, usize)| {
        text.get(*from..*to)
            .is_some_and(|item| names_reading(rules, item))
    };
    if reads && !found.iter().any(reading) {
        found.clear();
    }
    found
}

/// The actions that a text lists line by line under a heading that calls them so: *Operations:*, and
/// then *- create: makes one*.
fn by_lines(rules: &Compiled, text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    // Most texts have no such heading.
    if !text.split('\n').any(|line| heads_actions(rules, line)) {
        return found;
    }
    let mut heads = false;
    let mut run = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (from, own) = (at + line.len() - line.trim_start().len(), line.trim());
        at += line.len();
        match behind_bullet(own) {
            _ if own.is_empty() => {}
            Some(offset) if heads => {
                let item =
                    named(&own[offset..]).map(|(a, b)| (from + offset + a, from + offset + b));
                found.extend(item);
            }
            // What lies deeper in an item is no item.
            Some(_) => {}
            None => {
                keep_named(rules, text, run, &mut found);
                run = found.len();
                heads = heads_actions(rules, own);
            }
        }
    }
    keep_named(rules, text, run, &mut found);
    found
}

/// Whether a line is a heading that calls what follows it actions.
fn heads_actions(rules: &Compiled, line: &str) -> bool {
    let selects = |word: &str| rules.flags(rules.look_up(word).word) & flag::SELECTOR != 0;
    line.trim_end().trim_end_matches('*').ends_with(':')
        && line.split(|c: char| !c.is_alphanumeric()).any(selects)
}

/// Keeps the items of a run where they are names of actions, and not mostly of the parts of an
/// explanation: *Returns*, *Example*.
fn keep_named(rules: &Compiled, text: &str, run: usize, into: &mut Vec<(usize, usize)>) {
    let flags = |at: usize| flags_of_first(rules, &text[at..]);
    let explains = |(from, _): &&(usize, usize)| flags(*from) & flag::ZONE != 0;
    if into[run..].iter().filter(explains).count() * 2 > into.len() - run {
        into.truncate(run);
    }
    keep_actions(|at| flags(at) & flag::VERB != 0, run, into);
}

/// Where the text of a line begins that is an item of a list: behind a dash, a dot, or a number.
fn behind_bullet(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    let marks: &[char] = if digits > 0 {
        &['.', ')']
    } else {
        &['-', '*', '•']
    };
    let behind = rest.strip_prefix(marks)?;
    let text = behind.trim_start();
    (text.len() < behind.len()).then(|| line.len() - text.len())
}

/// The name that an item begins with, when nothing but what explains it follows.
fn named(item: &str) -> Option<(usize, usize)> {
    let quotes: &[char] = &['`', '\'', '"', '*'];
    let from = item.len() - item.trim_start_matches(quotes).len();
    let of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let length = item[from..]
        .find(|c| !of_name(c))
        .unwrap_or(item.len() - from);
    let rest = item[from + length..]
        .trim_start_matches(quotes)
        .trim_start();
    let explains: &[char] = &[':', '(', '-', '–', '—', '→', '='];
    let ends = rest.is_empty() || rest.starts_with(explains);
    (length > 0 && ends).then_some((from, from + length))
}

/// The values of a property whose name says that it selects one of several actions.
pub(super) fn values<'t>(property: &Property<'t>) -> Option<Values<'t>> {
    property.values.filter(|_| property.depth <= 2)
}

/// Whether a property takes an address or a path that a request goes to.
pub(super) fn is_address(property: &Property<'_>) -> bool {
    let of_address = ["url", "uri", "path", "endpoint"];
    let name = property.name.to_ascii_lowercase();
    of_address.iter().any(|part| name.contains(part))
}

/// The description of a property of text without a list of values, which may list them in words.
pub(super) fn described<'t>(property: &Property<'t>) -> Option<&'t str> {
    let of_text = property.types & (type_bit("string") | type_bit("any")) != 0;
    property
        .description
        .filter(|_| of_text && property.depth <= 2 && property.values.is_none())
}

/// Whether a property selects a reading action unless it is told otherwise: a filter has no default.
pub(super) fn reads_by_default(rules: &Compiled, property: &Property<'_>) -> bool {
    let default = property.default.and_then(Value::as_str);
    default.is_some_and(|default| {
        let listed = |values: Values<'_>| values.texts().any(|value| value == default);
        property.values.is_some_and(listed) && names_reading(rules, default)
    })
}

/// Methods of HTTP and operations of a JSON Patch (RFC 6902): a choice among them is an arbitrary
/// request, where the tool takes an address too, or an edit of a document, not a list of actions.
pub(super) fn is_of_a_protocol<'t>(
    values: impl Iterator<Item = &'t str> + Clone,
    takes_address: impl Fn() -> bool,
) -> bool {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    const PATCH: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
    let all_of = |known: &[&str]| {
        values
            .clone()
            .all(|value| known.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let replaces = |value: &str| value.eq_ignore_ascii_case("replace");
    all_of(&METHODS) && takes_address() || all_of(&PATCH) && values.clone().any(replaces)
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
    fn actions_are_listed_line_by_line_under_a_heading() {
        let lines = |text| {
            let found = by_lines(&RULES, text).into_iter();
            found.map(|(from, to)| &text[from..to]).collect::<Vec<_>>()
        };
        let expected = ["create", "delete_all", "get"];
        for text in [
            "Works on it.\n\nOperations:\n- create: makes one\n- delete_all (id)\n- get\n",
            "Actions (id: int):\n  * `create` - makes one\n    * Needs a name\n  * `delete_all` — all\n  * `get`: one\nMore.",
            "**Available actions:**\n1. **create**: makes one\n2. **delete_all**: all\n\n3. **get** → one",
        ] {
            assert_eq!(lines(text), expected, "{text}");
        }
        for text in [
            "Fields:\n- create: makes one\n- delete: no more\n",
            "This action:\n- Links the entry to it\n- Deletes the rest of it\n",
            "Modes:\n- fast: soon\n- slow: late\n",
            "Actions:\nand then\n- create: makes one\n- delete: no more\n",
            "One of three modes:\n- Returns: all names\n- Use: to find one\n- Example: find(1)\n",
        ] {
            assert_eq!(lines(text), [""; 0], "{text}");
        }
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
