//! One reader for the syntaxes of input files: JSON with comments and trailing commas, TOML, YAML,
//! to one tree in which every key and value knows its place. It never prints a value: `Debug` and
//! errors show kinds and places only, because any value may be a credential.

mod json;
pub mod outline;
mod toml;
mod yaml;

use super::reading::{InputError, Place};
use std::fmt;

/// The longest text that is read into a tree. Larger registry dumps are read entry by entry, see
/// [`outline`].
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// How deep a tree may be.
pub const MAX_DEPTH: usize = 64;

/// How many values a tree may have, aliases of YAML counted each time they are used.
pub const MAX_NODES: usize = 2_000_000;

/// The syntax of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// JSON; comments and trailing commas are allowed.
    Json,
    /// TOML 1.
    Toml,
    /// YAML 1.2, the first document of the stream.
    Yaml,
}

impl Syntax {
    /// The name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Syntax::Json => "JSON",
            Syntax::Toml => "TOML",
            Syntax::Yaml => "YAML",
        }
    }

    /// The syntax that a file is in: by the end of its name, else by how its text begins.
    pub fn of(file: &str, text: &str) -> Syntax {
        let end = file
            .rsplit(['/', '\\'])
            .next()
            .and_then(|name| name.rsplit_once('.'))
            .map(|(_, end)| end.to_ascii_lowercase());
        match end.as_deref() {
            Some("json" | "jsonc" | "json5") => Syntax::Json,
            Some("toml") => Syntax::Toml,
            Some("yaml" | "yml") => Syntax::Yaml,
            _ => Syntax::guessed(text),
        }
    }

    fn guessed(text: &str) -> Syntax {
        let first = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .unwrap_or_default();
        if first.starts_with('{') || first.starts_with("//") || first.starts_with("/*") {
            return Syntax::Json;
        }
        if let Some(rest) = first.strip_prefix('[') {
            let inner = rest.trim_start_matches('[').trim_start();
            let table = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                || (inner.starts_with('"') && inner.ends_with(']') && !inner.contains(','));
            return if table { Syntax::Toml } else { Syntax::Json };
        }
        let key = first.split('=').next().unwrap_or_default().trim();
        let is_key = !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"'));
        if first.contains('=') && is_key {
            Syntax::Toml
        } else {
            Syntax::Yaml
        }
    }
}

/// A text that was read, and where its lines begin.
pub struct Document<'t> {
    /// The file, as it was given.
    pub file: &'t str,
    /// The tree.
    pub root: Node,
    lines: Lines<'t>,
}

/// One value and its place.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// Byte offset in the text.
    pub at: usize,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`, or an empty value of YAML.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the file; a key that stands twice is here twice.
    Table(Vec<(Key, Node)>),
}

/// A key of a table and its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Byte offset in the text.
    pub at: usize,
    /// The key.
    pub name: String,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind(), self.at)
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.file, self.root)
    }
}

impl Node {
    /// What kind of value this is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The value of a key; of keys that stand twice the last counts, as in every client.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|(_, value)| value)
    }

    /// A key and its value.
    pub fn entry(&self, name: &str) -> Option<(&Key, &Node)> {
        self.table()
            .iter()
            .rev()
            .find(|(key, _)| key.name == name)
            .map(|(key, value)| (key, value))
    }

    /// The value of the first of several keys that is there.
    pub fn any(&self, names: &[&str]) -> Option<&Node> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The entries of a table; none of anything else.
    pub fn table(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    pub fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, number or boolean as text, the way a variable is given to a process.
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// The boolean, when it is one, or a text that says `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// Whether this is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    /// The same value as JSON. Numbers that JSON cannot hold become text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => {
                serde_json::from_str(number).unwrap_or_else(|_| Json::String(number.clone()))
            }
            Value::Text(text) => Json::String(text.clone()),
            Value::List(elements) => Json::Array(elements.iter().map(Node::to_json).collect()),
            Value::Table(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.name.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }
}

