//! Documents in the formats of other enforcers.
//!
//! Every emitter says what its format can express; what a document has and the format has not is a
//! [`Loss`], never silence. A format that lets through what it does not name refuses, unless it is
//! told that this is wanted. Tool names are chosen by others: they are quoted everywhere, and a
//! name that a format would read as something else is left out, so that it is never allowed there.

mod cedar;
mod clients;
mod gateways;
mod intercept;
mod quote;

use super::preset::NEEDS_APPROVAL;
use crate::model::policy::{DefaultAction, PolicyDocument, ToolRules};
use crate::model::{Shown, Slug};

/// What is emitted.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The server's name, as the enforcer knows it.
    pub server: &'a str,
    /// The policy.
    pub document: &'a PolicyDocument,
    /// Tools that the server has and the document does not name, for formats that deny by name.
    pub unlisted: &'a [String],
}

/// An emitted document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    /// The text, with a newline at the end.
    pub text: String,
    /// What it does not say.
    pub losses: Vec<Loss>,
}

/// Something of the document that the format cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What was lost, in one sentence.
    pub what: String,
    /// The tools concerned; empty when it concerns the whole document.
    pub tools: Vec<String>,
}

/// Why nothing was emitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// The format lets through what it does not name.
    #[error("{format} cannot deny by default: {why}")]
    CannotDenyByDefault {
        /// The format.
        format: &'static str,
        /// What happens to a tool that it does not name.
        why: &'static str,
    },
    /// An empty list of allowed tools could be read as every tool.
    #[error("no tool is allowed, and {format} reads an empty list as every tool: {instead}")]
    NothingAllowed {
        /// The format.
        format: &'static str,
        /// What to do.
        instead: &'static str,
    },
}

/// What a format can express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one column each of the table in docs/policy.md"
)]
pub struct Abilities {
    /// A tool that is not named is denied.
    pub default_deny: bool,
    /// A denied tool is not shown to the agent.
    pub hide: bool,
    /// A person is asked where the policy says that approval is needed.
    pub ask: bool,
    /// Limits in calendar windows.
    pub limits: bool,
    /// Conditions on arguments.
    pub conditions: bool,
    /// Which names it can express; the rest is left out.
    pub names: &'static str,
}

/// One format.
pub struct Emitter {
    /// The word for `--emit`.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// How a file of it ends.
    pub extension: &'static str,
    /// What it can express.
    pub can: Abilities,
    /// What happens to a tool that is not named, where that is not denial.
    open: &'static str,
    /// What to do instead where an empty list would be read as every tool.
    empty: Option<&'static str>,
    /// Whether it can express a name.
    fits: fn(alias: &str, tool: &str) -> bool,
    render: fn(&Plan<'_>) -> String,
}

impl std::fmt::Debug for Emitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emitter")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Every format, the default first.
pub const ALL: [&Emitter; 12] = [
    &POLICYLAYER,
    &intercept::INTERCEPT,
    &clients::CLAUDE_CODE,
    &clients::CODEX,
    &clients::GEMINI_CLI,
    &clients::ZED,
    &clients::CURSOR,
    &gateways::DOCKER_GATEWAY,
    &cedar::TOOLHIVE,
    &cedar::AGENTCORE,
    &gateways::AGENTGATEWAY,
    &gateways::REGO,
];

static POLICYLAYER: Emitter = Emitter {
    id: "policylayer",
    title: "policy.json",
    extension: "json",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: true,
        conditions: true,
        names: "all",
    },
    open: "",
    empty: None,
    fits: |_, _| true,
    render: |plan| super::to_json(plan.source.document),
};

/// A document sorted by what becomes of each tool.
struct Plan<'a> {
    source: &'a Source<'a>,
    /// The server's name in the characters that every client takes.
    alias: String,
    /// Some call is allowed.
    allowed: Vec<(&'a str, &'a ToolRules)>,
    /// Every call is denied for want of a person's approval.
    ask: Vec<&'a str>,
    /// Every call is denied: with a message, hidden, or not listed.
    denied: Vec<&'a str>,
}

