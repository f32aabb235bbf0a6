//! Findings about the text itself: is it written to manipulate a model or to hide something?
//!
//! Every string of a definition is looked at, normalised. One odd thing is reported as what it
//! is; only two independent witnesses make a finding that speaks of manipulation.

use super::Neighbours;
use super::facts::{Facts, Given, looks_like_another, presets_consent, presets_destination};
use super::marks;
use super::quiet::Quiet;
use super::reported::{self, Witness};
use super::scan::{self, Hit, Scratch, View};
use super::shape::Shape;
use super::strings::{self, MOST_STRINGS};
use super::tokens::{self, MOST_BYTES, MOST_TOKENS, Tok};
use super::views::{Field, mark, of_verdict, read, words_of};
use super::witness;
use crate::model::tool::TEXT_NOT_READ;
use crate::model::{Finding, Problem, Tool};
use crate::rules::Compiled;
use crate::rules::compiled::Whole;
use crate::rules::fact::{Fact, Places};
use crate::rules::source::Place;
use crate::text::normalise;
use serde_json::Value;
use smol_str::SmolStr;

/// The most characters of a finding's text that are shown.
const SHOWN: usize = 160;

/// What a string is that is the name of a parameter.
const NAME_OF_PARAMETER: [Fact; 2] = [Fact::IsParameter, Fact::IsName];

fn is_name_of_parameter(facts: &[Fact]) -> bool {
    facts.starts_with(&NAME_OF_PARAMETER)
}

/// The most witnesses in the schemas of one tool: who reads a thousand needs no more, and all are held
/// against each other.
const MOST_WITNESSES: usize = 1_000;

/// Findings in the strings of one tool of a server, right after its verdict, whose words are still
/// in `scratch`. What was not looked at is added to `problems`.
pub(super) fn of_tool<'t>(
    rules: &Compiled,
    scratch: &mut Scratch,
    tool: &'t Tool,
    neighbours: &Neighbours<'_>,
    quiet: &mut Quiet<'t>,
    problems: &mut Vec<Problem>,
) -> Vec<Finding> {
    let mut name_is = vec![Fact::IsName];
    if neighbours.collide(&tool.name) {
        name_is.push(Fact::CollidingName);
    }
    if looks_like_another(rules, &tool.name) {
        name_is.push(Fact::LookAlikeName);
    }
    let mut search = Search {
        rules,
        facts: Facts::of(rules, Some((tool, neighbours))),
        witnesses: Vec::new(),
        whole: scratch.whole,
    };
    let name = Field::Own("name");
    search.look(scratch, name, &tool.name, &name_is);
    if let Some(title) = &tool.title {
        search.look(scratch, Field::Own("title"), title, &[]);
    }
    if let Some(description) = &tool.description {
        search.look(scratch, Field::Description, description, &[]);
    }
    for (root, schema) in [
        ("inputSchema", &tool.input_schema),
        ("outputSchema", &tool.output_schema),
    ] {
        if let Some(schema) = schema {
            search.schema(scratch, root, schema, quiet);
        }
    }
    if !search.whole {
        problems.push(Problem::new(
            TEXT_NOT_READ,
            format!(
                "the definition has more text than is looked at: {MOST_BYTES} bytes and {MOST_TOKENS} words of a string, {MOST_STRINGS} strings of a schema"
            ),
        ));
    }
    reported::of(rules, &search.witnesses)
}

/// Findings in a server's instructions to the model.
pub(super) fn of_instructions(rules: &Compiled, scratch: &mut Scratch, text: &str) -> Vec<Finding> {
    let mut search = Search {
        rules,
        facts: Facts::of(rules, None),
        witnesses: Vec::new(),
        whole: true,
    };
    search.look(scratch, Field::Own("instructions"), text, &[]);
    reported::of(rules, &search.witnesses)
}

struct Search<'a> {
    rules: &'a Compiled,
    facts: Facts<'a>,
    witnesses: Vec<Witness>,
    /// Whether all strings were looked at, and each of them to its end.
    whole: bool,
}

