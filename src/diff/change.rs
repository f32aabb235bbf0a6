//! What a change is: what happened, what that does to the risk, and in which details.

use serde::{Deserialize, Serialize};

/// A change of one tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolChange {
    /// The tool's name as answered.
    pub name: String,
    /// What happened to it.
    pub change: Change,
    /// The worst of the details.
    pub risk: Risk,
    /// Whether it is a rug pull: after it was first seen, the tool's severity rose, or it gained a
    /// trait or a text finding; or a new tool came with a text finding.
    pub rug_pull: bool,
    /// What changed, in a fixed order.
    pub what: Vec<Detail>,
}

/// What happened to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its definition, or what follows from it, is another.
    Changed,
}

/// What a change does to the risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Only what is said about it changed.
    Wording,
    /// Less can be done than before.
    Lowers,
    /// More can be done than before.
    Raises,
}

impl Risk {
    /// The word used in every output format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Risk::Wording => "wording",
            Risk::Lowers => "lowers",
            Risk::Raises => "raises",
        }
    }
}

impl Change {
    /// The word used in every output format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What kind of change, in snake_case, such as `parameter_added`.
    pub kind: String,
    /// Where: `description`, `inputSchema.properties.path`, `annotations.readOnlyHint`.
    pub at: String,
    /// What this detail does to the risk.
    pub risk: Risk,
    /// The text or value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The text or value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Detail {
    pub(super) fn new(kind: &str, at: impl Into<String>, risk: Risk) -> Detail {
        Detail {
            kind: kind.to_owned(),
            at: at.into(),
            risk,
            before: None,
            after: None,
        }
    }

    #[must_use]
    pub(super) fn from(mut self, before: impl Into<String>) -> Detail {
        self.before = Some(before.into());
        self
    }

    #[must_use]
    pub(super) fn to(mut self, after: impl Into<String>) -> Detail {
        self.after = Some(after.into());
        self
    }
}
