//! Everything of a tool that rules can meet, met: its texts, its properties, the actions it offers,
//! and the definition as a whole.

use super::parameters::Parameters;
use super::prefix::Prefix;
use super::scan::{self, Field, Hit, Scratch, View};
use super::schema::{self, Property};
use super::scores::Scores;
use super::shared::Shared;
use super::tokens::{self, bit};
use super::{Options, actions, agree, heads, sentences};
use crate::model::{Category, Tool};
use crate::rules::compiled::{Role, Whole};
use crate::rules::fact::Fact;
use crate::rules::grammar::flag;
use crate::rules::source::Place;
use crate::rules::{Compiled, Kind};
use smol_str::SmolStr;
use std::mem;

/// Reads the texts of a tool into the buffers.
pub(super) fn read(rules: &Compiled, scratch: &mut Scratch, prefix: &Prefix, tool: &Tool) {
    let Scratch {
        name,
        title,
        description,
        whole,
        ..
    } = scratch;
    *whole = true;
    for buffer in [&mut *name, &mut *title, &mut *description] {
        buffer.clear();
    }
    tokens::read_name(rules, &tool.name, name);
    prefix.strip(&tool.name, name);
    heads::mark_name(name);
    if let Some(text) = &tool.title {
        tokens::read_prose(rules, text, title);
        sentences::mark_prose(rules, title);
    }
    if let Some(text) = &tool.description {
        *whole = tokens::read_prose(rules, text, description);
        sentences::mark_prose(rules, description);
        agree::agree(rules, name, description);
    }
}

/// The least weight of a match that makes a value an action: less is said by names of things, and
/// a choice among things is no choice of actions.
const LEAST_OF_ACTION: i32 = 30;

/// The most actions of one list.
const MOST_ACTIONS: usize = 100;

/// The actions that the description of a property lists, as byte ranges.
fn listed(rules: &Compiled, scratch: &mut Scratch, text: &str) -> Vec<(usize, usize)> {
    let other = &mut scratch.other;
    other.clear();
    tokens::read_prose(rules, text, other);
    let mut ranges = Vec::new();
    actions::listed(rules, text, other, &mut ranges);
    ranges
        .into_iter()
        .filter_map(|(from, to)| {
            let last = other.get(to.checked_sub(1)?)?;
            Some((other.get(from)?.start as usize, last.end as usize))
        })
        .collect()
}

/// Reads the name of an action that begins at a byte of its text.
fn read_action(rules: &Compiled, name: &str, at: usize, into: &mut Vec<tokens::Tok>) {
    let at = u32::try_from(at).unwrap_or(0);
    into.clear();
    tokens::read_name(rules, name, into);
    for tok in &mut *into {
        tok.start += at;
        tok.end += at;
    }
    heads::mark_name(into);
}

/// One action of a tool that offers several.
pub(super) struct Offered {
    pub(super) text: SmolStr,
    pub(super) category: Category,
}

