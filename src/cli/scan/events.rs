//! The events of a run as JSON lines, for `--events FILE`.

use crate::cli::Failure;
use crate::cli::clock::millis;
use crate::cli::output::write_json;
use crate::model::Shown;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A file of events, or nothing.
#[derive(Debug)]
pub(super) struct Events {
    file: Option<(BufWriter<File>, PathBuf)>,
    clock: Instant,
}

impl Events {
    /// Opens the file; an older one is replaced.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| unwritable(path, &error))?;
                Some((BufWriter::new(file), path.to_owned()))
            }
        };
        Ok(Events {
            file,
            clock: Instant::now(),
        })
    }

    /// Writes one event, with the milliseconds since the start in `at`.
    pub(super) fn add(&mut self, kind: &str, mut more: serde_json::Value) -> Result<(), Failure> {
        let Some((file, path)) = &mut self.file else {
            return Ok(());
        };
        let mut event = json!({"event": kind, "at": millis(self.clock.elapsed())});
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object_mut()) {
            event.append(more);
        }
        write_json(file, &event)
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.flush())
            .map_err(|error| unwritable(path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::bad_input(
        format!("cannot write {}: {error}", Shown(&path.to_string_lossy())),
        "choose another file with --events FILE",
    )
}
