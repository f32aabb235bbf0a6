//! Reading what is to be classified from the records of a catalogue.

use super::Failure;
use super::input::Batch;
use crate::catalogue::Catalogue;
use crate::cli::output;
use crate::digest::tool_digest;
use crate::model::{Record, Shown, ToolEntry};
use std::path::{Path, PathBuf};

/// The servers of a catalogue, read as they come.
pub(super) struct Records {
    paths: std::vec::IntoIter<PathBuf>,
    digests: bool,
}

impl Records {
    /// Opens a catalogue; `digests` says whether those of the definitions are wanted.
    pub(super) fn open(folder: &Path, digests: bool) -> Result<Records, Failure> {
        let catalogue = Catalogue::open(folder).map_err(|error| Failure::catalogue(&error))?;
        let paths = catalogue.record_paths();
        if paths.is_empty() {
            return Err(Failure::no_records(folder));
        }
        Ok(Records {
            paths: paths.into_iter(),
            digests,
        })
    }

    /// The next servers, at most `most` of them, sorted by slug; none at the end. A record that
    /// cannot be read is told and left out.
    pub(super) fn chunk(&mut self, most: usize) -> Vec<Batch> {
        let mut batches = Vec::new();
        while batches.len() < most
            && let Some(path) = self.paths.next()
        {
            match Catalogue::read(&path) {
                Ok(record) => batches.push(batch(record, self.digests)),
                Err(error) => output::note(&format!("skipped: {}", Shown(&error.to_string()))),
            }
        }
        batches
    }
}

fn batch(record: Record, digests: bool) -> Batch {
    let is_listed = |entry: &&ToolEntry| matches!(entry, ToolEntry::Listed(_));
    let listed = record.tools.iter().filter(is_listed);
    Batch {
        server: Some(record.name),
        tools: listed.clone().filter_map(ToolEntry::tool).collect(),
        known_as: vec![record.slug.to_string()],
        digests: listed.filter(|_| digests).map(tool_digest).collect(),
    }
}
