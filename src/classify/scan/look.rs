//! The way through one text: which sequences stand in it, and whose hits they are.

use super::{Field, Hit, Met};
use crate::classify::tokens::{Tok, bit};
use crate::rules::Compiled;
use crate::rules::compiled::{Asks, Step, User};
use crate::rules::elements::Folded;
use crate::rules::guards::Guards;
use crate::rules::source::{At, Place, Sentence};
use crate::rules::tables::InPlace;
use std::mem;

/// How a text is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::classify) struct View {
    pub place: Place,
    pub field: Field,
    /// Points for a match in it; for prose, of its first sentence.
    pub weight: f32,
}

/// A sequence of several words that stands in a text, from its first word to its last.
#[derive(Debug, Clone, Copy)]
pub(in crate::classify) struct Stood {
    from: usize,
    last: usize,
    pattern: u32,
    /// Where its users are.
    pub(super) users: (u32, u16),
}

/// What is known on the way through a text.
#[derive(Debug, Default)]
pub(in crate::classify) struct Walk {
    pub(super) stood: Vec<Stood>,
    /// Of each sequence, the text in which it was looked for last, and the first word of it that
    /// was not tried as its first.
    tried: Vec<(u32, u32)>,
    /// The number of the text.
    stamp: u32,
    /// Text rules of which a part that guards them stands in the text, and which parts.
    pub(super) guarded: Vec<(u32, u64)>,
    /// The text rules that may find something in the text, in their order.
    pub(super) candidates: Vec<u32>,
    /// Which guards may stand in each sentence, which ends before a word.
    pub(super) guards: Vec<(usize, Guards)>,
    /// The text rules that are looked for in each sentence.
    pub(super) wanted: Vec<Wanted>,
}

impl Walk {
    pub(in crate::classify) fn new(rules: &Compiled) -> Walk {
        Walk {
            stood: Vec::new(),
            tried: vec![(0, 0); rules.patterns.len()],
            stamp: 0,
            guarded: Vec::new(),
            candidates: Vec::new(),
            guards: Vec::new(),
            wanted: Vec::new(),
        }
    }
}

/// Matches every sequence against one text.
pub(in crate::classify) fn text(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    walk: &mut Walk,
    hits: &mut Vec<Hit>,
) {
    let every = [(toks.len(), EVERY)];
    matched(rules, toks, view, (&every, |_, _| true), walk, hits);
}

/// Matches against one text the sequences of some rules: of all that have one of the bits those that
/// are wanted.
pub(super) fn matched(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    (bits, wanted): (&[Wanted], impl Fn(&Walk, u32) -> bool),
    walk: &mut Walk,
    hits: &mut Vec<Hit>,
) {
    let mut stood = mem::take(&mut walk.stood);
    look(
        rules,
        toks,
        (rules.starts(view.place), bits),
        walk,
        &mut stood,
    );
    hits_of(rules, toks, view, &stood, |rule| wanted(walk, rule), hits);
    walk.stood = stood;
}

/// Notes what may stand in a text: its sequences in `stood`, and in `met` the parts of rules that
/// they may be.
pub(in crate::classify) fn meet(
    rules: &Compiled,
    toks: &[Tok],
    place: Place,
    walk: &mut Walk,
    stood: &mut Vec<Stood>,
    met: &mut Met,
) {
    let starts = rules.starts(place);
    look(rules, toks, (starts, &[(toks.len(), EVERY)]), walk, stood);
    for stood in &*stood {
        for user in starts.users(stood.users) {
            met.add(user.asks.rule, user.asks.role);
        }
    }
    for tok in toks {
        for user in starts.alone(tok.word) {
            if user.asked.fits(tok.bits) {
                met.add(user.asks.rule, user.asks.role);
            }
        }
    }
}

