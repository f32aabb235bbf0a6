//! Makes a rule set ready for matching: reads the lexicon's classes and the rules' sequences into
//! a [`Compiled`].

use super::compiled::{
    Asks, Compiled, Facts, GRAMMAR, MOST_GAP, Met, Pattern, Ready, ReadyRule, Role, Step, User,
    Whole, bound_bit, category_bit, flag, place_bit, type_bit,
};
use super::lexicon::{Irregular, LexiconFile, Part};
use super::load::{RuleError, RuleSet};
use super::source::{At, Fact, Kind, Match, Matcher, Place, Rule, Sentence, Status};
use super::tables::{Needs, Word, Words};
use super::vocabulary::Vocabulary;
use crate::model::Severity;
use crate::text::inflect::{self, Form};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many of a million words are taken to be a word that is not known to be common.
const RARE: u32 = 20;

/// Words and their numbers; what depends on an order sorts them first.
type Ids = HashMap<String, u32, foldhash::fast::FixedState>;

fn in_order(words: &Ids) -> Vec<(&String, &u32)> {
    let mut all: Vec<_> = words.iter().collect();
    all.sort_unstable();
    all
}

/// Building the vocabulary.
#[derive(Default)]
struct Builder {
    ids: Ids,
    bases: Vec<String>,
    flags: Vec<u16>,
    /// Inflected surfaces of the lexicon's words, so that a rule that writes one means the word.
    surfaces: Ids,
    /// How many words the lexicon has; those after them are written by rules alone.
    of_lexicon: u32,
    elements: BTreeMap<BTreeSet<u32>, u32>,
}

impl Builder {
    fn word(&mut self, base: &str) -> u32 {
        if let Some(id) = self.ids.get(base) {
            return *id;
        }
        let id = u32::try_from(self.bases.len()).unwrap_or(u32::MAX);
        self.ids.insert(base.to_owned(), id);
        self.bases.push(base.to_owned());
        self.flags.push(0);
        id
    }

    /// A word that a rule writes: a form of a word of the lexicon is that word.
    fn plain(&mut self, text: &str) -> u32 {
        match self.surfaces.get(text) {
            Some(id) if !self.ids.contains_key(text) => *id,
            _ => self.word(text),
        }
    }

    /// Learns the inflected forms of the words so far.
    fn learn_surfaces(&mut self, lexicon: &LexiconFile) {
        self.of_lexicon = u32::try_from(self.bases.len()).unwrap_or(u32::MAX);
        for (base, id) in in_order(&self.ids) {
            let irregular = lexicon.irregular.get(base);
            let past = irregular
                .iter()
                .flat_map(|i| i.past.iter().chain(&i.s))
                .cloned();
            let regular = inflect::forms(base).into_iter().map(|(surface, _)| surface);
            for surface in past.chain(regular) {
                self.surfaces.entry(surface).or_insert(*id);
            }
        }
    }

