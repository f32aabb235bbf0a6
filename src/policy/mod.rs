//! Verdicts to policy documents that deny by default.
//!
//! | file | holds |
//! |---|---|
//! | [`preset`] | what is done with a tool of a category, severity, signal, trait or name |
//! | [`generate()`] | verdicts and a preset to a document, with the reason for every tool |
//! | [`to_json`] | the stable text of a document |
//! | [`read()`] | strict reading: every mistake with its place |
//! | [`evaluate()`] | one call against a document |
//! | [`mod@merge`] | regenerating without losing what a person changed |
//! | [`emit`] | the formats of other enforcers |
//! | [`together`] | several servers in one client |
//! | [`placeholders`] | what a person has yet to fill in |
//! | [`lock`] | of which definitions a document was made, and what moved since |
//!
//! Pure: no network, no clock, no file. It decides from verdicts alone; it never reads a rule of
//! the classifier and never loosens what a verdict says.

mod conditions;
pub mod emit;
pub mod evaluate;
mod generate;
mod json;
pub mod lock;
pub mod merge;
mod path;
mod placeholder;
mod pointer;
pub mod preset;
mod read;
pub mod together;

pub use conditions::Note;
pub use evaluate::{Call, Counters, Decision, Evaluator, evaluate};
pub use generate::{
    Disposition, Exclusion, Generated, Planned, ServerTools, Summary, ToolInput, for_tool, generate,
};
pub use json::{pretty_json, to_json};
pub use lock::{Drift, Lock};
pub use merge::{Changes, Merged, merge};
pub use placeholder::{PLACEHOLDER, Placeholder, placeholders};
pub use preset::Preset;
pub use read::{MAX_BYTES, Mistake, read};
