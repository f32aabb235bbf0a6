//! Puts the parts of a rule set together: the vocabulary with all forms of its words, the phrases,
//! and the tables of the matcher.

use super::compiled::{Compiled, Met, Parts, Pattern, Ready, ReadyRule, Role, Step, Whole};
use super::fact::Fact;
use super::grammar::flag;
use super::guards::Needs;
use super::lexicon::{Irregular, LexiconFile};
use super::load::RuleSet;
use super::presets::Presets;
use super::source::Kind;
use super::tables::{Word, Words};
use super::vocabulary::Vocabulary;
use crate::text::inflect::{self, Form};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many of a million words are taken to be a word that is not known to be common.
const RARE: u32 = 20;

/// Words and their numbers; what depends on an order sorts them first.
pub(super) type Ids = HashMap<String, u32, foldhash::fast::FixedState>;

fn in_order(words: &Ids) -> Vec<(&String, &u32)> {
    let mut all: Vec<_> = words.iter().collect();
    all.sort_unstable();
    all
}

/// The verbs before all others: *copies* is of *copy*, whatever else is written like *copie*.
fn verbs_first<'a>(
    mut words: Vec<(&'a String, &'a u32)>,
    flags: &[u32],
) -> Vec<(&'a String, &'a u32)> {
    words.sort_by_key(|(_, id)| flags[**id as usize] & flag::VERB == 0);
    words
}

/// Building the vocabulary.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) ids: Ids,
    pub(super) bases: Vec<String>,
    pub(super) flags: Vec<u32>,
    /// Inflected surfaces of the lexicon's words, so that a rule that writes one means the word.
    surfaces: Ids,
    /// How many words the lexicon has; those after them are written by rules alone.
    of_lexicon: u32,
    elements: BTreeMap<BTreeSet<u32>, u32>,
    /// What entries of rules stand for, and whether in a text rule.
    pub(super) sequences: HashMap<(String, bool), BTreeSet<Vec<Step>>>,
}

impl Builder {
    pub(super) fn word(&mut self, base: &str) -> u32 {
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
    pub(super) fn plain(&mut self, text: &str) -> u32 {
        match self.surfaces.get(text) {
            Some(id) if !self.ids.contains_key(text) => *id,
            _ => self.word(text),
        }
    }

    /// Learns the inflected forms of the words so far.
    pub(super) fn learn_surfaces(&mut self, lexicon: &LexiconFile) {
        self.of_lexicon = u32::try_from(self.bases.len()).unwrap_or(u32::MAX);
        for (base, id) in verbs_first(in_order(&self.ids), &self.flags) {
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

    /// The number of a word that a rule writes, where it has one.
    pub(super) fn known(&self, text: &str) -> Option<u32> {
        let known = self.ids.get(text).or_else(|| self.surfaces.get(text));
        known.copied()
    }

    /// The phrases of two words, by the first: the second, and the phrase. Words that only phrases
    /// have so far have no number yet.
    pub(super) fn pairs(&self) -> BTreeMap<String, Vec<(String, u32)>> {
        let mut pairs: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
        for (base, phrase) in in_order(&self.ids) {
            if let Some((first, second)) = base.split_once(' ') {
                let known = self.known(first).map(|id| &self.bases[id as usize]);
                let first = known.map_or(first, String::as_str).to_owned();
                let next = (second.to_owned(), *phrase);
                pairs.entry(first).or_default().push(next);
            }
        }
        pairs
    }

    pub(super) fn element(&mut self, words: BTreeSet<u32>) -> u32 {
        let next = u32::try_from(self.elements.len()).unwrap_or(u32::MAX);
        *self.elements.entry(words).or_insert(next)
    }
}
/// What each rule needs, and what of it is no words.
fn parts(rules: &[ReadyRule], matchers: &[Ready]) -> Parts {
    let mut parts = Parts {
        needed: rules
            .iter()
            .map(|rule| Role::Any.bit() * u64::from(rule.has_any))
            .collect(),
        given: vec![0; rules.len()],
    };
    for matcher in matchers {
        let (rule, bit) = (matcher.asks.rule as usize, matcher.asks.role.bit());
        if let Role::All(_) = matcher.asks.role {
            parts.needed[rule] |= bit;
        }
        if matcher.whole != Whole::No {
            parts.given[rule] |= bit;
        }
    }
    parts
}

/// What each text rule needs in words. A rule that needs a mark too is left out: a string with a
/// mark is looked at anyway.
fn needs(rules: &[ReadyRule], matchers: &[Ready]) -> Vec<Needs> {
    let mut needs = vec![Needs::default(); rules.len()];
    for matcher in matchers {
        let rule = matcher.asks.rule as usize;
        let facts = rules[rule].facts;
        if rules[rule].kind != Kind::Text || matcher.whole != Whole::No {
            continue;
        }
        match matcher.asks.role {
            Role::Any if facts.any => {}
            role => needs[rule].words |= role.bit(),
        }
    }
    for (rule, needs) in rules.iter().zip(&mut needs) {
        if rule.facts.any && !rule.facts.any_unplaced {
            needs.facts = Role::Any.bit();
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

/// Of each word that the lexicon has as a noun and that is a form of a verb of it, that verb.
fn verbs_behind_plurals(ids: &Ids, flags: &[u32]) -> Vec<u32> {
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
pub(super) fn assemble(
    set: &RuleSet,
    builder: Builder,
    lexicon: &LexiconFile,
    patterns: Vec<Pattern>,
    matchers: Vec<Ready>,
    wholes: Vec<u32>,
    rules: Vec<ReadyRule>,
    facts_alone: bool,
    presets: Presets,
) -> Compiled {
    let Builder {
        mut ids,
        mut bases,
        mut flags,
        elements,
        surfaces,
        of_lexicon,
        ..
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
    for (base, id) in verbs_first(own, &flags).into_iter().chain(written) {
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
    let mut one_phrase: Vec<(u32, u32)> = Vec::new();
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
                if entry.1 == 0 {
                    entry.1 = *phrase;
                } else {
                    one_phrase.push((entry.1, *phrase));
                }
            }
            place_in_tree = entry.0;
        }
    }
    let mut elements = by_number(elements);
    add_written_forms(&ids, of_lexicon, &mut elements);
    // *Take screenshot* and *take screenshots* are the same words: a text has the first of them, and
    // what is said of the other holds for it too.
    for (met, same) in one_phrase {
        flags[met as usize] |= flags[same as usize];
        for words in elements.iter_mut().filter(|words| words.contains(&same)) {
            words.insert(met);
        }
    }
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
    let parts = parts(&rules, &matchers);
    let words = Words::new(words, &patterns, &elements, &frequency, &needs, &verb_of);
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
        wholes: wholes
            .into_iter()
            .filter(|number| matchers[*number as usize].whole.is_of_definition())
            .collect(),
        matchers,
        reporting: (0u32..)
            .zip(&rules)
            .filter(|(_, rule)| matches!(rule.kind, Kind::Signal | Kind::Severity))
            .map(|(index, _)| index)
            .collect(),
        rules,
        facts_alone,
        parts,
        presets,
        weights: set.weights().clone(),
        version: set.version().into(),
    }
}
