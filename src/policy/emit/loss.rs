//! What a format does not say of a document.

use super::plan::Unfit;
use super::{Emitter, Plan, intercept};
use crate::model::policy::{DefaultAction, ToolRules};

/// Something of the document that the format cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What was lost, in one sentence. It is the same for every document, so that losses of many
    /// can be counted by it.
    pub what: String,
    /// The tools concerned, with the server before them where there are several; empty when it
    /// concerns the whole document.
    pub tools: Vec<String>,
}

/// All that `emitter` loses of the plans; `unfit` are the tools that were taken out of each.
pub(super) fn of(emitter: &Emitter, plans: &[Plan<'_>], unfit: Vec<Unfit>) -> Vec<Loss> {
    let mut losses = Losses {
        plans,
        found: Vec::new(),
    };
    let can = emitter.can;
    let (unnamed, alike) = unfit.into_iter().map(|u| (u.unnamed, u.alike)).unzip();
    losses.add(
        &format!(
            "the tool's name cannot be written ({}); it is not allowed there",
            can.names
        ),
        unnamed,
    );
    losses.add(
        "the tool's name is the same as another's there; it is not allowed there",
        alike,
    );
    if !can.limits {
        losses.allowed("limits are not enforced", |r| !r.limits.is_empty());
    }
    if !can.conditions {
        losses.allowed("conditions on arguments are not enforced", |r| {
            !r.require.is_empty() || !r.deny_if.is_empty()
        });
    }
    if emitter.id == intercept::INTERCEPT.id {
        losses.allowed("deny_if conditions on arguments are not enforced", |r| {
            !r.deny_if.is_empty()
        });
        let limited = plans.iter().map(|plan| {
            let mut limited = plan.tools_with(|r| !r.limits.is_empty());
            limited.retain(|tool| !intercept::can_limit(tool));
            limited
        });
        let limited = limited.collect();
        losses.add(
            "limits of a tool with a dot in its name are not enforced",
            limited,
        );
        losses.allowed(
            "a required condition on elements or the length of a list never holds there, so that \
             every call is denied",
            |r| required_paths(r).any(is_of_list),
        );
    } else if can.conditions {
        losses.allowed(
            "conditions on elements or the length of a list are absent to other enforcers",
            |r| paths(r).any(is_of_list),
        );
    }
    if !can.hide {
        let hidden = plans.iter().map(|plan| plan.source.document.hide.clone());
        losses.add(
            "hidden tools are denied, and the agent still sees them",
            hidden.collect(),
        );
    }
    let documents = || plans.iter().map(|plan| plan.source.document);
    let limits_all = documents().any(|d| d.all_tools.iter().any(|all| !all.limits.is_empty()));
    let is_intercept = emitter.id == intercept::INTERCEPT.id;
    if limits_all && (!can.limits || is_intercept && !plans.iter().all(intercept::can_limit_all)) {
        losses.whole("limits over all tools are not enforced".to_owned());
    } else if limits_all && is_intercept {
        losses.whole("a tool that is named * is let through within the limits over all".to_owned());
    }
    // Only our own format and Intercept's have a default of their own.
    if !can.conditions && documents().any(|d| d.default == DefaultAction::Allow) {
        losses.whole("default: allow is not kept; a tool that is not listed is denied".to_owned());
    }
    if !can.default_deny {
        losses.whole(format!("it does not deny by default: {}", emitter.open));
    }
    losses.found
}

struct Losses<'p, 'a> {
    plans: &'p [Plan<'a>],
    found: Vec<Loss>,
}

impl Losses<'_, '_> {
    fn whole(&mut self, what: String) {
        self.found.push(Loss {
            what,
            tools: Vec::new(),
        });
    }

    /// A loss of the allowed tools for whose rules the test holds.
    fn allowed(&mut self, what: &str, test: impl Fn(&ToolRules) -> bool) {
        let tools = self.plans.iter().map(|plan| plan.tools_with(&test));
        self.add(what, tools.collect());
    }

    /// A loss of these tools of each server.
    fn add(&mut self, what: &str, tools: Vec<Vec<String>>) {
        let several = self.plans.len() > 1;
        let tools: Vec<String> = self
            .plans
            .iter()
            .zip(tools)
            .flat_map(|(plan, tools)| {
                tools.into_iter().map(move |tool| {
                    if several {
                        format!("{}/{tool}", plan.source.server)
                    } else {
                        tool
                    }
                })
            })
            .collect();
        if !tools.is_empty() {
            self.found.push(Loss {
                what: what.to_owned(),
                tools,
            });
        }
    }
}

fn required_paths(rules: &ToolRules) -> impl Iterator<Item = &str> {
    let conditions = rules.require.iter().flat_map(|rule| &rule.conditions);
    conditions.map(|condition| condition.path.as_str())
}

fn paths(rules: &ToolRules) -> impl Iterator<Item = &str> {
    let denied = rules.deny_if.iter().flat_map(|rule| &rule.conditions);
    let added = rules.limits.iter();
    required_paths(rules)
        .chain(denied.map(|condition| condition.path.as_str()))
        .chain(added.filter_map(|limit| limit.increment_from.as_deref()))
}

/// Whether a path has one of the two forms that are ours.
fn is_of_list(path: &str) -> bool {
    path.contains("[]") || path.ends_with(".length")
}
