//! `toolrisk scan`

mod collect;
mod events;
mod lists;
mod output;
mod run;
mod settings;

use super::{Exit, Failure};
use crate::catalogue::seconds;
use crate::mcp::address::Cidr;
use crate::targets::registry::moment::Moment;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `toolrisk scan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Args {
    /// https://host/mcp, npm:NAME, npm:NAME@VERSION, pypi:NAME, pypi:NAME==VERSION, or file:SAVED.json
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// A program to start and ask over its standard streams
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// A list of servers; - for standard input; may be repeated: a targets file, a list with
    /// one target a line, a client's configuration, a registry's dump, the Docker registry's folder, a
    /// project's folder
    #[arg(long, value_name = "FILE")]
    from: Vec<String>,
    /// The servers in the configurations of this user's MCP clients
    #[arg(long)]
    clients: bool,
    /// All servers of a registry: its address, or a saved dump; may be repeated
    #[arg(long, value_name = "URL|FILE")]
    registry: Vec<String>,
    /// Of a registry, only servers that changed at or after this moment (RFC 3339)
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    updated_since: Option<String>,
    /// A list of who asked not to be crawled, beside the program's own; may be repeated
    #[arg(long, value_name = "FILE")]
    opt_out: Vec<String>,
    /// The folder of facts to write to
    #[arg(short = 'C', long, value_name = "DIR", default_value = "catalogue")]
    catalogue: PathBuf,
    /// The name of the only target
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A request header for the URLs typed here, such as 'Authorization: Bearer ${TOKEN}'
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// How the results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 2 when any target is not listed in full
    #[arg(long)]
    fail_on_unlisted: bool,
    /// Open a block of non-public addresses for targets of lists; may be repeated
    #[arg(long, value_name = "CIDR")]
    allow_net: Vec<Cidr>,
    /// Targets asked at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one)]
    concurrency: usize,
    /// Targets of one host asked at the same time [default: 2, on your own network 64]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    per_host: Option<usize>,
    /// Time between the starts of two targets of one host [default: 1s, on your own network 0]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    min_gap: Option<Duration>,
    /// Targets of one host that lists may name in one run
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    host_cap: usize,
    /// Ask servers of lists even where robots.txt of their host says no
    #[arg(long)]
    ignore_robots: bool,
    /// Time for everything that is done with one target [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// Bytes of one answer
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = at_least_one)]
    max_bytes: usize,
    /// Tools of one server
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = at_least_one)]
    max_tools: usize,
    /// Pages of one list
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    max_pages: usize,
    /// Start programs straight on this machine, unconfined: only for servers you trust
    #[arg(long)]
    no_sandbox: bool,
    /// Let programs use the network
    #[arg(long)]
    net: bool,
    /// A folder that programs may see, read-only; may be repeated
    #[arg(long, value_name = "DIR")]
    bind: Vec<PathBuf>,
    /// Run the build code of packages that are not offered built
    #[arg(long)]
    allow_build: bool,
    /// Keep what was installed of packages in this folder
    #[arg(long, value_name = "DIR")]
    keep_packages: Option<PathBuf>,
    /// Do not give false credentials to packages that insist on some
    #[arg(long)]
    no_placeholders: bool,
    /// Go on with a run over the same targets that was stopped or cut off
    #[arg(long)]
    resume: bool,
    /// Ask only what was last listed longer ago than this, such as 7d; what failed is backed off
    #[arg(long, value_name = "AGE", value_parser = duration, conflicts_with = "resume")]
    stale: Option<Duration>,
    /// Ask only what was not listed since this day, YYYY-MM-DD or RFC 3339; what failed is backed
    /// off
    #[arg(long, value_name = "DAY", value_parser = day, conflicts_with_all = ["resume", "stale"])]
    since: Option<Day>,
    /// Write what happens as JSON lines to this file
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// One line for each target on standard error
    #[arg(short, long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  toolrisk scan https://example.com/mcp -C catalogue
  toolrisk scan --from targets.toml --format jsonl --concurrency 64
  toolrisk scan --clients --from .
  toolrisk scan --name files -- mcp-server-filesystem /tmp";

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// One JSON array
    Json,
    /// One JSON object per target and line, in the order of the input
    Jsonl,
}

/// Runs the command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command has this shape"
)]
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let opt_out = collect::opt_out(&args)?;
    let targets = collect::targets(&args)?;
    run::run(&args, targets, opt_out)
}

/// A duration such as `10s`, `250ms`, `2m` or `1.5s`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{text:?} is no duration; write it like 10s or 250ms"))?;
    let seconds = match unit.trim() {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => {
            return Err(format!(
                "{text:?} has an unknown unit; use ms, s, m, h or d"
            ));
        }
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{text:?} is no sensible duration"))
}

/// A day or moment, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day(u64);

fn day(text: &str) -> Result<Day, String> {
    seconds(text)
        .map(Day)
        .ok_or_else(|| format!("{text:?} is no day; write it like 2026-11-22"))
}

fn moment(text: &str) -> Result<String, String> {
    match Moment::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write it like 2026-11-22 or 2026-11-22T08:00:00Z".to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(168)));
        for bad in ["", "s", "-1s", "5 parsecs", "1e400s", "1..2s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
