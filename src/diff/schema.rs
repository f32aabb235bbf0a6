//! What changed in a JSON Schema: parameters, types, enums, bounds; to a bounded depth.

use super::change::{Detail, Risk};
use crate::digest::same_but_for_time;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How deep nested schemas are compared; below that, a difference is one detail.
const MAX_DEPTH: usize = 12;

/// The keywords that bound a value: losing one raises, gaining one lowers.
const BOUNDS: [&str; 12] = [
    "pattern",
    "format",
    "const",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "multipleOf",
];

/// The keywords that only say something.
const WORDS: [&str; 6] = [
    "title",
    "description",
    "examples",
    "$comment",
    "$schema",
    "$id",
];

pub(super) fn compare_schemas(
    at: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    what: &mut Vec<Detail>,
) {
    let empty = Value::Object(Map::new());
    compare(
        at,
        before.unwrap_or(&empty),
        after.unwrap_or(&empty),
        0,
        what,
    );
}

fn compare(at: &str, before: &Value, after: &Value, depth: usize, what: &mut Vec<Detail>) {
    if before == after {
        return;
    }
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        what.push(shown(
            Detail::new("schema_changed", at, Risk::Raises),
            before,
            after,
        ));
        return;
    };
    if depth >= MAX_DEPTH {
        what.push(Detail::new("schema_changed", at, Risk::Raises));
        return;
    }
    compare_properties(at, old, new, depth, what);
    compare_enum(at, old.get("enum"), new.get("enum"), what);
    // The schema of a whole input is of an object, whether it says so or not.
    let object = Value::String("object".to_owned());
    let implied = (depth == 0).then_some(&object);
    let kinds = [old, new].map(|schema| schema.get("type").or(implied));
    compare_type(at, kinds[0], kinds[1], what);
    for bound in BOUNDS {
        compare_bound(at, bound, old.get(bound), new.get(bound), what);
    }
    compare_additional(
        at,
        old.get("additionalProperties"),
        new.get("additionalProperties"),
        what,
    );
    for word in WORDS {
        compare_words(at, word, old.get(word), new.get(word), what);
    }
    for key in keys(old, new) {
        let nested = matches!(key, "items" | "not" | "contains" | "propertyNames");
        let known = nested
            || BOUNDS.contains(&key)
            || WORDS.contains(&key)
            || matches!(
                key,
                "properties" | "required" | "enum" | "type" | "additionalProperties"
            );
        let (was, is) = (old.get(key), new.get(key));
        if nested {
            let empty = Value::Object(Map::new());
            let place = format!("{at}.{key}");
            compare(
                &place,
                was.unwrap_or(&empty),
                is.unwrap_or(&empty),
                depth + 1,
                what,
            );
        } else if !known && was != is {
            compare_other(at, key, was, is, depth, what);
        }
    }
}

/// Keywords without a rule of their own: `anyOf`, `$defs`, `default` and the like.
fn compare_other(
    at: &str,
    key: &str,
    was: Option<&Value>,
    is: Option<&Value>,
    depth: usize,
    what: &mut Vec<Detail>,
) {
    let place = format!("{at}.{key}");
    match (was, is) {
        (Some(Value::Object(old)), Some(Value::Object(new)))
            if matches!(key, "$defs" | "definitions" | "patternProperties") =>
        {
            for name in keys(old, new) {
                let (was, is) = (old.get(name), new.get(name));
                let empty = Value::Object(Map::new());
                let place = format!("{place}.{name}");
                compare(
                    &place,
                    was.unwrap_or(&empty),
                    is.unwrap_or(&empty),
                    depth + 1,
                    what,
                );
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new)))
            if matches!(key, "anyOf" | "oneOf" | "allOf") && old.len() == new.len() =>
        {
            for (index, (was, is)) in old.iter().zip(new).enumerate() {
                compare(&format!("{place}[{index}]"), was, is, depth + 1, what);
            }
        }
        _ => {
            let risk = if key == "default" {
                Risk::Wording
            } else {
                Risk::Raises
            };
            let null = Value::Null;
            let detail = Detail::new("schema_changed", place, risk);
            what.push(shown(detail, was.unwrap_or(&null), is.unwrap_or(&null)));
        }
    }
}

