//! The folder of facts: one record per server, one line per change, one report per run.
//!
//! ```text
//! servers/<ab>/<slug>.json    one server: what it answered, byte-stable
//! history/<ab>/<slug>.jsonl   one line for each change of a server
//! runs/<run>/report.json      one run: every target in exactly one outcome
//! overrides.toml              what people say of wrong labels; written by hand
//! ```
//!
//! Records are written beside their place and renamed, so that a crash leaves the old record or
//! the new one. An unchanged server rewrites no file, and a failed crawl never removes what an
//! earlier one read.

mod due;
mod files;
mod folder;
mod garbage;
pub mod history;
mod journal;
pub mod lint;
mod overrides;
mod report;
mod settle;

pub use due::{Schedule, seconds};
pub use files::{StagedError, write_staged};
pub use folder::{Catalogue, CatalogueError, Written};
pub use garbage::Garbage;
pub use history::History;
pub use journal::{Journal, JournalError};
pub use overrides::{OVERRIDES, OverrideError, Overrides};
pub use report::{HostTime, OutcomeCount, RunReport, RunTarget};
