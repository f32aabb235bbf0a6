//! What stands on one side of a comparison.

use super::super::Failure;
use crate::catalogue::history::Past;
use crate::catalogue::{Catalogue, CatalogueError};
use crate::check::suppress::is_day;
use crate::crawl::read_saved;
use crate::mcp::Limits;
use crate::model::{Record, Shown, Slug, ToolEntry};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One server's definitions.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) entries: Vec<ToolEntry>,
    pub(super) instructions: Option<String>,
}

impl Facts {
    fn of(record: Record) -> Facts {
        Facts {
            slug: record.slug.to_string(),
            name: record.name,
            entries: record.tools,
            instructions: record.instructions,
        }
    }
}

/// One side.
#[derive(Debug)]
pub(super) enum Place {
    /// A saved list or a record.
    One(Facts),
    /// A catalogue, as it is or as it was.
    Many {
        catalogue: Catalogue,
        paths: BTreeMap<String, PathBuf>,
        /// Everything after this moment is undone; RFC 3339 or a prefix of it.
        until: Option<String>,
    },
}

impl Place {
    /// Opens what an argument names.
    pub(super) fn open(text: &str) -> Result<Place, Failure> {
        let path = Path::new(text);
        if path.is_file() {
            return Place::one(path, text);
        }
        if path.is_dir() {
            return Place::many(path, None);
        }
        if let Some((folder, moment)) = text.rsplit_once('@')
            && Path::new(folder).is_dir()
        {
            return Place::many(Path::new(folder), Some(moment));
        }
        Err(Failure::bad_input(
            format!("{} is no file and no folder", Shown(text)),
            "name a saved tools/list answer, a record, a catalogue folder, or DIR@YYYY-MM-DD",
        ))
    }

    fn one(path: &Path, text: &str) -> Result<Place, Failure> {
        if let Ok(bytes) = fs::read(path)
            && let Ok(record) = serde_json::from_slice::<Record>(&bytes)
        {
            return Ok(Place::One(Facts::of(record)));
        }
        let saved = read_saved(text, &Limits::default()).map_err(|error| {
            Failure::bad_input(
                error.to_string(),
                "name a saved tools/list answer or a record",
            )
        })?;
        let stem = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name = saved.name.unwrap_or(stem);
        Ok(Place::One(Facts {
            slug: Slug::readable(&name).to_string(),
            name,
            entries: saved.listing.tools,
            instructions: saved.listing.instructions,
        }))
    }

    fn many(folder: &Path, moment: Option<&str>) -> Result<Place, Failure> {
        let catalogue = Catalogue::open(folder).map_err(|error| bad_catalogue(&error))?;
        let until = moment
            .map(|moment| moment_of(&catalogue, moment))
            .transpose()?;
        let paths = catalogue
            .record_paths()
            .into_iter()
            .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
            .collect();
        Ok(Place::Many {
            catalogue,
            paths,
            until,
        })
    }

    /// The slugs of all servers.
    pub(super) fn slugs(&self) -> Box<dyn Iterator<Item = String> + '_> {
        match self {
            Place::One(facts) => Box::new(std::iter::once(facts.slug.clone())),
            Place::Many { paths, .. } => Box::new(paths.keys().cloned()),
        }
    }

    /// The definitions of one server; `None` when it is not there.
    pub(super) fn facts(&self, slug: &str) -> Result<Option<Facts>, Failure> {
        match self {
            Place::One(facts) => Ok((facts.slug == slug).then(|| facts.clone())),
            Place::Many {
                catalogue,
                paths,
                until,
            } => {
                let Some(path) = paths.get(slug) else {
                    return Ok(None);
                };
                let Ok(slug) = Slug::try_from(slug.to_owned()) else {
                    return Ok(None);
                };
                let Some(record) = catalogue.record(&slug).map_err(|e| bad_catalogue(&e))? else {
                    return Ok(None);
                };
                let Some(until) = until else {
                    return Ok(Some(Facts::of(record)));
                };
                let past = past_of(catalogue, &slug, path)?;
                let (entries, lost) = catalogue.history().tools_at(&record, &past, until);
                if let Some(name) = lost.first() {
                    return Err(Failure::bad_input(
                        format!(
                            "the earlier definition of {} of {slug} is not in the history",
                            Shown(name)
                        ),
                        "compare with a later date",
                    ));
                }
                Ok(Some(Facts {
                    entries,
                    ..Facts::of(record)
                }))
            }
        }
    }

    /// Whether both sides hold the same bytes for a server, so that nothing has to be read twice.
    pub(super) fn same_bytes(&self, other: &Place, slug: &str) -> bool {
        let (
            Place::Many {
                catalogue: a,
                paths: old,
                until: u,
            },
            Place::Many {
                catalogue: b,
                paths: new,
                until: v,
            },
        ) = (self, other)
        else {
            return false;
        };
        let (Some(old), Some(new)) = (old.get(slug), new.get(slug)) else {
            return false;
        };
        if a.root() == b.root() {
            // The same record: only what the history undoes can differ.
            let Ok(slug) = Slug::try_from(slug.to_owned()) else {
                return false;
            };
            return u == v || !a.history().has(&slug);
        }
        if u.is_some() || v.is_some() {
            return false;
        }
        match (fs::metadata(old), fs::metadata(new)) {
            (Ok(old), Ok(new)) if old.len() != new.len() => return false,
            _ => {}
        }
        matches!((fs::read(old), fs::read(new)), (Ok(old), Ok(new)) if old == new)
    }
}

fn past_of(catalogue: &Catalogue, slug: &Slug, path: &Path) -> Result<Past, Failure> {
    let past = catalogue.history().past(slug).map_err(|error| {
        Failure::bad_input(
            format!("the history of {} cannot be read: {error}", path.display()),
            "toolrisk catalogue lint names every broken file",
        )
    })?;
    if let Some(broken) = past.broken.first() {
        return Err(Failure::bad_input(
            format!(
                "line {} of the history of {slug} is broken: {}",
                broken.line, broken.problem
            ),
            "toolrisk catalogue lint names every broken line",
        ));
    }
    Ok(past)
}

/// A day, or the start of a run, as a moment that the dates of changes compare with.
fn moment_of(catalogue: &Catalogue, text: &str) -> Result<String, Failure> {
    if is_day(text) {
        return Ok(format!("{text}T24"));
    }
    let run = catalogue.runs().into_iter().find(|run| run.run == text);
    match run.map(|run| run.started) {
        Some(Some(started)) => Ok(started),
        Some(None) => Err(Failure::bad_input(
            format!(
                "the run {} read only saved files and has no date",
                Shown(text)
            ),
            "name a day instead: DIR@YYYY-MM-DD",
        )),
        None => Err(Failure::bad_input(
            format!("{} is no day and no run of the catalogue", Shown(text)),
            "write DIR@YYYY-MM-DD, or the name of a folder under runs/",
        )),
    }
}

fn bad_catalogue(error: &CatalogueError) -> Failure {
    Failure::bad_input(
        error.to_string(),
        "name the folder that `toolrisk scan -C` wrote",
    )
}
