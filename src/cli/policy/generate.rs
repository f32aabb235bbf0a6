//! `toolrisk policy generate`

use super::super::{Exit, Failure, output, overrides};
use super::server::{Made, Server};
use super::{bulk, emitted, read_input, shown, together};
use crate::catalogue::write_staged;
use crate::classify::Classifier;
use crate::model::{PolicyDocument, Shown};
use crate::policy::emit::{self, EmitError, Emitter, Loss};
use crate::policy::{
    self, Changes, Disposition, Lock, MAX_BYTES, Planned, Preset, Summary, for_tool, merge,
    placeholders, to_json,
};
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
With --out and one server the folder gets policy.json, policy.lock.json and policy.report.json;
without a server it gets a policy for every server of the catalogue. What a person changed in a
policy that stands there is kept.

Examples:
  toolrisk policy generate saved-tools.json > policy.json
  toolrisk policy generate -C catalogue --out policies --preset hardened";

/// Arguments of `toolrisk policy generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A saved tools/list answer, a record, - for standard input, or a slug or name of the
    /// catalogue
    #[arg(value_name = "SERVER|FILE")]
    pub(super) servers: Vec<String>,
    /// The server's name, where the file says none
    #[arg(long)]
    pub(super) name: Option<String>,
    /// starter, hardened, read-only, or a preset file of one's own (TOML)
    #[arg(long, default_value = "starter", value_name = "NAME|FILE")]
    pub(super) preset: String,
    /// The format that is written
    #[arg(long, value_name = "FORMAT", default_value = "policylayer", value_parser = formats())]
    emit: String,
    /// Write a format that lets through, or asks about, what it does not name
    #[arg(long)]
    allow_open: bool,
    /// Make one bundle for a client that has all the named servers, or all of the catalogue: one
    /// budget of calls, and no way for private data to leave
    #[arg(long, conflicts_with_all = ["tool", "emit"])]
    together: bool,
    /// Calls a minute of all servers together
    #[arg(long, value_name = "N", default_value_t = 60, requires = "together")]
    pub(super) budget: u32,
    /// Only the document of this tool
    #[arg(long, value_name = "NAME", conflicts_with = "out")]
    tool: Option<String>,
    /// Write files to this folder instead of standard output
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Spread the files of many servers over folders
    #[arg(long, requires = "out")]
    pub(super) sharded: bool,
    /// The catalogue
    #[arg(short = 'C', long, value_name = "DIR", default_value = "catalogue")]
    pub(super) catalogue: PathBuf,
    /// Write the lock to this file too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "tool"])]
    lock: Option<PathBuf>,
    /// Write to this file why each tool is treated as it is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "tool"])]
    report: Option<PathBuf>,
    /// Take the changed definition of a tool that a person edited as looked at; may be repeated
    #[arg(long, value_name = "TOOL", requires = "out")]
    pub(super) accept: Vec<String>,
    /// Rules to add to the built-in ones or to put in their place
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Option<PathBuf>,
}

fn formats() -> clap::builder::PossibleValuesParser {
    emit::ALL.map(|emitter| emitter.id).into()
}

impl Args {
    /// The format that was asked for, unless it is our own.
    pub(super) fn emitter(&self) -> Option<&'static Emitter> {
        Emitter::named(&self.emit).filter(|emitter| emitter.id != emit::ALL[0].id)
    }
}

/// What stands in `policy.report.json`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    server: &'a str,
    preset: &'a str,
    rules_version: &'a str,
    summary: Summary,
    tools: &'a [Planned],
    placeholders: Vec<String>,
    #[serde(skip_serializing_if = "Changes::is_empty")]
    changes: Changes,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let preset = preset(&args.preset)?;
    let rules = super::super::rules::rule_set(args.rules.as_deref())?;
    let classifier = Classifier::new(&rules).map_err(|e| super::super::rules::rule_failure(&e))?;
    let overrides = overrides(&args.catalogue)?;
    if args.together {
        return together::run(args, &preset, &classifier, &overrides);
    }
    match (args.servers.as_slice(), &args.out) {
        ([], None) => Err(Failure::bad_input(
            "there is no server to make a policy for",
            "name a saved list or a server, or give --out DIR for every server of the catalogue",
        )),
        ([], Some(out)) => bulk::run(args, out, &preset, &classifier, &overrides),
        ([subject], out) => {
            let server = Server::find(subject, &args.catalogue, args.name.as_deref())?;
            server.notes();
            let made = server.make(&classifier, &preset, &overrides);
            match out {
                Some(out) => to_folder(args, out, &made),
                None => to_stdout(args, &made),
            }
        }
        _ => Err(Failure::bad_input(
            "only one server can be named",
            "run the command once for each, or give --together for one client that has them all",
        )),
    }
}

