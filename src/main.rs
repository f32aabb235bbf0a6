//! Parses the command line, sets up logs, maps the outcome to an exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    toolrisk::cli::main(std::env::args_os())
}
