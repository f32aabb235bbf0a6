//! Word classes: which words and phrases a rule's `@class` stands for.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One file of the lexicon.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconFile {
    /// Classes by name.
    #[serde(default)]
    pub class: BTreeMap<String, Class>,
    /// Irregular forms: base word to its other forms.
    #[serde(default)]
    pub irregular: BTreeMap<String, Irregular>,
    /// How common words are.
    #[serde(default)]
    pub common: Vec<Common>,
}

/// Words that are about as common as each other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// How many of a million words of a text are one of them, at least.
    pub per_million: u32,
    /// The words as texts write them, each form by itself.
    pub words: Vec<String>,
}

/// One class of words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// What the words are.
    pub part: Part,
    /// Other classes whose words belong to this one too.
    #[serde(default)]
    pub includes: Vec<String>,
    /// The words; several separated by spaces make a phrase, which hides its single words.
    #[serde(default)]
    pub words: Vec<String>,
}

/// What the words of a class are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// They say what is done.
    Verb,
    /// They say to what.
    Noun,
    /// They say neither: cues, connecting words, words the engine knows.
    Other,
}

/// Forms that do not follow the rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Irregular {
    /// Past tense and participle.
    #[serde(default)]
    pub past: Vec<String>,
    /// Plural, or third person.
    #[serde(default)]
    pub s: Vec<String>,
}
