//! Documents in the formats of other enforcers.
//!
//! Every emitter says what its format can express; what a document has and the format has not is a
//! [`Loss`], never silence. A format that lets through what it does not name refuses, unless it is
//! told that this is wanted. Tool names are chosen by others: they are quoted everywhere, and a
//! name that a format would read as something else is left out, so that it is never allowed there.
//!
//! Each emitter names the source that its format was read in, and when. A format that names
//! servers holds the policies of several in one document; the others hold one.

mod cedar;
mod clients;
mod gateways;
mod gemini;
mod intercept;
mod loss;
mod plan;
mod quote;

use crate::model::policy::PolicyDocument;
pub use loss::Loss;
use plan::Plan;

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
    /// Servers that have another name in it, and that name: they must have it in the
    /// configuration too.
    pub renamed: Vec<(String, String)>,
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
    /// The format does not say of which server a tool is.
    #[error("{format} names no servers, so that one document cannot hold the policies of several")]
    NamesNoServers {
        /// The format.
        format: &'static str,
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

/// How a document is written.
#[derive(Clone, Copy)]
enum Render {
    /// It is of one server, and does not name it.
    One(fn(&Plan<'_>) -> String),
    /// It names each server.
    Named(fn(&[Plan<'_>]) -> String),
}

/// One format.
pub struct Emitter {
    /// The word for `--emit`.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// How a file of it ends.
    pub extension: &'static str,
    /// Where it belongs, in a few words.
    pub place: &'static str,
    /// What it can express.
    pub can: Abilities,
    /// What happens to a tool that is not named, where that is not denial.
    open: &'static str,
    /// The longest name of a server that it can be given, in bytes.
    longest_alias: usize,
    /// Whether it can express a name.
    fits: fn(alias: &str, tool: &str) -> bool,
    /// What a tool's name becomes before the format's rules see it: two tools of one such name
    /// cannot be told apart.
    reads_as: fn(tool: &str) -> String,
    render: Render,
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
    &gemini::GEMINI_CLI,
    &clients::ZED,
    &clients::CURSOR,
    &gateways::DOCKER_GATEWAY,
    &cedar::TOOLHIVE,
    &cedar::AGENTCORE,
    &gateways::AGENTGATEWAY,
    &gateways::REGO,
];

/// Our own document. Source: <https://policylayer.com/docs/writing-policies>, read 2026-11.
static POLICYLAYER: Emitter = Emitter {
    id: "policylayer",
    title: "policy.json",
    extension: "json",
    place: "attach it to a grant of the server",
    can: Abilities {
        default_deny: true,
        hide: true,
        ask: false,
        limits: true,
        conditions: true,
        names: "all",
    },
    open: "",
    longest_alias: plan::MAX_ALIAS,
    fits: |_, _| true,
    reads_as: str::to_owned,
    render: Render::One(|plan| super::to_json(plan.source.document)),
};

impl Emitter {
    /// The format of that word.
    pub fn named(id: &str) -> Option<&'static Emitter> {
        ALL.into_iter().find(|emitter| emitter.id == id)
    }

    /// Whether one document can hold the policies of several servers.
    pub const fn names_servers(&self) -> bool {
        matches!(self.render, Render::Named(_))
    }

    /// Renders the document of a server. `allow_open` permits a format that lets through what it
    /// does not name.
    pub fn emit(&self, source: &Source<'_>, allow_open: bool) -> Result<Emitted, EmitError> {
        self.emit_together(std::slice::from_ref(source), allow_open)
    }

    /// Renders the documents of servers that one client or gateway has, as one.
    pub fn emit_together(
        &self,
        sources: &[Source<'_>],
        allow_open: bool,
    ) -> Result<Emitted, EmitError> {
        if !self.can.default_deny && !allow_open {
            return Err(EmitError::CannotDenyByDefault {
                format: self.id,
                why: self.open,
            });
        }
        let mut plans = plan::all(sources, self.longest_alias);
        let unfit = plans
            .iter_mut()
            .map(|plan| plan.take_unfit(self.fits, self.reads_as))
            .collect::<Vec<_>>();
        let text = match (self.render, plans.as_slice()) {
            (Render::Named(render), plans) => render(plans),
            (Render::One(render), [plan]) => render(plan),
            (Render::One(_), _) => {
                return Err(EmitError::NamesNoServers { format: self.id });
            }
        };
        let renamed = plans
            .iter()
            .filter(|plan| self.names_servers() && plan.alias != plan.source.server)
            .map(|plan| (plan.source.server.to_owned(), plan.alias.clone()))
            .collect();
        Ok(Emitted {
            text,
            losses: loss::of(self, &plans, unfit),
            renamed,
        })
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

/// A name with `_` for each character that is none of letters, digits, `_`, `-` and those given.
fn underscored(name: &str, others: &[char]) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || others.contains(&c);
    name.chars()
        .map(|c| if kept(c) { c } else { '_' })
        .collect()
}
