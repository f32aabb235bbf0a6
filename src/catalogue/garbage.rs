//! What nothing in a catalogue needs any more.

use super::folder::Catalogue;
use super::history::Change;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What can be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Garbage {
    /// The files, sorted.
    pub files: Vec<PathBuf>,
    /// Files of history that cannot be read as a whole. What they name is not known, so no
    /// definition is garbage while there is one.
    pub broken: Vec<PathBuf>,
}

impl Catalogue {
    /// What nothing needs: files that a killed write left, at least `age` old, and definitions
    /// that no line of history names.
    pub fn garbage(&self, age: Duration, now: SystemTime) -> Garbage {
        let old = |path: &Path| {
            fs::metadata(path)
                .and_then(|meta| meta.modified())
                .is_ok_and(|time| now.duration_since(time).is_ok_and(|since| since >= age))
        };
        let (needed, broken) = self.named_definitions();
        let definitions = self.root().join("history/definitions");
        let mut files: Vec<PathBuf> = walkdir::WalkDir::new(self.root())
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .filter(|path| {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                let left = name.starts_with(".staged-");
                let unnamed =
                    broken.is_empty() && path.starts_with(&definitions) && !needed.contains(path);
                (left || unnamed) && old(path)
            })
            .collect();
        files.sort();
        Garbage { files, broken }
    }

    /// The definitions that any line of history names, of servers without a record too; and the
    /// files of history with a line that cannot be read.
    fn named_definitions(&self) -> (BTreeSet<PathBuf>, Vec<PathBuf>) {
        let history = self.history();
        let files = walkdir::WalkDir::new(self.root().join("history"))
            .min_depth(2)
            .max_depth(2)
            .sort_by_file_name()
            .into_iter()
            .filter_map(Result::ok)
            .map(walkdir::DirEntry::into_path)
            .filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
        let (mut named, mut broken) = (BTreeSet::new(), Vec::new());
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_else(|_| "unreadable".to_owned());
            let lines = text.lines().filter(|line| !line.is_empty());
            let changes: Result<Vec<Change>, _> = lines.map(serde_json::from_str).collect();
            let Ok(changes) = changes else {
                broken.push(file);
                continue;
            };
            for change in changes {
                let gone = change.removed.into_iter().map(|kept| kept.digest);
                let before = change.changed.into_iter().map(|replaced| replaced.from);
                named.extend(
                    gone.chain(before)
                        .filter_map(|digest| history.definition_path(&digest)),
                );
            }
        }
        (named, broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::history::tests::record as test_record;

    fn catalogue() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::create(folder.path())
            .unwrap()
            .at("2026-11-22T05:00:00Z");
        (folder, catalogue)
    }

    #[test]
    fn only_what_nothing_needs_is_garbage() {
        let (_folder, catalogue) = catalogue();
        catalogue.write(&test_record(&[r#"{"name":"a"}"#])).unwrap();
        catalogue.write(&test_record(&[r#"{"name":"b"}"#])).unwrap();
        let left = catalogue.root().join("servers/.staged-x");
        fs::write(&left, "").unwrap();
        let stray = catalogue.root().join("history/definitions/00/00.json");
        fs::create_dir_all(stray.parent().unwrap()).unwrap();
        fs::write(&stray, "{}").unwrap();
        let later = SystemTime::now() + Duration::from_hours(2);
        let hour = Duration::from_hours(1);
        assert_eq!(catalogue.garbage(hour, later).files, [stray, left]);
        assert_eq!(
            catalogue.garbage(hour, SystemTime::now()).files,
            Vec::<PathBuf>::new()
        );
    }

    #[test]
    fn what_a_broken_line_or_a_lost_record_named_is_kept() {
        let (_folder, catalogue) = catalogue();
        let record = test_record(&[r#"{"name":"a"}"#]);
        catalogue.write(&record).unwrap();
        catalogue.write(&test_record(&[r#"{"name":"b"}"#])).unwrap();
        let later = SystemTime::now() + Duration::from_hours(2);
        let garbage = || catalogue.garbage(Duration::from_hours(1), later);
        fs::remove_file(catalogue.path_of(&record.slug)).unwrap();
        assert_eq!(garbage(), Garbage::default(), "its history stays");
        let lines = catalogue.root().join("history").join(record.slug.shard());
        let lines = lines.join(format!("{}.jsonl", record.slug));
        let whole = fs::read_to_string(&lines).unwrap();
        fs::write(&lines, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(garbage().files, Vec::<PathBuf>::new());
        assert_eq!(garbage().broken, [lines]);
    }
}
