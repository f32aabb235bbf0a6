//! How a server that is a program is started: without a shell, in a bubblewrap sandbox without
//! network, with a nearly empty environment, and ended with all that it started.
//!
//! What a sandbox could not give on this machine is in [`Confinement::degraded`]. Where there is
//! no bubblewrap nothing is started, unless the user said aloud that no sandbox is wanted.

mod bubblewrap;
mod cgroup;
mod egress;
pub mod package;
mod probe;
mod process;
mod reach;
mod watch;

pub use bubblewrap::Bubblewrap;
pub(crate) use egress::forward;
pub use probe::{Check, probe};
pub use process::{StartError, Started};

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be started.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Program and arguments; never through a shell.
    pub argv: Vec<String>,
    /// Variables of the target, credentials among them.
    pub env: BTreeMap<String, String>,
    /// The folder it starts in; `None` means the current one where it can be seen.
    pub folder: Option<PathBuf>,
    /// Folders that it may see, read-only.
    pub visible: Vec<PathBuf>,
    /// Folders that it may write.
    pub writable: Vec<PathBuf>,
    /// Whether what the program needs to run is found from its path and arguments.
    pub find_needs: bool,
    /// Whether it may use the network.
    pub network: bool,
}

/// Limits for everything that one started program and its children use together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramLimits {
    /// Processes and threads.
    pub processes: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Space in each temporary folder, in MiB.
    pub disk_mib: u64,
    /// The largest file it can write, in MiB.
    pub file_mib: u64,
    /// Open descriptors of one process.
    pub descriptors: u32,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        ProgramLimits {
            processes: 128,
            memory_mib: 512,
            disk_mib: 64,
            file_mib: 64,
            descriptors: 1024,
        }
    }
}

/// How programs of a run are confined.
#[derive(Debug, Clone, Default)]
pub enum Sandbox {
    /// In bubblewrap; where there is none, nothing is started.
    #[default]
    Required,
    /// In this bubblewrap.
    Bubblewrap(Arc<Bubblewrap>),
    /// Straight on the host, because the user said so.
    None,
}

/// How one started program was confined; part of its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confinement {
    /// `bubblewrap` or `none`.
    pub kind: &'static str,
    /// `none` or `host`.
    pub net: &'static str,
    /// Processes and threads, where limited.
    pub processes: Option<u32>,
    /// Memory in MiB, where limited.
    pub memory_mib: Option<u64>,
    /// Space in temporary folders in MiB, where limited.
    pub disk_mib: Option<u64>,
    /// What could not be had on this machine, sorted. `memory_polled` and `processes_polled`: the
    /// limit is not the kernel's, the tree is looked at several times a second.
    pub degraded: Vec<&'static str>,
}

impl Sandbox {
    /// Starts a program, confined as this says.
    pub async fn start(
        &self,
        program: &Program,
        limits: &ProgramLimits,
    ) -> Result<Started, StartError> {
        match self {
            Sandbox::None => process::start_bare(program),
            Sandbox::Bubblewrap(bubblewrap) => bubblewrap.start(program, limits),
            Sandbox::Required => match Bubblewrap::find().await {
                Some(bubblewrap) => bubblewrap.start(program, limits),
                None => Err(StartError::NoSandbox),
            },
        }
    }
}
