//! Real servers that we did not write, over every transport that they speak.

use crate::support::{peer, rows, run, stderr, text};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const EVERYTHING: &str = "node_modules/.bin/mcp-server-everything";

fn list(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["scan", "-C", text(folder.path()), "--format", "jsonl"];
    all.extend(arguments);
    let output = run(&all);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "listed", "{row} {}", stderr(&output));
    let files = crate::support::tree(&folder.path().join("servers"));
    serde_json::from_slice(&files[0].1).unwrap()
}

fn count(record: &Value) -> usize {
    record["tools"].as_array().unwrap().len()
}

/// A peer that serves HTTP; it is killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a peer that serves HTTP and waits until it does.
fn serve(command: &mut Command, port: u16) -> Running {
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the peer does not serve"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    running
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn everything_lists_the_same_over_stdio_http_and_sse() {
    let Some(program) = peer(EVERYTHING) else {
        return;
    };
    let stdio = list(&["--", &program, "stdio"]);
    assert_eq!(count(&stdio), 13);
    for (mode, path, transport) in [
        ("streamableHttp", "mcp", "streamable-http"),
        ("sse", "sse", "sse"),
    ] {
        let port = free_port();
        let _running = serve(
            Command::new(&program)
                .arg(mode)
                .env("PORT", port.to_string()),
            port,
        );
        let http = list(&[&format!("http://127.0.0.1:{port}/{path}")]);
        assert_eq!(http["tools"], stdio["tools"], "over {mode}");
        assert_eq!(http["transport"], transport);
    }
}

#[test]
fn filesystem_and_memory_are_listed() {
    let Some(files) = peer("node_modules/.bin/mcp-server-filesystem") else {
        return;
    };
    assert_eq!(count(&list(&["--", &files, "/tmp"])), 14);
    let Some(memory) = peer("node_modules/.bin/mcp-server-memory") else {
        return;
    };
    let record = list(&["--", &memory]);
    assert_eq!(
        (count(&record), record["era"].as_str()),
        (9, Some("legacy"))
    );
}

#[test]
fn time_and_fetch_speak_the_stateless_era() {
    let Some(time) = peer("venv/bin/mcp-server-time") else {
        return;
    };
    let record = list(&["--", &time, "--local-timezone", "UTC"]);
    assert_eq!(
        (count(&record), record["era"].as_str()),
        (2, Some("modern"))
    );
    let Some(fetch) = peer("venv/bin/mcp-server-fetch") else {
        return;
    };
    let record = list(&["--", &fetch]);
    assert_eq!(
        (count(&record), record["protocol_version"].as_str()),
        (1, Some("2026-07-28"))
    );
}

/// Two tools over the transport that its first argument names.
const FASTMCP: &str = "\
import sys
from fastmcp import FastMCP
server = FastMCP('example')
@server.tool
def get_sum(a: int, b: int) -> int:
    'Adds two numbers.'
    return a + b
@server.tool
def delete_entry(name: str) -> str:
    'Deletes the entry of that name.'
    return name
transport = sys.argv[1]
if transport == 'stdio':
    server.run(transport='stdio', show_banner=False)
else:
    server.run(transport=transport, host='127.0.0.1', port=int(sys.argv[2]), show_banner=False)
";

#[test]
fn fastmcp_lists_the_same_over_stdio_http_and_sse() {
    let Some(python) = peer("venv/bin/python") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("server.py");
    std::fs::write(&script, FASTMCP).unwrap();
    let stdio = list(&["--timeout", "60s", "--", &python, text(&script), "stdio"]);
    assert_eq!(count(&stdio), 2);
    for (mode, path, transport, era) in [
        ("http", "mcp", "streamable-http", "modern"),
        ("sse", "sse", "sse", "legacy"),
    ] {
        let port = free_port();
        let _running = serve(
            Command::new(&python).args([text(&script), mode, &port.to_string()]),
            port,
        );
        let http = list(&[&format!("http://127.0.0.1:{port}/{path}")]);
        assert_eq!(http["tools"], stdio["tools"], "over {mode}");
        assert_eq!(http["transport"], transport);
        assert_eq!(http["era"], era, "over {mode}");
    }
}
