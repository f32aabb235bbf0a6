//! Regenerating without losing what a person changed.
//!
//! Three documents meet, tool by tool: the *base* that was generated last (it stands in the lock),
//! *mine* as it is now, and the *new* one. Where mine is still the base, the new one is taken;
//! where a person changed it, mine is kept as it is, so that it never becomes wider. A kept tool
//! whose definition changed keeps its old digest in the lock, and so is denied until a person
//! accepts it.

use super::lock::Lock;
use crate::model::PolicyDocument;
use crate::model::policy::{Limit, ToolRules};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A merged policy and what became of every tool that moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The policy.
    pub document: PolicyDocument,
    /// The new lock.
    pub lock: Lock,
    /// What was kept and what moved.
    pub changes: Changes,
}

/// What a merge did, each list sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Changed by a person and kept as it is.
    pub kept: Vec<String>,
    /// Kept, and denied by the lock until accepted, because the definition changed.
    pub held: Vec<String>,
    /// New in the policy.
    pub added: Vec<String>,
    /// Generated otherwise than before.
    pub updated: Vec<String>,
    /// No longer in the policy.
    pub dropped: Vec<String>,
    /// Kept parts that belong to no tool: `default`, `all_tools`, `hide`.
    pub kept_parts: Vec<&'static str>,
}

impl Changes {
    /// Whether nothing moved and nothing was kept.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
}

/// What a document says of a tool.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Entry<'a> {
    Absent,
    Hidden,
    Listed(&'a ToolRules),
}

fn entry<'a>(document: &'a PolicyDocument, hidden: &BTreeSet<&str>, name: &str) -> Entry<'a> {
    match document.tools.get(name) {
        Some(rules) => Entry::Listed(rules),
        None if hidden.contains(name) => Entry::Hidden,
        None => Entry::Absent,
    }
}

/// Merges. `before` is the lock of the last generation, `mine` the policy as it is now, `new` the
/// lock of the new generation with the new document as its base; `accepted` are kept tools whose
/// changed definition a person has looked at.
pub fn merge(before: &Lock, mine: &PolicyDocument, new: Lock, accepted: &[String]) -> Merged {
    let (base, fresh) = (&before.base, &new.base);
    let [was_hidden, is_hidden, will_be_hidden] = [base, mine, fresh].map(|document| {
        document
            .hide
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
    });
    let names: BTreeSet<&String> = [base, mine, fresh]
        .into_iter()
        .flat_map(|document| document.hide.iter().chain(document.tools.keys()))
        .collect();
    let mut document = PolicyDocument::deny_all();
    let mut changes = Changes::default();
    let mut tools = new.tools.clone();
    let mut generated: BTreeMap<String, ToolRules> = BTreeMap::new();
    for name in names {
        let was = entry(base, &was_hidden, name);
        let is = entry(mine, &is_hidden, name);
        let will = entry(fresh, &will_be_hidden, name);
        let edited = is != was && is != will;
        let taken = if edited { is } else { will };
        if edited {
            changes.kept.push(name.clone());
            let moved = before.tools.get(name) != new.tools.get(name);
            if let (true, Some(old), false) =
                (moved, before.tools.get(name), accepted.contains(name))
            {
                tools.insert(name.clone(), old.clone());
                changes.held.push(name.clone());
            }
        } else {
            match (is, will) {
                (Entry::Absent, Entry::Absent) => {}
                (Entry::Absent, _) => changes.added.push(name.clone()),
                (_, Entry::Absent) => changes.dropped.push(name.clone()),
                (old, new) if old != new => changes.updated.push(name.clone()),
                _ => {}
            }
        }
        match taken {
            Entry::Absent => {}
            Entry::Hidden => document.hide.push(name.clone()),
            Entry::Listed(rules) if edited => {
                document.tools.insert(name.clone(), rules.clone());
            }
            Entry::Listed(rules) => {
                generated.insert(name.clone(), rules.clone());
            }
        }
    }
    document.default = if mine.default == base.default {
        fresh.default
    } else {
        changes.kept_parts.push("default");
        mine.default
    };
    document.all_tools = if mine.all_tools == base.all_tools {
        fresh.all_tools.clone()
    } else {
        changes.kept_parts.push("all_tools");
        mine.all_tools.clone()
    };
    let mut lock = Lock { tools, ..new };
    give_counters(&mut document, &mut lock.base, generated);
    Merged {
        document,
        lock,
        changes,
    }
}

/// Adds the generated rules; a counter that a kept rule uses already gets another name, in the
/// base too, so that nobody seems to have changed it.
fn give_counters(
    document: &mut PolicyDocument,
    base: &mut PolicyDocument,
    generated: BTreeMap<String, ToolRules>,
) {
    let all = document.all_tools.iter().flat_map(|all| &all.limits);
    let kept = document.tools.values().flat_map(|rules| &rules.limits);
    let mut taken: BTreeSet<String> = all.chain(kept).map(|l| l.counter.clone()).collect();
    for (name, mut rules) in generated {
        for limit in &mut rules.limits {
            rename(limit, &mut taken);
        }
        base.tools.insert(name.clone(), rules.clone());
        document.tools.insert(name, rules);
    }
}

fn rename(limit: &mut Limit, taken: &mut BTreeSet<String>) {
    let wanted = limit.counter.clone();
    let mut number = 2;
    while !taken.insert(limit.counter.clone()) {
        limit.counter = format!("{wanted}_{number}");
        number += 1;
    }
}

#[cfg(test)]
mod tests;
