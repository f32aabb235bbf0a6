//! What a run may do and how far it goes.

use super::stop::Stop;
use crate::mcp::Limits;
use crate::mcp::address::{Cidr, Lookup, SystemLookup};
use crate::sandbox::package::InstallOptions;
use crate::sandbox::{ProgramLimits, Sandbox};
use crate::targets::optout::OptOut;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a run.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Options {
    /// Limits for each target.
    pub limits: Limits,
    /// Who asked not to be crawled; holds for targets of lists.
    pub opt_out: OptOut,
    /// Targets asked at the same time.
    pub concurrency: usize,
    /// Targets of one host asked at the same time; `None`: 2 of a public host, 64 of another.
    pub per_host: Option<usize>,
    /// Between the starts of two targets of one host; `None`: a second for a public host.
    pub min_gap: Option<Duration>,
    /// Targets of one host that a list may name in one run.
    pub host_cap: usize,
    /// Whether targets of lists are held to the `robots.txt` of their host.
    pub robots: bool,
    /// How often a host that is busy is asked again.
    pub retries: u32,
    /// Non-public addresses that targets of a list may have.
    pub allow_net: Vec<Cidr>,
    /// How programs are confined.
    pub sandbox: Sandbox,
    /// Limits of a confined program.
    pub program_limits: ProgramLimits,
    /// Whether programs may use the network.
    pub network: bool,
    /// Folders that programs may see, read-only.
    pub binds: Vec<PathBuf>,
    /// Whether packages that insist on credentials are given obviously false ones.
    pub placeholders: bool,
    /// How packages are installed.
    pub install: InstallOptions,
    /// Stops the run from outside.
    pub stop: Stop,
    /// Whether SIGINT and SIGTERM stop the run: once, and no further target is begun; twice, and
    /// those under way are left.
    pub signals: bool,
    /// How names become addresses.
    pub lookup: Arc<dyn Lookup>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits::default(),
            concurrency: 64,
            per_host: None,
            min_gap: None,
            host_cap: 100,
            opt_out: OptOut::default(),
            robots: true,
            retries: 2,
            allow_net: Vec::new(),
            sandbox: Sandbox::default(),
            program_limits: ProgramLimits::default(),
            network: false,
            binds: Vec::new(),
            placeholders: true,
            install: InstallOptions::default(),
            stop: Stop::default(),
            signals: false,
            lookup: Arc::new(SystemLookup),
        }
    }
}
