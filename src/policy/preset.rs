//! Presets: what is done with a tool of a category, severity, signal, trait or name.
//!
//! A preset is a list of rules of which the first that matches decides; a tool that none matches
//! is not listed, so that `default: deny` holds for it. What is unknown, ambiguous, malformed or
//! carries a text finding never gets as far as a rule: no preset can allow it.

mod file;

pub use file::PresetError;

use crate::model::policy::Window;
use crate::model::{Category, Severity, Verdict};
use serde::Deserialize;

/// What the caller is told when a tool waits for a person.
pub const NEEDS_APPROVAL: &str = "Requires human approval.";
/// What the caller is told under the preset `read-only`.
const READ_ONLY: &str = "Only reading is allowed.";

/// A named list of rules, and what else is made of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// The name, as given to `--preset`.
    pub name: String,
    /// The first rule that matches a tool decides.
    pub rules: Vec<PresetRule>,
    /// Conditions from the input schema; `None` makes none.
    pub conditions: Option<ConditionSettings>,
    /// Limits over all calls.
    pub all_tools: Vec<Quota>,
}

/// One rule of a preset. An empty list of a test matches every tool; of several tests, all must
/// match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PresetRule {
    /// One of these categories.
    pub category: Vec<Category>,
    /// One of these severities.
    pub severity: Vec<Severity>,
    /// One of these signals, by id.
    pub signal: Vec<String>,
    /// One of these traits.
    pub traits: Vec<Trait>,
    /// One of these patterns: `*` any characters, `?` any one.
    pub tool: Vec<String>,
    /// What is done.
    pub action: Action,
    /// The limits of an allowed tool.
    pub limits: Vec<Quota>,
    /// What the caller of a denied tool is told.
    pub on_deny: Option<String>,
}

/// What a rule does with a tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Listed, within its limits.
    Allow,
    /// Listed, every call denied with a message.
    Deny,
    /// Dropped from the list and denied.
    Hide,
    /// Not listed: the default holds.
    #[default]
    Unlisted,
}

/// One limit: so many in one calendar window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The calendar window, in UTC.
    pub window: Window,
    /// How many calls fit.
    pub max: u32,
}

/// One of the three traits of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// It can return data that is not public.
    PrivateData,
    /// Its result can carry text written by outsiders.
    UntrustedContent,
    /// It can carry data out.
    ExternalEgress,
}

/// Settings of the conditions that are made from input schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionSettings {
    /// The most elements of a list that a state-changing tool may be given.
    pub max_items: u32,
}

impl Default for ConditionSettings {
    fn default() -> Self {
        ConditionSettings { max_items: 100 }
    }
}

impl Preset {
    /// The names of the presets that are built in.
    pub const NAMES: [&'static str; 3] = ["starter", "hardened", "read-only"];

    /// The preset of that name.
    pub fn named(name: &str) -> Option<Preset> {
        match name {
            "starter" => Some(Preset::starter()),
            "hardened" => Some(Preset::hardened()),
            "read-only" => Some(Preset::read_only()),
            _ => None,
        }
    }

    /// Reading is free, writing and running are limited, what destroys is hidden, what costs money
    /// or is critical waits for a person.
    pub fn starter() -> Preset {
        use Category::{Destructive, Execute, Financial, Read, Write};
        use Severity::{Critical, High, Low, Medium};
        let per_minute = |max| {
            vec![Quota {
                window: Window::Minute,
                max,
            }]
        };
        let rule = |category, severity: &[Severity], action, limits| PresetRule {
            category: vec![category],
            severity: severity.to_vec(),
            action,
            limits,
            on_deny: (action == Action::Deny).then(|| NEEDS_APPROVAL.to_owned()),
            ..PresetRule::default()
        };
        Preset {
            name: "starter".to_owned(),
            rules: vec![
                rule(Read, &[Low], Action::Allow, vec![]),
                rule(Read, &[Medium], Action::Allow, per_minute(30)),
                rule(Read, &[High, Critical], Action::Deny, vec![]),
                rule(Write, &[Low, Medium], Action::Allow, per_minute(30)),
                rule(Write, &[High], Action::Allow, per_minute(10)),
                rule(Write, &[Critical], Action::Deny, vec![]),
                rule(Execute, &[Low, Medium, High], Action::Allow, per_minute(10)),
                rule(Execute, &[Critical], Action::Deny, vec![]),
                rule(Destructive, &[], Action::Hide, vec![]),
                rule(Financial, &[], Action::Deny, vec![]),
            ],
            conditions: None,
            all_tools: Vec::new(),
        }
    }

    /// [`Preset::starter`] and conditions on arguments, made from the input schema.
    pub fn hardened() -> Preset {
        Preset {
            name: "hardened".to_owned(),
            conditions: Some(ConditionSettings::default()),
            ..Preset::starter()
        }
    }

    /// Reading that is of low severity; everything else is listed and denied.
    pub fn read_only() -> Preset {
        Preset {
            name: "read-only".to_owned(),
            rules: vec![
                PresetRule {
                    category: vec![Category::Read],
                    severity: vec![Severity::Low],
                    action: Action::Allow,
                    ..PresetRule::default()
                },
                PresetRule {
                    action: Action::Deny,
                    on_deny: Some(READ_ONLY.to_owned()),
                    ..PresetRule::default()
                },
            ],
            conditions: None,
            all_tools: Vec::new(),
        }
    }

    /// The first rule that matches, with its number.
    pub fn rule_for(&self, verdict: &Verdict) -> Option<(usize, &PresetRule)> {
        self.rules
            .iter()
            .enumerate()
            .find(|(_, rule)| rule.matches(verdict))
    }
}

impl PresetRule {
    /// Whether every test of the rule holds for the tool.
    fn matches(&self, verdict: &Verdict) -> bool {
        let any = |empty: bool, found: bool| empty || found;
        any(
            self.category.is_empty(),
            self.category.contains(&verdict.category),
        ) && any(
            self.severity.is_empty(),
            self.severity.contains(&verdict.severity),
        ) && any(
            self.signal.is_empty(),
            verdict
                .signals
                .iter()
                .any(|s| self.signal.iter().any(|id| *id == s.id)),
        ) && any(
            self.traits.is_empty(),
            self.traits.iter().any(|t| t.holds(verdict)),
        ) && any(
            self.tool.is_empty(),
            self.tool.iter().any(|p| glob(p, &verdict.name)),
        )
    }
}

impl Trait {
    const fn holds(self, verdict: &Verdict) -> bool {
        match self {
            Trait::PrivateData => verdict.traits.private_data,
            Trait::UntrustedContent => verdict.traits.untrusted_content,
            Trait::ExternalEgress => verdict.traits.external_egress,
        }
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters and `?` for one. Takes at
/// most the product of the two lengths in steps.
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star was, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("get_*", "get_user", true),
            ("get_*", "forget_user", false),
            ("*_user", "get_user", true),
            ("*a*b", "xxaxxbxb", true),
            ("*a*b", "xxaxxbx", false),
            ("?", "大", true),
            ("?", "", false),
            ("", "", true),
            ("*", "", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
        let many = "*a".repeat(40);
        assert!(!glob(&many, &"a".repeat(39)));
    }

    #[test]
    fn every_name_is_a_preset() {
        for name in Preset::NAMES {
            assert_eq!(Preset::named(name).map(|p| p.name).as_deref(), Some(name));
        }
        assert_eq!(Preset::named("Starter"), None);
    }
}