/// Matches everything; gives the actions.
#[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
pub(super) fn collect<'t>(
    rules: &Compiled,
    scratch: &mut Scratch,
    parameters: &mut Parameters<'t>,
    shared: &Shared,
    tool: &Tool,
    properties: &[Property<'t>],
    hits: &mut Vec<Hit>,
) -> Vec<Offered> {
    let weights = &rules.weights;
    scratch.met.begin(rules);
    parameters.begin();
    meet(rules, scratch);
    let shared_hits = || shared.hits.iter();
    for hit in shared_hits() {
        scratch.met.add(hit.rule, hit.role);
    }
    // A filter by action on a tool that plainly reads is no choice of actions.
    let reads = scratch
        .name
        .iter()
        .any(|t| t.bits & bit::HEAD != 0 && t.flags & (flag::NOUNISH | flag::READS) == flag::READS);
    let mut offered = Vec::new();
    let mut best: Option<(Category, Hit)> = None;
    let mut other = mem::take(&mut scratch.action);
    let mut names = Vec::with_capacity(properties.len());
    let (mut selects, mut fixed) = (false, false);
    let takes_address = || properties.iter().any(actions::is_address);
    for (index, property) in properties.iter().enumerate() {
        let Ok(number) = u16::try_from(index) else {
            break;
        };
        let name = parameters.read(rules, scratch, property.name);
        for hit in parameters.hits(&name) {
            scratch.met.add(hit.rule, hit.role);
        }
        names.push(name.clone());
        if !name.selects
            || reads && !property.required && !actions::reads_by_default(rules, property)
        {
            continue;
        }
        selects = true;
        let before = offered.len();
        if let Some(values) = actions::values(property) {
            if actions::is_of_a_protocol(values.texts(), takes_address) {
                continue;
            }
            fixed |= values.len() == 1;
            for place in 0..values.len().min(MOST_ACTIONS) {
                let (Some(text), Ok(at)) = (values.text(place), u16::try_from(place)) else {
                    continue;
                };
                read_action(rules, text, 0, &mut other);
                let field = Field::Value(number, at);
                consider(rules, scratch, &other, text, field, &mut offered, &mut best);
            }
        } else if let Some(text) = actions::described(property) {
            let items = listed(rules, scratch, text);
            let of = |(from, to): (usize, usize)| text.get(from..to).unwrap_or_default();
            if actions::is_of_a_protocol(items.iter().map(|range| of(*range)), takes_address) {
                continue;
            }
            let field = Field::Described(number);
            for range in items.into_iter().take(MOST_ACTIONS) {
                read_action(rules, of(range), range.0, &mut other);
                let item = of(range);
                consider(rules, scratch, &other, item, field, &mut offered, &mut best);
            }
        }
        // Methods of signing in and modes of sorting are no actions.
        if offered[before..]
            .iter()
            .all(|o| o.category == Category::Unknown)
        {
            offered.truncate(before);
        }
    }
    let description = tokens::capped(tool.description.as_deref().unwrap_or_default());
    let (name, toks) = (&scratch.name, &scratch.description);
    let open = selects && offered.is_empty();
    let found = actions::of_description(rules, name, toks, description, (open, reads));
    for (from, to) in found.into_iter().take(MOST_ACTIONS) {
        let text = description.get(from..to).unwrap_or_default();
        read_action(rules, text, from, &mut other);
        let field = Field::Description;
        consider(rules, scratch, &other, text, field, &mut offered, &mut best);
    }
    scratch.action = other;
    let mut deciding = None;
    let plain = scratch
        .name
        .iter()
        .any(|t| t.bits & bit::HEAD != 0 && t.flags & flag::WEAK == 0 && t.bits & bit::NOUN == 0);
    let known = offered.iter().filter(|o| o.category != Category::Unknown);
    // One action alone says what the tool does only where it can be no other and the name is silent.
    let fewest = if fixed && !plain { 1 } else { 2 };
    if known.count() < fewest {
        offered.clear();
    } else if let Some((category, mut hit)) = best {
        // The worst of the actions decides when the name leaves it open; else it only lifts.
        if plain {
            hit.place = (weights.action * 0.8) as f32;
        }
        hit.raised = true;
        if !plain || category > Category::Read {
            scratch.met.add(hit.rule, hit.role);
            deciding = Some(hit);
        }
    }
    take(rules, scratch, hits);
    let met = &scratch.met;
    hits.extend(shared_hits().filter(|hit| met.may_fire(rules, hit.rule)));
    for ((number, property), name) in (0u16..).zip(properties).zip(&names) {
        scan::property(rules, parameters.hits(name), number, property, met, hits);
    }
    hits.extend(deciding);
    whole(rules, tool, properties, shared.options, &offered, hits);
    offered
}

/// Looks at name, title and description for what may be met in them.
fn meet(rules: &Compiled, scratch: &mut Scratch) {
    let Scratch {
        name,
        title,
        description,
        walk,
        stood: [of_name, of_title, of_description],
        met,
        ..
    } = scratch;
    scan::meet(rules, name, Place::Name, walk, of_name, met);
    scan::meet(rules, title, Place::Title, walk, of_title, met);
    scan::meet(
        rules,
        description,
        Place::Description,
        walk,
        of_description,
        met,
    );
}

