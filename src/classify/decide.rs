//! What matched, weighed: category, severity, signals, traits, evidence.

use super::scan::{Field, Hit, Scratch, View};
use super::schema::{self, Property};
use super::tokens::{self, Prefix, bit};
use super::{Options, actions, heads, scan};
use crate::model::verdict::Action;
use crate::model::{Category, Evidence, Severity, Signal, Tool, Traits, Verdict};
use crate::rules::compile::{Role, Whole, category_bit, flag};
use crate::rules::source::{Fact, Place, Trait};
use crate::rules::{Compiled, Kind};
use serde_json::Value;
use std::mem;

/// How much of a vote a negated match takes away.
const COUNTER: f64 = 0.3;

/// Votes for the categories.
#[derive(Debug, Clone, Copy, Default)]
struct Scores {
    best: [f64; 6],
    sum: [f64; 6],
    /// The worst category among joined verbs, and its vote.
    joined: Option<(Category, f64)>,
}

impl Scores {
    fn add(&mut self, category: Category, vote: f64) {
        let at = category as usize;
        if vote > self.best[at] {
            self.best[at] = vote;
        }
        self.sum[at] += vote;
    }

    fn of(&self, category: Category, rest: f64) -> f64 {
        let at = category as usize;
        self.best[at] + rest * (self.sum[at] - self.best[at]).min(self.best[at])
    }

    /// The category that is best supported, its score, and the score of the next.
    fn decide(&self, rules: &Compiled) -> (Category, f64, f64) {
        let weights = &rules.weights;
        let score = |category: Category| self.of(category, weights.rest);
        let top = Category::ALL.into_iter().map(score).fold(0.0, f64::max);
        if top < weights.least {
            return (Category::Unknown, top, 0.0);
        }
        let winner = Category::ALL
            .into_iter()
            .rev()
            .find(|c| score(*c) >= top * weights.precedence && score(*c) >= weights.least)
            .unwrap_or(Category::Unknown);
        // Of joined verbs the worst decides, whatever object the others have.
        let winner = match self.joined {
            Some((category, vote)) if category > winner && vote * 1.6 >= top => category,
            _ => winner,
        };
        let next = Category::ALL
            .into_iter()
            .filter(|c| *c != winner)
            .map(score)
            .fold(0.0, f64::max);
        (winner, score(winner), next)
    }
}

/// The verdict on one tool.
pub(super) fn verdict(
    rules: &Compiled,
    scratch: &mut Scratch,
    server: Option<&str>,
    prefix: &Prefix,
    tool: &Tool,
    options: Options,
) -> Verdict {
    let mut properties = Vec::new();
    let mut problems = tool.problems.clone();
    if let Some(schema) = &tool.input_schema
        && !schema::walk(schema, &mut properties)
    {
        problems.push(crate::model::Problem::new(
            "schema_not_walked",
            "the input schema is too deep or too large to be looked at as a whole",
        ));
    }
    read(rules, scratch, server, prefix, tool);
    let mut hits = mem::take(&mut scratch.hits);
    hits.clear();
    let actions = collect(rules, scratch, tool, &properties, options, &mut hits);
    scratch.settle(rules, &hits);
    let mut judge = Judge {
        rules,
        tool,
        server,
        properties: &properties,
        evidence: Vec::new(),
    };
    let scores = judge.categories(scratch, &hits);
    let (category, best, next) = scores.decide(rules);
    let traits = judge.traits(scratch, &hits, category);
    let (signals, severity) = judge.signals(scratch, &hits, category, traits, &actions);
    scratch.hits = hits;
    let confidence = if category == Category::Unknown {
        0.0
    } else {
        (best / (best + next)) * (best / 100.0).min(1.0)
    };
    let decided = actions.iter().map(|a| a.category).max();
    Verdict {
        server: server.map(str::to_owned),
        name: tool.name.clone(),
        category,
        severity,
        confidence: (confidence * 100.0).round() / 100.0,
        signals,
        traits,
        actions: actions
            .into_iter()
            .map(|a| Action {
                decided: Some(a.category) == decided && a.category == category,
                action: a.text,
                category: a.category,
            })
            .collect(),
        findings: Vec::new(),
        evidence: judge.evidence,
        problems,
        overridden: None,
        rules_version: rules.version.to_string(),
    }
}

