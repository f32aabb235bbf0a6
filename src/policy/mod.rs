//! Verdicts to policy documents that deny by default.
//!
//! | file | holds |
//! |---|---|
//! | [`preset`] | what is done with a tool of a category, severity, signal, trait or name |
//! | [`generate()`] | verdicts and a preset to a document, with the reason for every tool |
//! | [`to_json`] | the stable text of a document |
//!
//! Pure: no network, no clock, no file. It decides from verdicts alone; it never reads a rule of
//! the classifier and never loosens what a verdict says.

mod generate;
mod json;
pub mod preset;

pub use generate::{
    Disposition, Exclusion, Generated, Planned, ServerTools, Summary, ToolInput, for_tool, generate,
};
pub use json::to_json;
pub use preset::Preset;
