//! A rule set made ready for matching: one vocabulary, word classes as bit rows, word sequences
//! by their first word.

use super::lexicon::{Irregular, LexiconFile, Part};
use super::load::{RuleError, RuleSet};
use super::source::{
    At, Bound, Fact, Kind, Matcher, Place, Rule, Sentence, Status, Trait, Weights,
};
use crate::model::{Category, Severity};
use crate::text::inflect::{self, Form};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Classes that the engine itself asks for; a lexicon must have them.
pub const GRAMMAR: [(&str, u16); 14] = [
    ("ambiguous", flag::AMBIGUOUS),
    ("lead", flag::LEAD),
    ("negation", flag::NEGATION),
    ("conjunction", flag::CONJUNCTION),
    ("determiner", flag::DETERMINER),
    ("preposition", flag::PREPOSITION),
    ("zone", flag::ZONE),
    ("condition", flag::CONDITION),
    ("selector", flag::SELECTOR),
    ("contrast", flag::CONTRAST),
    ("info", flag::INFO),
    ("nounish", flag::NOUNISH),
    ("weak", flag::WEAK),
    ("read", flag::READS),
];

/// What the engine knows of a word.
pub mod flag {
    /// In some verb class.
    pub const VERB: u16 = 1;
    /// A verb that is as often a noun.
    pub const AMBIGUOUS: u16 = 1 << 1;
    /// Stands before the verb of a sentence without changing it.
    pub const LEAD: u16 = 1 << 2;
    /// Negates what follows.
    pub const NEGATION: u16 = 1 << 3;
    /// Joins verbs.
    pub const CONJUNCTION: u16 = 1 << 4;
    /// Begins an object.
    pub const DETERMINER: u16 = 1 << 5;
    /// Begins a circumstance.
    pub const PREPOSITION: u16 = 1 << 6;
    /// Heads a part of little weight when a colon follows.
    pub const ZONE: u16 = 1 << 7;
    /// Begins a sentence that says when, not what.
    pub const CONDITION: u16 = 1 << 8;
    /// A property of this name selects one of several actions.
    pub const SELECTOR: u16 = 1 << 9;
    /// Ends the scope of a negation.
    pub const CONTRAST: u16 = 1 << 10;
    /// A noun of information: a name that ends with it and has no verb reads.
    pub const INFO: u16 = 1 << 11;
    /// In some noun class.
    pub const NOUN: u16 = 1 << 12;
    /// A verb that is a noun in most names.
    pub const NOUNISH: u16 = 1 << 13;
    /// A verb that says little by itself.
    pub const WEAK: u16 = 1 << 14;
    /// A verb that returns information.
    pub const READS: u16 = 1 << 15;
}

/// A word as it was met in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// Index of the base word; 0 is every word that no rule knows.
    pub word: u32,
    /// Which form it has.
    pub form: Form,
}

/// The word that no rule knows.
pub const UNKNOWN: Met = Met {
    word: 0,
    form: Form::Base,
};

/// One step of a word sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// Which set of words.
    pub element: u32,
    /// At most so many words between this step and the one before it.
    pub gap: u8,
}

/// A sequence and the matchers that use it.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The steps; the first has no gap.
    pub steps: Vec<Step>,
    /// Bits of the places that any user looks in.
    pub places: u16,
    /// Matchers, by index.
    pub users: Vec<u32>,
}

/// The part a matcher has in its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One of `any`.
    Any,
    /// The n-th of `all`.
    All(u8),
    /// One of `none`.
    None,
}

/// One matcher, ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Its rule, by index.
    pub rule: u32,
    /// Its part in the rule.
    pub role: Role,
    /// Bits of the places.
    pub places: u16,
    /// Where the sequence must begin.
    pub at: At,
    /// Which sentence counts.
    pub sentence: Sentence,
    /// The sequence must end with the property's name.
    pub ends: bool,
    /// Bits of [`type_bit`]; 0 for any type.
    pub types: u16,
    /// Formats; empty for any.
    pub formats: Vec<String>,
    /// Bits of [`bound_bit`]; 0 for any.
    pub bounds: u8,
    /// Whether the property is required.
    pub required: Option<bool>,
    /// The deepest level.
    pub depth: u8,
    /// Per cent of the place's weight.
    pub weight: i32,
    /// Conditions on the whole schema or definition.
    pub whole: Whole,
}

/// A condition that is not about words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whole {
    /// None.
    No,
    /// Number of properties.
    Properties(Option<usize>, Option<usize>),
    /// A claim of the server.
    Annotation(String, bool),
    /// A computed fact.
    Fact(Fact),
    /// A property of some type, format or bound, whatever its name.
    Property,
}