    fn element(&mut self, words: BTreeSet<u32>) -> u32 {
        let next = u32::try_from(self.elements.len()).unwrap_or(u32::MAX);
        *self.elements.entry(words).or_insert(next)
    }
}
impl Compiled {
    /// Compiles a rule set. Deprecated rules are left out.
    pub fn new(set: &RuleSet) -> Result<Compiled, RuleError> {
        let lexicon = set.lexicon();
        let mut builder = Builder::default();
        builder.word(""); // 0: unknown
        let members = class_members(lexicon, &mut builder)?;
        builder.learn_surfaces(lexicon);
        for (class, bit) in GRAMMAR {
            let Some(words) = members.get(class) else {
                return Err(RuleError::Rule {
                    file: "lexicon".to_owned(),
                    message: format!("the class @{class} is missing; the engine needs it"),
                });
            };
            for word in words {
                builder.flags[*word as usize] |= bit;
            }
        }
        let mut patterns: BTreeMap<Vec<Step>, Vec<u32>> = BTreeMap::new();
        let mut matchers = Vec::new();
        let mut wholes = Vec::new();
        let mut rules = Vec::new();
        for rule in set.rules().filter(|rule| rule.status != Status::Deprecated) {
            let index = u32::try_from(rules.len()).unwrap_or(u32::MAX);
            let mut categories = u8::MAX;
            let mut has = Vec::new();
            let mut all = 0u8;
            let mut facts = Facts::default();
            let lists = [
                (&rule.matches.any, 0),
                (&rule.matches.all, 1),
                (&rule.matches.none, 2),
            ];
            for (list, role) in lists {
                for matcher in list {
                    if let Some(which) = matcher.has {
                        has.push(which);
                        continue;
                    }
                    if let Some(wanted) = &matcher.category {
                        let mask = wanted.0.iter().fold(0, |m, c| m | category_bit(*c));
                        categories &= if role == 2 { !mask } else { mask };
                        continue;
                    }
                    let role = match role {
                        0 => Role::Any,
                        1 => {
                            all += 1;
                            Role::All(all - 1)
                        }
                        _ => Role::None,
                    };
                    let ready = prepare(rule, index, matcher, role)?;
                    if matches!(ready.whole, Whole::Fact(_)) {
                        match role {
                            Role::Any => facts.any = true,
                            Role::All(part) => facts.all |= 1 << part,
                            Role::None => {}
                        }
                    }
                    let number = u32::try_from(matchers.len()).unwrap_or(u32::MAX);
                    let mut sequences = Vec::new();
                    for list in [&matcher.words, &matcher.name, &matcher.name_ends]
                        .into_iter()
                        .flatten()
                    {
                        for text in &list.0 {
                            sequences.push(sequence(rule, text, &members, &mut builder)?);
                        }
                    }
                    if sequences.is_empty() {
                        wholes.push(number);
                    }
                    for steps in sequences {
                        patterns.entry(steps).or_default().push(number);
                    }
                    matchers.push(ready);
                }
            }
            rules.push(ReadyRule {
                id: rule.id.as_str().into(),
                kind: rule.kind,
                title: rule.title.as_str().into(),
                category: rule.category,
                trait_: rule.trait_,
                raises: rule.raises,
                at_least: rule.at_least,
                severity: rule.severity.unwrap_or(Severity::Medium),
                family: rule.family.clone(),
                alone: rule.alone,
                facts,
                within: rule.matches.within.unwrap_or(u16::MAX),
                all,
                has_any: rule
                    .matches
                    .any
                    .iter()
                    .any(|m| m.category.is_none() && m.has.is_none()),
                categories,
                has,
            });
        }
        let patterns: Vec<Pattern> = patterns
            .into_iter()
            .map(|(steps, users)| {
                let users: Vec<User> = users
                    .into_iter()
                    .map(|matcher| User {
                        matcher,
                        asks: matchers[matcher as usize].asks,
                    })
                    .collect();
                Pattern { steps, users }
            })
            .collect();
        let facts_alone = set.rules().any(asks_facts_alone);
        Ok(assemble(
            set,
            builder,
            lexicon,
            patterns,
            matchers,
            wholes,
            rules,
            facts_alone,
        ))
    }
}

/// What each text rule needs in words. A rule that needs a mark too is left out: a string with a
/// mark is looked at anyway.
fn needs(rules: &[ReadyRule], matchers: &[Ready]) -> Vec<Needs> {
    let mut needs = vec![Needs::default(); rules.len()];
    for matcher in matchers {
        let rule = matcher.asks.rule as usize;
        let open = matcher.asks.role == Role::Any && rules[rule].facts.any;
        if rules[rule].kind == Kind::Text && matcher.whole == Whole::No && !open {
            needs[rule].0 |= matcher.asks.role.bit();
        }
    }
    for matcher in matchers {
        if let (Whole::Fact(fact), Role::All(_)) = (&matcher.whole, matcher.asks.role)
            && (fact.is_mark() || *fact == Fact::Decoded)
        {
            needs[matcher.asks.rule as usize] = Needs::default();
        }
    }
    needs
}

/// Whether a text rule asks only for facts that neither a word nor a mark of a string shows.
fn asks_facts_alone(rule: &Rule) -> bool {
    let unseen = |matcher: &Matcher| {
        matches!(
            matcher.fact,
            Some(
                Fact::ForeignTool
                    | Fact::OtherTool
                    | Fact::MailAddress
                    | Fact::Address
                    | Fact::IsName
                    | Fact::IsParameter
            )
        )
    };
    let Match { any, all, .. } = &rule.matches;
    rule.kind == Kind::Text
        && rule.status != Status::Deprecated
        && (any.is_empty() || any.iter().any(unseen))
        && all.iter().all(unseen)
}

