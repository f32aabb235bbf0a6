//! The parameters of a tool as rows of a table, read from its input schema.
//!
//! The schema is foreign: it is walked to a fixed depth and to a fixed number of rows, references
//! are not followed out of the document, and nothing in it is compiled or executed.

use super::text;
use serde_json::Value;
use std::borrow::Cow;

/// The deepest nesting that becomes a row.
const MAX_DEPTH: usize = 4;
/// The most rows on one page.
const MAX_ROWS: usize = 200;

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// The path, such as `files[].content`, as the classifier writes it.
    pub path: String,
    /// `string`, `array of string`, `object`, `any`.
    pub kind: Cow<'static, str>,
    /// Whether the schema requires it, within its parent.
    pub required: bool,
    /// What limits it: `one of 3 values`, `pattern`, `at most 100 characters`; empty when free.
    pub limits: String,
    /// Its description, visible form, cut.
    pub description: Cow<'a, str>,
}

/// All parameters of a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// Rows, depth first, in the order of the schema.
    pub rows: Vec<Parameter<'a>>,
    /// How many there are at the top level.
    pub total: usize,
    /// How many of these are required.
    pub required: usize,
    /// Whether rows were left out.
    pub cut: bool,
    /// Whether the top level accepts properties that it does not name.
    pub open: bool,
}

/// Reads the parameters of an input schema.
pub fn read(schema: Option<&Value>) -> Parameters<'_> {
    let Some(schema) = schema else {
        return Parameters::default();
    };
    let mut out = Parameters::default();
    let properties = schema.get("properties").and_then(Value::as_object);
    out.total = properties.map_or(0, serde_json::Map::len);
    if let Some(properties) = properties {
        out.required = properties
            .keys()
            .filter(|name| is_required(schema, name))
            .count();
    }
    out.open = schema
        .get("additionalProperties")
        .is_some_and(|more| more == &Value::Bool(true) || more.is_object());
    walk(schema, "", 0, &mut out);
    out
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|entry| entry.as_str() == Some(name)))
}

fn walk<'a>(schema: &'a Value, prefix: &str, depth: usize, out: &mut Parameters<'a>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    for (name, property) in properties {
        if out.rows.len() >= MAX_ROWS {
            out.cut = true;
            return;
        }
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        let items = property.get("items").filter(|items| items.is_object());
        out.rows.push(Parameter {
            path: path.clone(),
            kind: kind(property),
            required: is_required(schema, name),
            limits: limits(property),
            description: property
                .get("description")
                .and_then(Value::as_str)
                .map(|words| text::excerpted(words, 240))
                .unwrap_or_default(),
        });
        if depth + 1 < MAX_DEPTH {
            walk(property, &path, depth + 1, out);
            if let Some(items) = items {
                walk(items, &format!("{path}[]"), depth + 1, out);
            }
        }
    }
}

/// The type in words.
fn kind(property: &Value) -> Cow<'static, str> {
    let base = typed(property).unwrap_or_else(|| {
        let alternatives = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| property.get(key).and_then(Value::as_array));
        let mut kinds: Vec<Cow<'static, str>> = alternatives
            .into_iter()
            .flatten()
            .filter_map(typed)
            .filter(|name| name != "null")
            .collect();
        kinds.dedup();
        if kinds.is_empty() {
            Cow::Borrowed("any")
        } else {
            Cow::Owned(kinds.join(" or "))
        }
    });
    if base == "array" {
        match property.get("items").and_then(typed) {
            Some(items) => Cow::Owned(format!("array of {items}")),
            None => base,
        }
    } else {
        base
    }
}

/// What a schema says in `type`.
fn typed(schema: &Value) -> Option<Cow<'static, str>> {
    match schema.get("type")? {
        Value::String(name) => Some(Cow::Borrowed(known_type(name))),
        Value::Array(names) => {
            let names: Vec<&str> = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .map(known_type)
                .collect();
            (!names.is_empty()).then(|| Cow::Owned(names.join(" or ")))
        }
        _ => None,
    }
}

/// The types of JSON Schema; anything else a server writes there is not repeated.
fn known_type(name: &str) -> &'static str {
    match name {
        "string" => "string",
        "number" => "number",
        "integer" => "integer",
        "boolean" => "boolean",
        "object" => "object",
        "array" => "array",
        "null" => "null",
        _ => "any",
    }
}

/// What the schema allows of a value.
fn limits(property: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    let inner = property.get("items").unwrap_or(&Value::Null);
    for (value, of) in [(property, ""), (inner, "each ")] {
        if !is_limited(value) {
            continue;
        }
        if value.get("const").is_some() {
            parts.push(format!("{of}one fixed value"));
        }
        if let Some(values) = value.get("enum").and_then(Value::as_array) {
            parts.push(enumeration(of, values));
        }
        if value.get("pattern").is_some() {
            parts.push(format!("{of}must match a pattern"));
        }
        if let Some(format) = value.get("format").and_then(Value::as_str) {
            parts.push(format!("{of}format {}", text::excerpt(format, 24)));
        }
        for (key, words) in [("maxLength", "characters"), ("maxItems", "items")] {
            if let Some(most) = value.get(key).and_then(Value::as_u64) {
                parts.push(format!("{of}at most {most} {words}"));
            }
        }
        if let Some(least) = value.get("minimum").and_then(Value::as_f64) {
            parts.push(format!("{of}from {least}"));
        }
        if let Some(most) = value.get("maximum").and_then(Value::as_f64) {
            parts.push(format!("{of}up to {most}"));
        }
    }
    parts.join(", ")
}

/// Whether a schema says anything of which [`limits`] tells: most say nothing.
fn is_limited(schema: &Value) -> bool {
    let limiting = |key: &String| {
        matches!(
            key.as_str(),
            "const"
                | "enum"
                | "pattern"
                | "format"
                | "maxLength"
                | "maxItems"
                | "minimum"
                | "maximum"
        )
    };
    schema
        .as_object()
        .is_some_and(|schema| schema.keys().any(limiting))
}

fn enumeration(of: &str, values: &[Value]) -> String {
    let shown: Vec<String> = values
        .iter()
        .take(6)
        .map(|value| match value {
            Value::String(word) => text::excerpt(word, 32),
            other => text::excerpt(&other.to_string(), 32),
        })
        .collect();
    let rest = values.len().saturating_sub(shown.len());
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{of}one of {}{more}", shown.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_parameters_have_paths() {
        let schema = json!({
            "type": "object",
            "required": ["files"],
            "properties": {
                "files": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {
                    "path": {"type": "string"}, "mode": {"enum": ["r", "w"]}
                }}},
                "dry": {"type": ["boolean", "null"]}
            }
        });
        let out = read(Some(&schema));
        assert_eq!((out.total, out.required), (2, 1));
        let rows: Vec<_> = out
            .rows
            .iter()
            .map(|row| (row.path.as_str(), &*row.kind, row.required))
            .collect();
        assert_eq!(
            rows,
            [
                ("files", "array of object", true),
                ("files[].path", "string", true),
                ("files[].mode", "any", false),
                ("dry", "boolean", false),
            ]
        );
        assert_eq!(out.rows[2].limits, "one of r · w");
    }

    #[test]
    fn a_huge_schema_is_cut_and_said_so() {
        let properties: serde_json::Map<String, Value> =
            (0..500).map(|n| (format!("p{n}"), json!({}))).collect();
        let schema = json!({"properties": properties});
        let out = read(Some(&schema));
        assert!(out.cut);
        assert_eq!((out.rows.len(), out.total), (MAX_ROWS, 500));
    }
}