/// One rule, ready.
#[derive(Debug, Clone)]
pub struct ReadyRule {
    /// Its id.
    pub id: Box<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its title.
    pub title: Box<str>,
    /// The category it votes for.
    pub category: Option<Category>,
    /// The trait it votes on.
    pub trait_: Option<Trait>,
    /// Steps it raises the severity.
    pub raises: u8,
    /// The severity it lifts to.
    pub at_least: Option<Severity>,
    /// Severity of a text finding.
    pub severity: Severity,
    /// Family of a text rule.
    pub family: String,
    /// Whether a text rule is reported without a second witness.
    pub alone: bool,
    /// How many of `all` there are, apart from the category.
    pub all: u8,
    /// Whether there is any `any`.
    pub has_any: bool,
    /// Categories it is for, as bits; `u8::MAX` for all.
    pub categories: u8,
    /// Traits that the verdict must have.
    pub has: Vec<Trait>,
}

/// A rule set ready for matching.
#[derive(Debug, Clone)]
pub struct Compiled {
    vocabulary: HashMap<Box<str>, Met, foldhash::fast::FixedState>,
    flags: Vec<u16>,
    rows: Vec<u64>,
    stride: usize,
    starts: Vec<Vec<u32>>,
    phrases: HashMap<(u32, u32), (u32, u32), foldhash::fast::FixedState>,
    phrase_heads: Vec<bool>,
    /// Longest word of the vocabulary in bytes, so that nothing longer is looked up.
    longest: usize,
    /// Longest unspaced word in characters.
    pub longest_run: usize,
    /// Word sequences.
    pub patterns: Vec<Pattern>,
    /// Matchers.
    pub matchers: Vec<Ready>,
    /// Matchers that are not started by words.
    pub wholes: Vec<u32>,
    /// Rules, in the order of their ids.
    pub rules: Vec<ReadyRule>,
    /// The signal and severity rules among them.
    pub reporting: Vec<u32>,
    /// Beginnings of words that make a string worth a look by the text rules.
    pub triggers: aho_corasick::AhoCorasick,
    /// Weights.
    pub weights: Weights,
    /// Hash of the rule files.
    pub version: Box<str>,
}

/// The bit of a place.
pub const fn place_bit(place: Place) -> u16 {
    1 << place as u16
}

/// The bit of a category.
pub const fn category_bit(category: Category) -> u8 {
    1 << category as u8
}

/// The bit of a JSON type as a rule writes it; 0 for none that is known.
pub fn type_bit(name: &str) -> u16 {
    match name {
        "string" => 1,
        "string[]" => 1 << 1,
        "number" => 1 << 2,
        "integer" => 1 << 3,
        "boolean" => 1 << 4,
        "object" => 1 << 5,
        "object[]" => 1 << 6,
        "array" => 1 << 7,
        "any" => 1 << 8,
        "number[]" => 1 << 9,
        _ => 0,
    }
}

/// The bit of a bound.
pub const fn bound_bit(bound: Bound) -> u8 {
    1 << bound as u8
}

