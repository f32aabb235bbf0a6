//! Rule files: read strictly, checked, hashed, and compiled for the classifier.
//!
//! A rule is one TOML file; a lexicon is a few TOML files of word classes; `taxonomy.toml` holds
//! the weights. They are embedded in the binary and can be added to, replaced or disabled from a
//! folder. Nothing here looks at a tool.

mod assemble;
mod compile;
pub mod compiled;
pub mod docs;
pub mod elements;
pub mod fact;
pub mod grammar;
pub mod guards;
pub mod lexicon;
pub mod lint;
pub mod load;
pub mod presets;
pub mod source;
mod spelling;
pub mod starts;
pub mod tables;
mod vocabulary;

pub use compiled::Compiled;
pub use load::{RuleError, RuleSet};
pub use source::{Kind, Rule, Status, Trait};
