//! A schema together with all that holds beside it.

use super::{MAX_DEPTH, Place};
use serde_json::Value;

/// The most values of an enum that are listed one by one.
const MAX_VALUES: usize = 256;

/// The parts of a schema that hold together; the first that has a key decides it.
pub(super) struct View<'a>(pub(super) Vec<&'a Value>);

impl<'a> View<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.iter().find_map(|part| part.get(key))
    }

    /// Whether `type` is this or has it among several.
    pub(super) fn has_type(&self, name: &str) -> bool {
        match self.get("type") {
            Some(Value::String(only)) => only == name,
            Some(Value::Array(several)) => several.iter().any(|t| t.as_str() == Some(name)),
            _ => false,
        }
    }

    /// The alternatives that are not just null, and the place they stand in.
    pub(super) fn alternatives(&self, place: &Place) -> Vec<(&'a Value, Place)> {
        let mut all = Vec::new();
        if place.choices >= MAX_DEPTH {
            return all;
        }
        for part in &self.0 {
            for key in ["anyOf", "oneOf"] {
                let several: Vec<&'a Value> = list(part, key)
                    .iter()
                    .filter(|part| part.get("type").and_then(Value::as_str) != Some("null"))
                    .collect();
                let mut inner = place.clone();
                inner.ambiguous |= several.len() > 1;
                inner.choices += 1;
                all.extend(several.into_iter().map(|part| (part, inner.clone())));
            }
        }
        all
    }

    /// The scalars of an enum or a const.
    pub(super) fn values(&self) -> Option<Vec<Value>> {
        let scalar = |v: &Value| v.is_string() || v.is_number() || v.is_boolean();
        if let Some(only) = self.get("const") {
            return scalar(only).then(|| vec![only.clone()]);
        }
        let all = self.get("enum")?.as_array()?;
        let scalars: Vec<Value> = all.iter().filter(|v| scalar(v)).cloned().collect();
        let others = all.iter().any(|v| !scalar(v) && !v.is_null());
        (!others && !scalars.is_empty() && scalars.len() <= MAX_VALUES).then_some(scalars)
    }
}

/// The list under a key; empty where there is none.
pub(super) fn list<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    let parts = schema.get(key).and_then(Value::as_array);
    parts.map(Vec::as_slice).unwrap_or_default()
}
