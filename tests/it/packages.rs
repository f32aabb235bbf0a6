//! Packages, from a registry that the test makes up: the installing sandbox reaches that registry
//! and nothing else, whatever the package tries.

use crate::support::server::{Answer, Request, Server};
use crate::support::{has_sandbox, rows, stderr, text, toolrisk, tree};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

/// A server for node: its only tool's description is what the probe beside it wrote.
const SERVER_JS: &str = r"#!/usr/bin/env node
const fs = require('fs');
let probe = 'no probe ran';
try { probe = fs.readFileSync(__dirname + '/probe.txt', 'utf8'); } catch {}
require('readline').createInterface({ input: process.stdin }).on('line', line => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const result = method === 'initialize'
    ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'example', version: '1' } }
    : method === 'tools/list' ? { tools: [{ name: 'get_probe', description: probe, inputSchema: {} }] } : null;
  const answer = result ? { result } : { error: { code: -32601, message: 'no' } };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
});
";

/// Tries to get out while the package is installed: straight, and through the proxy.
const PROBE_JS: &str = r"
const net = require('net'), fs = require('fs');
function knock(port, words, then) {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(words));
  let done = false;
  const end = said => { if (!done) { done = true; socket.destroy(); then(said); } };
  socket.on('data', data => end(String(data).split('\r\n')[0]));
  socket.on('error', error => end(error.code));
  socket.on('close', () => end('closed'));
  setTimeout(() => end('nothing'), 3000);
}
const request = 'GET / HTTP/1.1\r\nHost: trap\r\n\r\n';
const tunnel = 'CONNECT 127.0.0.1:TRAP HTTP/1.1\r\n\r\n';
knock(TRAP, request, straight => knock(3128, tunnel, through =>
  fs.writeFileSync('probe.txt', 'straight: ' + straight + '; through: ' + through)));
";

/// Whether npm or pip can be used here; where not, the test is skipped aloud.
fn has(program: &str) -> bool {
    let works = Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{program} is missing"
        );
        eprintln!("SKIPPED: {program} is missing");
    }
    works
}