/// The preset of a name or a file.
pub(super) fn preset(named: &str) -> Result<Preset, Failure> {
    if let Some(preset) = Preset::named(named) {
        return Ok(preset);
    }
    let path = Path::new(named);
    let is_file = named.contains(['/', '\\']) || path.extension().is_some_and(|e| e == "toml");
    if !is_file {
        return Err(Failure::bad_input(
            format!("there is no preset {}", Shown(named)),
            format!(
                "the presets are {}; a file of one's own ends in .toml",
                Preset::NAMES.join(", ")
            ),
        ));
    }
    let bytes = read_input(path, 1 << 20)?;
    let bad = |what: String| {
        Failure::bad_input(
            format!("{}: {what}", shown(path)),
            "docs/policy.md describes preset files",
        )
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("the text is not UTF-8".to_owned()))?;
    Preset::from_toml(text).map_err(|error| bad(error.to_string()))
}

fn to_stdout(args: &Args, made: &Made) -> Result<Exit, Failure> {
    let mut document = &made.generated.document;
    let one;
    if let Some(tool) = &args.tool {
        if !made.generated.tools.iter().any(|p| p.tool == *tool) {
            return Err(Failure::bad_input(
                format!("{} has no tool {}", Shown(&made.name), Shown(tool)),
                "names are compared exactly; `toolrisk classify` lists them",
            ));
        }
        one = for_tool(&made.generated, tool);
        document = &one;
    }
    // An emitter that refuses leaves nothing half-written.
    let text = match args.emitter() {
        None => to_json(document),
        Some(emitter) => {
            let other = emitted::emit(emitter, made, document, args.allow_open)?;
            emitted::tell(emitter, &other.losses);
            other.text
        }
    };
    if let Some(path) = &args.lock {
        write(path, &made.lock.to_json())?;
    }
    if let Some(path) = &args.report {
        write(path, &report(made, document, Changes::default()))?;
    }
    let mut out = output::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    if args.tool.is_none() {
        summary(&made.name, &made.generated.summary());
    }
    Ok(Exit::Done)
}

fn to_folder(args: &Args, out: &Path, made: &Made) -> Result<Exit, Failure> {
    let files = Files {
        policy: out.join("policy.json"),
        lock: out.join("policy.lock.json"),
        report: out.join("policy.report.json"),
        emitted: args
            .emitter()
            .map(|e| (e, out.join(format!("policy.{}", e.extension)))),
    };
    let name = made.name.clone();
    let counted = made.generated.summary();
    let written = files.write(args, made)?;
    summary(&name, &counted);
    tell(&written.changes);
    if let Some((emitter, _)) = files.emitted {
        emitted::tell(emitter, &written.losses);
    }
    Ok(Exit::Done)
}

/// The files of one server.
pub(super) struct Files {
    pub(super) policy: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) report: PathBuf,
    /// Another format, and where.
    pub(super) emitted: Option<(&'static Emitter, PathBuf)>,
}

/// What was written for one server.
#[derive(Default)]
pub(super) struct Written {
    /// How many files changed.
    pub(super) files: usize,
    pub(super) changes: Changes,
    pub(super) losses: Vec<Loss>,
}

