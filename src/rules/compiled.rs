//! A rule set ready for matching: one vocabulary, word classes as bit rows, word sequences by
//! their first word. [`super::compile`] makes it.

use super::elements::Folded;
use super::fact::{Fact, Facts};
use super::guards::Guards;
use super::presets::Presets;
use super::source::{At, Bound, Kind, Place, Sentence, Trait, Weights};
use super::tables::{InPlace, Words};
use super::vocabulary::Vocabulary;
use crate::model::{Category, Severity};
use crate::text::inflect::Form;
use crate::text::word::Short;
use smol_str::SmolStr;
use std::collections::HashMap;

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

/// The most words that a sequence can pass over in one step.
pub const MOST_GAP: usize = 12;

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
    /// The matchers.
    pub users: Vec<User>,
}

/// What a matcher asks of a match in a text, and what it counts: small, and kept by its sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asks {
    /// Its rule, by index.
    pub rule: u32,
    /// Its part in the rule.
    pub role: Role,
    /// Per cent of the place's weight.
    pub weight: i32,
    /// Bits of the places.
    pub places: u16,
    /// Where the sequence must begin.
    pub at: At,
    /// Which sentence counts.
    pub sentence: Sentence,
    /// The sequence must end with the property's name.
    pub ends: bool,
}

/// Where the first word of a sequence is to stand: bits of [`super::grammar::stand`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Those that are looked at.
    pub looked: u16,
    /// Those of them that are to be set.
    pub set: u16,
}

impl Asked {
    /// Whether a word that stands so does.
    #[inline]
    pub const fn fits(self, stands: u16) -> bool {
        stands & self.looked == self.set
    }
}

/// A matcher that uses a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct User {
    /// The matcher, by index.
    pub matcher: u32,
    /// What it asks of where the word stands, where it asks for a word alone.
    pub asked: Asked,
    /// What it asks.
    pub asks: Asks,
}

/// The part a matcher has in its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// One of `any`.
    Any,
    /// The n-th of `all`.
    All(u8),
    /// One of `none`.
    None,
}

impl Role {
    /// Its bit among the parts of a rule that have to match: the lowest is that of `any`.
    #[inline]
    pub const fn bit(self) -> u64 {
        match self {
            Role::Any => 1,
            Role::All(place) => 2 << place,
            Role::None => 0,
        }
    }
}

/// Parts of rules, by rule and as bits of [`Role::bit`].
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Those that a rule needs to fire.
    pub needed: Vec<u64>,
    /// Those that something else than words of a text can be.
    pub given: Vec<u64>,
}

/// One matcher, ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// What it asks of a match in a text.
    pub asks: Asks,
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

impl Whole {
    /// Whether it is asked of a definition as a whole, and not of one of its strings or properties.
    pub(super) const fn is_of_definition(&self) -> bool {
        match self {
            Whole::Properties(..) | Whole::Annotation(..) => true,
            Whole::Fact(fact) => matches!(
                fact,
                Fact::NoDescription | Fact::SeveralActions | Fact::OffersRead
            ),
            Whole::No | Whole::Property => false,
        }
    }
}

/// One rule, ready.
#[derive(Debug, Clone)]
pub struct ReadyRule {
    /// Its id.
    pub id: SmolStr,
    /// Its kind.
    pub kind: Kind,
    /// Its title.
    pub title: SmolStr,
    /// The category it votes for.
    pub category: Option<Category>,
    /// The traits it votes on.
    pub traits: Vec<Trait>,
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
    /// What of it is facts and not words.
    pub facts: Facts,
    /// In how many sentences in a row a text rule must match.
    pub within: u16,
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
    pub(super) vocabulary: Vocabulary,
    pub(super) words: Words,
    /// Of each word that is the plural of a verb too (`posts`), that verb; else 0.
    pub(super) verb_of: Vec<u32>,
    pub(super) phrases: HashMap<(u32, u32), (u32, u32), foldhash::fast::FixedState>,
    /// Longest unspaced word in characters.
    pub longest_run: usize,
    /// Word sequences.
    pub patterns: Vec<Pattern>,
    /// Matchers.
    pub matchers: Vec<Ready>,
    /// Matchers that ask something of a definition as a whole.
    pub wholes: Vec<u32>,
    /// The facts that text rules ask for, each with its matcher.
    pub text_facts: Vec<(u32, Fact)>,
    /// Those among them that are about a property of any name.
    pub any_property: Vec<u32>,
    /// Rules, in the order of their ids.
    pub rules: Vec<ReadyRule>,
    /// The signal and severity rules among them.
    pub reporting: Vec<u32>,
    /// Whether some text rule asks for nothing that shows in the words or marks of a string.
    pub facts_alone: bool,
    /// Words of the names of parameters whose preset value matters.
    pub presets: Presets,
    /// Of each rule the parts that it needs, by their bits, and those of them that need no words.
    pub parts: Parts,
    /// Weights.
    pub weights: Weights,
    /// Hash of the rule files.
    pub version: SmolStr,
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
impl Compiled {
    /// Looks a word up; case does not matter.
    #[inline]
    pub fn look_up(&self, word: &str) -> Met {
        self.vocabulary.look_up(word.as_bytes())
    }

