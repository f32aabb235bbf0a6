//! Verdicts on tools: pure, deterministic, with the evidence for every part.
//!
//! The way of one tool: its fields become tokens ([`tokens`]), sentences get their verbs
//! ([`heads`]), the schema becomes a flat list of properties ([`schema`]), the compiled rules meet
//! all of it in one pass ([`scan`], [`collect`]), and what matched is weighed ([`judge`], [`decide`]). What the tools of a
//! server have in common is read once ([`shared`], [`parameters`], [`quiet`]). Nothing here knows the network, the clock,
//! or a model.

mod actions;
mod agree;
mod assess;
mod collect;
mod decide;
mod evidence;
pub mod examples;
mod facts;
mod findings;
mod heads;
mod judge;
mod marks;
mod neighbours;
mod parameters;
mod passages;
mod prefix;
mod quiet;
mod reported;
mod scan;
mod schema;
mod scores;
mod sentences;
mod shape;
mod shared;
mod strings;
mod tokens;
mod views;
mod witness;

pub use assess::{assess, together};
pub use evidence::text_of;
pub use passages::{Passage, passages};
pub use reported::TWO_WITNESSES;

use crate::model::{Finding, Tool, Verdict};
use crate::rules::{Compiled, RuleError, RuleSet};
use neighbours::Neighbours;
use parameters::Parameters;
use quiet::Quiet;
use rayon::prelude::*;
use scan::Scratch;
use shared::Shared;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of the server whose tools are classified.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerContext<'a> {
    /// Its name, where one is known.
    pub name: Option<&'a str>,
    /// Its tools, in the order answered.
    pub tools: &'a [Tool],
    /// Its instructions to the model.
    pub instructions: Option<&'a str>,
}

/// How to classify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Leave the server's own claims out of account; for measuring.
    pub ignore_annotations: bool,
}

/// The rules, ready to be used from any number of threads.
#[derive(Debug, Clone)]
pub struct Classifier {
    rules: Arc<Compiled>,
    /// Buffers that no server is being classified with.
    free: Arc<Mutex<Vec<Scratch>>>,
}

/// What is used again from one tool of a server to the next.
#[derive(Debug)]
struct Known<'t> {
    scratch: Pooled,
    parameters: Parameters<'t>,
    quiet: Quiet<'t>,
}

impl Classifier {
    /// Compiles the rules.
    pub fn new(rules: &RuleSet) -> Result<Classifier, RuleError> {
        Ok(Classifier::of(Compiled::new(rules)?))
    }

    fn of(rules: Compiled) -> Classifier {
        Classifier {
            rules: Arc::new(rules),
            free: Arc::default(),
        }
    }

    /// Hash of the rule files.
    pub fn rules_version(&self) -> &str {
        &self.rules.version
    }

    /// The verdicts on a server's tools, in their order.
    pub fn server<'a>(&self, server: &ServerContext<'a>, options: &Options) -> Vec<Verdict> {
        let mut scratch = self.scratch();
        let shared = Shared::of(&self.rules, &mut scratch.walk, server, *options);
        let neighbours = Neighbours::of(server.tools);
        let with = |scratch| Known {
            scratch,
            parameters: Parameters::default(),
            quiet: Quiet::of(server.tools.len().min(64)),
        };
        let one = |known: &mut Known<'a>, tool: &'a Tool| {
            let Known {
                scratch,
                parameters,
                quiet,
            } = known;
            let mut verdict = decide::verdict(&self.rules, scratch, parameters, &shared, tool);
            let problems = &mut verdict.problems;
            verdict.findings =
                findings::of_tool(&self.rules, scratch, tool, &neighbours, quiet, problems);
            verdict
        };
        if server.tools.len() < 64 {
            let mut known = with(scratch);
            let verdicts = server.tools.iter().map(|tool| one(&mut known, tool));
            return verdicts.collect();
        }
        drop(scratch);
        server
            .tools
            .par_chunks(64)
            .map_init(
                || with(self.scratch()),
                |known, tools| {
                    tools
                        .iter()
                        .map(|tool| one(known, tool))
                        .collect::<Vec<_>>()
                },
            )
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .collect()
    }

    /// Buffers to classify with. To make them anew for each server costs as much as a tool of it.
    fn scratch(&self) -> Pooled {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        Pooled {
            scratch: free.pop().unwrap_or_else(|| Scratch::new(&self.rules)),
            free: Arc::clone(&self.free),
        }
    }

    /// Findings in the instructions that a server gives to the model.
    pub fn instructions(&self, text: &str) -> Vec<Finding> {
        findings::of_instructions(&self.rules, &mut self.scratch(), text)
    }
}

/// Buffers that go back to the others when nothing is classified with them any more.
#[derive(Debug)]
struct Pooled {
    scratch: Scratch,
    free: Arc<Mutex<Vec<Scratch>>>,
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let scratch = mem::take(&mut self.scratch);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(scratch);
    }
}

impl Deref for Pooled {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Scratch {
        &mut self.scratch
    }
}
