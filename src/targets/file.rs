//! Targets files: TOML, or JSON of the same shape.
//!
//! ```toml
//! [[server]]
//! name = "Example"
//! url = "https://example.com/mcp"
//! headers = { Authorization = "Bearer ${EXAMPLE_TOKEN}" }
//! ```

use super::argument::parse_url;
use super::expand::{Environment, expand};
use super::{TargetsError, parse_npm, parse_pypi};
use crate::model::target::{HttpTransport, Origin, Secret};
use crate::model::{Shown, Source, Target};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// The largest list that is read, in bytes.
const MAX_LIST_BYTES: u64 = 512 << 20;

const HELP: &str = "each server has exactly one of url, npm, pypi, command and file; docs/targets.md shows all fields";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlList {
    #[serde(default)]
    server: Vec<toml::Spanned<Row>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonList<'a> {
    #[serde(borrow, default)]
    server: Vec<&'a serde_json::value::RawValue>,
}

/// One server of a list, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: Option<String>,
    url: Option<String>,
    transport: Option<HttpTransport>,
    npm: Option<String>,
    pypi: Option<String>,
    command: Option<Vec<String>>,
    file: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    homepage: Option<String>,
    repository: Option<String>,
}

/// Reads a list from a file; `-` is standard input.
pub fn read_file(path: &str, environment: &Environment) -> Result<Vec<Target>, TargetsError> {
    let help = "give a targets file in TOML or JSON, or - for standard input";
    let cannot = |error: std::io::Error| {
        TargetsError::new(format!("cannot read {}: {error}", Shown(path)), help)
    };
    let mut bytes = Vec::new();
    let count = if path == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_LIST_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_LIST_BYTES + 1).read_to_end(&mut bytes))
    }
    .map_err(cannot)?;
    if count as u64 > MAX_LIST_BYTES {
        return Err(TargetsError::new(
            format!("{} is larger than {MAX_LIST_BYTES} bytes", Shown(path)),
            "split it",
        ));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| TargetsError::new(format!("{} is not UTF-8 text", Shown(path)), help))?;
    read_text(&text, path, environment)
}

/// Reads a list from text; `path` is for messages and for paths beside the list.
pub fn read_text(
    text: &str,
    path: &str,
    environment: &Environment,
) -> Result<Vec<Target>, TargetsError> {
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("[[");
    let json_by_name = path.to_ascii_lowercase().ends_with(".json");
    let is_json =
        is_json && (json_by_name || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    let rows = if is_json {
        json_rows(text, path)?
    } else {
        toml_rows(text, path)?
    };
    if rows.is_empty() {
        return Err(TargetsError::new(
            format!("{} lists no server", Shown(path)),
            "add at least one [[server]] with a url, npm, pypi, command or file",
        ));
    }
    let base = Path::new(path).parent().filter(|_| path != "-");
    rows.into_iter()
        .map(|(line, row)| {
            target_of(row, base, environment).map_err(|error| {
                TargetsError::new(
                    format!("{} line {line}: {}", Shown(path), error.message),
                    error.help,
                )
            })
        })
        .collect()
}

fn toml_rows(text: &str, path: &str) -> Result<Vec<(usize, Row)>, TargetsError> {
    let list: TomlList = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let message = error.message().lines().next().unwrap_or_default();
        TargetsError::new(
            format!("{} line {line}: {}", Shown(path), Shown(message)),
            HELP,
        )
    })?;
    let mut lines = Lines::of(text);
    Ok(list
        .server
        .into_iter()
        .map(|row| (lines.at(row.span().start), row.into_inner()))
        .collect())
}

fn json_rows(text: &str, path: &str) -> Result<Vec<(usize, Row)>, TargetsError> {
    let at = |line: usize, error: &serde_json::Error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        TargetsError::new(
            format!("{} line {line}: {}", Shown(path), Shown(message)),
            HELP,
        )
    };
    let rows: Vec<&serde_json::value::RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|e| at(e.line(), &e))?
    } else {
        serde_json::from_str::<JsonList<'_>>(text)
            .map_err(|e| at(e.line(), &e))?
            .server
    };
    let mut lines = Lines::of(text);
    rows.into_iter()
        .map(|raw| {
            let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let line = lines.at(offset);
            let row = serde_json::from_str(raw.get()).map_err(|e| at(line + e.line() - 1, &e))?;
            Ok((line, row))
        })
        .collect()
}

/// The lines of offsets that come in order: each part of the text is counted once.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Lines<'a> {
        Lines {
            text,
            offset: 0,
            line: 1,
        }
    }

    fn at(&mut self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        if offset < self.offset {
            return line_of(self.text, offset);
        }
        let between = &self.text.as_bytes()[self.offset..offset];
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.offset = offset;
        self.line
    }
}

