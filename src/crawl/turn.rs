//! One target's way through a run: it waits for its turn, is asked, and is asked again when its
//! host was busy.

use super::attempt::ask;
use super::context::Context;
use super::hosts::{Hosts, LONGEST_WAIT};
use super::options::Options;
use super::{Scanned, Step, packages};
use crate::model::target::Origin;
use crate::model::{Outcome, Record, Source, Target};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// After this time a target over HTTP gives its slot to another: it is waiting, not working.
const SLOW_AFTER: Duration = Duration::from_secs(2);
/// Targets that may wait beside those that work.
const SLOW_TARGETS: usize = 512;

/// What all targets of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    context: Arc<Context>,
    hosts: Hosts,
    working: Semaphore,
    waiting: Semaphore,
}

impl Shared {
    pub(super) fn new(options: &Options) -> Self {
        Shared {
            context: Arc::new(Context::new(options.clone())),
            hosts: Hosts::new(options),
            working: Semaphore::new(options.concurrency.max(1)),
            waiting: Semaphore::new(SLOW_TARGETS),
        }
    }

    /// Waits for the target's turn and asks it, as often as its host and the options allow.
    pub(super) async fn ask_in_turn(
        &self,
        index: usize,
        target: Target,
        sender: &mpsc::Sender<Step>,
    ) -> Scanned {
        // The semaphores are never closed.
        let stop = &self.context.options.stop;
        let waiting = async {
            let host = self.hosts.enter(&target).await;
            (host, self.working.acquire().await.ok())
        };
        let (_host, mut slot) = tokio::select! {
            biased;
            () = stop.drained() => return stopped(index, target),
            places = waiting => places,
        };
        let _ = sender.send(Step::Started(index)).await;
        let start = Instant::now();
        let mut again = 0;
        let record = loop {
            // The question for robots.txt is part of the target's time.
            let begin = tokio::time::Instant::now();
            if !self.robots_allow(&target).await {
                let reason = "robots.txt of the host says no; --ignore-robots asks all the same";
                break Record::unread(&target, Outcome::OptedOut, reason);
            }
            let asking = self.guarded(&target, begin);
            tokio::pin!(asking);
            let asking = async {
                tokio::select! {
                    biased;
                    () = stop.abandoned() => None,
                    asked = &mut asking => Some(asked),
                }
            };
            tokio::pin!(asking);
            let asked = if matches!(target.source, Source::Url { .. }) && slot.is_some() {
                tokio::select! {
                    asked = &mut asking => asked,
                    () = tokio::time::sleep(SLOW_AFTER) => {
                        let _waiting = self.waiting.try_acquire().inspect(|_| slot = None);
                        asking.await
                    }
                }
            } else {
                asking.await
            };
            let Some((record, retry_after)) = asked else {
                return stopped(index, target.clone());
            };
            let options = &self.context.options;
            match retry_after {
                Some(seconds) if again < options.retries => {
                    self.hosts.back_off(&target, wait_before(seconds, again));
                    again += 1;
                    self.hosts.turn(&target).await;
                }
                _ => break record,
            }
        };
        Scanned {
            index,
            target,
            record,
            took: start.elapsed(),
            stopped: false,
        }
    }

    async fn robots_allow(&self, target: &Target) -> bool {
        if !self.context.options.robots || target.origin != Origin::List {
            return true;
        }
        match self.context.http(target.origin) {
            Ok(http) => self.hosts.allows(target, &http).await,
            Err(_) => true,
        }
    }

    /// Asks one target in a task of its own, with a second clock around it: whatever goes wrong
    /// inside is one row, and the run goes on.
    async fn guarded(&self, target: &Target, begin: tokio::time::Instant) -> (Record, Option<u64>) {
        let options = &self.context.options;
        let grace = Duration::from_secs(5);
        let mut limit = options.limits.total + grace;
        if matches!(target.source, Source::Npm { .. } | Source::Pypi { .. }) {
            limit = limit * packages::STARTS + options.install.timeout;
        }
        let (asked, context) = (target.clone(), Arc::clone(&self.context));
        let task = tokio::spawn(async move { ask(&asked, &context, begin).await });
        let abort = task.abort_handle();
        match tokio::time::timeout(limit, task).await {
            Ok(Ok(asked)) => asked,
            Ok(Err(_)) => {
                let reason = "asking this server made the program fail; please report it";
                (Record::unread(target, Outcome::Poison, reason), None)
            }
            Err(_) => {
                abort.abort();
                let reason = "not done within the limit";
                (Record::unread(target, Outcome::Timeout, reason), None)
            }
        }
    }
}

/// The end of a target that the run was stopped before.
fn stopped(index: usize, target: Target) -> Scanned {
    Scanned {
        index,
        record: Record::unread(&target, Outcome::Deferred, "the run was stopped"),
        target,
        took: Duration::ZERO,
        stopped: true,
    }
}

/// The wait before a busy host is asked again: what it asked for, else 1 s, then 4 s; and up to a
/// fifth more, so that not all come back at once.
fn wait_before(asked_for: u64, again: u32) -> Duration {
    let seconds = if asked_for > 0 {
        asked_for
    } else {
        4_u64.pow(again)
    };
    let wait = Duration::from_secs(seconds).min(LONGEST_WAIT);
    let random = u32::try_from(RandomState::new().hash_one(again) % 200).unwrap_or(0);
    wait + wait * random / 1000
}
