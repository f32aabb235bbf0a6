//! Which verbs say what the tool does, what is negated, and which sentences count.

use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::text::Gap;
use crate::text::inflect::Form;

/// How many words may stand before the verb of a sentence.
const BEFORE_VERB: usize = 9;
/// How many words a negation reaches.
const REACH: usize = 6;

fn is_verb(tok: &Tok) -> bool {
    tok.flags & flag::VERB != 0
}

fn is_plain(tok: &Tok) -> bool {
    is_verb(tok) && matches!(tok.form, Form::Base | Form::S)
}

fn is_ambiguous(tok: &Tok) -> bool {
    tok.flags & (flag::AMBIGUOUS | flag::NOUNISH) != 0
}

/// Marks the verbs of a name.
///
/// The first verb leads; a word that is a noun in most names leads only when there is no other.
/// Participles before another word are adjectives. What follows `and` or `or` leads too.
pub(super) fn mark_name(toks: &mut [Tok]) {
    let own = own_part(toks);
    for tok in own.iter_mut() {
        tok.bits |= bit::FIRST;
    }
    let clear = |tok: &Tok| tok.flags & flag::NOUNISH == 0;
    let with = |form: Form| move |tok: &Tok| is_verb(tok) && tok.form == form;
    // `domains_by_compose_id`: what follows is a thing.
    let circumstance = |at: usize| at > 0 && own[at - 1].flags & flag::PREPOSITION != 0;
    let head = (0..own.len())
        .find(|at| with(Form::Base)(&own[*at]) && clear(&own[*at]) && !circumstance(*at))
        // `gets_weather`, `listing`, `deleting`.
        .or_else(|| {
            own.iter()
                .take(1)
                .position(|t| with(Form::S)(t) && clear(t))
        })
        .or_else(|| (0..own.len()).find(|at| with(Form::Base)(&own[*at]) && !circumstance(*at)))
        .or_else(|| {
            own.iter()
                .position(|t| with(Form::S)(t) && clear(t) && !is_ambiguous(t))
        })
        .or_else(|| {
            own.iter()
                .take(1)
                .position(|t| with(Form::Ing)(t) && !is_ambiguous(t))
        });
    let Some(mut head) = head else {
        return;
    };
    // `run_upsert`: the thing first, then what is done with it.
    let last = own.len() - 1;
    let says_more = |tok: &Tok| with(Form::Base)(tok) && clear(tok) && !is_ambiguous(tok);
    if is_ambiguous(&own[head]) && last == head + 1 && says_more(&own[last]) {
        head = last;
    }
    own[head].bits |= bit::HEAD;
    for at in head + 2..own.len() {
        if own[at - 1].flags & flag::CONJUNCTION != 0 && is_plain(&own[at]) {
            own[at].bits |= bit::HEAD;
        }
    }
}

/// The tokens of a name that are no prefix.
fn own_part(toks: &mut [Tok]) -> &mut [Tok] {
    let from = toks
        .iter()
        .take_while(|t| t.bits & bit::STRIPPED != 0)
        .count();
    &mut toks[from..]
}

