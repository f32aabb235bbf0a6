//! Lists that answer differently each time: what moved between two answers, spot by spot.

use super::message::Members;
use crate::model::ToolEntry;
use crate::model::json::pointer_part as escaped;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most spots that are named.
const MAX_SPOTS: usize = 50;

/// The spots that differ between two answers: `/tool` for a tool that only one of them has, and
/// `/tool/description` and the like, as JSON pointers after the tool's name. Sorted. Names that
/// occur more than once are not compared.
pub(super) fn moved(first: &[ToolEntry], second: &[ToolEntry]) -> Vec<String> {
    if first.len() == second.len() && first.iter().zip(second).all(|(a, b)| is_same(a, b)) {
        return Vec::new();
    }
    let (first, second) = (by_name(first), by_name(second));
    let mut spots = Vec::new();
    for (name, one) in &first {
        let place = format!("/{}", escaped(name));
        match (one, second.get(name)) {
            (Some(one), Some(Some(other))) if one != other => {
                let one = serde_json::from_str(one).unwrap_or_default();
                let other = serde_json::from_str(other).unwrap_or_default();
                differ(&one, &other, place, &mut spots);
            }
            (Some(_), None) => spots.push(place),
            _ => {}
        }
    }
    for (name, other) in &second {
        if other.is_some() && !first.contains_key(name) {
            spots.push(format!("/{}", escaped(name)));
        }
    }
    spots.sort();
    spots.truncate(MAX_SPOTS);
    spots
}

/// Whether two entries are the same bytes.
fn is_same(one: &ToolEntry, other: &ToolEntry) -> bool {
    match (one, other) {
        (ToolEntry::Listed(one), ToolEntry::Listed(other)) => one.get() == other.get(),
        (ToolEntry::Malformed(one), ToolEntry::Malformed(other)) => {
            one.malformed == other.malformed
        }
        _ => false,
    }
}

/// Raw definitions by name; `None` where a name occurs more than once.
fn by_name(tools: &[ToolEntry]) -> BTreeMap<String, Option<&str>> {
    let mut named: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for entry in tools {
        if let ToolEntry::Listed(raw) = entry
            && let Some(name) = Members::parse(raw.get()).ok().and_then(|m| m.text("name"))
        {
            named
                .entry(name)
                .and_modify(|twice| *twice = None)
                .or_insert(Some(raw.get()));
        }
    }
    named
}

fn differ(one: &Value, other: &Value, place: String, spots: &mut Vec<String>) {
    if one == other || spots.len() >= MAX_SPOTS {
        return;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                let inner = format!("{place}/{}", escaped(key));
                match other.get(key) {
                    Some(theirs) => differ(value, theirs, inner, spots),
                    None => spots.push(inner),
                }
            }
            for key in other.keys().filter(|key| !one.contains_key(*key)) {
                spots.push(format!("{place}/{}", escaped(key)));
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (ours, theirs)) in one.iter().zip(other).enumerate() {
                differ(ours, theirs, format!("{place}/{at}"), spots);
            }
        }
        _ => spots.push(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{server_digest, without};

    fn tools(text: &str) -> Vec<ToolEntry> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_moved_is_named_and_left_out_of_the_digest() {
        let first = tools(
            r#"[{"name":"a","description":"It is 10:00","inputSchema":{"enum":["x","y"]}},{"name":"b/c","description":"same"}]"#,
        );
        let second = tools(
            r#"[{"name":"b/c","description":"same"},{"name":"a","description":"It is 10:01","inputSchema":{"enum":["y","x"]}},{"name":"new"}]"#,
        );
        let spots = moved(&first, &second);
        assert_eq!(
            spots,
            [
                "/a/description",
                "/a/inputSchema/enum/0",
                "/a/inputSchema/enum/1",
                "/new"
            ]
        );
        let digest = |tools: &[ToolEntry]| server_digest(&without(tools, &spots), None);
        assert_eq!(digest(&first), digest(&second));
        let other = tools(
            r#"[{"name":"a","description":"It is 10:00"},{"name":"b/c","description":"changed"}]"#,
        );
        assert_ne!(digest(&first), digest(&other));
        assert!(moved(&first, &first).is_empty());
    }
}
