//! The strings of a schema: names of properties and string values, with their paths.

use serde_json::Value;

/// The most strings of one schema that are looked at.
const MOST_STRINGS: usize = 5_000;

/// One string of a schema.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found<'a> {
    /// Its path from the schema's root, such as `.properties.to.description` or `.required[0]`.
    pub(super) path: String,
    pub(super) text: &'a str,
    /// Whether it is a key and not a value.
    pub(super) is_name: bool,
}

/// A step of a path, and the step before it.
#[derive(Clone, Copy)]
struct Node<'a> {
    before: usize,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

/// The strings that `suspect` says are worth a look, by their paths; it is told whether a string
/// is a name.
///
/// Most are not, so that a path is put together only for those that are.
pub(super) fn worth_a_look<'t>(
    schema: &'t Value,
    mut suspect: impl FnMut(&'t str, bool) -> bool,
) -> Vec<Found<'t>> {
    let mut nodes = Vec::with_capacity(64);
    nodes.push(Node {
        before: 0,
        step: Step::Root,
    });
    // A stack, not recursion: depth is bounded by the JSON reader, number here.
    let mut stack = Vec::with_capacity(32);
    stack.push((0, schema));
    let mut left = MOST_STRINGS;
    let mut found = Vec::new();
    while let Some((at, value)) = stack.pop() {
        match value {
            Value::String(text) => {
                if left == 0 {
                    break;
                }
                left -= 1;
                if suspect(text, false) {
                    found.push(Found {
                        path: path(&nodes, at),
                        text,
                        is_name: false,
                    });
                }
            }
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate().rev().filter(|(_, i)| holds(i)) {
                    nodes.push(Node {
                        before: at,
                        step: Step::Index(place),
                    });
                    stack.push((nodes.len() - 1, item));
                }
            }
            Value::Object(fields) => {
                for (key, item) in fields.iter().rev() {
                    let keyword = is_keyword(key);
                    if keyword && (!holds(item) || is_type(key, item)) {
                        continue;
                    }
                    nodes.push(Node {
                        before: at,
                        step: Step::Key(key),
                    });
                    if !keyword && suspect(key, true) {
                        found.push(Found {
                            path: path(&nodes, nodes.len() - 1),
                            text: key,
                            is_name: true,
                        });
                    }
                    if holds(item) {
                        stack.push((nodes.len() - 1, item));
                    }
                }
            }
            _ => {}
        }
    }
    found.sort();
    found
}

/// Whether a value is a string or may hold one.
const fn holds(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_))
}

/// Whether a key is one of the keywords that nearly all schemas are made of: it says nothing.
fn is_keyword(key: &str) -> bool {
    matches!(
        key,
        "type"
            | "description"
            | "properties"
            | "title"
            | "default"
            | "required"
            | "enum"
            | "items"
            | "anyOf"
            | "format"
            | "minimum"
            | "maximum"
            | "additionalProperties"
            | "$schema"
    )
}

/// Whether an entry of a schema names a type, as JSON Schema (2020-12, 6.1.1) has them.
fn is_type(key: &str, value: &Value) -> bool {
    key == "type"
        && value.as_str().is_some_and(|name| {
            matches!(
                name,
                "string" | "object" | "array" | "number" | "integer" | "boolean" | "null"
            )
        })
}

fn path(nodes: &[Node<'_>], at: usize) -> String {
    let mut steps = Vec::new();
    let mut next = at;
    while let Some(node) = nodes.get(next)
        && !matches!(node.step, Step::Root)
    {
        steps.push(node.step);
        next = node.before;
    }
    let mut path = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Root => {}
            Step::Key(key) => {
                path.push('.');
                path.push_str(key);
            }
            Step::Index(place) => {
                path.push('[');
                path.push_str(&place.to_string());
                path.push(']');
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_are_found_by_their_paths() {
        let schema = json!({"properties": {"to": {"description": "odd one", "enum": ["plain", "odd"]}, "odd_key": true}});
        let found = worth_a_look(&schema, |text, _| text.contains("odd"));
        let shown: Vec<(&str, &str, bool)> = found
            .iter()
            .map(|f| (f.path.as_str(), f.text, f.is_name))
            .collect();
        assert_eq!(
            shown,
            [
                (".properties.odd_key", "odd_key", true),
                (".properties.to.description", "odd one", false),
                (".properties.to.enum[1]", "odd", false),
            ]
        );
    }

    #[test]
    fn a_schema_of_many_strings_is_looked_at_in_part() {
        let many: Vec<String> = (0..MOST_STRINGS + 10).map(|n| n.to_string()).collect();
        assert_eq!(
            worth_a_look(&json!({"enum": many}), |_, _| true).len(),
            MOST_STRINGS
        );
    }
}
