//! One call against one document: allowed, or denied by which rule.
//!
//! The order is fixed and the first denial wins: no policy, hidden, not listed under
//! `default: deny`, changed since the lock, `require`, `deny_if`, the tool's limits, the limits
//! over all calls. Deciding changes nothing: the counters and the time are given, and only
//! [`Evaluator::reserve`] counts a call. Nothing here can fail at the time of a call.

mod counters;
mod operand;

pub use counters::Counters;

use super::generate::EVERY_TOOL;
use super::lock::Lock;
use super::path::{ArgumentPath, Found};
use super::pointer;
use crate::model::policy::{Condition, DefaultAction, Limit, PolicyDocument, Rule};
use operand::{Number, Test};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::HashMap;

/// A map that is fast and seeded: names are chosen by others.
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The rule that denies where there is no policy.
pub const NO_POLICY: &str = "(no policy)";
/// The rule that denies a hidden tool.
pub const HIDDEN: &str = "(hidden)";
/// The rule that denies a tool that is not listed.
pub const DEFAULT_DENY: &str = "(default deny)";
/// The rule that denies a tool whose definition is not the one of the lock.
pub const CHANGED: &str = "(definition changed)";

/// The most memory that one compiled regular expression may take, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// One call of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The tool's name.
    pub tool: &'a str,
    /// The arguments: an object, or null where there are none.
    pub arguments: &'a Value,
    /// The digest of the tool's definition as it is now, where it is known.
    pub digest: Option<&'a str>,
}

/// What was decided on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'p> {
    /// Whether the call may go on.
    pub allowed: bool,
    /// Which rule denied it; empty when it is allowed.
    pub rule: &'p str,
    /// What the caller is told, where the rule says it.
    pub message: Option<&'p str>,
}

impl<'p> Decision<'p> {
    const ALLOWED: Decision<'static> = Decision {
        allowed: true,
        rule: "",
        message: None,
    };

    const fn denied(rule: &'p str, message: Option<&'p str>) -> Self {
        Decision {
            allowed: false,
            rule,
            message,
        }
    }
}

/// What cannot be evaluated in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct NotEvaluable {
    /// A JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// A document made ready for deciding many calls.
#[derive(Debug)]
pub struct Evaluator {
    default: DefaultAction,
    hide_all: bool,
    tools: Map<String, Entry>,
    all_tools: Vec<Quota>,
    locked: Option<Map<String, String>>,
}

#[derive(Debug)]
enum Entry {
    Hidden,
    Listed(Listed),
}

#[derive(Debug, Default)]
struct Listed {
    require: Vec<Compiled>,
    deny_if: Vec<Compiled>,
    limits: Vec<Quota>,
}

/// A rule: all tests must hold.
#[derive(Debug)]
struct Compiled {
    id: String,
    message: Option<String>,
    tests: Vec<(ArgumentPath, Test)>,
}

/// A limit.
#[derive(Debug)]
struct Quota {
    id: String,
    counter: String,
    /// Length of the window in seconds.
    seconds: u64,
    max: f64,
    increment_from: Option<ArgumentPath>,
}

impl Evaluator {
    /// Makes a document ready. Whatever [`fn@super::read`] accepts can be evaluated.
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

    /// Denies from now on every tool whose definition is not the one of the lock: a call must
    /// carry the digest of the definition as it is now.
    #[must_use]
    pub fn with_lock(mut self, lock: &Lock) -> Evaluator {
        let locked = lock.tools.iter();
        self.locked = Some(locked.map(|(n, d)| (n.clone(), d.clone())).collect());
        self
    }