impl Emitter {
    /// The format of that word.
    pub fn named(id: &str) -> Option<&'static Emitter> {
        ALL.into_iter().find(|emitter| emitter.id == id)
    }

    /// Renders the document. `allow_open` permits a format that lets through what it does not
    /// name.
    pub fn emit(&self, source: &Source<'_>, allow_open: bool) -> Result<Emitted, EmitError> {
        if !self.can.default_deny && !allow_open {
            return Err(EmitError::CannotDenyByDefault {
                format: self.id,
                why: self.open,
            });
        }
        let mut plan = Plan::of(source);
        let mut losses = Vec::new();
        let unfit = plan.take_unfit(self.fits);
        if let (true, Some(instead)) = (plan.allowed.is_empty(), self.empty) {
            return Err(EmitError::NothingAllowed {
                format: self.id,
                instead,
            });
        }
        let mut lose = |what: &str, tools: Vec<String>| {
            if !tools.is_empty() {
                let what = what.to_owned();
                losses.push(Loss { what, tools });
            }
        };
        lose(
            "the format would read the name as something else; the tool is not allowed there",
            unfit,
        );
        if !self.can.limits {
            lose(
                "limits are not enforced",
                plan.tools_with(|r| !r.limits.is_empty()),
            );
        }
        if !self.can.conditions {
            lose(
                "conditions on arguments are not enforced",
                plan.tools_with(|r| !r.require.is_empty() || !r.deny_if.is_empty()),
            );
        } else if self.id == intercept::INTERCEPT.id {
            lose(
                "deny_if conditions on arguments are not enforced",
                plan.tools_with(|r| !r.deny_if.is_empty()),
            );
            lose(
                "the limit that adds up an argument is not enforced",
                plan.tools_with(|r| r.limits.iter().any(|l| l.increment_from.is_some())),
            );
        }
        if self.can.conditions {
            lose(
                "conditions on elements or the length of a list are absent to other enforcers",
                plan.tools_with(uses_lists),
            );
        }
        if !self.can.hide {
            lose(
                "hidden tools are denied, and the agent still sees them",
                source.document.hide.clone(),
            );
        }
        let whole = |what: String| Loss {
            what,
            tools: Vec::new(),
        };
        let all = source.document.all_tools.as_ref();
        if !self.can.limits && all.is_some_and(|all| !all.limits.is_empty()) {
            losses.push(whole("limits over all tools are not enforced".to_owned()));
        }
        let keeps_default = [POLICYLAYER.id, intercept::INTERCEPT.id].contains(&self.id);
        if source.document.default == DefaultAction::Allow && !keeps_default {
            losses.push(whole(
                "default: allow is not kept; a tool that is not listed is denied".to_owned(),
            ));
        }
        if !self.can.default_deny {
            losses.push(whole(format!("it does not deny by default: {}", self.open)));
        }
        if plan.alias != source.server && !keeps_default {
            losses.push(whole(format!(
                "the server is named {} there; it must have that name in the configuration",
                Shown(&plan.alias)
            )));
        }
        Ok(Emitted {
            text: (self.render)(&plan),
            losses,
        })
    }
}

fn uses_lists(rules: &ToolRules) -> bool {
    let conditions = rules
        .require
        .iter()
        .chain(&rules.deny_if)
        .flat_map(|r| &r.conditions);
    conditions
        .map(|c| c.path.as_str())
        .chain(
            rules
                .limits
                .iter()
                .filter_map(|l| l.increment_from.as_deref()),
        )
        .any(|path| path.contains("[]") || path.ends_with(".length"))
}

impl<'a> Plan<'a> {
    fn of(source: &'a Source<'a>) -> Plan<'a> {
        let document = source.document;
        let mut plan = Plan {
            source,
            alias: alias(source.server),
            allowed: Vec::new(),
            ask: Vec::new(),
            denied: Vec::new(),
        };
        let everything_hidden = document
            .hide
            .iter()
            .any(|h| h == super::generate::EVERY_TOOL);
        for (name, rules) in &document.tools {
            let hidden = everything_hidden || document.hide.contains(name);
            if hidden || !rules.denies_always() {
                if hidden {
                    plan.denied.push(name);
                } else {
                    plan.allowed.push((name, rules));
                }
                continue;
            }
            // Only where approval is all that is missing.
            let waits = rules
                .deny_if
                .iter()
                .filter(|rule| rule.conditions.is_empty())
                .all(|rule| rule.on_deny.as_deref() == Some(NEEDS_APPROVAL));
            if waits {
                plan.ask.push(name);
            } else {
                plan.denied.push(name);
            }
        }
        let others = document.hide.iter().chain(source.unlisted);
        plan.denied.extend(
            others
                .map(String::as_str)
                .filter(|name| *name != super::generate::EVERY_TOOL)
                .filter(|name| !document.tools.contains_key(*name)),
        );
        plan.denied.sort_unstable();
        plan.denied.dedup();
        plan
    }

    /// Takes out the names that the format cannot express, and gives those that were allowed.
    fn take_unfit(&mut self, fits: fn(&str, &str) -> bool) -> Vec<String> {
        let alias = &self.alias;
        let fits = |name: &str| fits(alias, name);
        let allowed = self.allowed.iter().map(|(name, _)| *name);
        let unfit = allowed
            .filter(|name| !fits(name))
            .map(str::to_owned)
            .collect();
        self.allowed.retain(|(name, _)| fits(name));
        self.ask.retain(|name| fits(name));
        self.denied.retain(|name| fits(name));
        unfit
    }

    fn tools_with(&self, test: impl Fn(&ToolRules) -> bool) -> Vec<String> {
        self.allowed
            .iter()
            .filter(|(_, rules)| test(rules))
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    fn allowed_names(&self) -> impl Iterator<Item = &'a str> {
        self.allowed.iter().map(|(name, _)| *name)
    }
}

/// The server's name where every client takes it as it is, else a readable form of it.
fn alias(server: &str) -> String {
    let plain = !server.is_empty()
        && server.len() <= 40
        && server
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain {
        server.to_owned()
    } else {
        let slug = Slug::readable(server);
        let cut = slug.as_str().get(..40).unwrap_or(slug.as_str());
        cut.trim_end_matches('-').to_owned()
    }
}

/// Whether a name has only letters, digits, `_` and `-`.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
