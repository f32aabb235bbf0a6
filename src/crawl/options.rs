//! What a run may do and how far it goes.

use crate::mcp::Limits;
use crate::mcp::address::{Cidr, Lookup, SystemLookup};
use crate::targets::optout::OptOut;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits for each target.
    pub limits: Limits,
    /// Who asked not to be crawled; holds for targets of lists.
    pub opt_out: OptOut,
    /// Targets asked at the same time.
    pub concurrency: usize,
    /// Targets of one host asked at the same time.
    pub per_host: usize,
    /// Between the starts of two targets of one public host.
    pub min_gap: Duration,
    /// Non-public addresses that targets of a list may have.
    pub allow_net: Vec<Cidr>,
    /// How names become addresses.
    pub lookup: Arc<dyn Lookup>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits::default(),
            opt_out: OptOut::default(),
            concurrency: 32,
            per_host: 4,
            min_gap: Duration::ZERO,
            allow_net: Vec::new(),
            lookup: Arc::new(SystemLookup),
        }
    }
}
