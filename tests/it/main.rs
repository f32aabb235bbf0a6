//! The integration tests, one crate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skipped"
)]

mod architecture;
mod digests;
mod policy;
mod peers;
mod scan;
mod support;