fn class_members(
    lexicon: &LexiconFile,
    builder: &mut Builder,
) -> Result<BTreeMap<String, BTreeSet<u32>>, RuleError> {
    let mut members: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for (name, class) in &lexicon.class {
        let mut words = BTreeSet::new();
        for word in &class.words {
            let id = builder.word(&word.to_lowercase());
            match class.part {
                Part::Verb => builder.flags[id as usize] |= flag::VERB,
                Part::Noun => builder.flags[id as usize] |= flag::NOUN,
                Part::Other => {}
            }
            words.insert(id);
        }
        members.insert(name.clone(), words);
    }
    // Classes include classes; three rounds allow three levels, more is not needed and is refused.
    for round in 0..4 {
        let mut grew = false;
        for (name, class) in &lexicon.class {
            for other in &class.includes {
                let Some(more) = members.get(other).cloned() else {
                    return Err(RuleError::Rule {
                        file: "lexicon".to_owned(),
                        message: format!("@{name} includes @{other}, which does not exist"),
                    });
                };
                if let Some(own) = members.get_mut(name) {
                    let before = own.len();
                    own.extend(more);
                    grew |= own.len() > before;
                }
            }
        }
        if !grew {
            break;
        }
        if round == 3 {
            return Err(RuleError::Rule {
                file: "lexicon".to_owned(),
                message: "classes include each other more than three levels deep".to_owned(),
            });
        }
    }
    Ok(members)
}

fn prepare(rule: &Rule, index: u32, wanted: &Matcher, part: Role) -> Result<Ready, RuleError> {
    let wrong = |message: String| RuleError::Rule {
        file: rule.file.clone(),
        message,
    };
    let mut types = 0;
    for name in wanted.types.iter().flat_map(|list| &list.0) {
        let bit = type_bit(name);
        if bit == 0 {
            return Err(wrong(format!("{name:?} is no type of a property")));
        }
        types |= bit;
    }
    let places = wanted
        .place
        .0
        .iter()
        .fold(0, |bits, place| bits | place_bit(*place));
    let has_words = wanted.words.is_some() || wanted.name.is_some() || wanted.name_ends.is_some();
    let about_property = places == place_bit(Place::Property);
    let whole = if has_words {
        Whole::No
    } else if let (Some(hint), Some(is)) = (&wanted.hint, wanted.is) {
        Whole::Annotation(hint.clone(), is)
    } else if let Some(fact) = wanted.fact {
        Whole::Fact(fact)
    } else if wanted.properties_at_least.is_some() || wanted.properties_at_most.is_some() {
        Whole::Properties(wanted.properties_at_least, wanted.properties_at_most)
    } else if about_property {
        Whole::Property
    } else {
        return Err(wrong(
            "a matcher says neither words nor anything else to match".to_owned(),
        ));
    };
    if (wanted.name.is_some() || wanted.name_ends.is_some()) && !about_property {
        return Err(wrong(
            "`name` and `name_ends` are for `in = \"property\"`; use `words` elsewhere".to_owned(),
        ));
    }
    Ok(Ready {
        asks: Asks {
            rule: index,
            role: part,
            weight: wanted.weight.unwrap_or(rule.weight),
            places,
            at: wanted.at.unwrap_or(match rule.kind {
                Kind::Category if part == Role::Any => At::Verb,
                _ => At::Any,
            }),
            sentence: wanted.sentence.unwrap_or(Sentence::Main),
            ends: wanted.name_ends.is_some(),
        },
        types,
        formats: wanted
            .format
            .iter()
            .flat_map(|list| list.0.clone())
            .collect(),
        bounds: wanted
            .constrained
            .iter()
            .flat_map(|list| &list.0)
            .fold(0, |bits, bound| bits | bound_bit(*bound)),
        required: wanted.required,
        depth: wanted.depth.unwrap_or(u8::MAX),
        whole,
    })
}

