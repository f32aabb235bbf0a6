//! Conditions on arguments, made from the input schema and the signals; never from guesses about
//! values.
//!
//! | argument | condition |
//! |---|---|
//! | URL | https only; no private, local or metadata address |
//! | file system path | no `..`, no system folder, no folder of keys; a folder to keep out |
//! | query text of a known language | statements that only read |
//! | recipient of a tool that sends | a list to fill in |
//! | amount of a tool that moves money | a cap per call and per day to fill in |
//! | list of a tool that changes something | at most so many elements |
//! | enum or const | exactly its values |
//!
//! A condition on an argument that must be given is a `require` and fails closed; on one that may
//! be left out, or on the elements of a list, it is a `deny_if` on what is bad.

mod network;
mod paths;
mod people;
mod query;
mod schema;

use super::pointer;
use super::preset::ConditionSettings;
use crate::model::policy::{Condition, Limit, Operator, Rule, ToolRules};
use crate::model::{Category, Verdict};
use schema::Property;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a rule is in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Where the rule stands: a JSON pointer; empty where no rule could be made.
    pub rule: String,
    /// The property, as in a signal: `files[].path`.
    pub property: String,
    /// The signal, or the fact of the schema, that made it.
    pub because: String,
    /// What it does, in a few words.
    pub does: String,
}

/// Adds the conditions of one tool to its rules and says why each is there.
pub(crate) fn add(
    rules: &mut ToolRules,
    verdict: &Verdict,
    schema: Option<&Value>,
    settings: ConditionSettings,
    counter: &mut dyn FnMut(&str) -> String,
) -> Vec<Note> {
    let Some(schema) = schema else {
        return Vec::new();
    };
    let mut maker = Maker {
        rules,
        verdict,
        settings,
        counter,
        at: pointer::member("/tools", &verdict.name),
        notes: Vec::new(),
    };
    let found = schema::properties(schema);
    for property in &found.properties {
        maker.exact_values(property);
        maker.list_size(property);
        network::add(&mut maker, property);
        paths::add(&mut maker, property);
        query::add(&mut maker, property);
        people::add(&mut maker, property);
    }
    for property in found.unaddressable {
        maker.notes.push(Note {
            rule: String::new(),
            property,
            because: "the name holds a dot or is blank".to_owned(),
            does: "no condition can name this property".to_owned(),
        });
    }
    maker.notes
}

/// Whether a pattern is one that we write ourselves: a test compiles those, so that reading a
/// generated document need not.
pub(crate) fn is_ours(pattern: &str) -> bool {
    network::PATTERNS.contains(&pattern)
        || paths::PATTERNS.contains(&pattern)
        || query::PATTERNS.contains(&pattern)
}

/// Collects the rules of one tool.
struct Maker<'a> {
    rules: &'a mut ToolRules,
    verdict: &'a Verdict,
    settings: ConditionSettings,
    counter: &'a mut dyn FnMut(&str) -> String,
    at: String,
    notes: Vec<Note>,
}

/// A test on one argument, before its path is known.
struct Wanted {
    op: Operator,
    value: Value,
}

impl Wanted {
    fn regex(pattern: &str) -> Wanted {
        Wanted {
            op: Operator::Regex,
            value: pattern.into(),
        }
    }
}

impl Maker<'_> {
    /// The title of a signal that begins so and names the property.
    fn signal(&self, property: &Property, begins: &str) -> Option<String> {
        // A signal on a list of texts may name the list or its elements.
        let list = property.label.trim_end_matches("[]");
        let titled = |signal: &&crate::model::Signal| {
            signal.title.starts_with(begins)
                && signal
                    .property
                    .as_deref()
                    .is_some_and(|named| named == property.label || named == list)
        };
        let signals = self.verdict.signals.iter();
        signals.clone().find(titled).map(|s| s.title.to_string())
    }

    /// Denies calls in which the argument fits the test.
    fn deny(&mut self, property: &Property, because: &str, does: &str, wanted: Wanted) {
        let place = pointer::element(
            &pointer::member(&self.at, "deny_if"),
            self.rules.deny_if.len(),
        );
        self.rules.deny_if.push(rule(&property.path, does, wanted));
        self.note(place, property, because, does);
    }

    /// Denies calls in which the argument does not fit the test. Only for arguments that must be
    /// given.
    fn require(&mut self, property: &Property, because: &str, does: &str, wanted: Wanted) {
        let rule = rule(&property.path, does, wanted);
        self.require_rule(property, because, does, rule);
    }

    fn require_rule(&mut self, property: &Property, because: &str, does: &str, rule: Rule) {
        let place = pointer::element(
            &pointer::member(&self.at, "require"),
            self.rules.require.len(),
        );
        self.rules.require.push(rule);
        self.note(place, property, because, does);
    }

    /// Only these values: `require … in` where the argument must be given, else `deny_if … not_in`.
    fn only(&mut self, property: &Property, because: &str, does: &str, values: Vec<Value>) {
        let value = Value::Array(values);
        if property.must_be_given() {
            let op = Operator::In;
            self.require(property, because, does, Wanted { op, value });
        } else {
            let op = Operator::NotIn;
            self.deny(property, because, does, Wanted { op, value });
        }
    }

    fn limit(&mut self, property: &Property, because: &str, does: &str, limit: Limit) {
        let place = pointer::element(
            &pointer::member(&self.at, "limits"),
            self.rules.limits.len(),
        );
        self.rules.limits.push(limit);
        self.note(place, property, because, does);
    }

    fn note(&mut self, rule: String, property: &Property, because: &str, does: &str) {
        self.notes.push(Note {
            rule,
            property: property.label.clone(),
            because: because.to_owned(),
            does: does.to_owned(),
        });
    }

    /// Enums and constants.
    fn exact_values(&mut self, property: &Property) {
        if let Some(values) = &property.values
            && !property.ambiguous
        {
            let because = "the schema lists its values";
            self.only(property, because, "only the listed values", values.clone());
        }
    }

    /// The number of elements of a list that changes something.
    fn list_size(&mut self, property: &Property) {
        if !property.is_list || self.verdict.category == Category::Read {
            return;
        }
        let own = u64::from(self.settings.max_items);
        let (max, because) = match property.max_items {
            Some(max) if max <= own => (max, "the schema's maxItems"),
            _ => (own, "a list given to a tool that changes something"),
        };
        let mut counted = property.clone();
        counted.path.push_str(".length");
        self.deny(
            &counted,
            because,
            &format!("at most {max} elements"),
            Wanted {
                op: Operator::Gt,
                value: max.into(),
            },
        );
    }
}

fn rule(path: &str, does: &str, wanted: Wanted) -> Rule {
    Rule {
        conditions: vec![Condition {
            path: path.to_owned(),
            op: wanted.op,
            value: wanted.value,
        }],
        on_deny: Some(format!("{}: {does}.", path.trim_start_matches("args."))),
    }
}

#[cfg(test)]
mod tests;
