//! The properties of an input schema, as conditions can name them.

mod view;

use super::super::path::is_addressable;
use serde_json::Value;
use std::collections::BTreeMap;
use view::{View, list};

/// How deep properties are looked for.
const MAX_DEPTH: usize = 4;
/// The most properties of one tool.
const MAX_PROPERTIES: usize = 256;
/// How many schemas are visited for one tool: references can multiply them.
const MAX_VISITS: usize = 2_000;

/// One property.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a schema, each with a name"
)]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Property {
    /// The path for a condition: `args.files[].path`.
    pub path: String,
    /// The path for people, as in a signal: `files[].path`.
    pub label: String,
    /// The words of its name, in lower case.
    pub words: Vec<String>,
    /// Whether it and all it stands in must be given.
    pub required: bool,
    /// Whether it is, or stands in, an element of a list.
    pub in_list: bool,
    /// Whether it may be text; true where the schema says nothing.
    pub is_text: bool,
    /// Whether it may be a number.
    pub is_number: bool,
    /// Whether it is a list.
    pub is_list: bool,
    /// The list's largest size.
    pub max_items: Option<u64>,
    /// `format`
    pub format: Option<String>,
    /// The description, in lower case.
    pub description: String,
    /// The scalars of an enum or const; null is left out, as it counts as absent.
    pub values: Option<Vec<Value>>,
    /// Whether the schema gives several alternatives, so that its parts do not hold for every call.
    pub ambiguous: bool,
}

impl Property {
    /// Whether a condition on it can be required of every call.
    pub(super) const fn must_be_given(&self) -> bool {
        self.required && !self.in_list && !self.ambiguous
    }

    /// Whether the words of its name end with one of these.
    pub(super) fn ends_with(&self, words: &[&str]) -> bool {
        let last = self.words.last().map(String::as_str);
        last.is_some_and(|last| words.contains(&last))
    }

    /// Whether one of these is among the words of its name.
    pub(super) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether it is free text: text without a list of values.
    pub(super) const fn is_free_text(&self) -> bool {
        self.is_text && self.values.is_none()
    }
}

/// What was found in a schema.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Sorted by path: the order in which a server writes them does not matter.
    pub properties: Vec<Property>,
    /// Labels of properties that no condition can name.
    pub unaddressable: Vec<String>,
}

/// All properties of an input schema.
pub(super) fn properties(schema: &Value) -> Found {
    let mut walk = Walk {
        root: schema,
        found: BTreeMap::new(),
        unaddressable: Vec::new(),
        visits: 0,
    };
    let place = Place {
        path: "args".to_owned(),
        label: String::new(),
        words: Vec::new(),
        required: true,
        in_list: false,
        ambiguous: false,
        depth: 0,
        choices: 0,
    };
    walk.members(schema, &place);
    walk.unaddressable.sort();
    walk.unaddressable.dedup();
    Found {
        properties: walk.found.into_values().collect(),
        unaddressable: walk.unaddressable,
    }
}

#[derive(Clone)]
struct Place {
    path: String,
    label: String,
    words: Vec<String>,
    required: bool,
    in_list: bool,
    ambiguous: bool,
    depth: usize,
    /// How many alternatives within alternatives it stands in.
    choices: usize,
}

struct Walk<'a> {
    root: &'a Value,
    found: BTreeMap<String, Property>,
    unaddressable: Vec<String>,
    visits: usize,
}