/// The hits in a text of the rules that are wanted; `stood` are its sequences of several words.
pub(in crate::classify) fn hits_of(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    stood: &[Stood],
    wanted: impl Fn(u32) -> bool,
    hits: &mut Vec<Hit>,
) {
    let starts = rules.starts(view.place);
    let mut stood = stood.iter().peekable();
    for (at, tok) in toks.iter().enumerate() {
        for user in starts.alone(tok.word) {
            if user.asked.fits(tok.bits)
                && wanted(user.asks.rule)
                && stands(&user.asks, toks, at, at, view.place)
            {
                hits.push(made(rules, toks, view, (at, at), user));
            }
        }
        while let Some(stood) = stood.next_if(|stood| stood.from == at) {
            for user in starts.users(stood.users) {
                if wanted(user.asks.rule) {
                    hits.extend(hit(rules, toks, view, stood, user));
                }
            }
        }
    }
}

/// The hit of a matcher that asks for a sequence which stands in the text; none where it does not
/// stand as it is asked for.
fn hit(rules: &Compiled, toks: &[Tok], view: View, stood: &Stood, user: &User) -> Option<Hit> {
    let from = stood.from;
    let last = if stood.last + 1 < toks.len() && wants_end(&user.asks) {
        let steps = &rules.patterns[stood.pattern as usize].steps;
        follow(rules, toks, from, &steps[1..], true).unwrap_or(stood.last)
    } else {
        stood.last
    };
    stands(&user.asks, toks, from, last, view.place)
        .then(|| made(rules, toks, view, (from, last), user))
}

#[inline]
fn made(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    (from, last): (usize, usize),
    user: &User,
) -> Hit {
    let tok = &toks[from];
    Hit {
        matcher: user.matcher,
        rule: user.asks.rule,
        role: user.asks.role,
        weight: user.asks.weight,
        field: view.field,
        start: tok.start,
        end: toks[last].end,
        place: weight(rules, tok, view),
        negated: tok.bits & bit::NEGATED != 0,
        raised: tok.bits & bit::RAISED != 0,
    }
}

/// Every rule, as bits.
const EVERY: u64 = u64::MAX;

/// The rules that are wanted in the sentences up to a word, each as the last six bits of its number.
pub(super) type Wanted = (usize, u64);

