//! What is derived for a whole server, or for several used together.

use super::taxonomy::{Category, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The derived facts of one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Tools by category; every category is present, with 0 where there is none.
    pub categories: BTreeMap<Category, usize>,
    /// Tools by severity; every severity is present.
    pub severities: BTreeMap<Severity, usize>,
    /// The grade; `None` without tools, because not listed is not an A.
    pub grade: Option<Grade>,
    /// The lethal trifecta over the server's own tools.
    pub trifecta: Trifecta,
}

/// A grade with everything that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// A (least risk) to F.
    pub letter: Letter,
    /// The sum of the contributions, 0 to 100; higher is riskier.
    pub points: f64,
    /// Each part of the sum, in the order of the formula.
    pub contributions: Vec<Contribution>,
}

/// One part of a grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Which part of the formula, in snake_case.
    pub id: String,
    /// One sentence with the numbers it was made from.
    pub detail: String,
    /// Points added.
    pub points: f64,
    /// The most that this part can add.
    pub max: f64,
}

/// A grade's letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Letter {
    /// least risk
    A,
    /// little risk
    B,
    /// some risk
    C,
    /// much risk
    D,
    /// very much risk
    E,
    /// most risk
    F,
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Letter::A => "A",
            Letter::B => "B",
            Letter::C => "C",
            Letter::D => "D",
            Letter::E => "E",
            Letter::F => "F",
        })
    }
}

/// Private data, untrusted content and a way out, together: text that one tool returns can make
/// an agent send what another tool returns through a third.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trifecta {
    /// Tools that can return private data, sorted.
    pub private_data: Vec<ToolRef>,
    /// Tools whose result can carry text by outsiders, sorted.
    pub untrusted_content: Vec<ToolRef>,
    /// Tools that can carry data out, sorted.
    pub external_egress: Vec<ToolRef>,
    /// Whether all three legs are there.
    pub complete: bool,
    /// The fewest tools to deny so that one leg is gone; empty when it is not complete.
    pub cut: Vec<ToolRef>,
}

/// A tool of a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ToolRef {
    /// The server, where several are looked at together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The tool's name as answered.
    pub tool: String,
}