/// What a string of a schema is, whatever its words say.
fn facts_of(
    rules: &Compiled,
    text: &str,
    named: Option<&Value>,
    place: strings::Place<'_, '_>,
) -> &'static [Fact] {
    const AGREED: [Fact; 3] = [Fact::IsParameter, Fact::IsName, Fact::PresetConsent];
    const SENDS: [Fact; 3] = [Fact::IsParameter, Fact::IsPreset, Fact::PresetDestination];
    match named {
        Some(schema) if presets_consent(rules, text, schema) => &AGREED,
        Some(_) => &NAME_OF_PARAMETER,
        None => match place.preset_of() {
            Some(name) if presets_destination(rules, name, text) => &SENDS,
            Some(_) => &[Fact::IsParameter, Fact::IsPreset],
            None => &[Fact::IsParameter],
        },
    }
}

impl Search<'_> {
    /// Every string of a schema: names of properties and string values.
    fn schema<'t>(
        &mut self,
        scratch: &mut Scratch,
        root: &'static str,
        schema: &'t Value,
        quiet: &mut Quiet<'t>,
    ) {
        let before = self.witnesses.len();
        let all = strings::each(schema, |text, named, place| {
            let facts = facts_of(self.rules, text, named, place);
            if self.witnesses.len() >= MOST_WITNESSES || !quiet.keep(text, facts) {
                return;
            }
            let field = Field::Schema(root, place);
            if !self.look(scratch, field, text, facts) {
                quiet.forget(text, facts);
            }
        });
        self.whole &= all;
        self.witnesses[before..].sort_by(|a, b| a.field.cmp(&b.field));
    }

    /// Looks at a string; whether it says nothing, whatever tool it stands in.
    fn look(
        &mut self,
        scratch: &mut Scratch,
        field: Field<'_, '_>,
        text: &str,
        facts: &[Fact],
    ) -> bool {
        self.whole &= text.len() <= MOST_BYTES;
        let text = tokens::capped(text);
        let shape = Shape::of(text);
        // What a text says of other tools depends on the tool it stands in; the name of a parameter
        // says nothing of them.
        let joins = !is_name_of_parameter(facts)
            && shape.joins()
            && marks::joined_words(text).next().is_some();
        let before = self.witnesses.len();
        let mut given: Vec<Given> = Vec::new();
        let mut views = Vec::new();
        let odd_shape = shape.is_odd(text);
        let mut odd = self.rules.facts_alone || facts.iter().any(|fact| fact.is_mark());
        if odd || odd_shape {
            views = normalise::views(text);
            self.facts.marks(text, facts, odd_shape, &mut given);
            odd |= views.len() > 1 || !views[0].is_same();
            odd |= given.iter().any(|(_, fact, _)| fact.is_mark());
        }
        if !odd {
            let view = normalise::View::same(text);
            let places = Places::NAME.when(joins).and(shape.addresses(text));
            if !self.may_say(scratch, field, &view, facts, places) {
                return !joins;
            }
            if views.is_empty() {
                self.facts.marks(text, facts, odd_shape, &mut given);
                views.push(view);
            }
        }
        self.facts.places(text, &mut given);
        let (mut said, mut places) = (Vec::new(), Vec::new());
        for view in views {
            let mut hits = std::mem::take(&mut scratch.action_hits);
            // Else the words were read, and met the rules, when it was asked whether they may say
            // something.
            if odd {
                self.whole &= read(self.rules, scratch, field, &view, facts);
                mark(self.rules, scratch, field, &view, facts);
                let (toks, walk) = words_of(scratch, field, &view);
                let asked = scan::ask(self.rules, toks, walk);
                scan::candidates(self.rules, toks, Places::ALL, asked, walk);
                self.words(scratch, field, &view, &mut hits);
            }
            let words = hits.len();
            hits.extend(given.iter().filter_map(|(number, fact, span)| {
                let met = *fact != Fact::Decoded || view.decoded;
                met.then(|| self.fact_hit(*number, *span))
            }));
            scratch.settle(&hits);
            for rule in &scratch.touched {
                let ready = &self.rules.rules[*rule as usize];
                if !scratch.may_fire(ready, *rule) {
                    continue;
                }
                let toks = if of_verdict(field, &view) {
                    &scratch.description
                } else {
                    &scratch.other
                };
                said.clear();
                said.extend(scratch.hits_of(*rule).map(|at| {
                    let hit = &hits[at];
                    // Only in the text itself do the places of facts lie where the words do.
                    let has_sentence = at < words || view.is_same() && has_place(self.rules, hit);
                    let sentence = has_sentence.then(|| sentence_of(toks, hit));
                    (at, hit.role, sentence)
                }));
                witness::of(ready, &mut said, &mut places);
                let known = |w: &Witness| w.rule == *rule;
                if self.witnesses[before..].iter().any(known) {
                    continue;
                }
                for at in &places {
                    let hit = &hits[*at];
                    let span = if *at < words {
                        view.back(hit.start as usize, hit.end as usize, text)
                    } else {
                        (hit.start as usize, hit.end as usize)
                    };
                    let original = text.get(span.0..span.1).unwrap_or_default();
                    self.witnesses.push(Witness {
                        rule: *rule,
                        names: is_name_of_parameter(facts),
                        field: field.name(),
                        span,
                        text: seen(original, &view, *at < words, hit),
                    });
                }
            }
            scratch.action_hits = hits;
        }
        !joins && self.witnesses.len() == before
    }

    /// Whether the words of a text are enough for any rule, whatever the facts are.
    fn may_say(
        &mut self,
        scratch: &mut Scratch,
        field: Field<'_, '_>,
        view: &normalise::View<'_>,
        facts: &[Fact],
        places: Places,
    ) -> bool {
        self.whole &= read(self.rules, scratch, field, view, facts);
        let (toks, walk) = words_of(scratch, field, view);
        let asked = scan::ask(self.rules, toks, walk);
        if !asked.any {
            return false;
        }
        mark(self.rules, scratch, field, view, facts);
        let (toks, walk) = words_of(scratch, field, view);
        if !scan::candidates(self.rules, toks, places, asked, walk) {
            return false;
        }
        let mut hits = std::mem::take(&mut scratch.action_hits);
        self.words(scratch, field, view, &mut hits);
        scratch.settle(&hits);
        let may = |rule: &u32| scratch.may_fire(&self.rules.rules[*rule as usize], *rule);
        let may = scratch.touched.iter().any(may);
        scratch.action_hits = hits;
        may
    }

    /// What the words of a view match of the rules that may find something there, apart from what is
    /// negated.
    fn words(
        &self,
        scratch: &mut Scratch,
        field: Field<'_, '_>,
        view: &normalise::View<'_>,
        hits: &mut Vec<Hit>,
    ) {
        hits.clear();
        let looked = View {
            place: Place::Text,
            field: scan::Field::Whole,
            weight: 1.0,
        };
        let (toks, walk) = words_of(scratch, field, view);
        scan::of_candidates(self.rules, toks, looked, walk, hits);
        hits.retain(|hit| !hit.negated);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "texts are capped far below 4 GiB"
    )]
    fn fact_hit(&self, number: u32, (start, end): (usize, usize)) -> Hit {
        let matcher = &self.rules.matchers[number as usize];
        let span = (start as u32, end as u32);
        Hit::of_whole(number, matcher, scan::Field::Whole, span, 1.0)
    }
}

/// Whether a hit is of a fact that lies somewhere in the string.
fn has_place(rules: &Compiled, hit: &Hit) -> bool {
    match &rules.matchers[hit.matcher as usize].whole {
        Whole::Fact(fact) => fact.has_place(),
        _ => false,
    }
}

/// The sentence that a hit begins in.
fn sentence_of(toks: &[Tok], hit: &Hit) -> u16 {
    let behind = toks.partition_point(|tok| tok.start <= hit.start);
    toks.get(behind.saturating_sub(1))
        .map_or(0, |tok| tok.sentence)
}

/// The beginning of what a witness saw; most witnesses are never shown.
fn seen(original: &str, view: &normalise::View<'_>, words: bool, hit: &Hit) -> SmolStr {
    // What was hidden is shown as what it says.
    let text = match (view.decoded, words) {
        (true, true) => view
            .text
            .get(hit.start as usize..hit.end as usize)
            .unwrap_or_default(),
        (true, false) => &view.text,
        (false, _) => original,
    };
    let end = text
        .char_indices()
        .nth(SHOWN)
        .map_or(text.len(), |(end, _)| end);
    SmolStr::new(text.get(..end).unwrap_or_default())
}
