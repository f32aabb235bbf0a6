//! The words that pages say about categories, severities, traits and outcomes, from
//! `templates/words.toml`.

use crate::model::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All words.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// By category name.
    pub category: BTreeMap<String, CategoryWords>,
    /// By severity.
    pub severity: BTreeMap<String, SeverityWords>,
    /// By trait id.
    #[serde(rename = "trait")]
    pub traits: BTreeMap<String, TraitWords>,
    /// By outcome.
    pub outcome: BTreeMap<String, String>,
}

/// Of a category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryWords {
    /// One short sentence.
    pub one: String,
    /// What such a tool does.
    pub long: String,
    /// How agents use it.
    #[serde(rename = "use")]
    pub usage: String,
    /// What can happen without a policy.
    pub without: String,
    /// What to do.
    pub advice: String,
}

/// Of a severity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityWords {
    /// One short sentence.
    pub one: String,
    /// What follows from it.
    pub long: String,
}

/// Of a trait.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitWords {
    /// Its name.
    pub name: String,
    /// Its name within a sentence.
    pub short: String,
    /// One sentence.
    pub one: String,
}

impl Words {
    /// Parses the file and checks that nothing that pages ask for is missing; the error says what.
    pub fn parse(source: &str) -> Result<Words, String> {
        let words: Words = toml::from_str(source).map_err(|error| error.to_string())?;
        let categories = crate::model::Category::ALL.map(crate::model::Category::as_str);
        let severities = crate::model::Severity::ALL.map(crate::model::Severity::as_str);
        let traits = ["private_data", "untrusted_content", "external_egress"];
        let missing = categories
            .iter()
            .filter(|name| !words.category.contains_key(**name))
            .map(|name| format!("[category.{name}]"))
            .chain(
                severities
                    .iter()
                    .filter(|name| !words.severity.contains_key(**name))
                    .map(|name| format!("[severity.{name}]")),
            )
            .chain(
                traits
                    .iter()
                    .filter(|name| !words.traits.contains_key(**name))
                    .map(|name| format!("[trait.{name}]")),
            )
            .chain(
                Outcome::ALL
                    .iter()
                    .filter(|outcome| !words.outcome.contains_key(outcome.as_str()))
                    .map(|outcome| format!("{outcome} in [outcome]")),
            )
            .next();
        match missing {
            Some(missing) => Err(format!("{missing} is missing")),
            None => Ok(words),
        }
    }

    /// What an outcome means.
    pub fn outcome(&self, outcome: Outcome) -> &str {
        self.outcome
            .get(outcome.as_str())
            .map_or("", String::as_str)
    }
}
