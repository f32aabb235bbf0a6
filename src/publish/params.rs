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

/// What a schema says, looked up in one pass over its members.
#[derive(Default, Clone, Copy)]
struct Said<'a> {
    kind: Option<&'a Value>,
    alternatives: Option<&'a Vec<Value>>,
    items: Option<&'a Value>,
    properties: Option<&'a serde_json::Map<String, Value>>,
    required: Option<&'a Vec<Value>>,
    description: Option<&'a str>,
    open: bool,
    /// Whether it says anything of which [`limits`] tells.
    limited: bool,
}

impl<'a> Said<'a> {
    fn by(schema: &'a Value) -> Said<'a> {
        let mut said = Said::default();
        for (key, value) in schema.as_object().into_iter().flatten() {
            match key.as_str() {
                "type" => said.kind = Some(value),
                // The first of the two wins, whatever their order.
                "anyOf" => said.alternatives = value.as_array().or(said.alternatives),
                "oneOf" => said.alternatives = said.alternatives.or(value.as_array()),
                "items" => said.items = Some(value).filter(|items| items.is_object()),
                "properties" => said.properties = value.as_object(),
                "required" => said.required = value.as_array(),
                "description" => said.description = value.as_str(),
                "additionalProperties" => {
                    said.open = value == &Value::Bool(true) || value.is_object();
                }
                "const" | "enum" | "pattern" | "format" | "maxLength" | "maxItems" | "minimum"
                | "maximum" => said.limited = true,
                _ => {}
            }
        }
        said
    }

    fn requires(&self, name: &str) -> bool {
        self.required
            .is_some_and(|list| list.iter().any(|entry| entry.as_str() == Some(name)))
    }
}

/// Reads the parameters of an input schema.
pub fn read(schema: Option<&Value>) -> Parameters<'_> {
    let mut out = Parameters::default();
    let Some(schema) = schema else {
        return out;
    };
    let said = Said::by(schema);
    if let Some(properties) = said.properties {
        out.total = properties.len();
        out.required = properties.keys().filter(|name| said.requires(name)).count();
    }
    out.open = said.open;
    walk(&said, "", 0, &mut out);
    out
}

fn walk<'a>(schema: &Said<'a>, prefix: &str, depth: usize, out: &mut Parameters<'a>) {
    for (name, property) in schema.properties.into_iter().flatten() {
        if out.rows.len() >= MAX_ROWS {
            out.cut = true;
            return;
        }
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            [prefix, ".", name].concat()
        };
        let said = Said::by(property);
        let inner = said.items.map(Said::by).unwrap_or_default();
        let deeper = depth + 1 < MAX_DEPTH;
        let (below, each) = (
            deeper && said.properties.is_some(),
            deeper && inner.properties.is_some(),
        );
        let own = (below || each).then(|| path.clone());
        out.rows.push(Parameter {
            path,
            kind: kind(&said, &inner),
            required: schema.requires(name),
            limits: limits(property, &said, &inner),
            description: said
                .description
                .map(|words| text::excerpted(words, 240))
                .unwrap_or_default(),
        });
        let Some(own) = own else { continue };
        if below {
            walk(&said, &own, depth + 1, out);
        }
        if each {
            walk(&inner, &[&own, "[]"].concat(), depth + 1, out);
        }
    }
}

/// The type in words.
fn kind(said: &Said<'_>, inner: &Said<'_>) -> Cow<'static, str> {
    let base = typed(said.kind).unwrap_or_else(|| {
        let mut kinds: Vec<Cow<'static, str>> = said
            .alternatives
            .into_iter()
            .flatten()
            .filter_map(|one| typed(one.get("type")))
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
        match typed(inner.kind) {
            Some(items) => Cow::Owned(["array of ", &items].concat()),
            None => base,
        }
    } else {
        base
    }
}

/// What a schema says in `type`.
fn typed(kind: Option<&Value>) -> Option<Cow<'static, str>> {
    match kind? {
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
fn limits(property: &Value, said: &Said<'_>, inner: &Said<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let own = said.limited.then_some((property, ""));
    let each = said
        .items
        .filter(|_| inner.limited)
        .map(|items| (items, "each "));
    for (value, of) in own.into_iter().chain(each) {
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
