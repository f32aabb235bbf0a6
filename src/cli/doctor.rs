//! `toolrisk doctor`

use super::output::stdout;
use super::{Exit, Failure};
use crate::sandbox::{Bubblewrap, Check, Sandbox, StartError, probe};
use std::io::Write as _;

/// Arguments of `toolrisk doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// How the results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Exits with 2 when something does not hold.

Examples:
  toolrisk doctor
  toolrisk doctor --format json";

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON array
    Json,
}

/// Runs the command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command has this shape"
)]
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(error.to_string()))?;
    let checks = runtime.block_on(checks());
    let mut out = stdout();
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &checks).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Format::Text => {
            for check in &checks {
                let word = if check.holds { "holds" } else { "FAILS" };
                write!(out, "{word}  {:<12} {}", check.id, check.title)?;
                if check.seen.is_empty() {
                    writeln!(out)?;
                } else {
                    writeln!(out, "  [{}]", check.seen)?;
                }
            }
        }
    }
    out.flush()?;
    Ok(if checks.iter().all(|check| check.holds) {
        Exit::Done
    } else {
        Exit::Findings
    })
}

async fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    let found = Bubblewrap::find().await;
    checks.push(Check {
        id: "bubblewrap",
        title: "programs of servers can be confined",
        holds: found.is_some(),
        seen: if found.is_some() {
            String::new()
        } else {
            "bwrap is missing or cannot make namespaces; install bubblewrap".to_owned()
        },
    });
    if let Some(found) = found {
        match probe(&Sandbox::Bubblewrap(found)).await {
            Ok(more) => checks.extend(more),
            Err(error) => checks.push(failed(&error)),
        }
    }
    for (id, title, program) in [
        ("npm", "npm packages can be installed", "npm"),
        ("node", "npm packages can be started", "node"),
        (
            "python",
            "Python packages can be installed and started",
            "python3",
        ),
    ] {
        let path = std::env::var("PATH").unwrap_or_default();
        let holds = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        checks.push(Check {
            id,
            title,
            holds,
            seen: if holds {
                String::new()
            } else {
                format!("{program} is not in PATH")
            },
        });
    }
    checks
}

fn failed(error: &StartError) -> Check {
    Check {
        id: "starts",
        title: "a program can be started in the sandbox",
        holds: false,
        seen: error.to_string(),
    }
}
