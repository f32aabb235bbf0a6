//! The protocol, as one who only lists: ask who a server is, read its whole list of tools, go.
//!
//! Own client, because what is asked is hostile: every wait, byte, page and message has a limit
//! ([`Limits`]), and what a server answers is kept as raw JSON. No tool is ever called, no
//! capability is declared, no reference is followed.

pub mod address;
mod auth;
mod complaint;
mod endpoint;
mod fault;
pub mod http;
mod legacy_sse;
mod limits;
pub mod lines;
mod lister;
mod listing;
pub mod message;
mod reply;
mod room;
pub mod sse;
mod stdio;
mod streamable;
mod twice;

pub(crate) use complaint::missing_variables;
pub use endpoint::list_url;
pub use fault::Fault;
pub use legacy_sse::LegacySse;
pub use limits::Limits;
pub use lister::{Channel, list};
pub use listing::{Listing, Next};
pub use reply::Reply;
pub use stdio::Stdio;
pub use streamable::Streamable;
