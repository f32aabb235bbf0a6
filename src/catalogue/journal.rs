//! The journal of a run: what is done, one line each, so that a run that was cut off can go on.
//!
//! It stands in `runs/unfinished-<digest>/journal.jsonl`, named by the targets of the run, and is
//! removed when the run is done. Each line is handed to the operating system at once, so a run that
//! is killed loses none; a machine that loses power loses at most a second, or a hundred lines.

use rustix::fs::{FlockOperation, flock};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Lines that may be lost when the machine loses power.
const LINES_BETWEEN_SYNCS: usize = 100;
/// Time that may be lost when the machine loses power.
const TIME_BETWEEN_SYNCS: Duration = Duration::from_secs(1);

/// An open journal; it is locked against a second run over the same targets.
#[derive(Debug)]
pub struct Journal {
    file: File,
    folder: PathBuf,
    unsynced: usize,
    synced: Instant,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another run over the same targets writes it now.
    #[error("another scan of the same targets is running in this catalogue")]
    Busy,
    /// It cannot be read or written.
    #[error("the journal {path} cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Journal {
    /// Opens the journal of the run `digest` in the catalogue at `root`. Gives what earlier runs
    /// wrote to it; a line that was cut off is dropped.
    pub fn open<T: DeserializeOwned>(
        root: &Path,
        digest: &str,
    ) -> Result<(Journal, Vec<T>), JournalError> {
        let folder = root.join("runs").join(format!("unfinished-{digest}"));
        let path = folder.join("journal.jsonl");
        let failed = |source: io::Error| JournalError::Io {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        // On a file system without locks, two runs at once are the user's own affair.
        if flock(&file, FlockOperation::NonBlockingLockExclusive)
            == Err(rustix::io::Errno::WOULDBLOCK)
        {
            return Err(JournalError::Busy);
        }
        let mut text = String::new();
        // What is no text was cut off in the middle of a character.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        text.push_str(&String::from_utf8_lossy(&bytes));
        let mut entries = Vec::new();
        let mut whole = 0;
        for line in text.split_inclusive('\n') {
            let Ok(entry) = serde_json::from_str(line) else {
                break;
            };
            if !line.ends_with('\n') {
                break;
            }
            whole += line.len() as u64;
            entries.push(entry);
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let journal = Journal {
            file,
            folder,
            unsynced: 0,
            synced: Instant::now(),
        };
        Ok((journal, entries))
    }

    /// Forgets what earlier runs wrote.
    pub fn clear(&mut self) -> Result<(), JournalError> {
        let cleared = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.map(|_| ()).map_err(|source| self.failed(source))
    }

    /// Adds a line.
    pub fn add(&mut self, entry: &impl Serialize) -> Result<(), JournalError> {
        let written = serde_json::to_vec(entry)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            });
        self.unsynced += 1;
        let due =
            self.unsynced >= LINES_BETWEEN_SYNCS || self.synced.elapsed() >= TIME_BETWEEN_SYNCS;
        let written = match written {
            Ok(()) if due => {
                self.unsynced = 0;
                self.synced = Instant::now();
                self.file.sync_data()
            }
            other => other,
        };
        written.map_err(|source| self.failed(source))
    }

    /// The run is done: the journal is removed.
    pub fn finish(self) -> Result<(), JournalError> {
        match fs::remove_dir_all(&self.folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::Io {
            path: self.folder.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_dropped() {
        let root = tempfile::tempdir().unwrap();
        let (mut journal, earlier) = Journal::open::<u32>(root.path(), "x").unwrap();
        assert!(earlier.is_empty());
        journal.add(&1).unwrap();
        journal.add(&2).unwrap();
        journal.file.write_all(b"{\"half").unwrap();
        assert!(matches!(
            Journal::open::<u32>(root.path(), "x"),
            Err(JournalError::Busy)
        ));
        drop(journal);
        let (mut journal, earlier) = Journal::open::<u32>(root.path(), "x").unwrap();
        assert_eq!(earlier, [1, 2]);
        journal.add(&3).unwrap();
        drop(journal);
        let (mut journal, earlier) = Journal::open::<u32>(root.path(), "x").unwrap();
        assert_eq!(earlier, [1, 2, 3]);
        journal.clear().unwrap();
        journal.finish().unwrap();
        assert!(!root.path().join("runs/unfinished-x").exists());
    }
}
