//! Files of the site: staged beside the old site, unchanged ones linked, and swapped in one step.

use rayon::prelude::*;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file that marks a folder as a site of ours.
pub const MARKER: &str = "build.json";

/// A file or folder of the site cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The operating system said no.
    #[error("cannot write {path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder holds something that is not a site.
    #[error("{0} is not empty and holds no site made by toolrisk")]
    NotASite(PathBuf),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> WriteError + '_ {
    move |error| WriteError::Io {
        path: path.to_owned(),
        error,
    }
}

/// Where a new site is being put together.
#[derive(Debug)]
pub struct Stage {
    out: PathBuf,
    /// `None` where files are only counted.
    staging: Option<PathBuf>,
    previous: bool,
    files: AtomicU64,
    bytes: AtomicU64,
    written: AtomicU64,
}

/// Whether the site at `out` has its marker and the page of each of these servers.
pub fn is_whole<'a>(out: &Path, slugs: impl Iterator<Item = &'a str>) -> bool {
    out.join(MARKER).is_file()
        && slugs
            .map(|slug| out.join("tools").join(slug).join("index.html"))
            .all(|page| page.is_file())
}

/// How many files there are, and how many of them are new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files of the site.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files whose content differs from the site before, or is new.
    pub written: u64,
}

impl Stage {
    /// Prepares an empty folder beside `out`.
    pub fn open(out: &Path) -> Result<Stage, WriteError> {
        let out = std::path::absolute(out).map_err(failed(out))?;
        let previous = match fs::read_dir(&out) {
            Ok(mut entries) => {
                let empty = entries.next().is_none();
                if !empty && !out.join(MARKER).is_file() {
                    return Err(WriteError::NotASite(out));
                }
                !empty
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(&out)(error)),
        };
        let name = out
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let parent = out.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed(parent))?;
        let staging = parent.join(format!(".{name}.new-{}", std::process::id()));
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(failed(&staging))?;
        }
        fs::create_dir(&staging).map_err(failed(&staging))?;
        Ok(Stage {
            out,
            staging: Some(staging),
            previous,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            written: AtomicU64::new(0),
        })
    }

    /// Counts files and writes none.
    pub fn counting() -> Stage {
        Stage {
            out: PathBuf::new(),
            staging: None,
            previous: false,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Takes files over from the old site as they are; `false` when one is missing, and then all of
    /// them are to be put.
    pub fn link_all(&self, paths: &[String]) -> bool {
        let Some(staging) = self.staging.as_deref().filter(|_| self.previous) else {
            return false;
        };
        let mut bytes = 0;
        for path in paths {
            let (old, target) = (self.out.join(path), staging.join(path));
            let Ok(meta) = fs::metadata(&old) else {
                return false;
            };
            bytes += meta.len();
            let linked = fs::hard_link(&old, &target).or_else(|error| {
                if error.kind() != io::ErrorKind::NotFound {
                    return Err(error);
                }
                let parent = target.parent().unwrap_or(Path::new("."));
                fs::create_dir_all(parent)?;
                fs::hard_link(&old, &target)
            });
            if linked.is_err() {
                return false;
            }
        }
        self.files.fetch_add(paths.len() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Puts one file. `path` is made of slugs and fixed names only, never of foreign text.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let Some(staging) = &self.staging else {
            return Ok(());
        };
        let (old, target) = (self.out.join(path), staging.join(path));
        let same = self.previous
            && fs::metadata(&old).is_ok_and(|meta| meta.len() == bytes.len() as u64)
            && fs::read(&old).is_ok_and(|before| before == bytes);
        let place = || -> io::Result<()> {
            if same && fs::hard_link(&old, &target).is_ok() {
                return Ok(());
            }
            // Never through a link to a file of the old site.
            if target.exists() {
                fs::remove_file(&target)?;
            }
            fs::File::create(&target)?.write_all(bytes)
        };
        if !same {
            self.written.fetch_add(1, Ordering::Relaxed);
        }
        match place() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent).map_err(failed(parent))?;
                }
                place().map_err(failed(&target))
            }
            other => other.map_err(failed(&target)),
        }
    }

    /// What was put so far.
    pub fn tally(&self) -> Tally {
        Tally {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
        }
    }

    /// Makes the new site the site.
    pub fn swap(self) -> Result<Tally, WriteError> {
        let tally = self.tally();
        let Some(staging) = self.staging.as_deref() else {
            return Ok(tally);
        };
        if !self.out.exists() {
            fs::rename(staging, &self.out).map_err(failed(&self.out))?;
            return Ok(tally);
        }
        let exchanged = rustix::fs::renameat_with(
            rustix::fs::CWD,
            staging,
            rustix::fs::CWD,
            &self.out,
            rustix::fs::RenameFlags::EXCHANGE,
        );
        if exchanged.is_err() {
            // A file system without exchange: two renames, with nothing there for a moment.
            let aside = staging.with_extension("old");
            fs::rename(&self.out, &aside).map_err(failed(&self.out))?;
            fs::rename(staging, &self.out).map_err(failed(&self.out))?;
            fs::rename(&aside, staging).map_err(failed(&aside))?;
        }
        // What is left there now is the old site; `drop` removes it.
        Ok(tally)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After a swap this is the old site, after an error the unfinished new one; neither is
        // of use, and neither can be reported from here.
        if let Some(staging) = &self.staging {
            remove(staging);
        }
    }
}

/// Removes a folder: what stands in it and in its folders on all cores, because a large site takes
/// longer to remove than to make.
fn remove(folder: &Path) {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.map(|entry| entry.path()).collect()
    };
    let first = inside(folder);
    let second: Vec<PathBuf> = first.iter().flat_map(|folder| inside(folder)).collect();
    second.par_iter().chain(&first).for_each(|folder| {
        let _ = fs::remove_dir_all(folder);
    });
    let _ = fs::remove_dir_all(folder);
}