/// The hits in name, title and description of the rules that may fire.
#[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
fn take(rules: &Compiled, scratch: &Scratch, hits: &mut Vec<Hit>) {
    let weights = &rules.weights;
    let [of_name, of_title, of_description] = &scratch.stood;
    let texts = [
        (
            &scratch.name,
            of_name,
            Place::Name,
            Field::Name,
            weights.name,
        ),
        (
            &scratch.title,
            of_title,
            Place::Title,
            Field::Title,
            weights.title,
        ),
        (
            &scratch.description,
            of_description,
            Place::Description,
            Field::Description,
            weights.first_sentence,
        ),
    ];
    for (toks, stood, place, field, weight) in texts {
        let view = View {
            place,
            field,
            weight: weight as f32,
        };
        let wanted = |rule| scratch.met.may_fire(rules, rule);
        let from = hits.len();
        scan::hits_of(rules, toks, view, stood, wanted, hits);
        if place == Place::Description {
            scan::keep_objections(rules, toks, from, hits);
        }
    }
}

/// Classifies one action and remembers the worst.
#[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
fn consider(
    rules: &Compiled,
    scratch: &mut Scratch,
    toks: &[tokens::Tok],
    text: &str,
    field: Field,
    offered: &mut Vec<Offered>,
    best: &mut Option<(Category, Hit)>,
) {
    let mut hits = mem::take(&mut scratch.action_hits);
    hits.clear();
    let view = View {
        place: Place::Name,
        field,
        weight: rules.weights.action as f32,
    };
    scan::text(rules, toks, view, &mut scratch.walk, &mut hits);
    scratch.settle(&hits);
    let mut scores = Scores::default();
    let mut votes: Vec<(Category, Hit)> = Vec::new();
    for hit in &hits {
        let rule = &rules.rules[hit.rule as usize];
        if rule.kind == Kind::Category
            && hit.role == Role::Any
            && hit.weight >= LEAST_OF_ACTION
            && let Some(category) = rule.category
            && scratch.fires(rules, hit.rule)
        {
            scores.add(
                category,
                f64::from(hit.place) * f64::from(hit.weight) / 100.0,
            );
            votes.push((category, *hit));
        }
    }
    let (category, _, _) = scores.decide(rules);
    if let Some((_, hit)) = votes.iter().find(|(c, _)| *c == category)
        && best.as_ref().is_none_or(|(worst, _)| category > *worst)
    {
        *best = Some((category, *hit));
    }
    if offered.iter().all(|o: &Offered| o.text != text) {
        offered.push(Offered {
            text: SmolStr::new(text),
            category,
        });
    }
    scratch.action_hits = hits;
}

/// Matchers that are about the schema, the annotations, or the definition.
fn whole(
    rules: &Compiled,
    tool: &Tool,
    properties: &[Property<'_>],
    options: Options,
    offered: &[Offered],
    hits: &mut Vec<Hit>,
) {
    let count = schema::top_level(properties);
    for number in &rules.wholes {
        let matcher = &rules.matchers[*number as usize];
        let (met, field, place) = match &matcher.whole {
            Whole::Properties(least, most) => (
                least.is_none_or(|n| count >= n) && most.is_none_or(|n| count <= n),
                Field::Whole,
                rules.weights.schema,
            ),
            Whole::Annotation(hint, is) => (
                !options.ignore_annotations && claim(tool, hint) == Some(*is),
                Field::Annotation(*number),
                rules.weights.annotation,
            ),
            Whole::Fact(Fact::NoDescription) => (
                tool.description
                    .as_deref()
                    .is_none_or(|d| d.trim().is_empty()),
                Field::Whole,
                rules.weights.schema,
            ),
            Whole::Fact(Fact::SeveralActions) => {
                (offered.len() > 1, Field::Whole, rules.weights.schema)
            }
            Whole::Fact(Fact::OffersRead) => (
                offered.iter().any(|o| o.category == Category::Read),
                Field::Whole,
                rules.weights.schema,
            ),
            Whole::Fact(_) | Whole::No | Whole::Property => continue,
        };
        if met {
            #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
            hits.push(Hit::of_whole(*number, matcher, field, (0, 0), place as f32));
        }
    }
}

fn claim(tool: &Tool, hint: &str) -> Option<bool> {
    match hint {
        "readOnlyHint" => tool.annotations.read_only,
        "destructiveHint" => tool.annotations.destructive,
        "idempotentHint" => tool.annotations.idempotent,
        "openWorldHint" => tool.annotations.open_world,
        _ => None,
    }
}
