//! Which sentences of a text say what the tool does, and what in them is negated.

use super::heads::{has_object, is_verb, mark_sentence};
use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::text::Gap;
use crate::text::inflect::Form;

/// How many words a negation reaches.
const REACH: usize = 6;

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
    settle_first(toks, first_done);
}

/// Of the sentences that count as the first, tells those that say what the tool does from those that
/// only tell the reader something: nobody does what *See the handbook* says. `said` is whether one of
/// them says it plainly.
fn settle_first(toks: &mut [Tok], said: bool) {
    let leads = |tok: &Tok| tok.bits & bit::HEAD != 0;
    let counts = |tok: &Tok| tok.bits & bit::FIRST != 0;
    let deed = toks
        .iter()
        .any(|tok| leads(tok) && counts(tok) && tok.flags & flag::HOLLOW == 0);
    for own in toks.chunk_by_mut(|a, b| a.sentence == b.sentence) {
        if !counts(&own[0]) || own[0].bits & bit::SAYS != 0 {
            continue;
        }
        let mut verbs = own.iter().filter(|tok| leads(tok));
        // Of nothing but names of things each sentence may say what it is.
        let says = !said && verbs.all(|tok| deed && tok.flags & flag::HOLLOW == 0);
        for tok in own {
            if says {
                tok.bits |= bit::SAYS;
            } else if said || deed {
                tok.bits &= !bit::HEAD;
            }
        }
    }
}

/// Whether a sentence opens with what the tool does to something: *Deletes the file*. *Delete it first*
/// is an order, *Works with files* no deed.
pub(super) fn opens_with_deed(rules: &Compiled, own: &[Tok]) -> bool {
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
