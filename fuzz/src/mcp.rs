//! The readers and the decoder of the protocol.

#[path = "../../src/mcp/fault.rs"]
mod fault;
#[path = "../../src/mcp/limits.rs"]
mod limits;
#[path = "../../src/mcp/lines.rs"]
pub mod lines;
#[path = "../../src/mcp/listing.rs"]
mod listing;
#[path = "../../src/mcp/message.rs"]
pub mod message;
#[path = "../../src/mcp/sse.rs"]
pub mod sse;

pub use fault::Fault;
pub use limits::Limits;
pub use listing::{Listing, Next};
