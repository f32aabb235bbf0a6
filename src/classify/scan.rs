//! One pass of the compiled rules over the tokens of a tool: what matched, where.

mod candidates;
mod look;
#[cfg(test)]
mod tests;

pub(super) use candidates::{ask, candidates, of_candidates};
pub(super) use look::{Stood, View, Walk, hits_of, meet, text};

use super::schema::Property;
use super::tokens::{Tok, bit};
use crate::rules::compiled::{Ready, ReadyRule, Role};
use crate::rules::source::Sentence;
use crate::rules::{Compiled, Kind};

/// Which string of a tool a hit lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Title,
    Description,
    Server,
    /// The name of a property, by index.
    Property(u16),
    /// The description of a property, by index.
    Described(u16),
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

/// The parts of rules that may be met in one tool: more than those that are, for the price of a look.
/// What is met of a rule that cannot fire is not worth a [`Hit`].
#[derive(Debug, Default)]
pub(super) struct Met(Vec<u64>);

impl Met {
    /// Begins a tool.
    pub(super) fn begin(&mut self, rules: &Compiled) {
        self.0.clone_from(&rules.parts.given);
    }

    #[inline]
    pub(super) fn add(&mut self, rule: u32, role: Role) {
        self.0[rule as usize] |= role.bit();
    }

    /// Whether a rule may fire.
    #[inline]
    pub(super) fn may_fire(&self, rules: &Compiled, rule: u32) -> bool {
        let needed = rules.parts.needed[rule as usize];
        self.0[rule as usize] & needed == needed
    }
}

/// Buffers that are used again for each tool.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub name: Vec<Tok>,
    pub title: Vec<Tok>,
    pub description: Vec<Tok>,
    /// Whether all words of the description were read.
    pub whole: bool,
    pub other: Vec<Tok>,
    /// The words of one action of several.
    pub action: Vec<Tok>,
    pub hits: Vec<Hit>,
    pub action_hits: Vec<Hit>,
    pub walk: Walk,
    /// The sequences of several words in name, title and description.
    pub stood: [Vec<Stood>; 3],
    pub met: Met,
    states: Vec<State>,
    /// The rules that have a hit, in their order.
    pub touched: Vec<u32>,
    /// One bit for each rule, set while hits are counted.
    counted: Vec<u64>,
    /// The hits by index, those of one rule together.
    order: Vec<u32>,
    stamp: u32,
}

impl Scratch {
    pub(super) fn new(rules: &Compiled) -> Scratch {
        Scratch {
            name: Vec::new(),
            title: Vec::new(),
            description: Vec::new(),
            whole: true,
            other: Vec::new(),
            action: Vec::new(),
            hits: Vec::new(),
            action_hits: Vec::new(),
            walk: Walk::new(rules),
            states: vec![State::default(); rules.rules.len()],
            touched: Vec::new(),
            stood: Default::default(),
            met: Met(Vec::new()),
            counted: vec![0; rules.rules.len().div_ceil(64)],
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
                self.counted[(hit.rule / 64) as usize] |= 1 << (hit.rule % 64);
            }
            state.count += 1;
            match hit.role {
                Role::Any => state.any = true,
                Role::All(place) if !hit.negated => state.all |= 1 << place,
                Role::None if !hit.negated => state.none = true,
                Role::All(_) | Role::None => {}
            }
        }
        for (word, bits) in (0u32..).zip(&mut self.counted) {
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

/// Adds what one property matches: of the hits on its name those that ask for no other type, and
/// what is asked of a property of any name.
pub(super) fn property(
    rules: &Compiled,
    of_name: &[Hit],
    index: u16,
    property: &Property<'_>,
    met: &Met,
    hits: &mut Vec<Hit>,
) {
    let field = Field::Property(index);
    for hit in of_name {
        if met.may_fire(rules, hit.rule) && fits(&rules.matchers[hit.matcher as usize], property) {
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

/// Takes out what speaks against a rule in a sentence that counts as the first of a description and says
/// nothing: what counts stands where the tool is said to do something, or beside what speaks for the
/// rule. Else *See the handbook for interfaces* would keep a tool from paying. What a rule looks for in
/// any sentence counts in any.
pub(super) fn keep_objections(rules: &Compiled, toks: &[Tok], from: usize, hits: &mut Vec<Hit>) {
    let objects = |hit: &Hit| {
        hit.role == Role::None
            && rules.matchers[hit.matcher as usize].asks.sentence == Sentence::First
    };
    if !hits[from..].iter().any(objects) {
        return;
    }
    let sentence = |hit: &Hit| {
        let behind = toks.partition_point(|tok| tok.start <= hit.start);
        toks.get(behind.saturating_sub(1))
            .map_or((0, true), |tok| (tok.sentence, tok.bits & bit::SAYS != 0))
    };
    let positive = hits[from..].iter().filter(|hit| hit.role != Role::None);
    let beside: Vec<(u32, u16)> = positive.map(|hit| (hit.rule, sentence(hit).0)).collect();
    let mut at = 0;
    hits.retain(|hit| {
        at += 1;
        if at <= from || !objects(hit) {
            return true;
        }
        let (number, says) = sentence(hit);
        says || beside.contains(&(hit.rule, number))
    });
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