fn compare_properties(
    at: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    depth: usize,
    what: &mut Vec<Detail>,
) {
    let empty = Map::new();
    let properties = |schema: &Map<String, Value>| {
        schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let required = |schema: &Map<String, Value>| -> BTreeSet<String> {
        let names = schema.get("required").and_then(Value::as_array);
        names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let (was, is) = (properties(old), properties(new));
    let (was_required, is_required) = (required(old), required(new));
    for name in keys(&was, &is) {
        let place = format!("{at}.properties.{name}");
        match (was.get(name), is.get(name)) {
            (None, Some(schema)) => {
                let detail = Detail::new("parameter_added", place, Risk::Raises);
                what.push(detail.to(kind_of(schema.as_object().unwrap_or(&empty))));
            }
            (Some(schema), None) => {
                let detail = Detail::new("parameter_removed", place, Risk::Lowers);
                what.push(detail.from(kind_of(schema.as_object().unwrap_or(&empty))));
            }
            (Some(before), Some(after)) => {
                compare(&place, before, after, depth + 1, what);
                match (was_required.contains(name), is_required.contains(name)) {
                    (true, false) => {
                        what.push(Detail::new("parameter_now_optional", place, Risk::Raises));
                    }
                    (false, true) => {
                        what.push(Detail::new("parameter_now_required", place, Risk::Lowers));
                    }
                    _ => {}
                }
            }
            (None, None) => {}
        }
    }
}

/// The type of a parameter in a word or two, for people.
fn kind_of(schema: &Map<String, Value>) -> String {
    if schema.contains_key("enum") || schema.contains_key("const") {
        return "one of a list".to_owned();
    }
    match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "any value".to_owned(),
    }
}

fn compare_enum(at: &str, was: Option<&Value>, is: Option<&Value>, what: &mut Vec<Detail>) {
    let list = |value: Option<&Value>| -> Option<BTreeSet<String>> {
        Some(value?.as_array()?.iter().map(Value::to_string).collect())
    };
    let text = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    match (list(was), list(is)) {
        (Some(old), Some(new)) if old != new => {
            let come: BTreeSet<_> = new.difference(&old).cloned().collect();
            let gone: BTreeSet<_> = old.difference(&new).cloned().collect();
            if !come.is_empty() {
                what.push(Detail::new("enum_widened", at, Risk::Raises).to(text(&come)));
            }
            if !gone.is_empty() {
                what.push(Detail::new("enum_narrowed", at, Risk::Lowers).from(text(&gone)));
            }
        }
        (Some(old), None) => {
            what.push(Detail::new("enum_removed", at, Risk::Raises).from(text(&old)));
        }
        (None, Some(new)) => {
            what.push(Detail::new("enum_added", at, Risk::Lowers).to(text(&new)));
        }
        _ => {}
    }
}

fn compare_type(at: &str, was: Option<&Value>, is: Option<&Value>, what: &mut Vec<Detail>) {
    if was == is {
        return;
    }
    let list = |value: Option<&Value>| -> Option<BTreeSet<String>> {
        match value? {
            Value::String(name) => Some(BTreeSet::from([name.clone()])),
            Value::Array(names) => Some(
                names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            ),
            _ => None,
        }
    };
    let (old, new) = (list(was), list(is));
    let risk = match (&old, &new) {
        (Some(old), Some(new)) if old == new => return,
        (None, Some(_)) => Risk::Lowers,
        (Some(old), Some(new)) if new.is_subset(old) => Risk::Lowers,
        _ => Risk::Raises,
    };
    let text = |set: Option<BTreeSet<String>>| match set {
        Some(set) => set.into_iter().collect::<Vec<_>>().join(" or "),
        None => "any".to_owned(),
    };
    what.push(
        Detail::new("type_changed", at, risk)
            .from(text(old))
            .to(text(new)),
    );
}

fn compare_bound(
    at: &str,
    bound: &str,
    was: Option<&Value>,
    is: Option<&Value>,
    what: &mut Vec<Detail>,
) {
    if was == is {
        return;
    }
    let place = format!("{at}.{bound}");
    let detail = match (was, is) {
        (Some(old), None) => {
            Detail::new("bound_removed", place, Risk::Raises).from(old.to_string())
        }
        (None, Some(new)) => Detail::new("bound_added", place, Risk::Lowers).to(new.to_string()),
        (Some(old), Some(new)) => {
            // A smaller maximum or a larger minimum is tighter; what cannot be ordered may be wider.
            let tighter = match (old.as_f64(), new.as_f64()) {
                (Some(old), Some(new)) if bound.to_lowercase().contains("max") => new < old,
                (Some(old), Some(new)) if bound.to_lowercase().contains("min") => new > old,
                _ => false,
            };
            let risk = if tighter { Risk::Lowers } else { Risk::Raises };
            shown(Detail::new("bound_changed", place, risk), old, new)
        }
        (None, None) => return,
    };
    what.push(detail);
}

fn compare_additional(at: &str, was: Option<&Value>, is: Option<&Value>, what: &mut Vec<Detail>) {
    let closed = |value: Option<&Value>| value == Some(&Value::Bool(false));
    let place = format!("{at}.additionalProperties");
    match (closed(was), closed(is)) {
        (true, false) => what.push(Detail::new("bound_removed", place, Risk::Raises)),
        (false, true) => what.push(Detail::new("bound_added", place, Risk::Lowers)),
        (false, false) if was != is && [was, is].into_iter().flatten().any(Value::is_object) => {
            what.push(Detail::new("schema_changed", place, Risk::Raises));
        }
        _ => {}
    }
}

fn compare_words(
    at: &str,
    word: &str,
    was: Option<&Value>,
    is: Option<&Value>,
    what: &mut Vec<Detail>,
) {
    if was == is {
        return;
    }
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (old, new) = (text(was), text(is));
    if !same_but_for_time(&old, &new) {
        what.push(
            Detail::new("text_changed", format!("{at}.{word}"), Risk::Wording)
                .from(old)
                .to(new),
        );
    }
}

fn shown(detail: Detail, before: &Value, after: &Value) -> Detail {
    detail.from(before.to_string()).to(after.to_string())
}

/// The keys of both objects, sorted, each once.
fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    old.keys().chain(new.keys()).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn details(before: &Value, after: &Value) -> Vec<(String, String, Risk)> {
        let mut what = Vec::new();
        compare_schemas("s", Some(before), Some(after), &mut what);
        what.into_iter().map(|d| (d.kind, d.at, d.risk)).collect()
    }

    fn one(before: &Value, after: &Value) -> (String, Risk) {
        let all = details(before, after);
        assert_eq!(all.len(), 1, "{all:?}");
        (all[0].0.clone(), all[0].2)
    }

    #[test]
    fn bounds() {
        let s = json!({"type": "string", "maxLength": 10});
        let wider = json!({"type": "string", "maxLength": 20});
        let free = json!({"type": "string"});
        assert_eq!(one(&s, &wider), ("bound_changed".into(), Risk::Raises));
        assert_eq!(one(&wider, &s), ("bound_changed".into(), Risk::Lowers));
        assert_eq!(one(&s, &free), ("bound_removed".into(), Risk::Raises));
        assert_eq!(one(&free, &s), ("bound_added".into(), Risk::Lowers));
    }

    #[test]
    fn types_and_required() {
        let was = json!({"properties": {"a": {"type": "string"}}, "required": ["a"]});
        let is = json!({"properties": {"a": {"type": ["string", "null"]}}});
        let kinds: Vec<_> = details(&was, &is).into_iter().map(|d| (d.0, d.2)).collect();
        assert_eq!(
            kinds,
            [
                ("type_changed".to_owned(), Risk::Raises),
                ("parameter_now_optional".to_owned(), Risk::Raises)
            ]
        );
    }

    #[test]
    fn nested_parameters_have_their_path() {
        let was = json!({"properties": {"files": {"items": {"properties": {}}}}});
        let is = json!({"properties": {"files": {"items": {"properties": {"mode": {}}}}}});
        assert_eq!(
            details(&was, &is),
            [(
                "parameter_added".to_owned(),
                "s.properties.files.items.properties.mode".to_owned(),
                Risk::Raises
            )]
        );
    }

    #[test]
    fn a_deep_difference_ends() {
        let mut was = json!({"type": "string"});
        let mut is = json!({"type": "number"});
        for _ in 0..100 {
            was = json!({"items": was});
            is = json!({"items": is});
        }
        assert_eq!(details(&was, &is).len(), 1);
    }

    #[test]
    fn words_are_wording() {
        let was = json!({"properties": {"a": {"description": "x"}}});
        let is = json!({"properties": {"a": {"description": "y"}}});
        assert_eq!(one(&was, &is), ("text_changed".into(), Risk::Wording));
    }
}
