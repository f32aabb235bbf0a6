//! Which words of a name or a sentence are the verbs that say what is done.

use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::text::Gap;
use crate::text::inflect::Form;

/// How many words may stand before the verb of a sentence.
const BEFORE_VERB: usize = 9;
pub(super) fn is_verb(tok: &Tok) -> bool {
    tok.flags & flag::VERB != 0
}

fn is_plain(tok: &Tok) -> bool {
    is_verb(tok) && matches!(tok.form, Form::Base | Form::S)
}

pub(super) fn is_ambiguous(tok: &Tok) -> bool {
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
pub(super) fn own_part(toks: &mut [Tok]) -> &mut [Tok] {
    let from = toks
        .iter()
        .take_while(|t| t.bits & bit::STRIPPED != 0)
        .count();
    &mut toks[from..]
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
pub(super) fn has_object(own: &[Tok], at: usize) -> bool {
    own.get(at + 1).is_some_and(|next| {
        next.flags & flag::DETERMINER != 0
            || next.gap < Gap::Comma
                && next.flags & (flag::PREPOSITION | flag::CONJUNCTION | flag::VERB) == 0
    })
}

/// Marks the verbs of one sentence.
pub(super) fn mark_sentence(rules: &Compiled, own: &mut [Tok]) {
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
    if verb.flags & (flag::HOLLOW | flag::READS) == flag::HOLLOW {
        mark_purpose(rules, own, head);
    }
}

/// Marks the verb that says what something is used for: *Uses a shell to run commands*.
fn mark_purpose(rules: &Compiled, own: &mut [Tok], head: usize) {
    let purpose = (head + 2..own.len()).find(|at| {
        let (before, tok) = (&own[at - 1], &own[*at]);
        before.flags & flag::PURPOSE != 0
            && is_verb(tok)
            && tok.form == Form::Base
            && tok.gap < Gap::Comma
    });
    if let Some(at) = purpose {
        own[at].bits |= bit::HEAD;
        coordinate(rules, own, at);
    }
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
