//! One pass of the compiled rules over the tokens of a tool: what matched, where.

use super::schema::Property;
use super::tokens::{Tok, bit};
use crate::rules::compiled::{Asks, Ready, ReadyRule, Role, Step};
use crate::rules::source::{At, Place, Sentence};
use crate::rules::tables::InPlace;
use crate::rules::{Compiled, Kind};
use crate::text::Token;

/// Which string of a tool a hit lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Title,
    Description,
    Server,
    /// The name of a property, by index.
    Property(u16),
    /// A value of a property's enum: the property and the value, by index.
    Value(u16, u16),
    /// A claim of the server, by the matcher that asked for it.
    Annotation(u32),
    /// The schema or definition as a whole.
    Whole,
}

/// One matcher that matched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub matcher: u32,
    /// The matcher's rule and its part in it.
    pub rule: u32,
    pub role: Role,
    /// Per cent of the place's weight.
    pub weight: i32,
    pub field: Field,
    pub start: u32,
    pub end: u32,
    /// Weight of the place, in points.
    pub place: f32,
    pub negated: bool,
    /// A verb that the description joins to that of the name.
    pub raised: bool,
}

impl Hit {
    /// Of a matcher that is not about words.
    pub(super) const fn of_whole(
        number: u32,
        matcher: &Ready,
        field: Field,
        (start, end): (u32, u32),
        place: f32,
    ) -> Hit {
        Hit {
            matcher: number,
            rule: matcher.asks.rule,
            role: matcher.asks.role,
            weight: matcher.asks.weight,
            field,
            start,
            end,
            place,
            negated: false,
            raised: false,
        }
    }
}

/// What one rule has so far.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    any: bool,
    all: u64,
    none: bool,
    stamp: u32,
    /// Where its hits are in `order`, and how many there are.
    from: u32,
    count: u32,
}

/// Buffers that are used again for each tool.
#[derive(Debug)]
pub(super) struct Scratch {
    pub raw: Vec<Token>,
    pub name: Vec<Tok>,
    pub title: Vec<Tok>,
    pub description: Vec<Tok>,
    pub other: Vec<Tok>,
    /// The words of one action of several.
    pub action: Vec<Tok>,
    pub hits: Vec<Hit>,
    pub action_hits: Vec<Hit>,
    pub walk: Walk,
    states: Vec<State>,
    /// The rules that have a hit, in their order.
    pub touched: Vec<u32>,
    /// One bit for each rule, set while hits are counted.
    met: Vec<u64>,
    /// The hits by index, those of one rule together.
    order: Vec<u32>,
    stamp: u32,
}

impl Scratch {
    pub(super) fn new(rules: &Compiled) -> Scratch {
        Scratch {
            raw: Vec::new(),
            name: Vec::new(),
            title: Vec::new(),
            description: Vec::new(),
            other: Vec::new(),
            action: Vec::new(),
            hits: Vec::new(),
            action_hits: Vec::new(),
            walk: Walk::new(rules),
            states: vec![State::default(); rules.rules.len()],
            touched: Vec::new(),
            met: vec![0; rules.rules.len().div_ceil(64)],
            order: Vec::new(),
            stamp: 0,
        }
    }

    /// Works out which rules the hits satisfy.
    pub(super) fn settle(&mut self, hits: &[Hit]) {
        self.stamp = self.stamp.wrapping_add(1);
        self.touched.clear();
        for hit in hits {
            let state = &mut self.states[hit.rule as usize];
            if state.stamp != self.stamp {
                *state = State {
                    stamp: self.stamp,
                    ..State::default()
                };
                self.met[(hit.rule / 64) as usize] |= 1 << (hit.rule % 64);
            }
            state.count += 1;
            match hit.role {
                Role::Any => state.any = true,
                Role::All(place) if !hit.negated => state.all |= 1 << place,
                Role::None if !hit.negated => state.none = true,
                Role::All(_) | Role::None => {}
            }
        }
        for (word, bits) in (0u32..).zip(&mut self.met) {
            while *bits != 0 {
                self.touched.push(word * 64 + bits.trailing_zeros());
                *bits &= *bits - 1;
            }
        }
        let mut from = 0;
        for rule in &self.touched {
            let state = &mut self.states[*rule as usize];
            state.from = from;
            from += state.count;
            state.count = 0;
        }
        self.order.clear();
        self.order.resize(hits.len(), 0);
        for (number, hit) in (0u32..).zip(hits) {
            let state = &mut self.states[hit.rule as usize];
            self.order[(state.from + state.count) as usize] = number;
            state.count += 1;
        }
    }

