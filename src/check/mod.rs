//! The gate: what was seen of a project's servers, held against its lock and its thresholds. Pure.
//!
//! | file | holds |
//! |---|---|
//! | [`observed`] | what was seen of the servers |
//! | [`issue`] | one concern, where it stands, and whether it still stands |
//! | [`gate`] | what was seen held against lock, thresholds, suppressions and baseline |
//! | [`threshold`] | what fails a check |
//! | [`lock`], [`drift`] | what was looked at; what moved since |
//! | [`suppress`], [`baseline`] | a person's word that an issue may stand |
//! | [`config`] | what is wrong in the configuration itself |
//! | [`report`] | the result in five formats |

pub mod baseline;
pub mod config;
pub mod drift;
pub mod gate;
pub mod issue;
pub mod lock;
pub mod observed;
pub mod report;
pub mod suppress;
pub mod threshold;

pub use baseline::Baseline;
pub use gate::{Rules, evaluate, fails};
pub use issue::{Issue, Location, Status};
pub use lock::Lock;
pub use observed::{Observed, ObservedTool};
pub use suppress::Suppression;
pub use threshold::FailOn;