/// Finds the sequences of several words that stand in a text and that one of the wanted rules may
/// ask for, in the order of their first words and of their numbers.
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are capped far below 4 GiB"
)]
pub(super) fn look(
    rules: &Compiled,
    toks: &[Tok],
    (starts, wanted): (InPlace<'_>, &[Wanted]),
    walk: &mut Walk,
    stood: &mut Vec<Stood>,
) {
    let Walk { tried, stamp, .. } = walk;
    *stamp = stamp.wrapping_add(1);
    stood.clear();
    let mut in_order = true;
    let (mut begin, mut end) = (0, 0);
    let mut sentence = Folded::default();
    let mut wanted = wanted.iter();
    let (mut until, mut rules_wanted) = (0, EVERY);
    for (at, tok) in toks.iter().enumerate() {
        while at >= until {
            (until, rules_wanted) = wanted.next().copied().unwrap_or((usize::MAX, 0));
        }
        if rules_wanted == 0 {
            continue;
        }
        let begun = starts.of(tok.word);
        if begun.is_empty() {
            continue;
        }
        if at >= end {
            let other = |t: &&Tok| t.sentence == tok.sentence;
            begin = at - toks[end..at].iter().rev().take_while(other).count();
            end = at + toks[at..].iter().take_while(other).count();
            sentence = present(rules, &toks[begin..end]);
        }
        for start in begun {
            // Most sequences are ruled out by a step that the sentence does not have.
            if !(start.is_of(rules_wanted)
                && sentence.may_have(start.near)
                && sentence.may_have(start.far))
            {
                continue;
            }
            if start.step == 0 {
                // Most others by one that does not stand near enough.
                let far = end.min(at + 2 + usize::from(start.gap));
                if !start.fits(tok.bits) || !any_belongs(rules, &toks[at + 1..far], start.near) {
                    continue;
                }
                let steps = &rules.patterns[start.pattern as usize].steps;
                if let Some(last) = follow(rules, toks, at, &steps[1..], false) {
                    stood.push(Stood {
                        from: at,
                        last,
                        pattern: start.pattern,
                        users: start.users,
                    });
                }
                continue;
            }
            let near = begin.max(at.saturating_sub(usize::from(start.gap) + 1));
            if !any_belongs(rules, &toks[near..at], start.near) {
                continue;
            }
            let steps = &rules.patterns[start.pattern as usize].steps;
            // A word is tried once as the first of a sequence, however often its rarest follows.
            let done = &mut tried[start.pattern as usize];
            let mut first = begin.max(at.saturating_sub(usize::from(start.reach)));
            if done.0 == *stamp {
                first = first.max(done.1 as usize);
            }
            let behind = (at + 1).saturating_sub(usize::from(start.step));
            for from in first..behind {
                if start.fits(toks[from].bits)
                    && rules.belongs(toks[from].word, steps[0].element)
                    && let Some(last) = follow(rules, toks, from, &steps[1..], false)
                {
                    in_order = false;
                    stood.push(Stood {
                        from,
                        last,
                        pattern: start.pattern,
                        users: start.users,
                    });
                }
            }
            *done = (*stamp, behind as u32);
        }
    }
    if !in_order {
        stood.sort_unstable_by_key(|stood| (stood.from, stood.pattern));
    }
}

/// Which elements may stand in some words.
#[inline]
fn present(rules: &Compiled, toks: &[Tok]) -> Folded {
    let mut present = Folded::default();
    for folded in toks.iter().filter_map(|tok| rules.folded(tok.word)) {
        present.add(folded);
    }
    present
}

#[inline]
fn any_belongs(rules: &Compiled, toks: &[Tok], element: u32) -> bool {
    toks.iter().any(|tok| rules.belongs(tok.word, element))
}

/// The last token of the nearest match of a sequence whose first word is at `from`; with `to_end`,
/// of one that ends the text.
fn follow(
    rules: &Compiled,
    toks: &[Tok],
    from: usize,
    steps: &[Step],
    to_end: bool,
) -> Option<usize> {
    let Some((step, rest)) = steps.split_first() else {
        return (!to_end || from + 1 == toks.len()).then_some(from);
    };
    // A nearer word is tried first; when the rest fails there, a later one may still do.
    (from + 1..toks.len().min(from + 2 + usize::from(step.gap)))
        .take_while(|next| toks[*next].sentence == toks[from].sentence)
        .filter(|next| rules.belongs(toks[*next].word, step.element))
        .find_map(|next| follow(rules, toks, next, rest, to_end))
}

/// Whether a matcher asks for a sequence that ends the text.
const fn wants_end(matcher: &Asks) -> bool {
    matcher.ends || matches!(matcher.at, At::Last | At::Whole)
}

/// Whether a match stands where the matcher asks.
pub(super) fn stands(matcher: &Asks, toks: &[Tok], from: usize, last: usize, place: Place) -> bool {
    let tok = &toks[from];
    let first = || {
        toks.iter()
            .position(|t| t.bits & bit::STRIPPED == 0)
            .unwrap_or(0)
    };
    let at = match matcher.at {
        At::Any => true,
        At::Verb => tok.bits & bit::HEAD != 0,
        // In a description also of a sentence behind one that says nothing.
        At::First => from == first() || place == Place::Description && opens(toks, from),
        At::Last => last + 1 == toks.len(),
        At::Whole => from <= first() && last + 1 == toks.len(),
    };
    at && (!matcher.ends || last + 1 == toks.len())
        && (place != Place::Description
            || match matcher.sentence {
                Sentence::First => tok.bits & bit::FIRST != 0,
                Sentence::Main => tok.bits & bit::LOW == 0,
                Sentence::Any => true,
            })
}

/// Whether a word opens a sentence that says what the tool does.
fn opens(toks: &[Tok], at: usize) -> bool {
    toks[at].bits & bit::SAYS != 0
        && at
            .checked_sub(1)
            .is_none_or(|before| toks[before].sentence != toks[at].sentence)
}

#[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
fn weight(rules: &Compiled, tok: &Tok, view: View) -> f32 {
    if view.place != Place::Description {
        if tok.bits & bit::NOUN != 0 {
            view.weight * 0.5
        } else {
            view.weight
        }
    } else if tok.bits & bit::RAISED != 0 {
        rules.weights.name as f32
    } else if tok.bits & bit::FIRST != 0 {
        view.weight
    } else if tok.bits & bit::LOW != 0 {
        rules.weights.low_zone as f32
    } else {
        rules.weights.later_sentence as f32
    }
}
