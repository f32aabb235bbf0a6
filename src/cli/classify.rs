//! `toolrisk classify`: verdicts on the tools of a saved list.

use super::{Exit, Failure, output};
use crate::classify::{Classifier, Options, ServerContext};
use crate::model::{Shown, Tool, Verdict};
use serde_json::Value;
use std::io::{Read, Write};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  toolrisk classify saved-tools.json
  zcat corpus.jsonl.gz | toolrisk classify - --format jsonl";

/// Arguments of `toolrisk classify`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A saved tools/list answer, a bare array, or JSONL; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// How to print the verdicts
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Leave the servers' own claims out of account
    #[arg(long)]
    ignore_annotations: bool,
    /// Rules to add to the built-in ones or to put in their place
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Jsonl,
}

/// The tools of one server.
struct Batch {
    server: Option<String>,
    tools: Vec<Tool>,
}

/// Runs the command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments"
)]
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let set = super::rules::rule_set(args.rules.as_deref())?;
    let classifier = Classifier::new(&set).map_err(|e| super::rules::rule_failure(&e))?;
    let options = Options {
        ignore_annotations: args.ignore_annotations,
    };
    let text = read(&args.file)?;
    let mut out = output::stdout();
    for batch in batches(&text, &args.file.display().to_string())? {
        let server = ServerContext {
            name: batch.server.as_deref(),
            tools: &batch.tools,
            instructions: None,
        };
        for verdict in classifier.server(&server, &options) {
            print(&mut out, &verdict, args.format)?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn print(out: &mut impl Write, verdict: &Verdict, format: Format) -> Result<(), Failure> {
    match format {
        Format::Jsonl => {
            serde_json::to_writer(&mut *out, verdict)
                .map_err(|e| Failure::failed(e.to_string()))?;
            writeln!(out)?;
        }
        Format::Text => {
            writeln!(
                out,
                "{:<9}{:<12}{:>4.2}  {}",
                verdict.severity,
                verdict.category,
                verdict.confidence,
                Shown(&verdict.name)
            )?;
            for signal in &verdict.signals {
                writeln!(out, "{:27}{}", "", Shown(&signal.title))?;
            }
        }
    }
    Ok(())
}

fn read(file: &std::path::Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let result = if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    result.map_err(|error| {
        Failure::bad_input(
            format!("cannot read {}: {error}", file.display()),
            "give a saved tools/list answer or JSONL",
        )
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..good])
            .matches('\n')
            .count()
            + 1;
        Failure::bad_input(
            format!("{}:{line}: the text is not UTF-8", file.display()),
            "save the answer as UTF-8",
        )
    })
}

fn batches(text: &str, file: &str) -> Result<Vec<Batch>, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return batch(value).map(|b| vec![b]).ok_or_else(|| {
            Failure::bad_input(
                format!("{file}: this is no tools/list answer, no array of tools and no tool"),
                "save the whole answer of tools/list",
            )
        });
    }
    let mut all = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let one = serde_json::from_str::<Value>(line)
            .map_err(|error| error.to_string())
            .and_then(|value| {
                batch(value).ok_or_else(|| "neither a tool nor a list of tools".to_owned())
            })
            .map_err(|message| {
                Failure::bad_input(
                    format!("{file}:{}: {message}", number + 1),
                    "each line is a tool or {\"server\", \"tool\"}",
                )
            })?;
        all.push(one);
    }
    if all.is_empty() {
        return Err(Failure::bad_input(
            format!("{file}: there is nothing in it"),
            "give a saved tools/list answer or JSONL",
        ));
    }
    Ok(all)
}

fn batch(value: Value) -> Option<Batch> {
    let (server, tools) = match value {
        Value::Array(tools) => (None, tools),
        Value::Object(mut fields) => {
            let server = fields
                .get("server")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if let Some(tool) = fields.remove("tool") {
                (server, vec![tool])
            } else if let Some(Value::Array(tools)) = fields.remove("tools") {
                (server, tools)
            } else if let Some(mut result) = fields.remove("result") {
                match result.get_mut("tools").map(Value::take) {
                    Some(Value::Array(tools)) => (server, tools),
                    _ => return None,
                }
            } else if fields.contains_key("name") || fields.contains_key("inputSchema") {
                (server, vec![Value::Object(fields)])
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(Batch {
        server,
        tools: tools.into_iter().map(Tool::from_value).collect(),
    })
}