/// Reads the texts of a tool into the buffers.
fn read(
    rules: &Compiled,
    scratch: &mut Scratch,
    server: Option<&str>,
    prefix: &Prefix,
    tool: &Tool,
) {
    let Scratch {
        raw,
        name,
        title,
        description,
        server: server_toks,
        ..
    } = scratch;
    for buffer in [
        &mut *name,
        &mut *title,
        &mut *description,
        &mut *server_toks,
    ] {
        buffer.clear();
    }
    tokens::read_name(rules, &tool.name, raw, name);
    prefix.strip(&tool.name, name);
    heads::mark_name(name);
    if let Some(text) = &tool.title {
        tokens::read_prose(rules, text, raw, title);
        heads::mark_prose(title);
    }
    if let Some(text) = &tool.description {
        tokens::read_prose(rules, text, raw, description);
        heads::mark_prose(description);
        heads::agree(name, description);
    }
    if let Some(text) = server {
        tokens::read_name(rules, text, raw, server_toks);
    }
}

/// One action of a tool that offers several.
struct Offered {
    text: String,
    category: Category,
}

/// Matches everything; gives the actions.
#[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
fn collect(
    rules: &Compiled,
    scratch: &mut Scratch,
    tool: &Tool,
    properties: &[Property<'_>],
    options: Options,
    hits: &mut Vec<Hit>,
) -> Vec<Offered> {
    let weights = &rules.weights;
    let view = |place, field, weight: f64| View {
        place,
        field,
        weight: weight as f32,
    };
    scan::text(
        rules,
        &scratch.name,
        view(Place::Name, Field::Name, weights.name),
        hits,
    );
    scan::text(
        rules,
        &scratch.title,
        view(Place::Title, Field::Title, weights.title),
        hits,
    );
    scan::text(
        rules,
        &scratch.description,
        view(
            Place::Description,
            Field::Description,
            weights.first_sentence,
        ),
        hits,
    );
    scan::text(
        rules,
        &scratch.server,
        view(Place::Server, Field::Server, weights.server),
        hits,
    );
    // A filter by action on a tool that plainly reads is no choice of actions.
    let reads = scratch
        .name
        .iter()
        .any(|t| t.bits & bit::HEAD != 0 && t.flags & (flag::NOUNISH | flag::READS) == flag::READS);
    let mut offered = Vec::new();
    let mut best: Option<(Category, Hit)> = None;
    let mut other = mem::take(&mut scratch.other);
    for (index, property) in properties.iter().enumerate() {
        let Ok(number) = u16::try_from(index) else {
            break;
        };
        other.clear();
        tokens::read_name(rules, property.name, &mut scratch.raw, &mut other);
        scan::property(rules, &other, number, property, hits);
        if !actions::selects(&other, property) || reads && !property.required {
            continue;
        }
        let values = property.values.unwrap_or_default();
        if values
            .iter()
            .filter_map(Value::as_str)
            .all(actions::is_http_method)
        {
            continue;
        }
        for (place, value) in values.iter().enumerate().take(100) {
            let (Some(text), Ok(place)) = (value.as_str(), u16::try_from(place)) else {
                continue;
            };
            other.clear();
            tokens::read_name(rules, text, &mut scratch.raw, &mut other);
            heads::mark_name(&mut other);
            let field = Field::Value(number, place);
            consider(rules, scratch, &other, text, field, &mut offered, &mut best);
        }
    }
    let mut lists = Vec::new();
    if !reads {
        actions::lists(&scratch.description, &mut lists);
    }
    let description = tool.description.as_deref().unwrap_or_default();
    for (from, to) in lists {
        other.clear();
        other.extend_from_slice(&scratch.description[from..to]);
        let (Some(first), Some(last)) = (other.first(), other.last()) else {
            continue;
        };
        let text = description
            .get(first.start as usize..last.end as usize)
            .unwrap_or_default();
        let offset = first.start;
        other.clear();
        tokens::read_name(rules, text, &mut scratch.raw, &mut other);
        for tok in &mut other {
            tok.start += offset;
            tok.end += offset;
        }
        heads::mark_name(&mut other);
        consider(
            rules,
            scratch,
            &other,
            text,
            Field::Description,
            &mut offered,
            &mut best,
        );
    }
    scratch.other = other;
    if offered
        .iter()
        .filter(|o| o.category != Category::Unknown)
        .count()
        < 2
    {
        offered.clear();
    } else if let Some((category, mut hit)) = best {
        // The worst of the actions decides when the name leaves it open; else it only lifts.
        let plain = scratch.name.iter().any(|t| {
            t.bits & bit::HEAD != 0 && t.flags & flag::WEAK == 0 && t.bits & bit::NOUN == 0
        });
        if plain {
            hit.place = (weights.action * 0.8) as f32;
        }
        hit.raised = true;
        if !plain || category > Category::Read {
            hits.push(hit);
        }
    }
    whole(rules, tool, properties, options, &offered, hits);
    offered
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
    scan::text(rules, toks, view, &mut hits);
    scratch.settle(rules, &hits);
    let mut scores = Scores::default();
    let mut votes: Vec<(Category, Hit)> = Vec::new();
    for hit in &hits {
        let matcher = &rules.matchers[hit.matcher as usize];
        let rule = &rules.rules[matcher.rule as usize];
        if rule.kind == Kind::Category
            && matcher.role == Role::Any
            && let Some(category) = rule.category
            && scratch.fires(rules, matcher.rule)
        {
            scores.add(
                category,
                f64::from(hit.place) * f64::from(matcher.weight) / 100.0,
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
            text: text.to_owned(),
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
                (!offered.is_empty(), Field::Whole, rules.weights.schema)
            }
            Whole::Fact(Fact::OffersRead) => (
                offered.iter().any(|o| o.category == Category::Read),
                Field::Whole,
                rules.weights.schema,
            ),
            Whole::Fact(Fact::Truncated) => (
                tool.description
                    .as_deref()
                    .is_some_and(|d| d.len() > tokens::MOST_BYTES),
                Field::Whole,
                rules.weights.schema,
            ),
            Whole::Fact(_) | Whole::No | Whole::Property => continue,
        };
        if met {
            #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
            hits.push(Hit {
                matcher: *number,
                field,
                start: 0,
                end: 0,
                place: place as f32,
                negated: false,
                raised: false,
            });
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

struct Judge<'a> {
    rules: &'a Compiled,
    tool: &'a Tool,
    server: Option<&'a str>,
    properties: &'a [Property<'a>],
    evidence: Vec<Evidence>,
}

impl Judge<'_> {
    fn categories(&mut self, scratch: &Scratch, hits: &[Hit]) -> Scores {
        let mut scores = Scores::default();
        for rule in &scratch.touched {
            let ready = &self.rules.rules[*rule as usize];
            let (Kind::Category, Some(category)) = (ready.kind, ready.category) else {
                continue;
            };
            if !scratch.fires(self.rules, *rule) {
                continue;
            }
            let mut best: Option<(f64, &Hit)> = None;
            let mut counter: Option<(f64, &Hit)> = None;
            for hit in hits {
                let matcher = &self.rules.matchers[hit.matcher as usize];
                if matcher.rule != *rule || matcher.role == Role::None {
                    continue;
                }
                let vote = f64::from(hit.place) * f64::from(matcher.weight) / 100.0;
                let slot = if hit.negated {
                    &mut counter
                } else if matcher.role == Role::Any {
                    &mut best
                } else {
                    continue;
                };
                if slot.is_none_or(|(known, _)| vote > known) {
                    *slot = Some((vote, hit));
                }
            }
            if let Some((vote, hit)) = best {
                scores.add(category, vote);
                if hit.raised && scores.joined.is_none_or(|(known, _)| category > known) {
                    scores.joined = Some((category, vote));
                }
                self.note(&ready.id, hit, vote, Some(category));
            }
            if let Some((vote, hit)) = counter {
                let against = -(vote * COUNTER);
                scores.best[category as usize] =
                    (scores.best[category as usize] + against).max(0.0);
                self.note(&ready.id, hit, against, Some(category));
            }
        }
        scores
    }

    fn traits(&mut self, scratch: &Scratch, hits: &[Hit], category: Category) -> Traits {
        let mut points = [0.0f64; 3];
        let mut against = [0.0f64; 3];
        for rule in &scratch.touched {
            let ready = &self.rules.rules[*rule as usize];
            let (Kind::Trait, Some(which)) = (ready.kind, ready.trait_) else {
                continue;
            };
            if ready.categories & category_bit(category) == 0 || !scratch.fires(self.rules, *rule) {
                continue;
            }
            let best = hits
                .iter()
                .filter(|hit| {
                    let matcher = &self.rules.matchers[hit.matcher as usize];
                    matcher.rule == *rule && matcher.role != Role::None && !hit.negated
                })
                .max_by(|a, b| {
                    let weight = |h: &Hit| self.rules.matchers[h.matcher as usize].weight.abs();
                    weight(a)
                        .cmp(&weight(b))
                        .then(a.place.total_cmp(&b.place))
                        .then(b.start.cmp(&a.start))
                });
            let Some(hit) = best else { continue };
            let vote = f64::from(self.rules.matchers[hit.matcher as usize].weight);
            let at = Trait::ALL.iter().position(|t| *t == which).unwrap_or(0);
            if vote >= 0.0 {
                points[at] = points[at].max(vote);
            } else {
                against[at] = against[at].max(-vote);
            }
            self.note(&ready.id, hit, vote, None);
        }
        let said = |at: usize| points[at] > 0.0 && points[at] > against[at];
        Traits {
            private_data: said(0),
            untrusted_content: said(1),
            external_egress: said(2),
        }
    }

    /// The signals, in the order of their ids, and the severity with what raises it.
    fn signals(
        &mut self,
        scratch: &Scratch,
        hits: &[Hit],
        category: Category,
        traits: Traits,
        actions: &[Offered],
    ) -> (Vec<Signal>, Severity) {
        let mut signals = Vec::new();
        let base = category.base_severity();
        let mut least = base;
        let mut raises = 0;
        let has = |which: &Trait| match which {
            Trait::PrivateData => traits.private_data,
            Trait::UntrustedContent => traits.untrusted_content,
            Trait::ExternalEgress => traits.external_egress,
        };
        for rule in self.rules.reporting.iter().copied() {
            let ready = &self.rules.rules[rule as usize];
            if ready.categories & category_bit(category) == 0 || !ready.has.iter().all(has) {
                continue;
            }
            let hit = if ready.all == 0 && !ready.has_any {
                // About the verdict alone, unless something speaks against it.
                if scratch.vetoed(rule) {
                    continue;
                }
                None
            } else if scratch.fires(self.rules, rule) {
                let found = hits.iter().filter(|hit| {
                    let matcher = &self.rules.matchers[hit.matcher as usize];
                    matcher.rule == rule && matcher.role != Role::None && !hit.negated
                });
                let first = found
                    .clone()
                    .find(|hit| matches!(hit.field, Field::Property(_)))
                    .or_else(|| found.clone().next());
                let Some(hit) = first.copied() else { continue };
                Some(hit)
            } else {
                continue;
            };
            raises = raises.max(ready.raises);
            if let Some(at_least) = ready.at_least {
                least = least.max(at_least);
            }
            if ready.kind == Kind::Signal {
                let property = match hit.map(|h| h.field) {
                    Some(Field::Property(index)) => {
                        Some(schema::path(self.properties, usize::from(index)))
                    }
                    _ => None,
                };
                signals.push(Signal {
                    id: ready.id.to_string(),
                    title: self.title(&ready.title, property.as_deref(), actions, category),
                    property,
                });
            }
            if let Some(hit) = hit
                && hit.field != Field::Whole
            {
                self.note(&ready.id, &hit, 0.0, None);
            }
        }
        (signals, least.max(base.raised(raises)))
    }

    fn title(
        &self,
        template: &str,
        property: Option<&str>,
        actions: &[Offered],
        category: Category,
    ) -> String {
        if !template.contains('{') {
            return template.to_owned();
        }
        let mut title = template.replace("{category}", category.as_str());
        if title.contains("{prop}") {
            title = match property {
                Some(path) => title.replace("{prop}", path),
                None => title.replace(" ({prop})", ""),
            };
        }
        if title.contains("{count}") {
            title = title.replace("{count}", &schema::top_level(self.properties).to_string());
        }
        if title.contains("{actions}") {
            let mut names: Vec<&str> = actions.iter().map(|a| a.text.as_str()).take(12).collect();
            if actions.len() > 12 {
                names.push("…");
            }
            title = title.replace("{actions}", &names.join(", "));
        }
        title
    }

    fn note(&mut self, rule: &str, hit: &Hit, weight: f64, category: Option<Category>) {
        let (start, end) = (hit.start as usize, hit.end as usize);
        let of = |text: &str| text.get(start..end).unwrap_or_default().to_owned();
        let mut span = [start, end];
        let (field, text) = match hit.field {
            Field::Name => ("name".to_owned(), of(&self.tool.name)),
            Field::Title => (
                "title".to_owned(),
                of(self.tool.title.as_deref().unwrap_or_default()),
            ),
            Field::Description => (
                "description".to_owned(),
                of(self.tool.description.as_deref().unwrap_or_default()),
            ),
            Field::Server => ("server".to_owned(), of(self.server.unwrap_or_default())),
            Field::Property(index) => {
                // The string of a property is its path; the span is that of the name in it.
                let index = usize::from(index);
                let path = schema::path(self.properties, index);
                let name = self.properties.get(index).map_or("", |p| p.name);
                let offset = path.len() - name.len();
                span = [offset + start, offset + end];
                (format!("property:{path}"), of(name))
            }
            Field::Value(index, place) => {
                let index = usize::from(index);
                let path = schema::path(self.properties, index);
                let value = self
                    .properties
                    .get(index)
                    .and_then(|p| p.values)
                    .and_then(|values| values.get(usize::from(place)))
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                (format!("enum:{path}[{place}]"), of(value))
            }
            Field::Annotation(number) => match &self.rules.matchers[number as usize].whole {
                Whole::Annotation(hint, is) => {
                    let text = is.to_string();
                    span = [0, text.len()];
                    (format!("annotation:{hint}"), text)
                }
                _ => ("annotation".to_owned(), String::new()),
            },
            Field::Whole => ("definition".to_owned(), String::new()),
        };
        self.evidence.push(Evidence {
            rule: rule.to_owned(),
            field,
            span,
            text,
            weight: (weight * 100.0).round() / 100.0,
            category,
        });
    }
}