    /// The hits of a touched rule, by index, in their order.
    pub(super) fn hits_of(&self, rule: u32) -> impl Iterator<Item = usize> + Clone + '_ {
        let state = self.states[rule as usize];
        let range = state.from as usize..(state.from + state.count) as usize;
        self.order[range].iter().map(|number| *number as usize)
    }

    /// Whether something speaks against a rule that has only conditions on the verdict.
    pub(super) fn vetoed(&self, rule: u32) -> bool {
        let state = self.states[rule as usize];
        state.stamp == self.stamp && state.none
    }

    /// Whether a text rule has the words that it asks for, whatever facts it asks for and whatever
    /// speaks against it.
    pub(super) fn may_fire(&self, rule: &ReadyRule, number: u32) -> bool {
        let state = self.states[number as usize];
        rule.kind == Kind::Text
            && (state.any || !rule.has_any || rule.facts.any)
            && (state.all | rule.facts.all).count_ones() == u32::from(rule.all)
    }

    /// Whether a touched rule fires, its category apart.
    pub(super) fn fires(&self, rules: &Compiled, rule: u32) -> bool {
        let state = self.states[rule as usize];
        let ready = &rules.rules[rule as usize];
        state.stamp == self.stamp
            && !state.none
            && (state.any || !ready.has_any)
            && state.all.count_ones() == u32::from(ready.all)
    }
}

/// How a text is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub place: Place,
    pub field: Field,
    /// Points for a match in it; for prose, of its first sentence.
    pub weight: f32,
}

/// A sequence that stands in a text, from its first word to its last.
#[derive(Debug, Clone, Copy)]
struct Stood {
    from: usize,
    last: usize,
    pattern: u32,
    /// Where its users are.
    users: (u32, u16),
}

/// What is known on the way through a text.
#[derive(Debug)]
pub(super) struct Walk {
    stood: Vec<Stood>,
    /// Of each sequence, the text in which it was looked for last, and the first word of it that
    /// was not tried as its first.
    tried: Vec<(u32, u32)>,
    /// The number of the text.
    stamp: u32,
    /// Text rules of which a part that guards them stands in the text, and which parts.
    guarded: Vec<(u32, u64)>,
}

impl Walk {
    fn new(rules: &Compiled) -> Walk {
        Walk {
            stood: Vec::new(),
            tried: vec![(0, 0); rules.patterns.len()],
            stamp: 0,
            guarded: Vec::new(),
        }
    }
}

/// Matches every sequence against one text.
pub(super) fn text(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    walk: &mut Walk,
    hits: &mut Vec<Hit>,
) {
    let starts = rules.starts(view.place);
    look(rules, toks, starts, walk);
    for stood in &walk.stood {
        let (from, tok) = (stood.from, &toks[stood.from]);
        for user in starts.users(stood.users) {
            let last = if stood.last + 1 < toks.len() && wants_end(&user.asks) {
                let steps = &rules.patterns[stood.pattern as usize].steps;
                follow(rules, toks, from, &steps[1..], true).unwrap_or(stood.last)
            } else {
                stood.last
            };
            if !stands(&user.asks, toks, from, last, view.place) {
                continue;
            }
            hits.push(Hit {
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
            });
        }
    }
}

