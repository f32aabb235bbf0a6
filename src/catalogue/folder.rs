//! Reading and writing the folder.

use super::files::{StagedError, write_staged};
use super::history::History;
use super::report::RunReport;
use super::settle::settle;
use crate::model::{Record, Shown, Slug};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The server was not there before.
    New,
    /// The server was there with other content.
    Changed,
    /// The same stands there already, apart from the order of the tools and from dates and times
    /// in their texts.
    Unchanged,
    /// The new record lists less than the old one because the crawl failed: the old one stays.
    Kept,
}

/// What went wrong with a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// There is no catalogue there.
    #[error("{path} is no catalogue: it has no folder servers/")]
    NotACatalogue {
        /// The folder asked for.
        path: String,
    },
    /// The folder cannot be made or written.
    #[error("the catalogue {path} cannot be written: {source}")]
    Unwritable {
        /// What could not be written.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is no record.
    #[error("{path} is no record: {source}")]
    NotARecord {
        /// The file.
        path: String,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl From<StagedError> for CatalogueError {
    fn from(error: StagedError) -> Self {
        CatalogueError::Unwritable {
            path: shown(&error.path),
            source: error.source,
        }
    }
}

/// A catalogue folder.
#[derive(Debug, Clone)]
pub struct Catalogue {
    root: PathBuf,
    now: String,
}

/// The age at which a staged file is one that nobody is writing.
const LEFTOVER_AGE: Duration = Duration::from_mins(1);

/// The date of changes where no clock was passed in.
const NO_CLOCK: &str = "1970-01-01T00:00:00Z";

impl Catalogue {
    /// Opens a catalogue that is there.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, CatalogueError> {
        let root = root.into();
        if root.join("servers").is_dir() {
            Ok(Catalogue {
                root,
                now: NO_CLOCK.to_owned(),
            })
        } else {
            Err(CatalogueError::NotACatalogue { path: shown(&root) })
        }
    }

    /// Opens a catalogue, making its folders where they are missing, and makes sure that it can be
    /// written.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, CatalogueError> {
        let root = root.into();
        let servers = root.join("servers");
        fs::create_dir_all(&servers)
            .and_then(|()| tempfile::tempfile_in(&servers))
            .map_err(|source| CatalogueError::Unwritable {
                path: shown(&root),
                source,
            })?;
        Ok(Catalogue {
            root,
            now: NO_CLOCK.to_owned(),
        })
    }

    /// The same catalogue with a clock: changes that are written get this date, RFC 3339 in UTC.
    #[must_use]
    pub fn at(mut self, now: impl Into<String>) -> Self {
        self.now = now.into();
        self
    }

    /// What the servers' lists were before.
    pub fn history(&self) -> History {
        History::of(&self.root)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the record of a server stands.
    pub fn path_of(&self, slug: &Slug) -> PathBuf {
        let mut path = self.root.join("servers");
        path.push(slug.shard());
        path.push(format!("{slug}.json"));
        path
    }

    /// Writes a record, unless the same stands there already, or the record is of a failed crawl
    /// and the old one has more to say. What is replaced goes into the history first.
    pub fn write(&self, record: &Record) -> Result<Written, CatalogueError> {
        let path = self.path_of(&record.slug);
        let mut bytes = self.bytes_of(record)?;
        let written = match fs::read(&path) {
            Ok(old) if old == bytes => return Ok(Written::Unchanged),
            Ok(old_bytes) => {
                if let Ok(old) = serde_json::from_slice::<Record>(&old_bytes) {
                    if has_more(&old, record) {
                        return Ok(Written::Kept);
                    }
                    if old.outcome.has_tools() && record.outcome.has_tools() {
                        let settled = settle(&old, record);
                        bytes = self.bytes_of(&settled)?;
                        if bytes == old_bytes {
                            return Ok(Written::Unchanged);
                        }
                        self.history().add(&old, &settled, &self.now)?;
                    }
                }
                Written::Changed
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Written::New,
            Err(source) => {
                return Err(CatalogueError::Unreadable {
                    path: shown(&path),
                    source,
                });
            }
        };
        write_staged(&path, &bytes)?;
        Ok(written)
    }

    fn bytes_of(&self, record: &Record) -> Result<Vec<u8>, CatalogueError> {
        to_bytes(record).map_err(|source| CatalogueError::NotARecord {
            path: shown(&self.path_of(&record.slug)),
            source,
        })
    }

    /// Removes what a crash left half-written: staged files at least a minute old at `now`. A
    /// write takes milliseconds, so one of another run over this catalogue is not touched.
    pub fn remove_leftovers(&self, now: SystemTime) {
        for folder in ["servers", "history", "runs"] {
            let files = walkdir::WalkDir::new(self.root.join(folder)).max_depth(4);
            for entry in files.into_iter().flatten() {
                let name = entry.file_name().to_string_lossy();
                let old = || {
                    let changed = entry.metadata().ok()?.modified().ok()?;
                    Some(now.duration_since(changed).ok()? >= LEFTOVER_AGE)
                };
                if entry.file_type().is_file()
                    && name.starts_with(".staged-")
                    && old() == Some(true)
                {
                    // What cannot be removed harms nobody: readers pass it over.
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    /// The record of one server; `None` when there is none.
    pub fn record(&self, slug: &Slug) -> Result<Option<Record>, CatalogueError> {
        let path = self.path_of(slug);
        match fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CatalogueError::Unreadable {
                path: shown(&path),
                source,
            }),
        }
    }

    /// The record in a file.
    pub fn read(path: &Path) -> Result<Record, CatalogueError> {
        let bytes = fs::read(path).map_err(|source| CatalogueError::Unreadable {
            path: shown(path),
            source,
        })?;
        parse(path, &bytes)
    }

    /// Every record, sorted by slug. What cannot be read is an error in its place.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, CatalogueError>> + use<> {
        self.record_paths()
            .into_iter()
            .map(|path| Catalogue::read(&path))
    }

    /// The files of all records, sorted by slug. Temporary files of a crash are left out.
    pub fn record_paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(self.root.join("servers"))
            .min_depth(2)
            .max_depth(2)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .filter(|path| {
                path.file_stem()
                    .and_then(|stem| stem.to_str())
                    .is_some_and(|stem| Slug::try_from(stem.to_owned()).is_ok())
            })
            .collect();
        paths.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        paths
    }

    /// Writes the report of a run to `runs/<run>/report.json`.
    pub fn write_report(&self, report: &RunReport) -> Result<PathBuf, CatalogueError> {
        let path = self
            .root
            .join("runs")
            .join(Slug::readable(&report.run).as_str())
            .join("report.json");
        let mut bytes =
            serde_json::to_vec_pretty(report).map_err(|source| CatalogueError::NotARecord {
                path: shown(&path),
                source,
            })?;
        bytes.push(b'\n');
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(path);
        }
        write_staged(&path, &bytes)?;
        Ok(path)
    }

    /// The reports of all runs, sorted by name; those that cannot be read are left out.
    pub fn runs(&self) -> Vec<RunReport> {
        let Ok(folders) = fs::read_dir(self.root.join("runs")) else {
            return Vec::new();
        };
        let mut reports: Vec<RunReport> = folders
            .filter_map(Result::ok)
            .filter_map(|folder| fs::read(folder.path().join("report.json")).ok())
            .filter_map(|bytes| serde_json::from_slice(&bytes).ok())
            .collect();
        reports.sort_by(|a, b| a.run.cmp(&b.run));
        reports
    }
}

/// A record's bytes: members in a fixed order, the server's own JSON as it came, one line.
fn to_bytes(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(4096);
    serde_json::to_writer(&mut bytes, record)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Whether a failed crawl would lose what the old record holds.
fn has_more(old: &Record, new: &Record) -> bool {
    use crate::model::Outcome::{Listed, Partial};
    match new.outcome {
        Listed => false,
        Partial => old.outcome == Listed || old.tools.len() > new.tools.len(),
        _ => old.outcome.has_tools(),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Record, CatalogueError> {
    serde_json::from_slice(bytes).map_err(|source| CatalogueError::NotARecord {
        path: shown(path),
        source,
    })
}

fn shown(path: &Path) -> String {
    Shown(&path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Outcome, Source, Target};

    fn record(file: &str, outcome: Outcome, tools: &str) -> Record {
        let target = Target::new(Source::File(file.to_owned()));
        let mut record = Record::unread(&target, outcome, "");
        record.tools = serde_json::from_str(tools).unwrap();
        record
    }

    #[test]
    fn an_unchanged_record_rewrites_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::create(folder.path()).unwrap();
        let one = record("one.json", Outcome::Listed, r#"[{"name" : "a"}]"#);
        assert_eq!(catalogue.write(&one).unwrap(), Written::New);
        assert_eq!(catalogue.write(&one).unwrap(), Written::Unchanged);
        let bytes = fs::read(catalogue.path_of(&one.slug)).unwrap();
        assert!(bytes.ends_with(b"\n"));
        let back = catalogue.record(&one.slug).unwrap().unwrap();
        assert_eq!(to_bytes(&back).unwrap(), bytes);
        let other = record("one.json", Outcome::Listed, "[]");
        assert_eq!(catalogue.write(&other).unwrap(), Written::Changed);
    }

    #[test]
    fn order_and_times_rewrite_nothing_and_a_change_goes_into_the_history() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::create(folder.path())
            .unwrap()
            .at("2026-11-22T05:00:00Z");
        let at = |tools: &str| record("one.json", Outcome::Listed, tools);
        let first = at(r#"[{"name":"a","description":"Now 05:00:01."},{"name":"b"}]"#);
        catalogue.write(&first).unwrap();
        let shuffled = at(r#"[{"name":"b"},{"name":"a","description":"Now 17:59:59."}]"#);
        assert_eq!(catalogue.write(&shuffled).unwrap(), Written::Unchanged);
        let changed = at(r#"[{"name":"b"}]"#);
        assert_eq!(catalogue.write(&changed).unwrap(), Written::Changed);
        let past = catalogue.history().past(&first.slug).unwrap();
        assert_eq!(past.changes.len(), 1);
        assert_eq!(past.changes[0].removed[0].name, "a");
        assert_eq!(past.changes[0].at, "2026-11-22T05:00:00Z");
    }

    #[test]
    fn a_failed_crawl_never_empties_a_record() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::create(folder.path()).unwrap();
        let good = record("one.json", Outcome::Listed, r#"[{"name":"a"}]"#);
        catalogue.write(&good).unwrap();
        for outcome in [Outcome::Timeout, Outcome::Partial, Outcome::Deferred] {
            let bad = record("one.json", outcome, "[]");
            assert_eq!(catalogue.write(&bad).unwrap(), Written::Kept, "{outcome}");
        }
        assert_eq!(
            catalogue.record(&good.slug).unwrap().unwrap().tools.len(),
            1
        );
        let first = record("two.json", Outcome::Timeout, "[]");
        assert_eq!(catalogue.write(&first).unwrap(), Written::New);
    }

    #[test]
    fn records_come_sorted_and_leftovers_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::create(folder.path()).unwrap();
        for name in ["c.json", "a.json", "b.json"] {
            catalogue
                .write(&record(name, Outcome::Listed, "[]"))
                .unwrap();
        }
        let shard = catalogue.record_paths()[0].parent().unwrap().to_owned();
        fs::write(shard.join(".staged-x"), "half").unwrap();
        let names: Vec<String> = catalogue.records().map(|r| r.unwrap().name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let left = || shard.join(".staged-x").exists();
        catalogue.remove_leftovers(SystemTime::now());
        assert!(left(), "another run may be writing it");
        catalogue.remove_leftovers(SystemTime::now() + Duration::from_mins(2));
        assert!(!left());
        assert_eq!(catalogue.record_paths().len(), 3);
    }

    #[test]
    fn a_folder_that_is_no_catalogue_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = Catalogue::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("is no catalogue"));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            Catalogue::create(file),
            Err(CatalogueError::Unwritable { .. })
        ));
    }
}
