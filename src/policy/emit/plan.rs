//! A document sorted by what becomes of each tool.

use super::super::generate::EVERY_TOOL;
use super::super::preset::NEEDS_APPROVAL;
use super::Source;
use crate::model::Slug;
use crate::model::policy::ToolRules;
use std::collections::{BTreeMap, BTreeSet};

/// The longest name of a server for most formats, in bytes: what a client makes of server and tool
/// together is limited too.
pub(super) const MAX_ALIAS: usize = 40;

/// One server's tools by what becomes of them.
pub(super) struct Plan<'a> {
    pub(super) source: &'a Source<'a>,
    /// The server's name in the characters that every client takes.
    pub(super) alias: String,
    /// Some call is allowed.
    pub(super) allowed: Vec<(&'a str, &'a ToolRules)>,
    /// Every call is denied for want of a person's approval.
    pub(super) ask: Vec<&'a str>,
    /// Every call is denied: with a message, hidden, or not listed.
    pub(super) denied: Vec<&'a str>,
}

/// Allowed tools that a format cannot let through.
#[derive(Default)]
pub(super) struct Unfit {
    /// It cannot express the name.
    pub(super) unnamed: Vec<String>,
    /// It would take another tool for it.
    pub(super) alike: Vec<String>,
}

/// The plan of every server, each with a name of its own of at most so many bytes.
pub(super) fn all<'a>(sources: &'a [Source<'a>], longest: usize) -> Vec<Plan<'a>> {
    let mut taken = BTreeSet::new();
    let mut plans = Vec::with_capacity(sources.len());
    for source in sources {
        let mut plan = Plan::of(source, alias(source.server, longest));
        let mut number = 2;
        while !taken.insert(plan.alias.clone()) {
            let end = format!("-{number}");
            plan.alias = alias(source.server, longest.saturating_sub(end.len())) + &end;
            number += 1;
        }
        plans.push(plan);
    }
    plans
}

impl<'a> Plan<'a> {
    fn of(source: &'a Source<'a>, alias: String) -> Plan<'a> {
        let document = source.document;
        let mut plan = Plan {
            source,
            alias,
            allowed: Vec::new(),
            ask: Vec::new(),
            denied: Vec::new(),
        };
        let everything_hidden = document.hide.iter().any(|h| h == EVERY_TOOL);
        for (name, rules) in &document.tools {
            if everything_hidden || document.hide.contains(name) {
                plan.denied.push(name);
            } else if !rules.denies_always() {
                plan.allowed.push((name, rules));
            } else if waits_for_approval(rules) {
                plan.ask.push(name);
            } else {
                plan.denied.push(name);
            }
        }
        let others = document.hide.iter().chain(source.unlisted);
        plan.denied.extend(
            others
                .map(String::as_str)
                .filter(|name| *name != EVERY_TOOL)
                .filter(|name| !document.tools.contains_key(*name)),
        );
        plan.denied.sort_unstable();
        plan.denied.dedup();
        plan
    }

    /// Takes out the names that the format cannot express, or would take for another tool's.
    pub(super) fn take_unfit(
        &mut self,
        fits: fn(&str, &str) -> bool,
        reads_as: fn(&str) -> String,
    ) -> Unfit {
        let mut alike: BTreeMap<String, usize> = BTreeMap::new();
        let allowed = self.allowed.iter().map(|(name, _)| *name);
        for name in allowed.chain(self.ask.iter().chain(&self.denied).copied()) {
            *alike.entry(reads_as(name)).or_default() += 1;
        }
        let alias = &self.alias;
        let fits = |name: &str| fits(alias, name);
        let alone = |name: &str| alike.get(&reads_as(name)).is_none_or(|&count| count == 1);
        let mut unfit = Unfit::default();
        self.allowed.retain(|(name, _)| {
            let kept = fits(name) && alone(name);
            if !fits(name) {
                unfit.unnamed.push((*name).to_owned());
            } else if !kept {
                unfit.alike.push((*name).to_owned());
            }
            kept
        });
        self.ask.retain(|name| fits(name) && alone(name));
        self.denied.retain(|name| fits(name));
        unfit
    }

    /// The allowed tools for whose rules the test holds.
    pub(super) fn tools_with(&self, test: impl Fn(&ToolRules) -> bool) -> Vec<String> {
        self.allowed
            .iter()
            .filter(|(_, rules)| test(rules))
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    pub(super) fn allowed_names(&self) -> impl Iterator<Item = &'a str> {
        self.allowed.iter().map(|(name, _)| *name)
    }
}

/// Whether a person's approval is all that is missing.
fn waits_for_approval(rules: &ToolRules) -> bool {
    rules
        .deny_if
        .iter()
        .filter(|rule| rule.conditions.is_empty())
        .all(|rule| rule.on_deny.as_deref() == Some(NEEDS_APPROVAL))
}

/// The server's name where every client takes it as it is, else a readable form of it; at most so
/// many bytes.
fn alias(server: &str, longest: usize) -> String {
    let plain = !server.is_empty()
        && server.len() <= longest
        && server
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain {
        server.to_owned()
    } else {
        let slug = Slug::readable(server);
        let cut = slug.as_str().get(..longest).unwrap_or(slug.as_str());
        cut.trim_end_matches('-').to_owned()
    }
}
