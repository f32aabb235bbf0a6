//! Limits over a tree of processes where control groups cannot be had: the tree is looked at several
//! times a second, and ended when it has become too large. What is used between two looks is not
//! held back, so this is a weaker promise, and the record says so.

use super::ProgramLimits;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often a tree is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The most processes that one look visits.
const VISITED: usize = 4_096;

/// Watches one tree; ends when dropped.
#[derive(Debug)]
pub(super) struct Watch {
    task: JoinHandle<()>,
    why: Arc<OnceLock<String>>,
}

impl Watch {
    /// Whether this machine says which children a process has.
    pub(super) fn is_possible() -> bool {
        PathBuf::from("/proc/thread-self/children").exists()
    }

    /// Watches the tree under `root`, which leads its process group.
    pub(super) fn over(root: Pid, limits: &ProgramLimits) -> Watch {
        let why = Arc::new(OnceLock::new());
        let (said, limits) = (Arc::clone(&why), limits.clone());
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let Some(seen) = look(root) else { return };
                if let Some(reason) = seen.too_much(&limits) {
                    let _ = said.set(reason);
                    // Fails when it has just ended by itself.
                    let _ = kill_process_group(root, Signal::KILL);
                    return;
                }
            }
        });
        Watch { task, why }
    }

    /// Why the tree was ended, if it was.
    pub(super) fn why(&self) -> Option<String> {
        self.why.get().cloned()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a tree uses.
#[derive(Debug, Default)]
struct Seen {
    /// Processes and threads.
    tasks: u64,
    /// Memory of its own, in KiB; pages shared after a fork are counted for each.
    memory_kib: u64,
}

impl Seen {
    fn too_much(&self, limits: &ProgramLimits) -> Option<String> {
        if self.memory_kib > limits.memory_mib << 10 {
            Some(format!(
                "it used more than {} MiB of memory",
                limits.memory_mib
            ))
        } else if self.tasks > u64::from(limits.processes) {
            Some(format!(
                "it started more than {} processes",
                limits.processes
            ))
        } else {
            None
        }
    }
}

/// Adds up the tree under a process; `None` when that is gone.
fn look(root: Pid) -> Option<Seen> {
    let mut seen = Seen::default();
    let mut open = vec![root.as_raw_nonzero().get()];
    let mut visited = 0;
    while let Some(process) = open.pop() {
        visited += 1;
        if visited > VISITED {
            break;
        }
        let place = PathBuf::from(format!("/proc/{process}"));
        let Ok(tasks) = fs::read_dir(place.join("task")) else {
            if visited == 1 {
                return None;
            }
            continue;
        };
        for task in tasks.flatten() {
            seen.tasks += 1;
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            open.extend(
                children
                    .split_whitespace()
                    .filter_map(|id| id.parse::<i32>().ok()),
            );
        }
        let status = fs::read_to_string(place.join("status")).unwrap_or_default();
        let own = status
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| matches!(*name, "RssAnon" | "RssShmem"))
            .filter_map(|(_, value)| value.split_whitespace().next()?.parse::<u64>().ok());
        seen.memory_kib += own.sum::<u64>();
    }
    Some(seen)
}
