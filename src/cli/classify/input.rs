//! Reading what is to be classified: a saved answer as a whole, or lines as a stream.

use super::Failure;
use crate::digest::tool_digest;
use crate::model::{Problem, Tool, ToolEntry};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line or document that is read.
const MOST_BYTES: u64 = 1 << 30;
const HELP: &str = "give a saved answer of tools/list, an array of tools, or a tool or {\"server\", \"tool\"} on each line";

/// The tools of one server, or of one line.
pub(super) struct Batch {
    pub server: Option<String>,
    pub tools: Vec<Tool>,
    /// What overrides may call the server: the file's name, or what a line says beside its tool.
    /// What a list says of itself is not among them.
    pub known_as: Vec<String>,
    /// Digests of the definitions; empty unless they were asked for.
    pub digests: Vec<String>,
}

/// Reads batches in order; lines are read as they come.
pub(super) struct Reader {
    file: PathBuf,
    source: Box<dyn BufRead>,
    line: usize,
    any: bool,
    digests: bool,
}

impl Reader {
    /// Opens what is to be read; `digests` says whether those of the definitions are wanted.
    pub(super) fn open(file: &Path, digests: bool) -> Result<Reader, Failure> {
        let source: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(BufReader::with_capacity(1 << 16, std::io::stdin()))
        } else {
            let opened = File::open(file).map_err(|error| {
                Failure::bad_input(format!("cannot read {}: {error}", file.display()), HELP)
            })?;
            Box::new(BufReader::with_capacity(1 << 16, opened))
        };
        Ok(Reader {
            file: file.to_owned(),
            source,
            line: 0,
            any: false,
            digests,
        })
    }

    /// The next batches, at most `most` lines of them; none at the end.
    pub(super) fn chunk(&mut self, most: usize) -> Result<Vec<Batch>, Failure> {
        let mut batches = Vec::new();
        while batches.len() < most {
            let Some(text) = self.next_line()? else { break };
            let first = self.line == 1;
            let trimmed = text.trim_start_matches('\u{feff}').trim();
            if trimmed.is_empty() {
                continue;
            }
            match parse(trimmed) {
                Ok((value, problems)) => batches.push(self.batch(value, problems)?),
                // A document that goes over several lines begins on the first.
                Err(error) if !self.any && (first || trimmed.len() < 3 || error.is_eof()) => {
                    let mut rest = String::new();
                    self.read_rest(&mut rest)?;
                    let whole = format!("{trimmed}\n{rest}");
                    let (value, problems) = parse(&whole).map_err(|error| {
                        let line = self.line + error.line() - 1;
                        self.wrong(line, &error.to_string())
                    })?;
                    batches.push(self.batch(value, problems)?);
                }
                Err(error) => return Err(self.wrong(self.line, &error.to_string())),
            }
            self.any = true;
        }
        if batches.is_empty() && !self.any {
            return Err(Failure::bad_input(
                format!("{}: there is nothing in it", self.file.display()),
                HELP,
            ));
        }
        Ok(batches)
    }

    fn next_line(&mut self) -> Result<Option<String>, Failure> {
        let mut bytes = Vec::new();
        let read = self
            .source
            .by_ref()
            .take(MOST_BYTES)
            .read_until(b'\n', &mut bytes)
            .map_err(|error| {
                Failure::bad_input(
                    format!("cannot read {}: {error}", self.file.display()),
                    HELP,
                )
            })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.wrong(self.line, "the text is not UTF-8"))
    }

    fn read_rest(&mut self, into: &mut String) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        self.source
            .by_ref()
            .take(MOST_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| {
                Failure::bad_input(
                    format!("cannot read {}: {error}", self.file.display()),
                    HELP,
                )
            })?;
        *into = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let lines = String::from_utf8_lossy(&error.as_bytes()[..good])
                .matches('\n')
                .count();
            self.wrong(self.line + 1 + lines, "the text is not UTF-8")
        })?;
        Ok(())
    }

    fn wrong(&self, line: usize, message: &str) -> Failure {
        Failure::bad_input(format!("{}:{line}: {message}", self.file.display()), HELP)
    }

    fn batch(&self, value: Value, problems: Vec<Problem>) -> Result<Batch, Failure> {
        let beside = value.get("tool").is_some();
        let (server, tools) = split(value).ok_or_else(|| {
            self.wrong(
                self.line,
                "this is no answer of tools/list, no array of tools and no tool",
            )
        })?;
        let mut digests = Vec::new();
        if self.digests {
            digests.extend(tools.iter().map(digest_of));
        }
        let stem = self.file.file_stem().map(|stem| stem.to_string_lossy());
        let named = if beside {
            server.clone()
        } else {
            stem.map(std::borrow::Cow::into_owned)
        };
        let tools = tools
            .into_iter()
            .map(|value| {
                let mut tool = Tool::from_value(value);
                tool.problems.extend(problems.iter().cloned());
                tool
            })
            .collect();
        Ok(Batch {
            server,
            tools,
            known_as: named.into_iter().collect(),
            digests,
        })
    }
}

fn digest_of(tool: &Value) -> String {
    match serde_json::value::to_raw_value(tool) {
        Ok(raw) => tool_digest(&ToolEntry::Listed(raw)),
        Err(_) => String::new(),
    }
}

fn parse(text: &str) -> Result<(Value, Vec<Problem>), serde_json::Error> {
    crate::model::json::parse(text)
}

/// The server's name and the tools, from any of the forms.
fn split(value: Value) -> Option<(Option<String>, Vec<Value>)> {
    let mut fields = match value {
        Value::Array(tools) => return Some((None, tools)),
        Value::Object(fields) => fields,
        _ => return None,
    };
    let server = ["server", "name", "slug"]
        .iter()
        .filter(|key| **key == "server" || fields.contains_key("tools"))
        .find_map(|key| fields.get(*key).and_then(Value::as_str))
        .map(str::to_owned);
    if let Some(tool) = fields.remove("tool") {
        return Some((server, vec![tool]));
    }
    if let Some(Value::Array(tools)) = fields.remove("tools") {
        return Some((server, tools));
    }
    if let Some(mut result) = fields.remove("result") {
        return match result.get_mut("tools").map(Value::take) {
            Some(Value::Array(tools)) => Some((server, tools)),
            _ => None,
        };
    }
    ["name", "inputSchema", "description"]
        .iter()
        .any(|key| fields.contains_key(*key))
        .then(|| (None, vec![Value::Object(fields)]))
}
