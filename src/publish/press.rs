//! Pages of records that are already in memory, rendered and counted but not written: for
//! benchmarks, and to know the size of a site beforehand.

use super::attacks::{self, Attack};
use super::engine::Engine;
use super::input::Server;
use super::judge::Judge;
use super::neighbours::Neighbours;
use super::render::{self, Renderer};
use super::rulebook::Rulebook;
use super::site::Site;
use super::summary::ServerSummary;
use super::write::{Stage, Tally};
use super::{Options, PublishError};
use crate::catalogue::History;
use crate::catalogue::history::Past;
use crate::model::Record;
use crate::rules::RuleSet;
use std::path::Path;

/// Everything that the pages of some records need.
pub struct Press {
    engine: Engine,
    judge: Judge,
    rules: Rulebook,
    attacks: Vec<Attack>,
    site: Site,
    neighbours: Neighbours,
    servers: Vec<Server>,
    options: Options,
}

impl Press {
    /// Classifies the records and puts them together.
    pub fn of(records: Vec<Record>, options: Options) -> Result<Press, PublishError> {
        let judge = Judge::new(RuleSet::embedded()?)?;
        let mut engine = Engine::load(options.templates.as_deref())?;
        let mut servers: Vec<Server> = records
            .into_iter()
            .map(|record| {
                Server::prepare(
                    record,
                    &Past::default(),
                    &History::of(Path::new("")),
                    &judge,
                )
            })
            .collect();
        servers.sort_by(|a, b| a.record.slug.cmp(&b.record.slug));
        let site = Site::of(servers.iter().map(ServerSummary::of).collect());
        engine.set_global("site", &render::SiteView::of(&site, &judge, &options));
        Ok(Press {
            rules: Rulebook::of(&judge),
            attacks: attacks::embedded()?,
            neighbours: Neighbours::of(&site),
            engine,
            judge,
            site,
            servers,
            options,
        })
    }

    /// How many tools there are.
    pub fn tools(&self) -> usize {
        self.site.totals.tools
    }

    /// Renders the pages of every tool and counts them, on one thread.
    pub fn tool_pages(&self) -> Result<Tally, PublishError> {
        let stage = Stage::counting();
        let renderer = self.renderer(&stage);
        for (at, server) in self.servers.iter().enumerate() {
            renderer.tool_pages(at, server)?;
        }
        Ok(stage.tally())
    }

    /// Renders everything of every server and counts it, on one thread.
    pub fn servers(&self) -> Result<Tally, PublishError> {
        let stage = Stage::counting();
        let renderer = self.renderer(&stage);
        for (at, server) in self.servers.iter().enumerate() {
            renderer.server(at, server)?;
        }
        Ok(stage.tally())
    }

    fn renderer<'a>(&'a self, stage: &'a Stage) -> Renderer<'a> {
        Renderer {
            engine: &self.engine,
            judge: &self.judge,
            rules: &self.rules,
            attacks: &self.attacks,
            site: &self.site,
            neighbours: &self.neighbours,
            options: &self.options,
            stage,
            casters: super::mould::Casters::new(&self.engine, render::TOOL_ROOT),
        }
    }
}
