//! What can be said of a tool: the category of its effect, the severity, the three traits.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The effect of one call, at worst, among what the tool plainly offers.
///
/// The order of the variants is the order of precedence, weakest first: when two categories are
/// equally well supported, the later one decides. `Unknown` means that nothing says enough; it is
/// never a synonym for harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Neither the name nor the description says what it does.
    Unknown,
    /// Returns information and changes nothing.
    Read,
    /// Adds or changes state in a way that can be undone.
    Write,
    /// Runs code, queries, jobs, devices, or sends arbitrary requests.
    Execute,
    /// Removes or overwrites without undo.
    Destructive,
    /// Moves or commits money or a tradeable asset.
    Financial,
}

impl Category {
    /// Every category, weakest first.
    pub const ALL: [Category; 6] = [
        Category::Unknown,
        Category::Read,
        Category::Write,
        Category::Execute,
        Category::Destructive,
        Category::Financial,
    ];

    /// The name used in every output format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Unknown => "Unknown",
            Category::Read => "Read",
            Category::Write => "Write",
            Category::Execute => "Execute",
            Category::Destructive => "Destructive",
            Category::Financial => "Financial",
        }
    }

    /// The severity of the category before any rule raises it.
    pub const fn base_severity(self) -> Severity {
        match self {
            Category::Read => Severity::Low,
            Category::Write => Severity::Medium,
            Category::Execute | Category::Unknown => Severity::High,
            Category::Destructive | Category::Financial => Severity::Critical,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How bad one uncontrolled call can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing changes and nothing sensitive is returned.
    Low,
    /// State changes that can be undone.
    Medium,
    /// Effects reach beyond the call, or secrets are returned.
    High,
    /// Loss of data or money, or arbitrary code.
    Critical,
}

impl Severity {
    /// Every severity, lowest first.
    pub const ALL: [Severity; 4] = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The name used in every output format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The severity `steps` higher, at most [`Severity::Critical`].
    #[must_use]
    pub fn raised(self, steps: u8) -> Severity {
        let index = (self as usize + usize::from(steps)).min(Severity::ALL.len() - 1);
        Severity::ALL[index]
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Three yes/no facts about one call. A server, or a set of servers used together, that has all
/// three can be made to leak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Traits {
    /// It can return data that is not public.
    pub private_data: bool,
    /// Its result can carry text written by outsiders.
    pub untrusted_content: bool,
    /// It can carry data outside the user's control or to a caller-chosen destination.
    pub external_egress: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_stops_at_critical() {
        assert_eq!(Severity::Low.raised(1), Severity::Medium);
        assert_eq!(Severity::High.raised(1), Severity::Critical);
        assert_eq!(Severity::Critical.raised(3), Severity::Critical);
    }

    #[test]
    fn precedence_is_the_order_of_variants() {
        assert!(Category::Financial > Category::Destructive);
        assert!(Category::Destructive > Category::Execute);
        assert!(Category::Execute > Category::Write);
        assert!(Category::Write > Category::Read);
        assert!(Category::Read > Category::Unknown);
    }
}
