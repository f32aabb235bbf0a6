//! Parses the command line, sets up logs, maps the outcome to an exit code; nothing else.

use std::process::ExitCode;

/// A tool makes some hundred small pieces of evidence and JSON; this one hands them out in a third
/// of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    toolrisk::cli::main(std::env::args_os())
}
