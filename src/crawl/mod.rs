//! Many targets at once, each ending in exactly one outcome.
//!
//! ```no_run
//! use toolrisk::crawl::{Crawler, Options};
//! let target = toolrisk::targets::parse_argument("https://example.com/mcp").unwrap();
//! let scanned = Crawler::new(Options::default()).run(vec![target], |_| {}).unwrap();
//! println!("{}", scanned[0].record.outcome);
//! ```
//!
//! A server that fails is a record like any other; only a broken machine is an error.

mod attempt;
mod context;
mod hosts;
mod options;
mod packages;
mod plan;
mod program;
mod record;
mod registry;
mod robots;
mod saved;
mod stop;
mod turn;

pub use options::Options;
pub use registry::read_registry;
pub use saved::{Saved, SavedError, parse_saved, read_saved};
pub use stop::Stop;

use crate::model::{Record, Target};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use turn::Shared;

/// One target's end.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// Its place in the input, counted from 0.
    pub index: usize,
    /// What was asked.
    pub target: Target,
    /// What it answered.
    pub record: Record,
    /// How long it took.
    pub took: Duration,
    /// Whether the run was stopped before this target came to its end: its record says nothing.
    pub stopped: bool,
}

/// What happens during a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// This target is asked now.
    Started {
        /// Its place in the input.
        index: usize,
    },
    /// This target came to its end.
    Ended(&'a Scanned),
}

/// The run could not be started.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The machine gave no threads.
    #[error("the run cannot be started: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Asks many targets.
#[derive(Debug, Clone)]
pub struct Crawler {
    options: Options,
}

impl Crawler {
    /// A crawler with these settings.
    pub fn new(options: Options) -> Self {
        Crawler { options }
    }

    /// Asks every target and gives their ends in the order of the input. `on_event` is called as
    /// things happen, in the order they happen.
    pub fn run(
        &self,
        targets: Vec<Target>,
        mut on_event: impl FnMut(&Event<'_>),
    ) -> Result<Vec<Scanned>, CrawlError> {
        let mut all = Vec::with_capacity(targets.len());
        self.run_each(targets, |step| match step {
            Step::Started(index) => on_event(&Event::Started { index }),
            Step::Ended(scanned) => {
                on_event(&Event::Ended(&scanned));
                all.push(*scanned);
            }
        })?;
        all.sort_by_key(|scanned| scanned.index);
        Ok(all)
    }

    /// Asks every target and hands each end over as it comes, so that nothing is kept.
    pub fn run_each(
        &self,
        targets: Vec<Target>,
        mut on_step: impl FnMut(Step),
    ) -> Result<(), CrawlError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(
                std::thread::available_parallelism()
                    .map_or(2, usize::from)
                    .min(4),
            )
            .enable_all()
            .build()?;
        let shared = Arc::new(Shared::new(&self.options));
        if self.options.signals {
            runtime.spawn(self.options.stop.clone().listen());
        }
        let (sender, mut receiver) = mpsc::channel::<Step>(64);
        let refusals = plan::refusals(&targets, &self.options);
        for (index, (target, refusal)) in targets.into_iter().zip(refusals).enumerate() {
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            runtime.spawn(async move {
                let scanned = match refusal {
                    Some((outcome, reason)) => Scanned {
                        index,
                        record: Record::unread(&target, outcome, &reason),
                        target,
                        took: Duration::ZERO,
                        stopped: false,
                    },
                    None => shared.ask_in_turn(index, target, &sender).await,
                };
                let _ = sender.send(Step::Ended(Box::new(scanned))).await;
            });
        }
        drop(sender);
        while let Some(step) = receiver.blocking_recv() {
            on_step(step);
        }
        runtime.shutdown_timeout(Duration::from_secs(2));
        Ok(())
    }
}

/// What [`Crawler::run_each`] hands over.
#[derive(Debug)]
pub enum Step {
    /// The target at this place is asked now.
    Started(usize),
    /// A target came to its end.
    Ended(Box<Scanned>),
}
