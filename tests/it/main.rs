//! The integration tests, one crate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::naive_bytecount,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skipped"
)]

mod architecture;
mod check;
mod classify;
mod classify_command;
mod conformance;
mod diff;
mod digests;
mod due;
mod hostile;
mod inputs;
mod killed;
mod lock;
mod overrides;
mod own_rules;
mod packages;
mod peers;
mod policy;
mod publish;
mod runs;
mod sandbox;
mod sarif;
mod scan;
mod sentences;
mod support;
mod terminal;
mod tls;