/// Lets name and description agree: of several verbs in a name, the one that leads the first
/// sentence is the name's (`schedule_start_job`: *Schedules the start of a job*); and verbs
/// that the description joins count like the name's when the name is one of them or reads as one of
/// them does, says little, or has none.
pub(super) fn agree(rules: &Compiled, name: &mut [Tok], description: &mut [Tok]) {
    let own = own_part(name);
    let first_head = description
        .iter()
        .find(|t| t.bits & (bit::HEAD | bit::FIRST) == bit::HEAD | bit::FIRST)
        .copied();
    if let Some(said) = first_head
        && own
            .iter()
            .all(|t| t.bits & bit::HEAD == 0 || t.word != said.word)
        && let Some(same) = own
            .iter()
            .position(|t| is_verb(t) && t.form == Form::Base && t.word == said.word)
    {
        for tok in own.iter_mut() {
            tok.bits &= !bit::HEAD;
        }
        own[same].bits |= bit::HEAD;
    }
    let head = own.iter().find(|t| t.bits & bit::HEAD != 0).copied();
    let repeated = |head: &Tok| {
        let same = |t: &Tok| t.bits & bit::HEAD != 0 && t.word == head.word;
        description.iter().any(same)
    };
    // A noun passes for the name's verb only while the description names no other, or it too.
    if let (Some(head), Some(said)) = (head, first_head)
        && head.word != said.word
        && !repeated(&head)
        && (head.flags & flag::NOUNISH != 0
            // `pipelines_run` with *Retrieves …* is about runs.
            || is_ambiguous(&head) && own.len() > 1 && own[own.len() - 1].start == head.start
            // `run_complete` with *Marks a run as complete* is about runs.
            || is_ambiguous(&head)
                && head.flags & flag::READS == 0
                && own.len() > 1
                && is_thing(description, head.word))
    {
        for tok in own.iter_mut() {
            tok.bits |= bit::NOUN;
        }
    }
    let both_read = |a: &Tok, b: &Tok| {
        a.flags & b.flags & flag::READS != 0 && (a.bits | b.bits) & bit::RUN == 0
    };
    if head.is_none() {
        say_what_it_does(rules, description);
    }
    let joined = |t: &Tok| t.bits & (bit::JOINED | bit::FIRST) == bit::JOINED | bit::FIRST;
    let open = head.is_none_or(|h| {
        h.flags & flag::WEAK != 0
            || h.bits & bit::NOUN != 0
            || description
                .iter()
                .any(|t| joined(t) && (t.word == h.word || both_read(t, &h)))
    });
    if open {
        for tok in description.iter_mut().filter(|t| joined(t)) {
            tok.bits |= bit::RAISED;
        }
    }
}

/// Under a name that does not say what is done, each sentence that opens with what the tool does counts
/// like the first: *Returns an object. Erases all barrels.* An order to the reader (*Erase it first*)
/// does not.
fn say_what_it_does(rules: &Compiled, description: &mut [Tok]) {
    for own in description.chunk_by_mut(|a, b| a.sentence == b.sentence) {
        let leads = own[0].bits & (bit::HEAD | bit::LOW | bit::NEGATED) == bit::HEAD;
        if leads && opens_with_deed(rules, own) {
            for tok in own {
                tok.bits |= bit::FIRST | bit::SAYS;
            }
        }
    }
}

/// Whether the first sentence has a word as the name of a thing: a determiner stands before it, or
/// before the word before it.
fn is_thing(description: &[Tok], word: u32) -> bool {
    description.windows(3).any(|toks| {
        let thing = toks[2];
        thing.word == word
            && thing.bits & (bit::FIRST | bit::HEAD) == bit::FIRST
            && thing.form == Form::Base
            && (toks[0].flags | toks[1].flags) & flag::DETERMINER != 0
            && toks[1].flags & flag::CONJUNCTION == 0
    })
}

/// Marks sentences, negations and verbs of prose.
pub(super) fn mark_prose(rules: &Compiled, toks: &mut [Tok]) {
    let mut low = false;
    // Whether what makes the rest low is a heading: `Returns:`.
    let mut section = false;
    let mut first_done = false;
    // Whether the first sentence says what comes back.
    let mut of_results = false;
    let mut start = 0;
    while start < toks.len() {
        let sentence = toks[start].sentence;
        let end = start
            + toks[start..]
                .iter()
                .take_while(|t| t.sentence == sentence)
                .count();
        let own = &mut toks[start..end];
        let zone = own[0].flags & flag::ZONE != 0
            && own
                .get(1)
                .is_none_or(|next| next.gap >= Gap::Colon || start > 0)
            && (start > 0 || own.get(1).is_some_and(|next| next.gap >= Gap::Colon));
        if zone {
            low = true;
            section = own.get(1).is_none_or(|next| next.gap >= Gap::Colon);
        } else if low && !section && opens_with_deed(rules, own) {
            // *Returns an object. Deletes it.*: no section of results, but a sentence about them.
            low = false;
        }
        let conditional = start > 0 && own[0].flags & flag::CONDITION != 0;
        negate(own);
        if low || conditional {
            for tok in own.iter_mut() {
                tok.bits |= bit::LOW;
            }
        } else {
            mark_sentence(rules, own);
            // What comes back is not all that is done: *Returns an object. Erases all barrels.*
            if !first_done || of_results && opens_with_deed(rules, own) {
                first_done = says_something(own);
                of_results = own[0].flags & flag::ZONE != 0;
                let bits = if first_done {
                    bit::FIRST | bit::SAYS
                } else {
                    bit::FIRST
                };
                for tok in own.iter_mut() {
                    tok.bits |= bits;
                }
            }
        }
        start = end;
    }
    // Nobody does what those before it say: *See the handbook*.
    if first_done {
        for tok in &mut *toks {
            if tok.bits & (bit::FIRST | bit::SAYS) == bit::FIRST {
                tok.bits &= !bit::HEAD;
            }
        }
    // Of nothing but names of things each sentence may say what it is, apart from orders to the reader.
    } else {
        for own in toks.chunk_by_mut(|a, b| a.sentence == b.sentence) {
            let is_order = own.iter().any(|tok| tok.bits & bit::HEAD != 0);
            if own[0].bits & bit::FIRST != 0 && !is_order {
                for tok in own {
                    tok.bits |= bit::SAYS;
                }
            }
        }
    }
}

