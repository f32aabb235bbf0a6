//! Only what is fuzzed, compiled from the sources of the program: the whole of it takes ten times
//! as long to build with a sanitizer.
#![allow(missing_docs, reason = "they are documented where they belong")]

#[path = "../../src/model/mod.rs"]
pub mod model;

pub mod mcp {
    #[path = "../../../src/mcp/fault.rs"]
    mod fault;
    #[path = "../../../src/mcp/limits.rs"]
    mod limits;
    #[path = "../../../src/mcp/lines.rs"]
    pub mod lines;
    #[path = "../../../src/mcp/listing.rs"]
    mod listing;
    #[path = "../../../src/mcp/message.rs"]
    pub mod message;
    #[path = "../../../src/mcp/sse.rs"]
    pub mod sse;

    pub use fault::Fault;
    pub use limits::Limits;
    pub use listing::{Listing, Next};
}
