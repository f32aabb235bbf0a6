//! `toolrisk policy check`

use super::super::{Exit, Failure, output};
use super::server::Server;
use super::{mistaken, read_input, shown};
use crate::model::Shown;
use crate::policy::{Drift, Lock, MAX_BYTES};
use clap::ValueEnum;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Exit 0: nothing moved. Exit 2: something did. A tool whose definition changed is denied by whoever
enforces the lock, until the policy is generated again.

Examples:
  toolrisk policy check policy.lock.json saved-tools.json
  toolrisk policy check policies/policy.json my-server -C catalogue";

/// Arguments of `toolrisk policy check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The lock, or the policy beside which it stands
    lock: PathBuf,
    /// The definitions of now: a saved tools/list answer, a record, or a slug or name of the
    /// catalogue; by default the locked server's name
    #[arg(value_name = "SERVER|FILE")]
    server: Option<String>,
    /// The catalogue
    #[arg(short = 'C', long, value_name = "DIR", default_value = "catalogue")]
    catalogue: PathBuf,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let path = lock_of(&args.lock);
    let text = read_input(&path, MAX_BYTES)?;
    let lock = Lock::read(&text).map_err(|mistakes| mistaken(&path, "lock", &mistakes))?;
    let subject = args.server.as_deref().unwrap_or(&lock.server);
    let server = Server::find(subject, &args.catalogue, None)?;
    let now = server.digests(&server.tools());
    if !lock.is_of(Some(&server.name), now.keys().map(String::as_str)) {
        return Err(Failure::bad_input(
            format!(
                "{} is of another server: it was made for {}, and none of its tools is one of {}'s",
                shown(&path),
                Shown(&lock.server),
                Shown(&server.name)
            ),
            "name the definitions of the server that the lock was made for",
        ));
    }
    let drift = lock.drift(&now);
    let mut out = output::stdout();
    match args.format {
        Format::Json => {
            serde_json::to_writer(&mut out, &drift).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Format::Text => print(&mut out, &drift, now.len())?,
    }
    out.flush()?;
    Ok(if drift.is_empty() {
        Exit::Done
    } else {
        Exit::Findings
    })
}

fn print(out: &mut impl std::io::Write, drift: &Drift, tools: usize) -> std::io::Result<()> {
    for (what, names) in [
        ("changed, denied until looked at", &drift.changed),
        ("added, not in the policy", &drift.added),
        ("removed", &drift.removed),
    ] {
        for name in names {
            writeln!(out, "{what}: {}", Shown(name))?;
        }
    }
    if drift.is_empty() {
        writeln!(out, "nothing moved: {tools} tools are as they were locked")?;
    }
    Ok(())
}

/// `policy.lock.json` for `policy.json`; a lock is itself.
fn lock_of(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    match name {
        Some(name) if !name.ends_with(".lock.json") => {
            let stem = name.strip_suffix(".json").unwrap_or(&name);
            let beside = path.with_file_name(format!("{stem}.lock.json"));
            if beside.exists() {
                beside
            } else {
                path.to_owned()
            }
        }
        _ => path.to_owned(),
    }
}