/// Whether a text has what some text rule needs; `has_places` says whether it may hold the name of a
/// tool or an address, which are facts that have a place.
pub(super) fn is_guarded(
    rules: &Compiled,
    toks: &[Tok],
    has_places: bool,
    walk: &mut Walk,
) -> bool {
    let guards = rules.guards();
    look(rules, toks, guards, walk);
    let Walk { stood, guarded, .. } = walk;
    guarded.clear();
    for user in stood.iter().flat_map(|stood| guards.users(stood.users)) {
        let (rule, bit) = (user.asks.rule, user.asks.role.bit());
        if let Some((_, bits)) = guarded.iter_mut().find(|(other, _)| *other == rule) {
            *bits |= bit;
        } else {
            let facts = rules.rules[rule as usize].facts;
            let given = Role::Any.bit() * u64::from(has_places && facts.any);
            guarded.push((rule, bit | given & rules.guard_of(rule)));
        }
    }
    guarded
        .iter()
        .any(|(rule, bits)| *bits == rules.guard_of(*rule))
}

/// Finds the sequences that stand in a text, in the order of their first words and of their numbers.
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are capped far below 4 GiB"
)]
fn look(rules: &Compiled, toks: &[Tok], starts: InPlace<'_>, walk: &mut Walk) {
    let Walk {
        stood,
        tried,
        stamp,
        ..
    } = walk;
    *stamp = stamp.wrapping_add(1);
    stood.clear();
    let mut in_order = true;
    let (mut begin, mut end) = (0, 0);
    for (at, tok) in toks.iter().enumerate() {
        let begun = starts.of(tok.word);
        if begun.is_empty() {
            continue;
        }
        if at >= end {
            let other = |t: &&Tok| t.sentence == tok.sentence;
            begin = at - toks[end..at].iter().rev().take_while(other).count();
            end = at + toks[at..].iter().take_while(other).count();
        }
        for start in begun {
            let gap = usize::from(start.gap);
            if start.step == 0 {
                if !start.fits(tok.bits) {
                    continue;
                }
                let mut last = at;
                if let Some(second) = start.near {
                    // Most sequences are ruled out by their second step.
                    if !any_belongs(rules, &toks[at + 1..end.min(at + 2 + gap)], second) {
                        continue;
                    }
                    let steps = &rules.patterns[start.pattern as usize].steps;
                    match follow(rules, toks, at, &steps[1..], false) {
                        Some(found) => last = found,
                        None => continue,
                    }
                }
                stood.push(Stood {
                    from: at,
                    last,
                    pattern: start.pattern,
                    users: start.users,
                });
                continue;
            }
            let before = start.near.unwrap_or(0);
            let near = begin.max(at.saturating_sub(gap + 1));
            if !any_belongs(rules, &toks[near..at], before) {
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
fn stands(matcher: &Asks, toks: &[Tok], from: usize, last: usize, place: Place) -> bool {
    let tok = &toks[from];
    let first = || {
        toks.iter()
            .position(|t| t.bits & bit::STRIPPED == 0)
            .unwrap_or(0)
    };
    let at = match matcher.at {
        At::Any => true,
        At::Verb => tok.bits & bit::HEAD != 0,
        At::First => from == first(),
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

/// Adds what one property matches: of the hits on its name those that ask for no other type, and
/// what is asked of a property of any name.
pub(super) fn property(
    rules: &Compiled,
    of_name: &[Hit],
    index: u16,
    property: &Property<'_>,
    hits: &mut Vec<Hit>,
) {
    let field = Field::Property(index);
    for hit in of_name {
        if fits(&rules.matchers[hit.matcher as usize], property) {
            hits.push(Hit { field, ..*hit });
        }
    }
    for number in &rules.any_property {
        let matcher = &rules.matchers[*number as usize];
        if fits(matcher, property) {
            let end = u32::try_from(property.name.len()).unwrap_or(0);
            #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
            let weight = rules.weights.schema as f32;
            hits.push(Hit::of_whole(*number, matcher, field, (0, end), weight));
        }
    }
}

/// Whether a property is of the type, format and bounds a matcher asks for.
fn fits(matcher: &Ready, property: &Property<'_>) -> bool {
    (matcher.types == 0 || matcher.types & property.types != 0)
        && (matcher.bounds == 0 || matcher.bounds & property.bounds != 0)
        && (matcher.formats.is_empty()
            || property
                .format
                .is_some_and(|f| matcher.formats.iter().any(|want| want == f)))
        && matcher
            .required
            .is_none_or(|wanted| wanted == property.required)
        && property.depth <= matcher.depth
}

#[cfg(test)]
mod tests;
