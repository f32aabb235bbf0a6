//! Well-behaved MCP answers, of both eras.

use super::server::{Answer, Request};
use serde_json::{Value, json};

/// `count` tools that differ by number.
pub(crate) fn tools(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| {
            json!({
                "name": format!("get_item_{n}"),
                "description": format!("Returns item {n} of the shelf."),
                "inputSchema": {
                    "type": "object",
                    "properties": {"shelf": {"type": "string"}},
                    "required": ["shelf"],
                },
            })
        })
        .collect()
}

/// A JSON-RPC result for this request.
pub(crate) fn result(request: &Request, result: Value) -> String {
    json!({"jsonrpc": "2.0", "id": request.json()["id"], "result": result}).to_string()
}

/// A JSON-RPC error for this request.
pub(crate) fn error(request: &Request, code: i64, message: &str) -> String {
    json!({
        "jsonrpc": "2.0",
        "id": request.json()["id"],
        "error": {"code": code, "message": message},
    })
    .to_string()
}

/// One event of a stream with this message.
pub(crate) fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

/// A server of the session era that answers with JSON, gives a session and insists on it.
pub(crate) fn legacy(request: &Request, tools: Value) -> Answer {
    legacy_with(request, |request| result(request, json!({"tools": tools})))
}

/// The same with a list made by `list`.
pub(crate) fn legacy_with(request: &Request, list: impl Fn(&Request) -> String) -> Answer {
    let message = request.json();
    let has_session = request.header("mcp-session-id") == Some("s-1");
    match (request.method.as_str(), message["method"].as_str()) {
        ("DELETE", _) if has_session => Answer::status(200),
        ("POST", Some("initialize")) => Answer::json(
            200,
            result(
                request,
                json!({
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {"listChanged": true}},
                    "serverInfo": {"name": "legacy-example", "version": "1.0.0"},
                }),
            ),
        )
        .with("Mcp-Session-Id", "s-1"),
        ("POST", _) if !has_session => Answer::json(400, error(request, -32000, "no session")),
        ("POST", Some("notifications/initialized")) => Answer::status(202),
        ("POST", Some("tools/list")) => Answer::json(200, list(request)),
        ("POST", _) => Answer::json(200, error(request, -32601, "unknown method")),
        _ => Answer::status(405),
    }
}

/// A server of the stateless era that checks what the revision asks of each request.
pub(crate) fn modern(request: &Request, tools: Value) -> Answer {
    let message = request.json();
    let method = message["method"].as_str().unwrap_or_default();
    let meta = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    if request.header("mcp-protocol-version") != Some("2026-07-28")
        || meta != "2026-07-28"
        || request.header("mcp-method") != Some(method)
    {
        return Answer::json(400, error(request, -32020, "header mismatch"));
    }
    match method {
        "server/discover" => Answer::json(
            200,
            result(
                request,
                json!({
                    "resultType": "complete",
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "modern-example", "version": "2.0.0"},
                    "instructions": "Ask for one shelf at a time.",
                }),
            ),
        ),
        "tools/list" => Answer::json(
            200,
            result(
                request,
                json!({"resultType": "complete", "tools": tools, "ttlMs": 1000, "cacheScope": "public"}),
            ),
        ),
        _ => Answer::json(404, error(request, -32601, "unknown method")),
    }
}

/// The list in pages of `size`; the first cursor is empty, which is a cursor all the same.
pub(crate) fn page(request: &Request, tools: &[Value], size: usize) -> String {
    let message = request.json();
    let start: usize = match message["params"]["cursor"].as_str() {
        None => 0,
        Some("") => size,
        Some(cursor) => cursor.parse().unwrap(),
    };
    let end = (start + size).min(tools.len());
    let mut answer = json!({"tools": tools[start..end]});
    if end < tools.len() {
        let cursor = if start == 0 {
            String::new()
        } else {
            end.to_string()
        };
        answer["nextCursor"] = json!(cursor);
    }
    result(request, answer)
}