/// Whether a sentence opens with what the tool does to something: *Deletes the file*. *Delete it first*
/// is an order, *Works with files* no deed.
fn opens_with_deed(rules: &Compiled, own: &[Tok]) -> bool {
    let is_deed = is_verb(&own[0]) && own[0].form == Form::S
        || rules.verb_of(own[0].word).is_some() && has_object(own, 0);
    is_deed
        && own
            .get(1)
            .is_some_and(|next| next.gap < Gap::Comma && next.flags & flag::PREPOSITION == 0)
}

/// Marks what stands under a negation: up to six words, a comma, a contrast, or the end.
fn negate(own: &mut [Tok]) {
    let mut left = 0usize;
    for tok in own.iter_mut() {
        if tok.flags & flag::NEGATION != 0 {
            left = REACH;
            continue;
        }
        if tok.gap >= Gap::Comma || tok.flags & flag::CONTRAST != 0 {
            left = 0;
        }
        if left > 0 {
            tok.bits |= bit::NEGATED;
            left -= 1;
        }
    }
}

/// The verb that a plural is a form of: `posts` in *Posts a message*.
fn as_verb(rules: &Compiled, tok: &Tok) -> Option<Tok> {
    let word = rules.verb_of(tok.word)?;
    Some(Tok {
        word,
        form: Form::S,
        flags: rules.flags(word),
        ..*tok
    })
}

/// Whether a plural that opens a sentence has an object: *Reviews code*, and not *Reviews of code*.
fn has_object(own: &[Tok], at: usize) -> bool {
    own.get(at + 1).is_some_and(|next| {
        next.flags & flag::DETERMINER != 0
            || next.gap < Gap::Comma
                && next.flags & (flag::PREPOSITION | flag::CONJUNCTION | flag::VERB) == 0
    })
}

/// Whether a sentence has a verb that says what is done. *See the handbook*, *Works with any number of
/// shelves* and *Read the notes first* say little: what follows counts as much.
fn says_something(own: &[Tok]) -> bool {
    let ends = |at: usize| {
        let next = own.get(at + 1);
        next.is_none_or(|next| next.flags & flag::PREPOSITION != 0)
    };
    let is_order = |tok: &Tok| {
        let [.., before, last] = own else {
            return false;
        };
        let ends = last.flags & flag::HOLLOW != 0 && !is_verb(last);
        ends && tok.form == Form::Base && before.flags & flag::DETERMINER == 0
    };
    own.iter().enumerate().any(|(at, tok)| {
        tok.bits & bit::HEAD != 0
            && tok.flags & flag::HOLLOW == 0
            && !(tok.flags & flag::WEAK != 0 && ends(at))
            && !is_order(tok)
    })
}

/// Marks the verbs of one sentence.
fn mark_sentence(rules: &Compiled, own: &mut [Tok]) {
    if own.iter().any(|tok| tok.bits & bit::KANA != 0) {
        // The verb stands at the end.
        let Some(last) = own.iter().rposition(is_verb) else {
            return;
        };
        own[last].bits |= bit::HEAD;
        return;
    }
    let mut unknown = 0usize;
    let mut head = None;
    for (at, tok) in own.iter().enumerate().skip(label(own)) {
        if at - unknown > 14 || unknown > BEFORE_VERB {
            break;
        }
        if tok.flags & flag::LEAD != 0 && !is_verb(tok) {
            continue;
        }
        if is_verb(tok) && leads_sentence(own, at, unknown) {
            head = Some((at, *tok));
            break;
        }
        if unknown == 0
            && has_object(own, at)
            && let Some(verb) = as_verb(rules, tok)
        {
            head = Some((at, verb));
            break;
        }
        unknown += 1;
    }
    let Some((head, verb)) = head else {
        return;
    };
    own[head] = verb;
    own[head].bits |= bit::HEAD;
    coordinate(rules, own, head);
}