    /// Decides a call at a time in seconds since 1970, given what was counted before it.
    pub fn decide(&self, call: &Call<'_>, counters: &Counters, at: u64) -> Decision<'_> {
        let listed = match self.tools.get(call.tool) {
            _ if self.hide_all => return Decision::denied(HIDDEN, None),
            Some(Entry::Hidden) => return Decision::denied(HIDDEN, None),
            Some(Entry::Listed(listed)) => Some(listed),
            None if self.default == DefaultAction::Deny => {
                return Decision::denied(DEFAULT_DENY, None);
            }
            None => None,
        };
        if let Some(locked) = &self.locked {
            let known = locked.get(call.tool).map(String::as_str);
            if known.is_none() || known != call.digest {
                return Decision::denied(CHANGED, None);
            }
        }
        if let Some(listed) = listed {
            if let Some(rule) = listed.require.iter().find(|r| !r.holds(call.arguments)) {
                return Decision::denied(&rule.id, rule.message.as_deref());
            }
            if let Some(rule) = listed.deny_if.iter().find(|r| r.holds(call.arguments)) {
                return Decision::denied(&rule.id, rule.message.as_deref());
            }
        }
        match self
            .quotas(listed)
            .find(|quota| !quota.has_room(call, counters, at))
        {
            Some(full) => Decision::denied(&full.id, None),
            None => Decision::ALLOWED,
        }
    }

    /// Decides a call and counts it when it is allowed.
    pub fn reserve(&self, call: &Call<'_>, counters: &mut Counters, at: u64) -> Decision<'_> {
        let decision = self.decide(call, counters, at);
        if decision.allowed {
            self.count(call, counters, at, 1.0);
        }
        decision
    }

    /// Takes back what [`Evaluator::reserve`] counted, for a call that never reached the server.
    pub fn release(&self, call: &Call<'_>, counters: &mut Counters, at: u64) {
        self.count(call, counters, at, -1.0);
    }

    fn count(&self, call: &Call<'_>, counters: &mut Counters, at: u64, sign: f64) {
        let listed = match self.tools.get(call.tool) {
            Some(Entry::Listed(listed)) => Some(listed),
            _ => None,
        };
        for quota in self.quotas(listed) {
            if let Some(amount) = quota.amount(call) {
                counters.add(&quota.counter, at / quota.seconds, sign * amount);
            }
        }
    }

    fn quotas<'a>(&'a self, listed: Option<&'a Listed>) -> impl Iterator<Item = &'a Quota> {
        let own = listed.map_or(&[][..], |listed| listed.limits.as_slice());
        own.iter().chain(&self.all_tools)
    }
}

/// Decides a call where there may be no policy at all, which denies it.
pub fn evaluate<'p>(
    policy: Option<&'p Evaluator>,
    call: &Call<'_>,
    counters: &Counters,
    at: u64,
) -> Decision<'p> {
    policy.map_or(Decision::denied(NO_POLICY, None), |policy| {
        policy.decide(call, counters, at)
    })
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

    fn holds(&self, arguments: &Value) -> bool {
        self.tests.iter().all(|(path, test)| match test {
            Test::Exists(wanted) => path.any(arguments, &mut |_| true) == *wanted,
            other => path.any(arguments, &mut |found| other.holds(found)),
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
struct Patterns {
    compiled: Map<String, Regex>,
}

impl Patterns {
    fn get(&mut self, pattern: &str) -> Result<Regex, String> {
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

impl Quota {
    /// What the call adds; `None` where the argument to be added is absent or no number from 0 up.
    fn amount(&self, call: &Call<'_>) -> Option<f64> {
        let Some(path) = &self.increment_from else {
            return Some(1.0);
        };
        // Every element of a list is added.
        let mut sum = None;
        let mut fits = true;
        path.any(call.arguments, &mut |found| {
            let amount = match found {
                Found::Value(value) => Number::of(value).map(Number::as_f64),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "no list in memory has 2^53 elements"
                )]
                Found::Length(length) => Some(length as f64),
            };
            match amount {
                Some(amount) if amount >= 0.0 => sum = Some(sum.unwrap_or(0.0) + amount),
                _ => fits = false,
            }
            false
        });
        sum.filter(|_| fits)
    }

    fn has_room(&self, call: &Call<'_>, counters: &Counters, at: u64) -> bool {
        self.amount(call).is_some_and(|amount| {
            counters.used(&self.counter, at / self.seconds) + amount <= self.max
        })
    }
}

#[cfg(test)]
mod tests;
