//! `toolrisk sandbox-forward`: what an installing sandbox starts first; nothing for people.

use super::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `toolrisk sandbox-forward`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The socket of the proxy outside
    socket: PathBuf,
    /// The program to run
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs the command; its exit code is that of the program.
pub(super) fn run(args: &Args) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime
        .and_then(|runtime| runtime.block_on(crate::sandbox::forward(&args.socket, &args.command)));
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            Failure::failed(format!("the sandbox cannot run the client: {error}")).report()
        }
    }
}
