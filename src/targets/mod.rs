//! Where servers come from: arguments, targets files, saved lists. Every way gives targets.
//!
//! Nothing is contacted or started here, and no text becomes a shell command.

mod argument;
pub mod clients;
pub mod docker_registry;
pub mod document;
mod expand;
mod file;
mod lines;
pub mod optout;
mod package;
mod packages;
pub mod reading;
mod references;
pub mod registry;
pub mod runner;
pub mod sniff;

pub use argument::parse_argument;
pub use expand::{Environment, expand};
pub use file::{read_file, read_text};
pub use package::{parse_npm, parse_pypi};
pub use references::Surroundings;
pub use sniff::{Input, Kind, read_configs, read_input};

/// Why a list of targets cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TargetsError {
    /// What is wrong and where: the file, the line.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl TargetsError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        TargetsError {
            message: message.into(),
            help: help.into(),
        }
    }
}
