//! The loopback server that `scripts/bench-scan` measures against: any number of virtual MCP
//! servers behind one address, one for each path.
//!
//! ```text
//! /<anything>   20 tools          /many    2,000 tools
//! /pages        100 tools, 20 a page      /hang…   never answers
//! ```

use serde_json::{Value, json};
use std::io;
use std::sync::OnceLock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // The script reads the port from the first line.
        let mut out = tokio::io::stdout();
        let port = listener.local_addr()?.port();
        out.write_all(format!("{port}\n").as_bytes()).await?;
        out.flush().await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                // A client that goes away is no concern of the server.
                let _ = serve(stream).await;
            });
        }
    })
}

/// The text of 20 tools from this one on, or of the 2,000 of `/many`: made once, so that the server
/// costs little beside what is measured.
fn list(path: &str, from: usize) -> &'static str {
    static PAGES: [OnceLock<String>; 5] = [const { OnceLock::new() }; 5];
    static MANY: OnceLock<String> = OnceLock::new();
    let text = |from, count| json!(tools(from, count)).to_string();
    if path == "/many" {
        MANY.get_or_init(|| text(0, 2_000))
    } else {
        PAGES[from / 20 % 5].get_or_init(|| text(from, 20))
    }
}

/// Tools of about the size of real ones: 1 KB.
fn tools(from: usize, count: usize) -> Vec<Value> {
    (from..from + count)
        .map(|n| {
            let verb = ["list", "get", "create", "update", "delete", "run"][n % 6];
            json!({
                "name": format!("{verb}_entry_{n}"),
                "description": format!("Does {verb} with entry {n} of the ledger. ").repeat(6),
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "ledger_id": {"type": "string", "description": "Which ledger, by its id."},
                        "limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
                        "fields": {"type": "array", "items": {"type": "string", "enum": ["id", "name", "total"]}},
                        "note": {"type": "string", "description": "A remark that is kept with the entry."},
                    },
                    "required": ["ledger_id"],
                },
                "annotations": {"readOnlyHint": n % 6 < 2},
            })
        })
        .collect()
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut chunk = vec![0; 16 << 10];
    loop {
        let (path, body) = loop {
            if let Some(request) = take_request(&mut buffer) {
                break request;
            }
            let count = stream.read(&mut chunk).await?;
            if count == 0 {
                return Ok(());
            }
            buffer.extend_from_slice(&chunk[..count]);
        };
        if path.starts_with("/hang") {
            std::future::pending::<()>().await;
        }
        let answer = answer(&path, &body);
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Takes one whole request out of the buffer: its path and its body.
fn take_request(buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    if buffer.len() < end + 4 + length {
        return None;
    }
    let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
    buffer.drain(..end + 4 + length);
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    Some((path, body))
}

fn answer(path: &str, body: &str) -> String {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let id = &message["id"];
    let (status, body) = match message["method"].as_str() {
        Some("initialize") => {
            let result = json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": format!("bench {path}"), "version": "1"},
            });
            (
                "200 OK",
                json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string(),
            )
        }
        Some("tools/list") => {
            let cursor = message["params"]["cursor"].as_str();
            let from = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
            let next = if path == "/pages" && from < 80 {
                format!(r#","nextCursor":"{}""#, from + 20)
            } else {
                String::new()
            };
            let tools = list(path, from);
            (
                "200 OK",
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":{tools}{next}}}}}"#),
            )
        }
        Some("notifications/initialized") => ("202 Accepted", String::new()),
        Some(_) => {
            let error = json!({"code": -32601, "message": "unknown method"});
            (
                "400 Bad Request",
                json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string(),
            )
        }
        None => ("404 Not Found", String::new()),
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
