//! The folder of facts: paths, atomic writes, reading, history, lint.

mod files;
pub mod history;

pub use files::{StagedError, write_staged};
pub use history::History;
