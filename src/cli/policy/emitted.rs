//! Documents in other formats.

use super::super::Failure;
use super::server::Made;
use crate::model::PolicyDocument;
use crate::policy::emit::{EmitError, Emitted, Emitter, Source};
use crate::policy::{Disposition, Generated};

/// Emits a document of a server.
pub(super) fn emit(
    emitter: &Emitter,
    made: &Made,
    document: &PolicyDocument,
    allow_open: bool,
) -> Result<Emitted, Failure> {
    let source = Source {
        server: &made.name,
        document,
        unlisted: &unlisted(&made.generated),
    };
    emitter
        .emit(&source, allow_open)
        .map_err(|error| refused(&error))
}

/// An emitter that refuses is a matter of what was asked for.
pub(super) fn refused(error: &EmitError) -> Failure {
    let help = match error {
        EmitError::CannotDenyByDefault { .. } => {
            "give --allow-open to write it all the same, beside an enforcer that denies"
        }
        EmitError::NamesNoServers { .. } => {
            "leave out --together for a document of each server, or name one of the formats that \
             docs/policy.md says to hold several servers"
        }
    };
    Failure::bad_input(error.to_string(), help)
}

/// The tools of a server that its document does not name.
pub(super) fn unlisted(generated: &Generated) -> Vec<String> {
    let mut unlisted: Vec<String> = generated
        .tools
        .iter()
        .filter(|planned| planned.disposition == Disposition::Unlisted)
        .filter(|planned| !planned.tool.is_empty())
        .map(|planned| planned.tool.clone())
        .collect();
    unlisted.dedup();
    unlisted
}
