//! Parses the command line, sets up logs, maps the outcome to an exit code; nothing else.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Definitions, verdicts and pages are thousands of short strings: a quarter of the time of the
/// classifier went into the allocator of the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    toolrisk::cli::main(std::env::args_os())
}