/// `@delete ..3 page|file` to steps.
fn sequence(
    rule: &Rule,
    text: &str,
    members: &BTreeMap<String, BTreeSet<u32>>,
    builder: &mut Builder,
) -> Result<Vec<Step>, RuleError> {
    let wrong = |message: String| RuleError::Rule {
        file: rule.file.clone(),
        message,
    };
    let mut steps = Vec::new();
    let mut gap = 0u8;
    let parts: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        at += 1;
        if let Some(count) = part.strip_prefix("..") {
            gap = count
                .parse()
                .map_err(|_| wrong(format!("{part:?} in {text:?} is no gap such as ..3")))?;
            if steps.is_empty() || usize::from(gap) > MOST_GAP {
                return Err(wrong(format!(
                    "{text:?}: a gap stands between words and is at most ..{MOST_GAP}"
                )));
            }
            continue;
        }
        let mut words = BTreeSet::new();
        // Words in a row that are a phrase of the lexicon are met as that phrase.
        let phrase = (at + 1..=parts.len().min(at + 3)).rev().find_map(|to| {
            let joined = parts[at - 1..to].join(" ").to_lowercase();
            builder.ids.get(&joined).map(|id| (*id, to))
        });
        if let Some((id, to)) = phrase {
            words.insert(id);
            at = to;
        } else {
            for one in part.split('|') {
                if let Some(class) = one.strip_prefix('@') {
                    let Some(class) = members.get(class) else {
                        return Err(wrong(format!("there is no word class @{class}")));
                    };
                    words.extend(class);
                } else {
                    words.insert(builder.plain(&one.to_lowercase()));
                }
            }
        }
        steps.push(Step {
            element: builder.element(words),
            gap,
        });
        gap = 0;
    }
    if steps.is_empty() || gap > 0 {
        return Err(wrong(format!("{text:?} does not end with a word")));
    }
    Ok(steps)
}

/// Of each word that the lexicon has as a noun and that is a form of a verb of it, that verb.
fn verbs_behind_plurals(ids: &Ids, flags: &[u16]) -> Vec<u32> {
    let mut verbs = vec![0; flags.len()];
    for (base, id) in in_order(ids) {
        if flags[*id as usize] & flag::VERB == 0 {
            continue;
        }
        for (surface, form) in inflect::forms(base) {
            if form == Form::S
                && let Some(plural) = ids.get(&surface)
                && flags[*plural as usize] & (flag::VERB | flag::CONDITION | flag::ZONE) == 0
            {
                verbs[*plural as usize] = *id;
            }
        }
    }
    verbs
}

/// The words of each element, by its number.
fn by_number(elements: BTreeMap<BTreeSet<u32>, u32>) -> Vec<BTreeSet<u32>> {
    let mut numbered: Vec<(BTreeSet<u32>, u32)> = elements.into_iter().collect();
    numbered.sort_unstable_by_key(|(_, number)| *number);
    numbered.into_iter().map(|(words, _)| words).collect()
}

