//! Preset files of one's own, in TOML.

use super::{Action, ConditionSettings, Preset, PresetRule, Quota, Trait};
use crate::model::{Category, Severity};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// What is wrong with a preset file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct PresetError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    name: Spanned<String>,
    extends: Option<Spanned<String>>,
    argument_conditions: Option<bool>,
    max_items: Option<Spanned<u32>>,
    #[serde(default)]
    all_tools: Vec<Spanned<Quota>>,
    #[serde(default)]
    rule: Vec<Spanned<FileRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    #[serde(default)]
    category: Vec<Category>,
    #[serde(default)]
    severity: Vec<Severity>,
    #[serde(default)]
    signal: Vec<String>,
    #[serde(default, rename = "trait")]
    traits: Vec<Trait>,
    #[serde(default)]
    tool: Vec<String>,
    action: Action,
    #[serde(default)]
    limits: Vec<Quota>,
    on_deny: Option<String>,
}

impl Preset {
    /// Reads a preset file.
    ///
    /// ```
    /// use toolrisk::policy::Preset;
    /// let preset = Preset::from_toml(r#"
    ///     name = "ours"
    ///     extends = "starter"
    ///     [[rule]]
    ///     trait = ["external_egress"]
    ///     action = "deny"
    ///     on_deny = "Ask the security team."
    /// "#)?;
    /// assert_eq!(preset.name, "ours");
    /// # Ok::<(), toolrisk::policy::preset::PresetError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Preset, PresetError> {
        let at = |span: Range<usize>, message: String| place(text, span.start, message);
        let file: PresetFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            place(text, start, error.message().to_owned())
        })?;
        let mut preset = match &file.extends {
            None => Preset {
                name: String::new(),
                rules: Vec::new(),
                conditions: None,
                all_tools: Vec::new(),
            },
            Some(base) => Preset::named(base.get_ref()).ok_or_else(|| {
                at(
                    base.span(),
                    format!("extends must be one of {}", Preset::NAMES.join(", ")),
                )
            })?,
        };
        let name = file.name.get_ref().trim();
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return Err(at(
                file.name.span(),
                "the name must have 1 to 64 bytes and no control characters".to_owned(),
            ));
        }
        if Preset::NAMES.contains(&name) {
            return Err(at(
                file.name.span(),
                format!("{name} is the name of a built-in preset: choose another and set extends"),
            ));
        }
        name.clone_into(&mut preset.name);
        if let Some(wanted) = file.argument_conditions {
            preset.conditions = wanted.then(ConditionSettings::default);
        }
        if let Some(max_items) = &file.max_items {
            match &mut preset.conditions {
                Some(settings) => settings.max_items = *max_items.get_ref(),
                None => {
                    return Err(at(
                        max_items.span(),
                        "max_items needs argument_conditions = true".to_owned(),
                    ));
                }
            }
        }
        if let Some(again) = repeated_window(file.all_tools.iter().map(Spanned::get_ref)) {
            return Err(at(
                file.all_tools[again].span(),
                "there is already a limit for this window".to_owned(),
            ));
        }
        if !file.all_tools.is_empty() {
            preset.all_tools = file.all_tools.iter().map(|q| *q.get_ref()).collect();
        }
        let mut rules = Vec::with_capacity(file.rule.len() + preset.rules.len());
        for rule in file.rule {
            let span = rule.span();
            rules.push(rule.into_inner().checked().map_err(|m| at(span, m))?);
        }
        rules.append(&mut preset.rules);
        if rules.is_empty() {
            return Err(at(
                0..0,
                "the preset has no rule and extends none, so that it would allow nothing"
                    .to_owned(),
            ));
        }
        preset.rules = rules;
        Ok(preset)
    }
}

impl FileRule {
    fn checked(self) -> Result<PresetRule, String> {
        if !self.limits.is_empty() && self.action != Action::Allow {
            return Err("limits belong to action = \"allow\"".to_owned());
        }
        if self.on_deny.is_some() && self.action != Action::Deny {
            return Err("on_deny belongs to action = \"deny\"".to_owned());
        }
        if repeated_window(self.limits.iter()).is_some() {
            return Err("two limits have the same window".to_owned());
        }
        if self.tool.iter().any(String::is_empty) {
            return Err("a tool pattern is empty".to_owned());
        }
        Ok(PresetRule {
            category: self.category,
            severity: self.severity,
            signal: self.signal,
            traits: self.traits,
            tool: self.tool,
            action: self.action,
            limits: self.limits,
            on_deny: self.on_deny,
        })
    }
}

/// The number of the first quota whose window an earlier one has.
fn repeated_window<'a>(quotas: impl Iterator<Item = &'a Quota>) -> Option<usize> {
    let mut seen = Vec::new();
    for (number, quota) in quotas.enumerate() {
        if seen.contains(&quota.window) {
            return Some(number);
        }
        seen.push(quota.window);
    }
    None
}

/// Line and column of a byte position.
fn place(text: &str, start: usize, message: String) -> PresetError {
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    PresetError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_rules_come_before_those_of_the_base() {
        let preset = Preset::from_toml(
            "name = \"ours\"\nextends = \"hardened\"\nmax_items = 5\n\
             [[all_tools]]\nwindow = \"hour\"\nmax = 500\n\
             [[rule]]\ntool = [\"get_*\"]\naction = \"hide\"\n",
        )
        .unwrap();
        assert_eq!(preset.rules[0].action, Action::Hide);
        assert_eq!(preset.rules[1..], Preset::starter().rules[..]);
        assert_eq!(preset.conditions, Some(ConditionSettings { max_items: 5 }));
        assert_eq!(preset.all_tools.len(), 1);
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (text, line, says) in [
            ("name = 1", 1, "expected a string"),
            ("name = \"a\"\nrules = []", 2, "unknown field"),
            ("name = \"a\"\nextends = \"loose\"", 2, "extends must be"),
            ("name = \"a\"", 1, "allow nothing"),
            ("name = \"starter\"\nextends=\"starter\"", 1, "built-in"),
            (
                "name = \"a\"\n[[rule]]\naction = \"ask\"",
                3,
                "unknown variant",
            ),
            (
                "name = \"a\"\n[[rule]]\ncategory=[\"read\"]\naction=\"deny\"",
                3,
                "unknown variant",
            ),
            (
                "name = \"a\"\n[[rule]]\naction=\"deny\"\nlimits=[{window=\"minute\",max=1}]",
                2,
                "limits belong",
            ),
            (
                "name = \"a\"\n[[rule]]\naction=\"allow\"\nlimits=[{window=\"week\",max=1}]",
                4,
                "unknown variant",
            ),
            (
                "name = \"a\"\n[[rule]]\naction=\"allow\"\nlimits=[{window=\"day\",max=-1}]",
                4,
                "invalid value",
            ),
            (
                "name = \"a\"\nextends=\"starter\"\nmax_items=3",
                3,
                "argument_conditions",
            ),
        ] {
            let error = Preset::from_toml(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }
}