/// How many tokens a label in brackets takes at the front: `[Mail operations] List …`.
fn label(own: &[Tok]) -> usize {
    if own[0].gap != Gap::Bracket {
        return 0;
    }
    own.iter()
        .take(7)
        .skip(1)
        .position(|tok| tok.gap == Gap::Bracket)
        .map_or(0, |at| at + 1)
}

/// Whether the verb at `at` can be the verb of its sentence.
fn leads_sentence(own: &[Tok], at: usize, unknown: usize) -> bool {
    let tok = &own[at];
    let before = at.checked_sub(1).map(|i| &own[i]);
    match tok.form {
        Form::Base | Form::S => {
            if !is_ambiguous(tok) {
                // `list of deleted` is a noun only after a determiner, `at retain time` is none of
                // what is done.
                return before.is_none_or(|b| {
                    b.flags & flag::DETERMINER == 0
                        && (b.flags & flag::PREPOSITION == 0 || b.flags & flag::LEAD != 0)
                }) || unknown == 0;
            }
            // *Lists are sorted.*
            if own.get(at + 1).is_some_and(|n| n.flags & flag::COPULA != 0) {
                return false;
            }
            // As often a noun: it must open the sentence, or follow `to`, or follow a lead.
            let after_det = before.is_some_and(|b| {
                b.flags & (flag::DETERMINER | flag::PREPOSITION) != 0 && b.flags & flag::LEAD == 0
            });
            let next_is_object = own.get(at + 1).is_some_and(|n| {
                n.flags & (flag::CONJUNCTION | flag::PREPOSITION) == 0
                    || n.flags & flag::DETERMINER != 0
            });
            (at == 0 || unknown == 0 || tok.gap >= Gap::Comma)
                && !after_det
                && (next_is_object || tok.gap >= Gap::Comma || own.len() == at + 1 || at == 0)
        }
        // *Creating a ticket* says what *Creates a ticket* does.
        Form::Ing => {
            let opens = at == 0 && has_object(own, at);
            (opens || before.is_some_and(|b| b.flags & flag::LEAD != 0)) && !is_ambiguous(tok)
        }
        Form::Past => false,
    }
}

/// Marks the verbs that are joined to the one at `head`.
fn coordinate(rules: &Compiled, own: &mut [Tok], head: usize) {
    let form = own[head].form;
    let mut previous_verb = head;
    for at in head + 1..own.len().min(head + 40) {
        let mut tok = own[at];
        if form == Form::S
            && let Some(verb) = as_verb(rules, &tok)
        {
            tok = verb;
        }
        let directly = previous_verb + 2 >= at;
        // `Get the codes of a device (lock, erase, disable)`: what is read of, and not done.
        if own[head].flags & flag::READS != 0 && tok.gap == Gap::Bracket && !directly {
            break;
        }
        if !is_verb(&tok) || tok.form != form {
            continue;
        }
        let before = own[at - 1];
        let joined = before.flags & flag::CONJUNCTION != 0
            || matches!(tok.gap, Gap::Comma | Gap::Slash | Gap::Semicolon);
        let next_opens = own.get(at + 1).is_some_and(|n| {
            n.flags & flag::DETERMINER != 0
                || n.flags & flag::CONJUNCTION != 0 && previous_verb + 2 >= at
        });
        if joined
            && (!is_ambiguous(&tok) || next_opens || directly)
            && !(is_ambiguous(&tok)
                && own.get(at + 1).is_some_and(|n| {
                    n.flags & flag::PREPOSITION != 0 && n.flags & flag::DETERMINER == 0
                })
                && !directly)
        {
            own[at] = tok;
            own[at].bits |= bit::HEAD | bit::JOINED;
            own[head].bits |= bit::JOINED;
            previous_verb = at;
        }
    }
}
