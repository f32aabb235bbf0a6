//! YAML 1.2, from the events of `saphyr-parser`. Aliases are followed, counted each time, so that
//! a few lines cannot become millions of values.

use super::{Fault, Key, Lines, MAX_DEPTH, MAX_NODES, Node, Value};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// A list or table that is not closed yet.
struct Open {
    at: usize,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Table(Vec<(Key, Node)>, Option<Key>),
}

/// Reads the first document of a text.
pub(super) fn parse(text: &str, lines: &Lines<'_>) -> Result<Node, Fault> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: BTreeMap<usize, Node> = BTreeMap::new();
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            Fault::new(lines.offset(mark.index()), what(error.info()))
        })?;
        let at = lines.offset(span.start.index());
        let (done, anchor) = match event {
            Event::Scalar(scalar, style, anchor, tag) => {
                let plain = matches!(style, ScalarStyle::Plain) && tag.is_none();
                let value = if plain {
                    resolved(&scalar)
                } else {
                    Value::Text(scalar.into_owned())
                };
                (Node { at, value }, anchor)
            }
            Event::Alias(id) => {
                let Some(node) = anchors.get(&id).cloned() else {
                    return Err(Fault::new(at, "an alias to a value that it stands in"));
                };
                nodes += size(&node);
                (node, 0)
            }
            Event::SequenceStart(anchor, _) => {
                let kind = Kind::List(Vec::new());
                open.push(Open { at, anchor, kind });
                limit(&open, &mut nodes, at)?;
                continue;
            }
            Event::MappingStart(anchor, _) => {
                let kind = Kind::Table(Vec::new(), None);
                open.push(Open { at, anchor, kind });
                limit(&open, &mut nodes, at)?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = open.pop() else { continue };
                let value = match closed.kind {
                    Kind::List(elements) => Value::List(elements),
                    Kind::Table(entries, _) => Value::Table(entries),
                };
                let at = closed.at;
                (Node { at, value }, closed.anchor)
            }
            Event::DocumentEnd => break,
            _ => continue,
        };
        limit(&open, &mut nodes, at)?;
        if anchor != 0 {
            anchors.insert(anchor, done.clone());
        }
        match open.last_mut().map(|open| &mut open.kind) {
            None => return Ok(done),
            Some(Kind::List(elements)) => elements.push(done),
            Some(Kind::Table(entries, waiting)) => match waiting.take() {
                Some(key) if key.name == "<<" && done.is_table() => merge(entries, &done),
                Some(key) => entries.push((key, done)),
                None => {
                    let Some(name) = done.scalar() else {
                        return Err(Fault::new(at, "a key that is no plain text"));
                    };
                    *waiting = Some(Key { at, name });
                }
            },
        }
    }
    Err(Fault::new(0, "the file is empty"))
}

/// `<<: *other`: what the table does not say itself comes from the other one.
fn merge(entries: &mut Vec<(Key, Node)>, other: &Node) {
    for (key, value) in other.table() {
        // In front, so that the table's own value, before or after, wins.
        entries.insert(0, (key.clone(), value.clone()));
    }
}

fn limit(open: &[Open], nodes: &mut usize, at: usize) -> Result<(), Fault> {
    *nodes += 1;
    if open.len() > MAX_DEPTH {
        Err(Fault::deep(at))
    } else if *nodes > MAX_NODES {
        Err(Fault::many(at))
    } else {
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    let lists: usize = node.list().iter().map(size).sum();
    let tables: usize = node.table().iter().map(|(_, value)| size(value)).sum();
    1 + lists + tables
}

/// The parser's message without what it quotes of the file.
fn what(info: &str) -> String {
    info.split(['\'', '"', '`'])
        .next()
        .unwrap_or(info)
        .trim_end_matches([' ', ':'])
        .to_owned()
}

/// A plain scalar by the core schema of YAML 1.2: `no`, `on` and `yes` are texts.
fn resolved(scalar: &str) -> Value {
    match scalar {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if is_number(number) => Value::Number(number.to_owned()),
        text => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.len() <= 40
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}
