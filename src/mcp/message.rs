//! JSON-RPC messages, read leniently and without copying what is not looked at.
//!
//! A message is cut into its members, each kept as raw JSON. Nothing is decoded before somebody
//! asks for it, so that one odd member, however deep or of whatever type, costs nothing else.
//! Repeated members are noted: the last one counts, as in most readers of JSON.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The members of a JSON object in the order they came, each value as raw JSON.
#[derive(Debug, Default)]
pub struct Members<'a> {
    pairs: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Members<'a> {
    /// Reads one object; anything else is an error.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The last member of that name that is not `null`.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
            .filter(|value| value.get() != "null")
    }

    /// The member as text, when it is a string that can be read.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Whether a member of that name is there, even as `null`.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// The first name that occurs more than once.
    pub fn repeated(&self) -> Option<&str> {
        self.pairs.iter().enumerate().find_map(|(at, (key, _))| {
            self.pairs[..at]
                .iter()
                .any(|(earlier, _)| earlier == key)
                .then_some(key.as_ref())
        })
    }
}

/// Members looked at in one object; more than a message or a tool ever has.
const MAX_MEMBERS: usize = 256;

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                while let Some(Key(key)) = map.next_key()? {
                    if members.pairs.len() < MAX_MEMBERS {
                        members.pairs.push((key, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The elements of a JSON array as raw JSON, at most `limit`; the second value is how many there
/// were in all.
pub fn elements(text: &str, limit: usize) -> Result<(Vec<&RawValue>, usize), serde_json::Error> {
    struct Elements(usize);
    impl<'de> Visitor<'de> for Elements {
        type Value = (Vec<&'de RawValue>, usize);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut kept = Vec::new();
            while kept.len() < self.0 {
                if let Some(element) = seq.next_element()? {
                    kept.push(element);
                } else {
                    let count = kept.len();
                    return Ok((kept, count));
                }
            }
            let mut count = kept.len();
            while seq.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            Ok((kept, count))
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let elements = (&mut reader).deserialize_seq(Elements(limit))?;
    reader.end()?;
    Ok(elements)
}

/// Whether a later stage can read this JSON in full: it is not too deep, and its strings are text.
/// Nothing is kept of it.
pub fn readable(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Readable>(text).map(|_| ())
}

/// Any JSON value, read to its end and dropped. Unlike [`IgnoredAny`] it decodes strings and counts
/// depth, as whoever reads the value later does.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Readable)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Readable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Readable, A::Error> {
        while seq.next_element::<Readable>()?.is_some() {}
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Readable, A::Error> {
        while map.next_entry::<Readable, Readable>()?.is_some() {}
        Ok(Readable)
    }
}

/// One JSON-RPC message.
#[derive(Debug)]
pub enum Message<'a> {
    /// The answer to the request with this id.
    Result(Option<u64>, &'a RawValue),
    /// The refusal of the request with this id, if it says which.
    Error(Option<u64>, RpcError),
    /// The server asks us something.
    Request(&'a RawValue, String),
    /// The server tells us something.
    Notification(String),
}

/// A JSON-RPC error, read leniently.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RpcError {
    /// The code; `None` when it is no whole number.
    pub code: Option<i64>,
    /// The message; foreign text.
    pub message: String,
    /// What else was said.
    pub data: Option<Value>,
}

impl RpcError {
    /// Whether only a server of the stateless era sends this error.
    ///
    /// Source: MCP 2026-07-28, error codes `HeaderMismatch`, `MissingRequiredClientCapability`
    /// and `UnsupportedProtocolVersion`.
    pub fn is_modern(&self) -> bool {
        matches!(self.code, Some(-32022..=-32020))
    }

    /// The protocol revisions the server says it speaks.
    pub fn supported(&self) -> Vec<String> {
        self.data
            .as_ref()
            .and_then(|data| data.get("supported"))
            .and_then(Value::as_array)
            .map(|versions| {
                versions
                    .iter()
                    .filter_map(|v| v.as_str().map(str::to_owned))
                    .take(32)
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// Why a text is no JSON-RPC message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAMessage {
    /// It is not JSON at all.
    #[error("it is not JSON ({0})")]
    NotJson(String),
    /// It is JSON of another shape.
    #[error("it is JSON but no JSON-RPC message")]
    NotRpc,
}

/// Reads a message, or several in an array as revision 2025-03-26 allowed.
pub fn parse(text: &str) -> Result<Vec<Message<'_>>, NotAMessage> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') {
        let (items, _) = elements(text, 1_000).map_err(|e| NotAMessage::NotJson(e.to_string()))?;
        return items.into_iter().map(|item| one(item.get())).collect();
    }
    Ok(vec![one(text)?])
}

fn one(text: &str) -> Result<Message<'_>, NotAMessage> {
    let members = match Members::parse(text) {
        Ok(members) => members,
        Err(error) => {
            return Err(match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => NotAMessage::NotRpc,
                Err(_) => NotAMessage::NotJson(error.to_string()),
            });
        }
    };
    if let Some(method) = members.text("method") {
        return Ok(match members.get("id") {
            Some(id) => Message::Request(id, method),
            None => Message::Notification(method),
        });
    }
    let id = members.get("id").and_then(id_of);
    if let Some(error) = members.get("error") {
        return Ok(Message::Error(id, rpc_error(error)));
    }
    match members.get("result") {
        Some(result) => Ok(Message::Result(id, result)),
        None => Err(NotAMessage::NotRpc),
    }
}

/// Our ids are whole numbers; some servers send them back as text.
fn id_of(raw: &RawValue) -> Option<u64> {
    let text = raw.get();
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text)
        .parse()
        .ok()
}

fn rpc_error(raw: &RawValue) -> RpcError {
    let Ok(members) = Members::parse(raw.get()) else {
        return RpcError {
            message: raw.get().chars().take(200).collect(),
            ..RpcError::default()
        };
    };
    let code = members.get("code").and_then(|code| {
        let text = code.get().trim_matches('"');
        text.parse().ok()
    });
    RpcError {
        code,
        message: members.text("message").unwrap_or_default(),
        data: members
            .get("data")
            .and_then(|data| serde_json::from_str(data.get()).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_requests_and_notifications() {
        let read = |text: &str| format!("{:?}", parse(text).unwrap().remove(0));
        assert!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).starts_with("Result(Some(1)"));
        assert!(read(r#"{"id":"7","result":{}}"#).starts_with("Result(Some(7)"));
        assert!(read(r#"{"id":1.0,"result":{}}"#).starts_with("Result(None"));
        assert!(read(r#"{"id":"a","method":"ping"}"#).starts_with("Request("));
        assert!(read(r#"{"method":"notifications/x"}"#).starts_with("Notification("));
        assert!(read(r#"{"id":null,"error":{"code":"-3","message":5}}"#).contains("Some(-3)"));
        assert_eq!(
            parse("[{\"id\":1,\"result\":1},{\"method\":\"x\"}]")
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn what_is_no_message_says_why() {
        assert!(matches!(parse("<html>"), Err(NotAMessage::NotJson(_))));
        assert_eq!(parse("5").unwrap_err(), NotAMessage::NotRpc);
        assert_eq!(parse("{\"a\":1}").unwrap_err(), NotAMessage::NotRpc);
    }

    #[test]
    fn depth_costs_nothing_and_hides_nothing() {
        let deep = format!(
            "{{\"id\":1,\"result\":{{\"x\":{}1{}}}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let messages = parse(&deep).unwrap();
        assert!(matches!(messages[0], Message::Result(Some(1), _)));
    }

    #[test]
    fn the_last_of_repeated_members_counts_and_is_reported() {
        let members = Members::parse(r#"{"tools":[1],"x":2,"tools":[]}"#).unwrap();
        assert_eq!(members.get("tools").unwrap().get(), "[]");
        assert_eq!(members.repeated(), Some("tools"));
    }

    #[test]
    fn readable_is_what_a_later_stage_can_read() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for text in [
            "{\"a\":[1,-2,3.5,null,true,\"x\\n\"]}",
            "1e999",
            "\"\\ud800\"",
            "{\"\\ud800\":1}",
            deep.as_str(),
            "[1",
        ] {
            let later = serde_json::from_str::<Value>(text).is_ok();
            assert_eq!(readable(text).is_ok(), later, "{text}");
        }
    }

    #[test]
    fn elements_are_counted_past_the_limit() {
        let (kept, count) = elements("[1,[2,[3]],{},4]", 2).unwrap();
        assert_eq!((kept.len(), count), (2, 4));
        assert!(elements("[1", 2).is_err());
    }
}