impl<'a> Walk<'a> {
    /// A schema together with what it refers to within the document and with its `allOf`.
    fn view(&self, schema: &'a Value) -> View<'a> {
        let mut view = View(Vec::new());
        self.collect(schema, &mut view, 0);
        view
    }

    fn collect(&self, schema: &'a Value, view: &mut View<'a>, depth: usize) {
        // Bounds circles of references, and more parts than anyone writes by hand.
        if depth > 8 || view.0.len() >= 32 || !schema.is_object() {
            return;
        }
        view.0.push(schema);
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(target) = reference.and_then(|r| self.root.pointer(r.strip_prefix('#')?)) {
            self.collect(target, view, depth + 1);
        }
        for part in list(schema, "allOf") {
            self.collect(part, view, depth + 1);
        }
    }

    /// The properties of an object's schema.
    fn members(&mut self, schema: &'a Value, place: &Place) {
        self.visits += 1;
        if self.visits > MAX_VISITS || place.depth >= MAX_DEPTH {
            return;
        }
        let view = self.view(schema);
        for (part, inner) in view.alternatives(place) {
            self.members(part, &inner);
        }
        let required: Vec<&str> = view
            .0
            .iter()
            .flat_map(|part| list(part, "required"))
            .filter_map(Value::as_str)
            .collect();
        for part in &view.0 {
            let Some(members) = part.get("properties").and_then(Value::as_object) else {
                continue;
            };
            for (name, member) in members {
                let label = if place.label.is_empty() {
                    name.clone()
                } else {
                    format!("{}.{name}", place.label)
                };
                if !is_addressable(name) {
                    self.unaddressable.push(label);
                    continue;
                }
                let inner = Place {
                    path: format!("{}.{name}", place.path),
                    label,
                    words: words(name),
                    required: place.required && required.contains(&name.as_str()),
                    depth: place.depth + 1,
                    ..place.clone()
                };
                self.property(member, &inner);
            }
        }
    }

    /// One property's schema, which may be an object or a list again.
    fn property(&mut self, schema: &'a Value, place: &Place) {
        self.visits += 1;
        if self.visits > MAX_VISITS || self.found.len() >= MAX_PROPERTIES {
            return;
        }
        let view = self.view(schema);
        let alternatives = view.alternatives(place);
        if alternatives.is_empty() || view.get("type").is_some() || view.values().is_some() {
            self.record(&view, place);
        }
        for (part, inner) in alternatives {
            self.property(part, &inner);
        }
        if let Some(items) = view.get("items").filter(|items| items.is_object())
            && place.depth < MAX_DEPTH
        {
            let inner = Place {
                path: format!("{}[]", place.path),
                label: format!("{}[]", place.label),
                in_list: true,
                depth: place.depth + 1,
                ..place.clone()
            };
            self.property(items, &inner);
        }
        if view.get("properties").is_some() {
            self.members(schema, place);
        }
    }

    fn record(&mut self, view: &View<'a>, place: &Place) {
        let text = |key| view.get(key).and_then(Value::as_str);
        let property = Property {
            path: place.path.clone(),
            label: place.label.clone(),
            words: place.words.clone(),
            required: place.required,
            in_list: place.in_list,
            is_text: view.has_type("string") || view.get("type").is_none(),
            is_number: view.has_type("number") || view.has_type("integer"),
            is_list: view.has_type("array"),
            max_items: view.get("maxItems").and_then(Value::as_u64),
            format: text("format").map(str::to_owned),
            description: text("description").unwrap_or_default().to_lowercase(),
            values: view.values(),
            ambiguous: place.ambiguous,
        };
        match self.found.get_mut(&place.path) {
            None => {
                self.found.insert(place.path.clone(), property);
            }
            // A second alternative: what holds for either may be in a call.
            Some(known) => {
                known.is_text |= property.is_text;
                known.is_number |= property.is_number;
                known.is_list |= property.is_list;
                known.required &= property.required;
                known.ambiguous = true;
            }
        }
    }
}

/// The words of a name in lower case: `toEmailAddress`, `to_email` and `to-email` alike.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            previous_lower = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (previous_lower && character.is_uppercase()) {
            words.push(String::new());
        }
        previous_lower = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_of_names() {
        for (name, expected) in [
            ("toEmailAddress", "to email address"),
            ("file_path", "file path"),
            ("imageURL", "image url"),
            ("Base-Url2", "base url2"),
            ("__x__", "x"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn properties_are_found_where_they_stand() {
        let schema = json!({
            "type": "object",
            "required": ["a", "files", "nested"],
            "properties": {
                "b.c": {"type": "string"},
                "a": {"$ref": "#/$defs/Name"},
                "files": {"type": "array", "maxItems": 3, "items": {
                    "type": "object", "required": ["path"],
                    "properties": {"path": {"type": "string"}}
                }},
                "nested": {"allOf": [
                    {"type": "object", "required": ["x"]},
                    {"properties": {"x": {"enum": ["u", null]}}}
                ]},
                "maybe": {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]},
                "either": {"anyOf": [{"enum": ["q"]}, {"type": "array", "items": {"type": "string"}}]},
                "circle": {"$ref": "#/properties/circle"}
            },
            "$defs": {"Name": {"type": "string", "const": "n"}}
        });
        let found = properties(&schema);
        let shown: Vec<String> = found
            .properties
            .iter()
            .map(|p| format!("{} {} {:?}", p.path, p.must_be_given(), p.values))
            .collect();
        assert_eq!(
            shown,
            [
                "args.a true Some([String(\"n\")])",
                "args.circle false None",
                "args.either false Some([String(\"q\")])",
                "args.either[] false None",
                "args.files true None",
                "args.files[] false None",
                "args.files[].path false None",
                "args.maybe false None",
                "args.nested true None",
                "args.nested.x true Some([String(\"u\")])",
            ]
        );
        assert_eq!(found.unaddressable, ["b.c"]);
        let of = |path: &str| found.properties.iter().find(|p| p.path == path).unwrap();
        assert_eq!(of("args.maybe").format.as_deref(), Some("uri"));
        assert!(of("args.either").ambiguous && of("args.either").is_list);
        assert_eq!(of("args.files").max_items, Some(3));
    }

    #[test]
    fn hostile_schemas_end() {
        let wide: serde_json::Map<String, Value> = (0..5_000)
            .map(|n| (format!("p{n}"), json!({"type": "string"})))
            .collect();
        assert!(properties(&json!({"properties": wide})).properties.len() <= MAX_PROPERTIES);
        let doubling = json!({"$ref": "#/$defs/a", "$defs": {"a": {
            "anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}],
            "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"items": {"$ref": "#/$defs/a"}}}
        }}});
        assert!(!properties(&doubling).properties.is_empty());
        for odd in [
            json!(null),
            json!([]),
            json!({"properties": []}),
            json!({"properties": {"a": 5}}),
        ] {
            let found = properties(&odd);
            assert!(found.properties.len() <= 1);
        }
    }
}
