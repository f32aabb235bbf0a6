//! Reading JSON of strangers: duplicate keys are seen, lone surrogates are mended, and both are noted.

use super::snapshot::Problem;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a JSON text. Of a duplicate key the last value is kept, as most readers do, and the key
/// is noted: readers that keep the first see another tool. A lone surrogate becomes U+FFFD.
///
/// # Errors
/// What is not JSON, or nested deeper than 128 levels.
pub fn parse(text: &str) -> Result<(Value, Vec<Problem>), serde_json::Error> {
    match parse_noting(text) {
        Err(error) => {
            let mended = mend(text);
            if mended == text {
                return Err(error);
            }
            let (value, mut problems) = parse_noting(&mended)?;
            problems.push(Problem::new(
                "lone_surrogate",
                "a string holds half of a surrogate pair; it was read as U+FFFD",
            ));
            Ok((value, problems))
        }
        fine => fine,
    }
}

fn parse_noting(text: &str) -> Result<(Value, Vec<Problem>), serde_json::Error> {
    let mut duplicates = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed(&mut duplicates).deserialize(&mut reader)?;
    reader.end()?;
    duplicates.sort();
    duplicates.dedup();
    let problems = duplicates
        .into_iter()
        .take(10)
        .map(|key| {
            let shown: String = key.chars().take(80).collect();
            Problem::new(
                "duplicate_key",
                format!("the key {shown:?} stands twice in one object; the last value counts"),
            )
        })
        .collect();
    Ok((value, problems))
}

/// Replaces escapes of lone surrogates by that of U+FFFD; all other bytes stay.
fn mend(text: &str) -> String {
    let unit = |at: usize| {
        text.get(at..at + 6)
            .filter(|escape| escape.starts_with("\\u"))
            .and_then(|escape| u16::from_str_radix(&escape[2..], 16).ok())
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if character != '\\' {
            out.push(character);
            at += character.len_utf8();
            continue;
        }
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => {
                out.push_str(&text[at..at + 12]);
                at += 12;
            }
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                at += 6;
            }
            _ => {
                // An escape of one character, so that an escaped backslash hides nothing.
                let width = text[at + 1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&text[at..=at + width]);
                at += 1 + width;
            }
        }
    }
    out
}

/// Builds a value and notes duplicate keys.
struct Seed<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = list.next_element_seed(Seed(self.0))? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        // Most objects have two to five fields.
        let mut all = Map::with_capacity(4);
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Seed(self.0))?;
            match all.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(mut place) => {
                    if self.0.len() > 10_000 {
                        return Err(A::Error::custom("too many duplicate keys"));
                    }
                    self.0.push(place.key().clone());
                    place.insert(value);
                }
            }
        }
        Ok(Value::Object(all))
    }
}

/// A name as a part of a JSON pointer: RFC 6901.
pub fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_noted_and_the_last_counts() {
        let (value, problems) = parse(r#"{"name":"a","x":{"k":1,"k":2},"name":"b"}"#).unwrap();
        assert_eq!(value["name"], "b");
        assert_eq!(value["x"]["k"], 2);
        let ids: Vec<_> = problems.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(ids, ["duplicate_key", "duplicate_key"]);
    }

    #[test]
    fn lone_surrogates_are_mended_and_pairs_stay() {
        let (value, problems) = parse(r#"["\ud83e\udd80 \ud800 \\ud800 \udc00x"]"#).unwrap();
        assert_eq!(value[0], "🦀 \u{fffd} \\ud800 \u{fffd}x");
        assert_eq!(problems[0].id, "lone_surrogate");
    }

    #[test]
    fn the_same_as_the_plain_reader_otherwise() {
        let text = r#"{"a":[1,-2,3.5,1e9,true,null,"x\n"],"b":{"c":{}}}"#;
        assert_eq!(
            parse(text).unwrap().0,
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse("{} x").is_err());
    }
}