/// Lets a form that one rule writes (`lines`) still count where another rule writes its base
/// (`line`): as a word of its own it would be taken from that rule.
fn add_written_forms(ids: &Ids, of_lexicon: u32, elements: &mut [BTreeSet<u32>]) {
    let mut forms_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (base, id) in in_order(ids)
        .into_iter()
        .filter(|(_, id)| **id >= of_lexicon)
    {
        let written = inflect::forms(base)
            .into_iter()
            .filter_map(|(surface, _)| ids.get(&surface).copied())
            .filter(|form| *form >= of_lexicon);
        forms_of.entry(*id).or_default().extend(written);
    }
    for words in elements {
        let forms: Vec<u32> = words
            .iter()
            .filter_map(|word| forms_of.get(word))
            .flatten()
            .copied()
            .collect();
        words.extend(forms);
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one value, made once"
)]
fn assemble(
    set: &RuleSet,
    builder: Builder,
    lexicon: &LexiconFile,
    patterns: Vec<Pattern>,
    matchers: Vec<Ready>,
    wholes: Vec<u32>,
    rules: Vec<ReadyRule>,
    facts_alone: bool,
) -> Compiled {
    let Builder {
        mut ids,
        mut bases,
        mut flags,
        elements,
        surfaces,
        of_lexicon,
    } = builder;
    // Words that occur only inside phrases need ids too.
    let phrases: Vec<(u32, Vec<String>)> = bases
        .iter()
        .enumerate()
        .filter(|(_, base)| base.contains(' '))
        .map(|(id, base)| {
            (
                u32::try_from(id).unwrap_or(0),
                base.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect();
    for part in phrases.iter().flat_map(|(_, parts)| parts) {
        // A form of a known word stays that word, so that a phrase takes it from no rule.
        if !ids.contains_key(part) && !surfaces.contains_key(part) {
            ids.insert(part.clone(), u32::try_from(bases.len()).unwrap_or(0));
            bases.push(part.clone());
            flags.push(0);
        }
    }
    let mut vocabulary = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(7));
    let mut longest_run = 0;
    let none = Irregular::default();
    // The forms of the lexicon's words come first: a word that one rule writes takes none of them.
    let words = in_order(&ids);
    let (own, written): (Vec<_>, Vec<_>) = words.into_iter().partition(|(_, id)| **id < of_lexicon);
    for (base, id) in own.into_iter().chain(written) {
        if base.contains(' ') || base.is_empty() {
            continue;
        }
        longest_run = longest_run.max(if base.is_ascii() {
            0
        } else {
            base.chars().count()
        });
        let irregular = lexicon.irregular.get(base).unwrap_or(&none);
        let mut forms = Vec::new();
        for (list, form) in [(&irregular.past, Form::Past), (&irregular.s, Form::S)] {
            forms.extend(list.iter().map(|surface| (surface.clone(), form)));
        }
        if flags[*id as usize]
            & (flag::NEGATION | flag::CONJUNCTION | flag::DETERMINER | flag::PREPOSITION)
            == 0
        {
            forms.extend(inflect::forms(base));
        }
        for (surface, form) in forms {
            // A word that stands in the lexicon itself is never a form of another.
            if !ids.contains_key(&surface) {
                vocabulary
                    .entry(surface.into_boxed_str())
                    .or_insert(Met { word: *id, form });
            }
        }
    }
    let verb_of = verbs_behind_plurals(&ids, &flags);
    for (base, id) in &ids {
        if !base.is_empty() && !base.contains(' ') {
            vocabulary.insert(
                base.as_str().into(),
                Met {
                    word: *id,
                    form: Form::Base,
                },
            );
        }
    }
    let mut frequency = vec![RARE; bases.len()];
    for common in &lexicon.common {
        for met in common
            .words
            .iter()
            .filter_map(|word| vocabulary.get(word.as_str()))
        {
            frequency[met.word as usize] += common.per_million;
        }
    }
    let mut tree = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(7));
    let mut goes_on = vec![0u64; bases.len()];
    let mut nodes = 0u32;
    for (phrase, parts) in &phrases {
        let mut place_in_tree = 0u32;
        let mut first = 0;
        for (place, part) in parts.iter().enumerate() {
            let word = ids
                .get(part)
                .or_else(|| surfaces.get(part))
                .copied()
                .unwrap_or(0);
            match place {
                0 => first = word,
                1 => goes_on[first as usize] |= 1 << (word & 63),
                _ => {}
            }
            let entry = tree.entry((place_in_tree, word)).or_insert_with(|| {
                nodes += 1;
                (nodes, 0)
            });
            if place + 1 == parts.len() {
                entry.1 = *phrase;
            }
            place_in_tree = entry.0;
        }
    }
    let mut elements = by_number(elements);
    add_written_forms(&ids, of_lexicon, &mut elements);
    let words = flags
        .iter()
        .zip(goes_on)
        .map(|(flags, goes_on)| Word::new(*flags, goes_on))
        .collect();
    let mut text_facts: Vec<(u32, Fact)> = wholes
        .iter()
        .filter_map(|number| {
            let matcher = &matchers[*number as usize];
            let is_text = rules[matcher.asks.rule as usize].kind == Kind::Text;
            match &matcher.whole {
                Whole::Fact(fact) if is_text => Some((*number, *fact)),
                _ => None,
            }
        })
        .collect();
    text_facts.sort_by_key(|(_, fact)| *fact);
    let needs = needs(&rules, &matchers);
    let words = Words::new(words, &patterns, &elements, &frequency, &needs);
    Compiled {
        vocabulary: Vocabulary::new(vocabulary),
        words,
        verb_of,
        phrases: tree,
        longest_run,
        patterns,
        any_property: wholes
            .iter()
            .copied()
            .filter(|number| matchers[*number as usize].whole == Whole::Property)
            .collect(),
        text_facts,
        matchers,
        wholes,
        reporting: (0u32..)
            .zip(&rules)
            .filter(|(_, rule)| matches!(rule.kind, Kind::Signal | Kind::Severity))
            .map(|(index, _)| index)
            .collect(),
        rules,
        facts_alone,
        weights: set.weights().clone(),
        version: set.version().into(),
    }
}

#[cfg(test)]
mod tests;
