//! How a server that is a program is started: without a shell, in a process group of its own,
//! with a nearly empty environment, and ended with all that it started.

mod process;

pub use process::{StartError, Started, start};

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is to be started.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Program and arguments; never through a shell.
    pub argv: Vec<String>,
    /// Variables of the target, credentials among them.
    pub env: BTreeMap<String, String>,
    /// The folder it starts in; `None` means the current one.
    pub folder: Option<PathBuf>,
}
