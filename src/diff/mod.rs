//! What changed between two lists of tools, and whether it raises the risk. Pure.
//!
//! Tools are matched by name. What did not change is not reported: not the order of the tools, not
//! the order of keys, and not a date or a time of day that a server writes into its texts (see
//! [`crate::digest`]).
//!
//! The risk of a change is the worst of its details:
//!
//! | risk | meaning |
//! |---|---|
//! | raises | more can be done than before: a new tool or parameter, a wider enum, a lost bound, a higher severity, a new trait, signal or text finding, a claim of the server that became worse |
//! | lowers | less can be done |
//! | wording | only what is said about it changed |

mod change;
mod compare;
mod instructions;
mod prose;
mod schema;
mod side;
mod tool;

pub use change::{Change, Detail, Risk, ToolChange};
pub use compare::compare;
pub use instructions::{InstructionsChange, compare_instructions};
pub use side::{Side, SideTool};
