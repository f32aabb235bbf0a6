//! What name and description say together: which verb is the name's, and which sentences count.

use super::heads::{is_ambiguous, is_verb, own_part};
use super::sentences::opens_with_deed;
use super::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::text::inflect::Form;

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
