//! Only what is fuzzed, compiled from the sources of the program: the whole of it takes ten times
//! as long to build with a sanitizer.
#![allow(missing_docs, reason = "they are documented where they belong")]

pub mod mcp;
#[path = "../../src/model/mod.rs"]
pub mod model;
