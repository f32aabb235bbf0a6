//! One JSON-RPC message in, at most one out: the protocol of an example server, apart from any
//! transport.

use super::{Example, SpokenEra};
use serde_json::{Map, Value, json};

/// The revision that legacy examples speak.
pub(super) const LEGACY_VERSION: &str = "2025-11-25";
/// The revision that modern examples speak.
pub(super) const MODERN_VERSION: &str = "2026-07-28";

const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const INVALID_REQUEST: i32 = -32600;
/// Code of the modern revision for a version that the server does not speak.
const UNSUPPORTED_VERSION: i32 = -32022;

/// What a server says to one message.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A result or an error for a request.
    Reply(Value),
    /// Nothing: it was a notification or an answer.
    Nothing,
}

/// What a legacy server remembers between messages.
#[derive(Debug, Default)]
pub struct Session {
    /// Whether `initialize` was answered.
    pub initialized: bool,
}

impl Example {
    /// Answers one message, given the state of the session.
    pub fn answer(&self, message: &Value, session: &mut Session) -> Answer {
        let Some(id) = message.get("id").filter(|id| !id.is_null()) else {
            return Answer::Nothing;
        };
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            return Answer::Nothing;
        };
        let empty = Value::Null;
        let params = message.get("params").unwrap_or(&empty);
        let outcome = match (self.era, method) {
            (SpokenEra::Modern, _) if spoken_version(params) != Some(MODERN_VERSION) => Err((
                UNSUPPORTED_VERSION,
                "unsupported protocol version",
                json!({"supported": [MODERN_VERSION]}),
            )),
            (SpokenEra::Modern, "server/discover") => Ok(self.discover()),
            (SpokenEra::Legacy, "initialize") => {
                session.initialized = true;
                Ok(self.initialize())
            }
            (SpokenEra::Legacy, "ping") => Ok(json!({})),
            (SpokenEra::Legacy, "tools/list") if !session.initialized => {
                Err((INVALID_REQUEST, "initialize first", Value::Null))
            }
            (_, "tools/list") => self.page(params),
            _ => Err((METHOD_NOT_FOUND, "method not found", Value::Null)),
        };
        Answer::Reply(match outcome {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message, data)) => {
                let mut error = Map::new();
                error.insert("code".to_owned(), code.into());
                error.insert("message".to_owned(), message.into());
                if !data.is_null() {
                    error.insert("data".to_owned(), data);
                }
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        })
    }

    fn server_info(&self) -> Value {
        json!({"name": self.name, "version": self.version})
    }

    fn initialize(&self) -> Value {
        let mut result = json!({
            "protocolVersion": LEGACY_VERSION,
            "capabilities": {"tools": {}},
            "serverInfo": self.server_info(),
        });
        self.add_instructions(&mut result);
        result
    }

    fn discover(&self) -> Value {
        let mut result = json!({
            "resultType": "complete",
            "supportedVersions": [MODERN_VERSION],
            "capabilities": {"tools": {}},
            "ttlMs": 3_600_000,
            "cacheScope": "public",
            "_meta": {"io.modelcontextprotocol/serverInfo": self.server_info()},
        });
        self.add_instructions(&mut result);
        result
    }

    fn add_instructions(&self, result: &mut Value) {
        if let (Some(text), Some(object)) = (&self.instructions, result.as_object_mut()) {
            object.insert("instructions".to_owned(), text.as_str().into());
        }
    }

    /// One page of the list; the cursor is the number of tools before it.
    fn page(&self, params: &Value) -> Result<Value, (i32, &'static str, Value)> {
        let start = match params.get("cursor") {
            None | Some(Value::Null) => 0,
            Some(cursor) => cursor
                .as_str()
                .and_then(|text| text.parse::<usize>().ok())
                .filter(|start| *start < self.tools.len())
                .ok_or((INVALID_PARAMS, "no such page", Value::Null))?,
        };
        let end = (start + self.page_size.max(1)).min(self.tools.len());
        let tools: Vec<Value> = self.tools[start..end]
            .iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .collect();
        let mut result = Map::new();
        result.insert("tools".to_owned(), tools.into());
        if end < self.tools.len() {
            result.insert("nextCursor".to_owned(), end.to_string().into());
        }
        if self.era == SpokenEra::Modern {
            result.insert("resultType".to_owned(), "complete".into());
            result.insert("ttlMs".to_owned(), 3_600_000.into());
            result.insert("cacheScope".to_owned(), "public".into());
        }
        Ok(Value::Object(result))
    }
}

/// The revision that a modern request says it speaks.
fn spoken_version(params: &Value) -> Option<&str> {
    params
        .get("_meta")?
        .get("io.modelcontextprotocol/protocolVersion")?
        .as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::example;

    fn reply(id: &str, message: &Value, session: &mut Session) -> Value {
        match example(id).unwrap().unwrap().answer(message, session) {
            Answer::Reply(reply) => reply,
            Answer::Nothing => panic!("no reply"),
        }
    }

    fn names(reply: &Value) -> Vec<String> {
        reply["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn pages_hold_every_tool_once() {
        let mut session = Session { initialized: true };
        let mut seen = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let request = json!({"id": 1, "method": "tools/list", "params": {"cursor": cursor}});
            let page = reply("trigger-dev", &request, &mut session);
            seen.extend(names(&page));
            cursor = page["result"]["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(seen.len(), 14);
        assert_eq!(seen[0], "search_docs");
        assert_eq!(seen[13], "list_preview_branches");
    }

    #[test]
    fn a_legacy_server_wants_to_be_initialized() {
        let mut session = Session::default();
        let list = json!({"id": 2, "method": "tools/list"});
        assert_eq!(
            reply("tillpoint", &list, &mut session)["error"]["code"],
            INVALID_REQUEST
        );
        let hello = json!({"id": 1, "method": "initialize", "params": {}});
        assert_eq!(
            reply("tillpoint", &hello, &mut session)["result"]["protocolVersion"],
            LEGACY_VERSION
        );
        assert_eq!(names(&reply("tillpoint", &list, &mut session)).len(), 7);
    }

    #[test]
    fn a_modern_server_names_the_versions_that_it_speaks() {
        let hello = json!({"id": 1, "method": "initialize", "params": {}});
        let error = &reply("opsera", &hello, &mut Session::default())["error"];
        assert_eq!(error["code"], UNSUPPORTED_VERSION);
        assert_eq!(error["data"]["supported"][0], MODERN_VERSION);
    }

    #[test]
    fn notifications_get_no_answer_and_no_tool_can_be_called() {
        let example = example("notebook").unwrap().unwrap();
        let mut session = Session { initialized: true };
        let note = json!({"method": "notifications/initialized"});
        assert_eq!(example.answer(&note, &mut session), Answer::Nothing);
        let call = json!({"id": 3, "method": "tools/call", "params": {"name": "read_note"}});
        assert_eq!(
            reply("notebook", &call, &mut session)["error"]["code"],
            METHOD_NOT_FOUND
        );
    }
}
