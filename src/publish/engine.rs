//! The templates: embedded, each replaceable by a file of the same name in a folder of the user's.

use super::words::Words;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tera::{Context, Tera};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A template, or the folder of templates, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A template is wrong; the message names it and the line.
    #[error("a template is wrong: {0}")]
    Wrong(String),
    /// The words file is wrong.
    #[error("{path} is wrong: {message}")]
    Words {
        /// The file.
        path: String,
        /// Why, with the line.
        message: String,
    },
}

/// Templates, words and assets, ready for use from any number of threads.
pub struct Engine {
    tera: Tera,
    words: Words,
    assets: BTreeMap<String, Vec<u8>>,
    version: String,
    pours: bool,
}

impl Engine {
    /// Loads the embedded templates, and over them those of `folder`.
    pub fn load(folder: Option<&Path>) -> Result<Engine, TemplateError> {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        collect_embedded(&EMBEDDED, &mut files);
        let mut pours = true;
        if let Some(folder) = folder {
            let embedded = files.clone();
            collect_folder(folder, &mut files)?;
            let poured = |name: &str| {
                name == "base.html"
                    || name == "pages/tool.html"
                    || name.starts_with("rows/")
                    || name.starts_with("parts/")
            };
            pours = files
                .iter()
                .all(|(name, bytes)| !poured(name) || embedded.get(name) == Some(bytes));
        }
        let mut hasher = blake3::Hasher::new();
        for (name, bytes) in &files {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        let version = hasher.finalize().to_hex()[..16].to_owned();
        let mut tera = Tera::new();
        // Every template is escaped, whatever its name: also the XML ones.
        tera.autoescape_on(vec![""]);
        tera.set_escape_fn(|text, out| {
            let mut escaped = String::with_capacity(text.len() + text.len() / 8);
            super::text::escape(text, &mut escaped);
            out.write_all(escaped.as_bytes())
        });
        let mut assets = BTreeMap::new();
        let mut sources: Vec<(String, String)> = Vec::new();
        let mut words = None;
        for (name, bytes) in files {
            if let Some(asset) = name.strip_prefix("assets/") {
                assets.insert(asset.to_owned(), bytes);
                continue;
            }
            let source = String::from_utf8(bytes)
                .map_err(|_| TemplateError::Wrong(format!("{name} is not UTF-8")))?;
            if name == "words.toml" {
                let parsed = Words::parse(&source).map_err(|message| TemplateError::Words {
                    path: name,
                    message,
                })?;
                words = Some(parsed);
            } else {
                sources.push((name, source));
            }
        }
        tera.add_raw_templates(sources.iter().map(|(name, source)| (name, source)))
            .map_err(|error| TemplateError::Wrong(error.to_string()))?;
        let words = words.ok_or_else(|| TemplateError::Words {
            path: "words.toml".to_owned(),
            message: "it is missing".to_owned(),
        })?;
        tera.global_context().insert("words", &words);
        Ok(Engine {
            tera,
            words,
            assets,
            version,
            pours,
        })
    }

    /// The words.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Files to be copied as they are, by name.
    pub fn assets(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.assets
    }

    /// Hash over all templates, words and assets.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the templates of the pages that are poured are those that were made for it: they
    /// only write texts, and never look into one.
    pub fn pours(&self) -> bool {
        self.pours
    }

    /// Sets what every page sees.
    pub fn set_global<T: serde::Serialize>(&mut self, name: &'static str, value: &T) {
        self.tera.global_context().insert(name, value);
    }

    /// Renders one page.
    pub fn render(&self, template: &str, context: &Context) -> Result<String, TemplateError> {
        self.tera
            .render(template, context)
            .map_err(|error| TemplateError::Wrong(error.to_string()))
    }
}

fn collect_embedded(dir: &Dir<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
    for file in dir.files() {
        if let Some(name) = file.path().to_str() {
            files.insert(name.to_owned(), file.contents().to_vec());
        }
    }
    for dir in dir.dirs() {
        collect_embedded(dir, files);
    }
}

/// Files below the folder, by their path in it; hidden files are left out.
fn collect_folder(
    folder: &Path,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), TemplateError> {
    let read = |path: &Path, error| TemplateError::Read {
        path: path.to_owned(),
        error,
    };
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            TemplateError::Read {
                path,
                error: error.into(),
            }
        })?;
        let Ok(relative) = entry.path().strip_prefix(folder) else {
            continue;
        };
        let Some(name) = relative.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if entry.file_type().is_file() {
            let bytes = std::fs::read(entry.path()).map_err(|error| read(entry.path(), error))?;
            files.insert(name.replace('\\', "/"), bytes);
        }
    }
    Ok(())
}