/// An archive as npm wants it, gzipped. What starts with `-> ` is a link.
fn tarball(files: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let link = content.strip_prefix("-> ");
        let content = if link.is_some() { "" } else { content };
        let mut head = [0_u8; 512];
        let mut put =
            |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, &format!("package/{name}"));
        put(100, "0000644\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, if link.is_some() { "2" } else { "0" });
        put(157, link.unwrap_or_default());
        put(257, "ustar\x0000");
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(head);
        bytes.extend(content.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    packed.finish().unwrap()
}

/// Scans packages of a made-up registry.
fn scan(out: &Path, registry: &str, more: &[&str]) -> Output {
    let mut command = toolrisk();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command
        .env("XDG_CACHE_HOME", out.join("cache"))
        .env("npm_config_registry", registry)
        .env("PIP_INDEX_URL", registry)
        .args(["scan", "-C", text(out), "--format", "jsonl"])
        .args(more)
        .output()
        .unwrap()
}

fn description(out: &Path) -> String {
    let record: Value = serde_json::from_slice(&tree(&out.join("servers"))[0].1).unwrap();
    record["tools"][0]["description"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn an_npm_installation_reaches_its_registry_and_nothing_else() {
    if !has_sandbox() || !has("npm") {
        return;
    }
    let trap = Server::start(|_| Answer::status(200));
    let (port, elsewhere) = (trap.port(), trap.url("/example-far-1.0.0.tgz"));
    let registry = Server::start(move |request: &Request| {
        let base = format!("http://{}", request.header("host").unwrap_or_default());
        let (name, tarball_url) = match request.path.as_str() {
            "/example-server" => (
                "example-server",
                format!("{base}/example-server/-/example-server-1.0.0.tgz"),
            ),
            "/example-far" => ("example-far", elsewhere.clone()),
            "/example-link" => ("example-link", format!("{base}/example-link.tgz")),
            "/example-link.tgz" => {
                let manifest =
                    json!({"name": "example-link", "version": "1.0.0", "bin": "server.js"});
                let files = [
                    ("package.json", manifest.to_string()),
                    ("server.js", "-> /etc/passwd".to_owned()),
                ];
                return Answer::Plain(200, Vec::new(), tarball(&files));
            }
            "/example-server/-/example-server-1.0.0.tgz" => {
                let manifest = json!({
                    "name": "example-server", "version": "1.0.0", "bin": "server.js",
                    "scripts": {"postinstall": "node probe.js"},
                });
                let files = [
                    ("package.json", manifest.to_string()),
                    ("server.js", SERVER_JS.to_owned()),
                    ("probe.js", PROBE_JS.replace("TRAP", &port.to_string())),
                ];
                return Answer::Plain(200, Vec::new(), tarball(&files));
            }
            _ => return Answer::json(404, "{}"),
        };
        let version = json!({
            "name": name, "version": "1.0.0", "bin": "server.js", "hasInstallScript": true,
            "scripts": {"postinstall": "node probe.js"}, "dist": {"tarball": tarball_url},
        });
        let document = json!({
            "name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version},
        });
        Answer::json(200, document.to_string())
    });
    let address = registry.url("/");
    let folder = tempfile::tempdir().unwrap();

    let out = folder.path().join("plain");
    let output = scan(&out, &address, &["npm:example-server"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "listed", "{row} {}", stderr(&output));
    assert_eq!(description(&out), "no probe ran");

    let out = folder.path().join("built");
    let output = scan(&out, &address, &["npm:example-server", "--allow-build"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "listed", "{row} {}", stderr(&output));
    assert_eq!(
        description(&out),
        "straight: ECONNREFUSED; through: HTTP/1.1 403 Forbidden"
    );
    assert!(
        !out.join("cache/toolrisk/npm").exists(),
        "code of packages gets no cache that others use"
    );

    let out = folder.path().join("far");
    let output = scan(&out, &address, &["npm:example-far"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "crashed", "{row}");
    let detail = row["detail"].as_str().unwrap();
    let place = format!("wanted 127.0.0.1:{port}, which is not the registry");
    assert!(detail.contains(&place), "{detail}");

    let output = scan(&folder.path().join("link"), &address, &["npm:example-link"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "not_mcp", "a link is not followed: {row}");

    let output = scan(&folder.path().join("none"), &address, &["npm:example-none"]);
    let detail = rows(&output).remove(0)["detail"].to_string();
    assert!(
        detail.contains("the registry has no example-none"),
        "{detail}"
    );
    assert!(trap.requests().is_empty(), "not a byte arrived");
}

/// Packs a wheel whose console script is a small server.
const PACK_WHEEL: &str = r#"
import sys, zipfile
server = '''
import json, sys
def main():
    for line in sys.stdin:
        ask = json.loads(line)
        if "id" not in ask:
            continue
        answer = {"jsonrpc": "2.0", "id": ask["id"]}
        if ask["method"] == "initialize":
            answer["result"] = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "example", "version": "1"}}
        elif ask["method"] == "tools/list":
            answer["result"] = {"tools": [{"name": "get_x", "description": "Returns x.", "inputSchema": {}}]}
        else:
            answer["error"] = {"code": -32601, "message": "no"}
        print(json.dumps(answer), flush=True)
'''
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "example_server-1.0.dist-info/"
    wheel.writestr("example_server.py", server)
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: example-server\nVersion: 1.0\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "entry_points.txt", "[console_scripts]\nexample-server = example_server:main\n")
    wheel.writestr(info + "RECORD", "")
"#;

#[test]
fn a_python_installation_reaches_its_index_and_nothing_else() {
    if !has_sandbox() || !has("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("example_server-1.0-py3-none-any.whl");
    let made = Command::new("python3")
        .args(["-c", PACK_WHEEL, text(&packed)])
        .status()
        .unwrap();
    assert!(made.success());
    let wheel = std::fs::read(&packed).unwrap();
    let trap = Server::start(|_| Answer::status(200));
    let far = trap.url("/example_far-1.0-py3-none-any.whl");
    let index = Server::start(move |request: &Request| {
        let page = |link: &str| {
            let body = format!("<!doctype html><a href=\"{link}\">{link}</a>");
            Answer::Plain(
                200,
                vec![("Content-Type".into(), "text/html".into())],
                body.into_bytes(),
            )
        };
        match request.path.as_str() {
            "/example-server/" => page("/files/example_server-1.0-py3-none-any.whl"),
            "/example-far/" => page(&far),
            path if path.starts_with("/files/") => Answer::Plain(200, Vec::new(), wheel.clone()),
            _ => Answer::status(404),
        }
    });
    let address = index.url("/");
    let out = folder.path().join("out");
    let output = scan(&out, &address, &["pypi:example-server"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["outcome"], "listed", "{row} {}", stderr(&output));
    assert_eq!(row["tools"], 1);
    let record: Value = serde_json::from_slice(&tree(&out.join("servers"))[0].1).unwrap();
    assert_eq!(record["package"]["version"], "1.0");
    assert_eq!(record["sandbox"]["net"], "none");
    let output = scan(&folder.path().join("far"), &address, &["pypi:example-far"]);
    let row = rows(&output).remove(0);
    let detail = row["detail"].as_str().unwrap();
    let place = format!(
        "wanted 127.0.0.1:{}, which is not the registry",
        trap.port()
    );
    assert!(detail.contains(&place), "{row}");
    assert!(trap.requests().is_empty(), "not a byte arrived");
}
