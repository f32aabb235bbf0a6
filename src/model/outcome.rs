//! How an attempt to list one server ended. Every target of a run ends in exactly one of these.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The outcome of one target. `0 tools listed` and `could not list` are different facts, so the
/// number of tools is never part of the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The whole list was read.
    Listed,
    /// Some of the list was read; the detail says where and why it stopped.
    Partial,
    /// The server wants credentials (401 or 403).
    AuthRequired,
    /// The connection was refused or reset before an answer.
    Refused,
    /// Nothing came within the limit.
    Timeout,
    /// The host name has no address.
    Dns,
    /// The TLS handshake or the certificate failed.
    TlsError,
    /// Something answered that does not speak MCP.
    NotMcp,
    /// It speaks MCP but broke the protocol so that no tool could be read.
    ProtocolError,
    /// A limit on size was hit before any tool could be read.
    TooLarge,
    /// The process ended or could not be started.
    Crashed,
    /// It wants configuration that was not given; the detail names the variables.
    NeedsConfig,
    /// It wants the network and was run without.
    NeedsNetwork,
    /// The address is not public and was not opened by a flag.
    BlockedAddress,
    /// The host or package is on the opt-out list, or robots.txt says no.
    OptedOut,
    /// Not tried in this run, for example because of the cap per host.
    Deferred,
    /// Tried too often and taken out of the run.
    Poison,
}

impl Outcome {
    /// Every outcome, in the order used by summaries.
    pub const ALL: [Outcome; 17] = [
        Outcome::Listed,
        Outcome::Partial,
        Outcome::AuthRequired,
        Outcome::Refused,
        Outcome::Timeout,
        Outcome::Dns,
        Outcome::TlsError,
        Outcome::NotMcp,
        Outcome::ProtocolError,
        Outcome::TooLarge,
        Outcome::Crashed,
        Outcome::NeedsConfig,
        Outcome::NeedsNetwork,
        Outcome::BlockedAddress,
        Outcome::OptedOut,
        Outcome::Deferred,
        Outcome::Poison,
    ];

    /// The snake_case word used in every output format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Listed => "listed",
            Outcome::Partial => "partial",
            Outcome::AuthRequired => "auth_required",
            Outcome::Refused => "refused",
            Outcome::Timeout => "timeout",
            Outcome::Dns => "dns",
            Outcome::TlsError => "tls_error",
            Outcome::NotMcp => "not_mcp",
            Outcome::ProtocolError => "protocol_error",
            Outcome::TooLarge => "too_large",
            Outcome::Crashed => "crashed",
            Outcome::NeedsConfig => "needs_config",
            Outcome::NeedsNetwork => "needs_network",
            Outcome::BlockedAddress => "blocked_address",
            Outcome::OptedOut => "opted_out",
            Outcome::Deferred => "deferred",
            Outcome::Poison => "poison",
        }
    }

    /// Whether tools were read, wholly or in part.
    pub const fn has_tools(self) -> bool {
        matches!(self, Outcome::Listed | Outcome::Partial)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_serialised_form() {
        for outcome in Outcome::ALL {
            let json = serde_json::to_value(outcome).unwrap();
            assert_eq!(json, outcome.as_str());
        }
    }
}