    /// Looks up a word by its bytes.
    pub fn look_up_bytes(&self, word: &[u8]) -> Met {
        self.vocabulary.look_up(word)
    }

    /// Looks up a word that is packed already.
    #[inline]
    pub fn look_up_short(&self, word: Short) -> Met {
        self.vocabulary.look_up_packed(word)
    }

    /// Looks up a part of a script that has no capitals.
    pub fn look_up_caseless(&self, word: &str) -> Met {
        self.vocabulary.look_up_caseless(word)
    }

    /// The flags of a word.
    #[inline]
    pub fn flags(&self, word: u32) -> u32 {
        self.words.of(word).0
    }

    /// The flags of a word, and a bit for each word (by the last six of its number) that goes on with
    /// a phrase it begins.
    #[inline]
    pub fn known(&self, word: u32) -> (u32, u64) {
        self.words.of(word)
    }

    /// The verb whose form a word is too, where the lexicon has the form as a noun of its own:
    /// *posts* is what others wrote, and what *Posts a message* does.
    #[inline]
    pub fn verb_of(&self, word: u32) -> Option<u32> {
        self.verb_of
            .get(word as usize)
            .copied()
            .filter(|verb| *verb != 0)
    }

    /// Whether a word belongs to an element.
    #[inline]
    pub fn belongs(&self, word: u32, element: u32) -> bool {
        self.words.belongs(word, element)
    }

    /// The elements that a word belongs to, folded; none for a word without.
    #[inline]
    pub fn folded(&self, word: u32) -> Option<&Folded> {
        self.words.folded(word)
    }

    /// Which guards of text rules may stand in a sentence with these words.
    #[inline]
    pub fn guards_in(&self, words: impl Iterator<Item = u32>) -> Guards {
        self.words.guards_in(words)
    }

    /// The text rules of which a guard may stand in a sentence, while all may stand in its text: each as
    /// the last six bits of its number. In most texts there are none.
    #[inline]
    pub fn guarded_by(&self, sentence: &Guards, text: &Guards) -> u64 {
        self.words.guarded_by(sentence, text)
    }

    /// The text rules that nothing guards.
    pub fn unguarded(&self) -> &[u32] {
        self.words.unguarded()
    }

    /// The sequences that are looked for in a place.
    #[inline]
    pub fn starts(&self, place: Place) -> InPlace<'_> {
        self.words.in_place(place)
    }

    /// Whether a phrase may begin with a word and go on with another; most do not.
    #[inline]
    pub fn may_start_phrase(&self, word: u32, next: u32) -> bool {
        self.words.of(word).1 >> (next & 63) & 1 == 1
    }

    /// Keeps a rule from firing; its words stay known.
    #[cfg(test)]
    pub fn silence(&mut self, id: &str) {
        for rule in self.rules.iter_mut().filter(|rule| rule.id == id) {
            // More parts than there can be.
            rule.all = u8::MAX;
        }
    }

    /// What some text rule needs, whichever of it is rarest.
    #[inline]
    pub fn guards(&self) -> InPlace<'_> {
        self.words.guards()
    }

    /// Which parts of a text rule have to stand in a string before the others are looked for.
    #[inline]
    pub fn guard_of(&self, rule: u32) -> u64 {
        self.words.guard_of(rule)
    }

    /// One step in the tree of phrases: the next node, and the phrase that ends there (0: none).
    /// The root's children are at node 0.
    #[inline]
    pub fn phrase_step(&self, node: u32, word: u32) -> Option<(u32, u32)> {
        self.phrases.get(&(node, word)).copied()
    }

    /// How many words it knows.
    pub fn words(&self) -> usize {
        self.words.count()
    }
}