/// The line, counted from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..offset.min(text.len())]).count() + 1
}

fn target_of(
    row: Row,
    base: Option<&Path>,
    environment: &Environment,
) -> Result<Target, TargetsError> {
    let given = [
        row.url.is_some(),
        row.npm.is_some(),
        row.pypi.is_some(),
        row.command.is_some(),
        row.file.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(TargetsError::new(
            "the server has none, or more than one, of url, npm, pypi, command and file",
            HELP,
        ));
    }
    let mut missing = Vec::new();
    let mut resolve = |text: &str| match expand(text, environment) {
        Ok(value) => value,
        Err(name) => {
            if !missing.contains(&name) {
                missing.push(name);
            }
            String::new()
        }
    };
    let env = row
        .env
        .iter()
        .map(|(key, value)| (key.clone(), Secret::new(resolve(value))))
        .collect();
    let mut headers: BTreeMap<String, Secret> = row
        .headers
        .iter()
        .map(|(key, value)| (key.clone(), Secret::new(resolve(value))))
        .collect();
    let source = if let Some(url) = row.url {
        let (url, credentials) = parse_url(&url)?;
        if let Some(credentials) = credentials {
            headers.insert("Authorization".to_owned(), credentials);
        }
        Source::Url {
            url,
            transport: row.transport,
        }
    } else if let Some(name) = row.npm {
        let (package, version) = parse_npm(&name)?;
        Source::Npm { package, version }
    } else if let Some(name) = row.pypi {
        let (package, version) = parse_pypi(&name)?;
        Source::Pypi { package, version }
    } else if let Some(command) = row.command {
        if command.first().is_none_or(String::is_empty) {
            return Err(TargetsError::new("the command is empty", HELP));
        }
        Source::Command(command)
    } else {
        let file = row.file.unwrap_or_default();
        // A path in a list is relative to the list.
        let path = match base {
            Some(base) if !Path::new(&file).is_absolute() => base.join(&file),
            _ => file.into(),
        };
        Source::File(path.to_string_lossy().into_owned())
    };
    Ok(Target {
        name: row.name.filter(|name| !name.trim().is_empty()),
        source,
        origin: Origin::List,
        args: row.args,
        env,
        headers,
        homepage: row.homepage.filter(|url| is_web(url)),
        repository: row.repository.filter(|url| is_web(url)),
        missing,
    })
}

/// Whether a link may be shown: http or https.
fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Target>, TargetsError> {
        read_text(text, "dir/list.toml", &Environment::of(&[("T", "tok")]))
    }

    #[test]
    fn both_dialects_give_the_same_targets() {
        let toml = r#"
            [[server]]
            name = "One"
            url = "https://h.example/mcp"
            headers = { Authorization = "Bearer ${T}" }
            [[server]]
            npm = "@a/b@1.0.0"
            args = ["/tmp"]
            env = { KEY = "${NOT_SET}" }
            [[server]]
            file = "saved.json"
        "#;
        let json = r#"{"server":[
            {"name":"One","url":"https://h.example/mcp","headers":{"Authorization":"Bearer ${T}"}},
            {"npm":"@a/b@1.0.0","args":["/tmp"],"env":{"KEY":"${NOT_SET}"}},
            {"file":"saved.json"}]}"#;
        let targets = read(toml).unwrap();
        assert_eq!(targets, read(json).unwrap());
        assert_eq!(targets[0].headers["Authorization"].reveal(), "Bearer tok");
        assert_eq!(targets[1].missing, ["NOT_SET"]);
        assert_eq!(targets[2].source, Source::File("dir/saved.json".into()));
    }

    #[test]
    fn mistakes_name_their_line() {
        let cases = [
            ("[[server]]\nurl = \"x\"\n", "line 1: \"x\" is no URL"),
            ("[[server]]\nurl = 5\n", "line 2"),
            ("\n\n[[server]]\nurls = \"x\"\n", "line 4: unknown field"),
            ("[[server]]\nname = \"a\"\n", "line 1: the server has none"),
            ("[[server]\n", "line 1"),
            ("", "lists no server"),
            (
                "{\"server\":[\n{\"url\":\"https://a.example\"},\n{\"uri\":\"x\"}]}",
                "line 3: unknown field",
            ),
            (
                "[\n\n{\"npm\":\"../x\"}]",
                "line 3: \"../x\" is no npm package name",
            ),
        ];
        for (text, expected) in cases {
            let message = read(text).unwrap_err().message;
            assert!(message.contains(expected), "{text:?} gave {message}");
        }
    }
}
