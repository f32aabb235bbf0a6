//! Making a document ready: names to rules, paths and patterns compiled, every rule with its id.

use super::super::generate::EVERY_TOOL;
use super::super::path::ArgumentPath;
use super::super::pointer;
use super::operand::Test;
use super::{Compiled, Entry, Evaluator, Listed, Map, Quota};
use crate::model::policy::{Condition, Limit, PolicyDocument, Rule};
use regex::{Regex, RegexBuilder};

/// The most memory that one compiled regular expression may take, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// What cannot be evaluated in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct NotEvaluable {
    /// A JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl Evaluator {
    /// Makes a document ready. Whatever [`fn@crate::policy::read`] accepts can be evaluated.
    pub fn new(document: &PolicyDocument) -> Result<Evaluator, NotEvaluable> {
        let mut tools: Map<String, Entry> = Map::default();
        let mut patterns = Patterns::default();
        for (name, rules) in &document.tools {
            let at = pointer::member("/tools", name);
            let mut ids = Ids::default();
            let mut rules_of = |rules: &[Rule], list: &str| -> Result<Vec<_>, NotEvaluable> {
                let at = pointer::member(&at, list);
                rules
                    .iter()
                    .enumerate()
                    .map(|(number, rule)| Compiled::new(rule, &at, number, &mut ids, &mut patterns))
                    .collect()
            };
            let listed = Listed {
                require: rules_of(&rules.require, "require")?,
                deny_if: rules_of(&rules.deny_if, "deny_if")?,
                limits: quotas(&rules.limits, &pointer::member(&at, "limits"))?,
            };
            tools.insert(name.clone(), Entry::Listed(listed));
        }
        for name in &document.hide {
            tools.insert(name.clone(), Entry::Hidden);
        }
        let all = document.all_tools.as_ref().map(|all| all.limits.as_slice());
        Ok(Evaluator {
            default: document.default,
            hide_all: document.hide.iter().any(|name| name == EVERY_TOOL),
            tools,
            all_tools: quotas(all.unwrap_or_default(), "/all_tools/limits")?,
            locked: None,
        })
    }
}

/// Gives rules of one tool ids of the form `/tools/T/deny_if/args.x-gt`.
#[derive(Default)]
struct Ids {
    used: Map<String, usize>,
}

impl Ids {
    fn of(&mut self, rule: &Rule, list: &str, number: usize) -> String {
        let id = if rule.conditions.is_empty() {
            pointer::element(list, number)
        } else {
            let words: Vec<String> = rule
                .conditions
                .iter()
                .map(|c| format!("{}-{}", c.path, c.op.as_str()))
                .collect();
            pointer::member(list, &words.join("+"))
        };
        let used = self.used.entry(id.clone()).or_default();
        *used += 1;
        if *used == 1 {
            id
        } else {
            format!("{id}#{used}")
        }
    }
}

impl Compiled {
    fn new(
        rule: &Rule,
        at: &str,
        number: usize,
        ids: &mut Ids,
        patterns: &mut Patterns,
    ) -> Result<Self, NotEvaluable> {
        let place = pointer::member(&pointer::element(at, number), "conditions");
        let tests = rule
            .conditions
            .iter()
            .enumerate()
            .map(|(number, condition)| {
                compile(condition, patterns).map_err(|message| NotEvaluable {
                    pointer: pointer::element(&place, number),
                    message,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Compiled {
            id: ids.of(rule, at, number),
            message: rule.on_deny.clone(),
            tests,
        })
    }
}

fn compile(condition: &Condition, patterns: &mut Patterns) -> Result<(ArgumentPath, Test), String> {
    Ok((
        ArgumentPath::parse(&condition.path)?,
        Test::new(condition.op, &condition.value, patterns)?,
    ))
}

/// The compiled patterns of a document: the same one is often in many tools.
#[derive(Default)]
pub(super) struct Patterns {
    compiled: Map<String, Regex>,
}

impl Patterns {
    pub(super) fn get(&mut self, pattern: &str) -> Result<Regex, String> {
        if let Some(known) = self.compiled.get(pattern) {
            return Ok(known.clone());
        }
        let regex = compile_regex(pattern)?;
        self.compiled.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

fn quotas(limits: &[Limit], at: &str) -> Result<Vec<Quota>, NotEvaluable> {
    limits
        .iter()
        .enumerate()
        .map(|(number, limit)| {
            let increment_from = limit.increment_from.as_deref().map(ArgumentPath::parse);
            Ok(Quota {
                id: pointer::member(at, &limit.counter),
                counter: limit.counter.clone(),
                seconds: limit.window.seconds(),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "limits beyond 2^53 are refused on reading"
                )]
                max: limit.max as f64,
                increment_from: increment_from.transpose().map_err(|message| NotEvaluable {
                    pointer: pointer::element(at, number),
                    message: message.to_owned(),
                })?,
            })
        })
        .collect()
}

/// Compiles a pattern in linear-time syntax; the error is one line.
pub(crate) fn compile_regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(REGEX_SIZE)
        .dfa_size_limit(REGEX_SIZE)
        .build()
        .map_err(|error| {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default();
            let last = last.strip_prefix("error: ").unwrap_or(last);
            format!(
                "the pattern does not compile: {}",
                crate::model::Shown(last)
            )
        })
}
