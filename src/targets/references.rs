//! References to the environment in a client's configuration: `${VAR}`, `${VAR:-default}`,
//! `${env:VAR}`, `{env:VAR}`, `$VAR`, `${input:id}`. The environment is passed in; what is not in
//! it is named, never guessed. Values are never printed.

use super::Environment;
use std::collections::{BTreeMap, BTreeSet};

/// What references are resolved from.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The variables.
    pub environment: Environment,
    /// The user's home folder.
    pub home: Option<String>,
    /// The folder of the project that a configuration belongs to.
    pub project: Option<String>,
}

/// Resolves texts and collects what was missing.
#[derive(Debug)]
pub(super) struct Resolver<'e> {
    around: &'e Surroundings,
    /// Defaults of a configuration's own `inputs`, by id.
    inputs: BTreeMap<String, Option<String>>,
    /// The names that had no value.
    pub(super) missing: BTreeSet<String>,
}

impl<'e> Resolver<'e> {
    /// Starts with nothing missing.
    pub(super) fn new(
        around: &'e Surroundings,
        inputs: BTreeMap<String, Option<String>>,
    ) -> Resolver<'e> {
        Resolver {
            around,
            inputs,
            missing: BTreeSet::new(),
        }
    }

    /// The variable's value; one that is set and empty has a value.
    pub(super) fn variable(&mut self, name: &str) -> Option<String> {
        let value = self.around.environment.get(name);
        if value.is_none() {
            self.missing.insert(name.to_owned());
        }
        value.map(str::to_owned)
    }

    /// The text with every reference replaced. A reference without a value becomes nothing and is
    /// noted as missing. What was put in is not looked at again.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['$', '{']) {
            out.push_str(&rest[..at]);
            let before = out.chars().next_back();
            let tail = &rest[at..];
            if let Some((name, length)) = braced(tail) {
                out.push_str(&self.reference(name));
                rest = &tail[length..];
            } else if let Some((name, length)) = bare(tail, before) {
                out.push_str(&self.variable(name).unwrap_or_default());
                rest = &tail[length..];
            } else {
                let length = tail.chars().next().map_or(1, char::len_utf8);
                out.push_str(&tail[..length]);
                rest = &tail[length..];
            }
        }
        out.push_str(rest);
        out
    }

    fn reference(&mut self, inside: &str) -> String {
        if let Some(id) = inside.strip_prefix("input:") {
            return if let Some(Some(default)) = self.inputs.get(id) {
                default.clone()
            } else {
                self.missing.insert(format!("input:{id}"));
                String::new()
            };
        }
        if let Some(path) = inside.strip_prefix("file:") {
            // The file may hold anything: it is never read.
            self.missing.insert(format!("file:{path}"));
            return String::new();
        }
        let known = match inside {
            "userHome" => Some(self.around.home.clone()),
            "workspaceFolder" | "workspaceRoot" => Some(self.around.project.clone()),
            "pathSeparator" | "/" => Some(Some(std::path::MAIN_SEPARATOR.to_string())),
            _ => None,
        };
        if let Some(value) = known {
            return value.unwrap_or_else(|| {
                self.missing.insert(inside.to_owned());
                String::new()
            });
        }
        let name = inside.strip_prefix("env:").unwrap_or(inside);
        match name.split_once(":-") {
            // As in a shell: the default stands in for an empty value too.
            Some((name, default)) => match self.around.environment.get(name) {
                Some(value) if !value.is_empty() => value.to_owned(),
                _ => default.to_owned(),
            },
            None => self.variable(name).unwrap_or_default(),
        }
    }
}

/// `${…}` or `{env:…}`, `{file:…}` at the start of a text: what is inside, and the length of it
/// all. Braces inside belong to a default and are matched.
fn braced(text: &str) -> Option<(&str, usize)> {
    let start = if text.starts_with("${") {
        2
    } else if text.starts_with("{env:") || text.starts_with("{file:") {
        1
    } else {
        return None;
    };
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let inside = &text[start..at];
            return is_reference(inside).then_some((inside, at + 1));
        }
    }
    None
}

/// Whether what stands between the braces is a reference; other text stays as it is.
fn is_reference(inside: &str) -> bool {
    if ["input:", "file:"]
        .iter()
        .any(|kind| inside.starts_with(kind))
    {
        return true;
    }
    let name = inside.strip_prefix("env:").unwrap_or(inside);
    let name = name.split(":-").next().unwrap_or_default();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    inside == "/" || (!name.is_empty() && name.bytes().all(word))
}

/// `$NAME` in capitals, at the start of a word: a `$` in the middle of a password is none.
fn bare(text: &str, before: Option<char>) -> Option<(&str, usize)> {
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '$' | '\\' | '_')) {
        return None;
    }
    let name = text.strip_prefix('$')?;
    let length = name
        .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .unwrap_or(name.len());
    let is_name = length >= 2 && !name.starts_with(|c: char| c.is_ascii_digit());
    let ends = name[length..]
        .chars()
        .next()
        .is_none_or(|c| !c.is_alphanumeric());
    (is_name && ends).then_some((&name[..length], length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> (String, Vec<String>) {
        let environment = Surroundings {
            environment: Environment::of(&[("KEY", "v1"), ("EMPTY", ""), ("LOOP", "${KEY}")]),
            home: Some("/h".to_owned()),
            project: None,
        };
        let inputs = [
            ("region".to_owned(), Some("eu".to_owned())),
            ("pw".to_owned(), None),
        ];
        let mut resolver = Resolver::new(&environment, inputs.into());
        let out = resolver.text(text);
        (out, resolver.missing.into_iter().collect())
    }

    #[test]
    fn every_form_is_resolved() {
        for (text, expected) in [
            ("${KEY}", "v1"),
            ("Bearer ${env:KEY}!", "Bearer v1!"),
            ("{env:KEY}", "v1"),
            ("$KEY", "v1"),
            ("Bearer $KEY", "Bearer v1"),
            ("${NONE:-d}", "d"),
            ("${EMPTY:-d}", "d"),
            ("${KEY:-d}", "v1"),
            ("x${EMPTY}", "x"),
            ("${A b} ${} ${a.b}", "${A b} ${} ${a.b}"),
            ("${NONE:-{\"a\":1}}", "{\"a\":1}"),
            ("${input:region}", "eu"),
            ("${userHome}/x", "/h/x"),
            ("${LOOP}", "${KEY}"),
            ("a$KEY pa$$WORD $5 {x} ${ $", "a$KEY pa$$WORD $5 {x} ${ $"),
            ("größe ${KEY}€", "größe v1€"),
        ] {
            assert_eq!(resolve(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, expected) in [
            ("${NONE}", &["NONE"][..]),
            ("$NONE/${env:OTHER}", &["NONE", "OTHER"]),
            (
                "${input:pw}${input:unknown}",
                &["input:pw", "input:unknown"],
            ),
            ("{file:~/.secret}", &["file:~/.secret"]),
            ("${workspaceFolder}", &["workspaceFolder"]),
        ] {
            assert_eq!(resolve(text).1, expected, "{text}");
        }
    }

    #[test]
    fn debug_hides_the_environment() {
        let around = Surroundings {
            environment: Environment::of(&[("A", "hunter2")]),
            ..Surroundings::default()
        };
        assert!(!format!("{around:?}").contains("hunter2"));
    }
}
