//! Verdicts to pages: the catalogue as a static site.
//!
//! | file | holds |
//! |---|---|
//! | [`source`] | reading the records of a catalogue |
//! | [`judge`] | the one place where pages get their judgements from |
//! | [`input`] | one server with everything its pages are made from |
//! | [`summary`], [`site`] | what is kept of all servers for lists, charts and search |
//! | [`pages`] | what the templates are given |
//! | [`engine`], [`words`] | the templates and the words |
//! | [`text`], [`params`], [`charts`] | foreign text, schemas and counts on their way into a page |
//! | [`write`] | staging, linking what did not change, swapping |
//!
//! Publishing decides nothing, asks nobody and knows no clock: the same catalogue, rules, templates
//! and options give the same bytes. All foreign text is escaped by the template engine, and nothing
//! foreign becomes part of a path.

pub mod charts;
pub mod engine;
pub mod input;
pub mod judge;
pub mod options;
pub mod pages;
pub mod params;
mod render;
pub mod rulebook;
pub mod site;
pub mod source;
pub mod summary;
pub mod text;
pub mod words;
pub mod write;

pub use options::{Options, ToolPages};
pub use write::Tally;

use crate::rules::RuleSet;
use engine::Engine;
use input::Server;
use judge::Judge;
use rayon::prelude::*;
use rulebook::Rulebook;
use site::Site;
use std::path::Path;
use summary::ServerSummary;

/// A site cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The catalogue.
    #[error(transparent)]
    Source(#[from] source::SourceError),
    /// The templates.
    #[error(transparent)]
    Template(#[from] engine::TemplateError),
    /// The output.
    #[error(transparent)]
    Write(#[from] write::WriteError),
    /// The rules.
    #[error(transparent)]
    Rules(#[from] crate::rules::RuleError),
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Files, bytes, and how many are new or changed.
    pub tally: Tally,
    /// Counts over the catalogue.
    pub totals: site::Totals,
}

/// Makes the site of the catalogue in the folder `catalogue` and puts it at `out`.
pub fn publish(catalogue: &Path, out: &Path, options: &Options) -> Result<Report, PublishError> {
    let judge = Judge::new(RuleSet::embedded()?)?;
    let mut engine = Engine::load(options.templates.as_deref())?;
    let files = source::record_files(catalogue)?;
    let summaries: Vec<ServerSummary> = files
        .par_iter()
        .map(|path| {
            let record = source::parse(path, &source::bytes(path)?)?;
            Ok(ServerSummary::of(&Server::prepare(record, &judge)))
        })
        .collect::<Result<_, PublishError>>()?;
    let site = Site::of(summaries);
    let rules = Rulebook::of(&judge);
    engine.set_global("site", &render::SiteView::of(&site, &judge, options));
    let stage = write::Stage::open(out)?;
    let renderer = render::Renderer {
        engine: &engine,
        judge: &judge,
        rules: &rules,
        site: &site,
        options,
        stage: &stage,
    };
    renderer.whole()?;
    files.par_iter().try_for_each(|path| {
        let record = source::parse(path, &source::bytes(path)?)?;
        renderer.server(&Server::prepare(record, &judge))
    })?;
    Ok(Report {
        tally: stage.swap()?,
        totals: site.totals,
    })
}