impl<'t> Document<'t> {
    /// Reads a text. `file` is the name for messages.
    pub fn parse(file: &'t str, text: &'t str, syntax: Syntax) -> Result<Document<'t>, InputError> {
        if text.len() > MAX_BYTES {
            return Err(InputError::TooLarge {
                file: file.to_owned(),
                bytes: text.len(),
                limit: MAX_BYTES,
                format: "a configuration or targets file",
            });
        }
        let lines = Lines::new(text);
        let root = match syntax {
            Syntax::Json => json::parse(text, 0),
            Syntax::Toml => toml::parse(text),
            Syntax::Yaml => yaml::parse(text, &lines),
        };
        let root = root.map_err(|fault| lines.syntax_error(file, syntax, fault))?;
        Ok(Document { file, root, lines })
    }

    /// Where a byte offset is.
    pub fn place(&self, at: usize) -> Place {
        self.lines.place(at)
    }

    /// Where the lines of its text begin.
    pub fn lines(&self) -> &Lines<'t> {
        &self.lines
    }

    /// An error about something at a byte offset.
    pub fn wrong(&self, at: usize, problem: impl Into<String>) -> InputError {
        InputError::Shape {
            file: self.file.to_owned(),
            place: self.place(at),
            problem: problem.into(),
        }
    }
}

/// What a parser found wrong.
struct Fault {
    at: usize,
    problem: String,
}

impl Fault {
    fn new(at: usize, problem: impl Into<String>) -> Fault {
        Fault {
            at,
            problem: problem.into(),
        }
    }

    fn deep(at: usize) -> Fault {
        Fault::new(at, format!("nested more than {MAX_DEPTH} deep"))
    }

    fn many(at: usize) -> Fault {
        Fault::new(at, format!("more than {MAX_NODES} values"))
    }
}

/// Bytes between two places at which characters were counted: a text of one long line is then no
/// dearer than one of many.
const BLOCK: usize = 1024;

/// Where the lines of a text begin.
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// How many characters stand before each block.
    counts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Looks for the line ends of a text.
    pub fn new(text: &'t str) -> Lines<'t> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        let counts = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |before, block| {
                let count = *before;
                *before += characters(block);
                Some(count)
            })
            .collect();
        Lines {
            text,
            starts,
            counts,
        }
    }

    /// Where a byte offset is; an offset past the end is at the end.
    pub fn place(&self, at: usize) -> Place {
        let at = at.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts[line.saturating_sub(1)];
        let column = self.characters_before(at) - self.characters_before(start) + 1;
        Place { line, column }
    }

    /// How many characters begin before a byte offset.
    fn characters_before(&self, at: usize) -> usize {
        let Some(count) = self.counts.get(at / BLOCK) else {
            let last = self.counts.len().saturating_sub(1) * BLOCK;
            let before = self.counts.last().copied().unwrap_or_default();
            return before + characters(&self.text.as_bytes()[last..at]);
        };
        count + characters(&self.text.as_bytes()[at / BLOCK * BLOCK..at])
    }

    /// The byte offset of a character, counted from 0.
    fn offset(&self, character: usize) -> usize {
        let block = self.counts.partition_point(|count| *count <= character);
        let block = block.saturating_sub(1);
        let mut missing = character - self.counts.get(block).copied().unwrap_or_default();
        let bytes = self.text.as_bytes();
        for (at, byte) in bytes.iter().enumerate().skip(block * BLOCK) {
            if (byte & 0xc0) != 0x80 {
                if missing == 0 {
                    return at;
                }
                missing -= 1;
            }
        }
        bytes.len()
    }

    fn syntax_error(&self, file: &str, syntax: Syntax, fault: Fault) -> InputError {
        InputError::Syntax {
            file: file.to_owned(),
            place: self.place(fault.at),
            syntax: syntax.as_str(),
            problem: fault.problem,
        }
    }
}

/// How many characters begin in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

/// The bytes of a file as text: UTF-8 with or without byte order mark, or UTF-16 with one.
pub fn decode(file: &str, bytes: Vec<u8>) -> Result<String, InputError> {
    let wide = |order: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| order([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).map_err(|_| InputError::NotText {
            file: file.to_owned(),
            offset: 2,
        })
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    let text = String::from_utf8(bytes).map_err(|error| InputError::NotText {
        file: file.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests;
