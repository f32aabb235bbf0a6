//! Which servers are looked at, and by what they are measured.

use crate::check::FailOn;
use crate::model::Shown;
use std::path::{Path, PathBuf};

/// Which servers are looked at, and how.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Subject {
    /// The configuration of an MCP client
    #[arg(long, value_name = "FILE", default_value = ".mcp.json")]
    pub(super) config: PathBuf,
    /// The lock [default: toolrisk.lock beside the configuration]
    #[arg(long, value_name = "FILE")]
    pub(super) lock: Option<PathBuf>,
    /// Use saved tools/list answers, DIR/SERVER.json, instead of asking the servers
    #[arg(long, value_name = "DIR")]
    pub(super) offline: Option<PathBuf>,
    /// A catalogue whose overrides.toml corrects wrong labels
    #[arg(short = 'C', long, value_name = "DIR")]
    pub(super) catalogue: Option<PathBuf>,
    /// What fails: severity=S, category=C, signal=ID, trait=T, finding[=ID], grade=G, drift[=RISK],
    /// config[=S]; may be repeated [default: severity=critical finding drift config=high]
    #[arg(long, value_name = "THRESHOLD")]
    pub(super) fail_on: Vec<FailOn>,
}

impl Subject {
    /// What fails: as asked, or the defaults.
    pub(super) fn thresholds(&self) -> Vec<FailOn> {
        if self.fail_on.is_empty() {
            FailOn::defaults()
        } else {
            self.fail_on.clone()
        }
    }

    /// Where the lock stands.
    pub(super) fn lock_path(&self) -> PathBuf {
        match &self.lock {
            Some(path) => path.clone(),
            None => self.config.with_file_name("toolrisk.lock"),
        }
    }
}

/// A path as it may be shown.
pub(super) fn shown(path: &Path) -> String {
    Shown(&path.to_string_lossy()).to_string()
}