impl Files {
    /// Merges with what stands there and writes what changed.
    pub(super) fn write(&self, args: &Args, made: &Made) -> Result<Written, Failure> {
        let mut written = Written::default();
        let mut document = made.generated.document.clone();
        let mut lock = made.lock.clone();
        if let Some(mine) = self.standing_policy()? {
            let before = self.standing_lock(made, &mine)?;
            let merged = merge(&before, &mine, made.lock.clone(), &args.accept);
            (document, lock, written.changes) = (merged.document, merged.lock, merged.changes);
        }
        let mut texts = vec![
            (&self.policy, to_json(&document)),
            (&self.lock, lock.to_json()),
            (
                &self.report,
                report(made, &document, written.changes.clone()),
            ),
        ];
        if let Some((emitter, path)) = &self.emitted {
            match emitted::try_emit(emitter, made, &document, args.allow_open) {
                Ok(other) => {
                    written.losses = other.losses;
                    texts.push((path, other.text));
                }
                // A server of which nothing may be called has no file in such a format.
                Err(error @ EmitError::NothingAllowed { .. }) => written.losses.push(Loss {
                    what: error.to_string(),
                    tools: Vec::new(),
                }),
                Err(error) => return Err(emitted::refused(&error)),
            }
        }
        for (path, text) in texts {
            written.files += usize::from(write(path, &text)?);
        }
        Ok(written)
    }

    fn standing_policy(&self) -> Result<Option<PolicyDocument>, Failure> {
        let Some(text) = standing(&self.policy)? else {
            return Ok(None);
        };
        policy::read(&text)
            .map(Some)
            .map_err(|m| super::mistaken(&self.policy, "policy document", &m))
    }

    /// The lock beside the policy. Without one, everything in the policy counts as a person's.
    fn standing_lock(&self, made: &Made, mine: &PolicyDocument) -> Result<Lock, Failure> {
        let Some(text) = standing(&self.lock)? else {
            return Ok(Lock {
                tools: std::collections::BTreeMap::new(),
                base: PolicyDocument::deny_all(),
                ..made.lock.clone()
            });
        };
        let lock = Lock::read(&text).map_err(|m| super::mistaken(&self.lock, "lock", &m))?;
        let now = made.lock.tools.keys().map(String::as_str);
        if lock.is_of(Some(&made.name), now) {
            return Ok(lock);
        }
        let listed = mine.tools.len() + mine.hide.len();
        Err(Failure::bad_input(
            format!(
                "{} is of another server: it was made for {}, and none of its tools is one of {}'s",
                shown(&self.lock),
                Shown(&lock.server),
                Shown(&made.name)
            ),
            format!("choose another folder; the policy there names {listed} tools"),
        ))
    }
}

/// The bytes of a file that may not be there.
fn standing(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if path.exists() {
        read_input(path, MAX_BYTES).map(Some)
    } else {
        Ok(None)
    }
}

/// The text of the report.
fn report(made: &Made, document: &PolicyDocument, changes: Changes) -> String {
    policy::pretty_json(&Report {
        server: &made.name,
        preset: &made.lock.preset,
        rules_version: &made.lock.rules_version,
        summary: made.generated.summary(),
        tools: &made.generated.tools,
        placeholders: placeholders(document)
            .into_iter()
            .map(|open| open.pointer)
            .collect(),
        changes,
    })
}

/// Writes a file when its content is another; says whether it did.
pub(super) fn write(path: &Path, text: &str) -> Result<bool, Failure> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(false);
    }
    write_staged(path, text.as_bytes())
        .map(|()| true)
        .map_err(|error| {
            Failure::bad_input(
                format!("cannot write {}: {}", shown(&error.path), error.source),
                "name a folder that can be written",
            )
        })
}

/// How many tools were given which action, on standard error.
pub(super) fn summary(name: &str, counted: &Summary) {
    let parts: Vec<String> = Disposition::ALL
        .iter()
        .map(|d| format!("{} {}", counted.get(d).copied().unwrap_or(0), d.as_str()))
        .collect();
    output::note(&format!("{}: {}", Shown(name), parts.join(" · ")));
}

/// What a merge did, on standard error.
fn tell(changes: &Changes) {
    for (what, names) in [
        ("kept as a person changed it", &changes.kept),
        (
            "denied until accepted (--accept), its definition changed",
            &changes.held,
        ),
        ("added", &changes.added),
        ("generated anew", &changes.updated),
        ("dropped", &changes.dropped),
    ] {
        for name in names {
            output::note(&format!("  {what}: {}", Shown(name)));
        }
    }
    for part in &changes.kept_parts {
        output::note(&format!("  kept as a person changed it: \"{part}\""));
    }
}