/// Building the vocabulary.
#[derive(Default)]
struct Builder {
    ids: BTreeMap<String, u32>,
    bases: Vec<String>,
    flags: Vec<u16>,
    /// Inflected surfaces of the lexicon's words, so that a rule that writes one means the word.
    surfaces: BTreeMap<String, u32>,
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
        for (base, id) in &self.ids {
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
            .map(|(steps, users)| Pattern {
                places: users
                    .iter()
                    .fold(0, |bits, user| bits | matchers[*user as usize].places),
                steps,
                users,
            })
            .collect();
        let triggers = aho_corasick::AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&set.weights().text_triggers)
            .map_err(|error| RuleError::Rule {
                file: "taxonomy.toml".to_owned(),
                message: format!("text_triggers: {error}"),
            })?;
        Ok(assemble(
            set, builder, lexicon, patterns, matchers, wholes, rules, triggers,
        ))
    }

    /// Looks a word up; case does not matter.
    #[inline]
    pub fn look_up(&self, word: &str) -> Met {
        // The possessive is the word.
        let word = word
            .strip_suffix("'s")
            .or_else(|| word.strip_suffix("’s"))
            .unwrap_or(word);
        if word.len() > self.longest {
            return UNKNOWN;
        }
        if word.is_ascii() {
            let mut buffer = [0u8; 64];
            let Some(lower) = buffer.get_mut(..word.len()) else {
                return UNKNOWN;
            };
            lower.copy_from_slice(word.as_bytes());
            lower.make_ascii_lowercase();
            return std::str::from_utf8(lower)
                .ok()
                .and_then(|lower| self.vocabulary.get(lower))
                .copied()
                .unwrap_or(UNKNOWN);
        }
        let lower = word.to_lowercase().replace('’', "'");
        self.vocabulary
            .get(lower.as_str())
            .copied()
            .unwrap_or(UNKNOWN)
    }

    /// The flags of a word.
    #[inline]
    pub fn flags(&self, word: u32) -> u16 {
        self.flags.get(word as usize).copied().unwrap_or(0)
    }

    /// Whether a word belongs to an element.
    #[inline]
    pub fn belongs(&self, word: u32, element: u32) -> bool {
        let row = word as usize * self.stride;
        self.rows
            .get(row + (element as usize >> 6))
            .is_some_and(|bits| bits >> (element & 63) & 1 == 1)
    }

    /// The sequences that can begin with a word.
    #[inline]
    pub fn starts(&self, word: u32) -> &[u32] {
        self.starts.get(word as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a phrase can begin with a word.
    #[inline]
    pub fn may_start_phrase(&self, word: u32) -> bool {
        self.phrase_heads
            .get(word as usize)
            .copied()
            .unwrap_or(false)
    }

    /// One step in the tree of phrases: the next node, and the phrase that ends there (0: none).
    /// The root's children are at node 0.
    #[inline]
    pub fn phrase_step(&self, node: u32, word: u32) -> Option<(u32, u32)> {
        self.phrases.get(&(node, word)).copied()
    }

    /// The base form of a word, for explanations.
    pub fn words(&self) -> usize {
        self.flags.len()
    }
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
        rule: index,
        role: part,
        places,
        at: wanted.at.unwrap_or(match rule.kind {
            Kind::Category if part == Role::Any => At::Verb,
            _ => At::Any,
        }),
        sentence: wanted.sentence.unwrap_or(Sentence::Main),
        ends: wanted.name_ends.is_some(),
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
        weight: wanted.weight.unwrap_or(rule.weight),
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
            if steps.is_empty() || gap > 12 {
                return Err(wrong(format!(
                    "{text:?}: a gap stands between words and is at most ..12"
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
    triggers: aho_corasick::AhoCorasick,
) -> Compiled {
    let Builder {
        mut ids,
        mut bases,
        mut flags,
        elements,
        surfaces,
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
    let mut longest = 0;
    let mut longest_run = 0;
    let none = Irregular::default();
    for (base, id) in &ids {
        if base.contains(' ') || base.is_empty() {
            continue;
        }
        longest = longest.max(base.len() + 4);
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
    let mut tree = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(7));
    let mut phrase_heads = vec![false; bases.len()];
    let mut nodes = 0u32;
    for (phrase, parts) in &phrases {
        let mut place_in_tree = 0u32;
        for (place, part) in parts.iter().enumerate() {
            let word = ids
                .get(part)
                .or_else(|| surfaces.get(part))
                .copied()
                .unwrap_or(0);
            if place == 0 {
                phrase_heads[word as usize] = true;
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
    let stride = elements.len().div_ceil(64).max(1);
    let mut rows = vec![0u64; stride * bases.len()];
    for (words, element) in &elements {
        for word in words {
            rows[*word as usize * stride + (*element as usize >> 6)] |= 1 << (element & 63);
        }
    }
    let mut starts = vec![Vec::new(); bases.len()];
    let by_element: BTreeMap<u32, &BTreeSet<u32>> = elements
        .iter()
        .map(|(words, element)| (*element, words))
        .collect();
    for (number, pattern) in patterns.iter().enumerate() {
        if let Some(words) = by_element.get(&pattern.steps[0].element) {
            for word in *words {
                starts[*word as usize].push(u32::try_from(number).unwrap_or(0));
            }
        }
    }
    Compiled {
        vocabulary,
        flags,
        rows,
        stride,
        starts,
        phrases: tree,
        phrase_heads,
        longest,
        longest_run,
        patterns,
        matchers,
        wholes,
        reporting: (0u32..)
            .zip(&rules)
            .filter(|(_, rule)| matches!(rule.kind, Kind::Signal | Kind::Severity))
            .map(|(index, _)| index)
            .collect(),
        rules,
        triggers,
        weights: set.weights().clone(),
        version: set.version().into(),
    }
}
