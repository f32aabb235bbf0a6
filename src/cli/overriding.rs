//! What people say of wrong labels, read for the commands that judge.

use super::Failure;
use crate::catalogue::Overrides;
use std::path::Path;

/// The overrides of a catalogue; without the folder or the file there are none.
pub(super) fn overrides(catalogue: &Path) -> Result<Overrides, Failure> {
    Overrides::of(catalogue).map_err(|error| {
        Failure::bad_input(
            error.to_string(),
            "an entry is [[override]] with server, tool, category and reason, see docs/method.md",
        )
    })
}
