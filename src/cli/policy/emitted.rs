//! Documents in other formats, and what was lost on the way.

use super::super::{Failure, output};
use super::server::Made;
use crate::model::{PolicyDocument, Shown};
use crate::policy::Disposition;
use crate::policy::emit::{EmitError, Emitted, Emitter, Loss, Source};
use std::fmt::Write as _;

/// The most names of one loss that are told.
const SHOWN: usize = 8;

/// Emits a document of a server.
pub(super) fn emit(
    emitter: &Emitter,
    made: &Made,
    document: &PolicyDocument,
    allow_open: bool,
) -> Result<Emitted, Failure> {
    try_emit(emitter, made, document, allow_open).map_err(|error| refused(&error))
}

/// An emitter that refuses is a matter of what was asked for.
pub(super) fn refused(error: &EmitError) -> Failure {
    let help = match error {
        EmitError::CannotDenyByDefault { .. } => {
            "give --allow-open to write it all the same, beside an enforcer that denies"
        }
        EmitError::NothingAllowed { .. } => "docs/policy.md describes each format",
    };
    Failure::bad_input(error.to_string(), help)
}

/// Emits a document of a server, or says why not.
pub(super) fn try_emit(
    emitter: &Emitter,
    made: &Made,
    document: &PolicyDocument,
    allow_open: bool,
) -> Result<Emitted, EmitError> {
    let mut unlisted: Vec<String> = made
        .generated
        .tools
        .iter()
        .filter(|planned| planned.disposition == Disposition::Unlisted)
        .filter(|planned| !planned.tool.is_empty())
        .map(|planned| planned.tool.clone())
        .collect();
    unlisted.dedup();
    let source = Source {
        server: &made.name,
        document,
        unlisted: &unlisted,
    };
    emitter.emit(&source, allow_open)
}

/// Says on standard error what a format lost.
pub(super) fn tell(emitter: &Emitter, losses: &[Loss]) {
    for loss in losses {
        let mut line = format!("{}: lost: {}", emitter.id, loss.what);
        if !loss.tools.is_empty() {
            let names = loss.tools.iter().take(SHOWN);
            let names: Vec<String> = names.map(|name| Shown(name).to_string()).collect();
            line.push_str(": ");
            line.push_str(&names.join(", "));
            if loss.tools.len() > SHOWN {
                // Writing to a string cannot fail.
                let _ = write!(line, " and {} more", loss.tools.len() - SHOWN);
            }
        }
        output::note(&line);
    }
}
