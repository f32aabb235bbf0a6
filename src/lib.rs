//! toolrisk finds out what the tools of MCP servers can do before an agent does.
//!
//! ```text
//! targets ──> crawl ──> catalogue ──> classify ──> policy ──> publish
//!  (who)     (ask)      (facts)       (derive)     (derive)   (derive)
//! ```
//!
//! Each arrow is plain data that can be saved, so each stage can be run again alone. The catalogue
//! holds facts only: what a server answered and how it was reached. Verdicts, policies and pages
//! are derived from it and can always be made again. `crawl` never sees a rule; `classify` sees
//! neither the network nor the clock; `publish` decides nothing. No tool is ever called.
//!
//! docs/architecture.md says which module may use which; the test `architecture` holds the code to it.

pub mod catalogue;
pub mod check;
pub mod classify;
pub mod cli;
pub mod crawl;
pub mod demo;
pub mod diff;
pub mod digest;
pub mod mcp;
pub mod model;
pub mod policy;
pub mod publish;
pub mod rules;
pub mod sandbox;
pub mod targets;
pub mod text;
