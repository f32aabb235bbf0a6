//! Canonical digests of definitions, for history, locks and change detection.
//!
//! A tool's digest is the SHA-256 of a domain string and of the tool's name, title, description,
//! input schema, output schema and annotations, each in the canonical JSON of RFC 8785 and each
//! preceded by its length in bytes, so that no text can pass for another field. A server's digest
//! is made from the sorted digests of its tools: the order of the answer does not matter.
//! docs/digests.md has test vectors.

mod time;
mod unstable;

pub use time::{same_but_for_time, without_time};
pub use unstable::without;

use crate::model::ToolEntry;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Prefix of what is hashed for one tool.
const TOOL_DOMAIN: &str = "toolrisk/tool/v1";
/// Prefix of what is hashed for one malformed entry.
const MALFORMED_DOMAIN: &str = "toolrisk/malformed/v1";
/// Prefix of what is hashed for one text.
const TEXT_DOMAIN: &str = "toolrisk/text/v1";
/// Prefix of what is hashed for a server.
const SERVER_DOMAIN: &str = "toolrisk/server/v1";

/// The fields of a tool that its digest covers, in the order hashed. Others (icons, `_meta`) say
/// nothing to the model and are left out.
pub const TOOL_FIELDS: [&str; 6] = [
    "name",
    "title",
    "description",
    "inputSchema",
    "outputSchema",
    "annotations",
];

/// The digest of one tool: `sha256:` and 64 hexadecimal digits.
///
/// An absent field counts as `null`. A definition that is no JSON object is hashed as one text
/// under a domain of its own.
pub fn tool_digest(entry: &ToolEntry) -> String {
    match entry {
        ToolEntry::Listed(raw) => match serde_json::from_str::<Value>(raw.get()) {
            Ok(Value::Object(fields)) => {
                let parts = TOOL_FIELDS.map(|key| match fields.get(key) {
                    Some(value) => canonical(value),
                    None => "null".to_owned(),
                });
                hash(TOOL_DOMAIN, parts.iter().map(String::as_str))
            }
            _ => hash(MALFORMED_DOMAIN, [raw.get()]),
        },
        ToolEntry::Malformed(malformed) => hash(MALFORMED_DOMAIN, [malformed.malformed.as_str()]),
    }
}

/// The digest of a server's tools, whatever their order, and of its instructions.
pub fn server_digest(tools: &[ToolEntry], instructions: Option<&str>) -> String {
    let mut digests: Vec<String> = tools.iter().map(tool_digest).collect();
    digests.sort_unstable();
    let instructions = instructions.unwrap_or_default();
    hash(
        SERVER_DOMAIN,
        std::iter::once(instructions).chain(digests.iter().map(String::as_str)),
    )
}

/// The digest of one tool with every date and time in it taken out; entries that differ in nothing
/// else have the same. It is for comparing alone and stands in no file.
pub fn timeless_digest(entry: &ToolEntry) -> String {
    match entry {
        ToolEntry::Listed(raw) => match serde_json::from_str::<Value>(raw.get()) {
            Ok(Value::Object(fields)) => {
                let parts = TOOL_FIELDS.map(|key| match fields.get(key) {
                    Some(value) => without_time(&canonical(value)).into_owned(),
                    None => "null".to_owned(),
                });
                hash(TOOL_DOMAIN, parts.iter().map(String::as_str))
            }
            _ => tool_digest(entry),
        },
        ToolEntry::Malformed(_) => tool_digest(entry),
    }
}

/// The digest of one text under a domain of its own.
pub fn text_digest(text: &str) -> String {
    hash(TEXT_DOMAIN, [text])
}

/// The RFC 8785 form of a value.
pub fn canonical(value: &Value) -> String {
    // Cannot fail for a value that was parsed from JSON; the plain form keeps the digest defined.
    serde_json_canonicalizer::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// SHA-256 over the domain and the parts, each preceded by its length as eight bytes, big-endian.
fn hash<'a>(domain: &str, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    let mut update = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    update(domain);
    for part in parts {
        update(part);
    }
    let mut digest = String::with_capacity(7 + 64);
    digest.push_str("sha256:");
    for byte in hasher.finalize() {
        digest.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        digest.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> ToolEntry {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn order_of_keys_and_spaces_do_not_matter() {
        let one = entry(r#"{"name":"a","inputSchema":{"type":"object","x":1.0}}"#);
        let other = entry(r#"{ "inputSchema" : {"x":1,"type":"object"}, "name":"a" }"#);
        assert_eq!(tool_digest(&one), tool_digest(&other));
    }

    #[test]
    fn a_clock_in_a_text_is_no_change_but_a_word_is() {
        let at = |time: &str| {
            timeless_digest(&entry(&format!(
                r#"{{"name":"a","description":"Now {time}."}}"#
            )))
        };
        assert_eq!(at("05:00:01"), at("17:59:59"));
        assert_ne!(at("05:00:01"), at("later"));
    }

    #[test]
    fn a_text_cannot_pass_for_another_field() {
        let title = entry(r#"{"name":"a","title":"b"}"#);
        let description = entry(r#"{"name":"a","description":"b"}"#);
        assert_ne!(tool_digest(&title), tool_digest(&description));
    }

    #[test]
    fn order_of_tools_does_not_matter_but_their_number_does() {
        let (a, b) = (entry(r#"{"name":"a"}"#), entry(r#"{"name":"b"}"#));
        let ab = [a.clone(), b.clone()];
        assert_eq!(
            server_digest(&ab, None),
            server_digest(&[b, a.clone()], None)
        );
        assert_ne!(server_digest(&ab, None), server_digest(&[a], None));
        assert_ne!(server_digest(&ab, None), server_digest(&ab, Some("x")));
    }
}
