//! TOML, by the spanned values of `toml`.

use super::{Fault, Key, MAX_DEPTH, MAX_NODES, Node, Value};
use toml::de::{DeTable, DeValue};

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    // Only the message: the error's own display quotes the line, and lines hold credentials.
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Fault::new(at, error.message())
    })?;
    let mut nodes = 0;
    let at = table.span().start;
    self::table(table.into_inner(), at, 0, &mut nodes)
}

fn table(table: DeTable<'_>, at: usize, depth: usize, nodes: &mut usize) -> Result<Node, Fault> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let key = Key {
            at: key.span().start,
            name: key.into_inner().into_owned(),
        };
        let at = value.span().start;
        entries.push((key, node(value.into_inner(), at, depth + 1, nodes)?));
    }
    // The parser sorts by key; people read from top to bottom.
    entries.sort_by_key(|(key, _)| key.at);
    Ok(Node {
        at,
        value: Value::Table(entries),
    })
}

fn node(value: DeValue<'_>, at: usize, depth: usize, nodes: &mut usize) -> Result<Node, Fault> {
    *nodes += 1;
    if depth > MAX_DEPTH {
        return Err(Fault::deep(at));
    }
    if *nodes > MAX_NODES {
        return Err(Fault::many(at));
    }
    let value = match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(elements) => Value::List(
            elements
                .into_iter()
                .map(|element| {
                    let at = element.span().start;
                    node(element.into_inner(), at, depth + 1, nodes)
                })
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(inner) => return table(inner, at, depth, nodes),
    };
    Ok(Node { at, value })
}
