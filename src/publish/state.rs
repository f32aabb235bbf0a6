//! What the last build was made from, so that the next one renders only what changed.
//!
//! The file stands beside the site, not in it: `.<name>.state.jsonl`. Its first line is about the
//! whole, each other line about one server. It is a cache: without it, or with one that cannot be
//! read, everything is made again.

use super::summary::ServerSummary;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The version of the file's shape.
const VERSION: u32 = 2;

/// What the last build was made from.
#[derive(Debug, Default)]
pub struct State {
    /// About the whole; `None` without a last build.
    pub head: Option<Head>,
    /// About each server, by the file of its record.
    pub servers: HashMap<String, Entry>,
}

/// About the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    version: u32,
    /// Hash of rules, templates, options and program.
    pub maker: String,
    /// Hash of the maker and of all records.
    pub whole: String,
    /// Files of the site.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Head {
    /// Makes one.
    pub fn new(maker: String, whole: String, tally: super::Tally) -> Head {
        Head {
            version: VERSION,
            maker,
            whole,
            files: tally.files,
            bytes: tally.bytes,
        }
    }
}

/// About one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The record's file name.
    pub file: String,
    /// Hash of the record and its history.
    pub facts: String,
    /// Hash of all that its pages are made from.
    pub key: String,
    /// What lists say of it.
    pub summary: ServerSummary,
}

/// An [`Entry`] on its way to the file.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// The record's file name.
    pub file: &'a str,
    /// Hash of the record and its history.
    pub facts: &'a str,
    /// Hash of all that its pages are made from.
    pub key: &'a str,
    /// What lists say of it.
    pub summary: &'a ServerSummary,
}

/// Where the state of a site is.
pub fn path(out: &Path) -> Option<PathBuf> {
    let out = std::path::absolute(out).ok()?;
    let name = out.file_name()?.to_string_lossy().into_owned();
    Some(out.with_file_name(format!(".{name}.state.jsonl")))
}

impl State {
    /// Reads the state of the site at `out`; an empty one where there is none that can be used.
    pub fn read(out: &Path) -> State {
        let Some(text) = path(out).and_then(|path| std::fs::read_to_string(path).ok()) else {
            return State::default();
        };
        let (head, rest) = text.split_once('\n').unwrap_or_default();
        let Ok(head) = serde_json::from_str::<Head>(head) else {
            return State::default();
        };
        if head.version != VERSION {
            return State::default();
        }
        let entries: Option<Vec<Entry>> = rest
            .par_lines()
            .map(|line| serde_json::from_str(line).ok())
            .collect();
        match entries {
            Some(entries) => State {
                head: Some(head),
                servers: entries
                    .into_iter()
                    .map(|entry| (entry.file.clone(), entry))
                    .collect(),
            },
            None => State::default(),
        }
    }

    /// Writes the state of the site at `out`.
    pub fn write(out: &Path, head: &Head, entries: &[Line<'_>]) -> io::Result<()> {
        let Some(path) = path(out) else {
            return Ok(());
        };
        let aside = path.with_extension("jsonl.new");
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(&aside)?);
        serde_json::to_writer(&mut file, head)?;
        // A batch at a time, so that not all of the text is in memory at once.
        for batch in entries.chunks(2_048) {
            let lines: Vec<Vec<u8>> = batch
                .par_iter()
                .map(serde_json::to_vec)
                .collect::<Result<_, _>>()?;
            for line in lines {
                file.write_all(b"\n")?;
                file.write_all(&line)?;
            }
        }
        file.write_all(b"\n")?;
        file.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_data()?;
        std::fs::rename(aside, path)
    }
}

/// A hash over parts, each with its length.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
