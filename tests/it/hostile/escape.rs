//! What must not get out: sessions to another origin, files outside of the folder, odd characters
//! onto a terminal.

use super::scan;
use crate::support::mcp::{self, tools};
use crate::support::server::{Answer, Server};
use crate::support::{rows, run, stderr, stdout, text, tree};
use serde_json::json;

#[test]
fn a_session_stays_with_its_origin() {
    let other = Server::start(|request| match request.json()["method"].as_str() {
        Some("tools/list") => Answer::json(200, mcp::result(request, json!({"tools": tools(1)}))),
        _ => Answer::status(404),
    });
    let target = other.url("/list");
    let first = Server::start(move |request| match request.json()["method"].as_str() {
        Some("tools/list") => Answer::status(307).with("Location", &target),
        _ => mcp::legacy(request, json!([])).with("Set-Cookie", "c=hunter2-hunter2"),
    });
    let header = "Authorization: Bearer hunter2-hunter2";
    let (row, _) = scan(&first.url("/mcp"), &["--header", header]);
    assert_eq!(row["outcome"], "listed", "{row}");
    let session = |server: &Server| {
        let requests = server.requests();
        requests
            .iter()
            .filter(|r| r.header("mcp-session-id").is_some())
            .count()
    };
    assert!(session(&first) > 0, "the first origin gets its own session");
    let requests = other.requests();
    assert!(!requests.is_empty());
    for request in requests {
        for name in ["authorization", "mcp-session-id", "cookie"] {
            assert_eq!(request.header(name), None, "{name} went elsewhere");
        }
    }
}

#[test]
fn names_of_a_list_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b/out");
    let long = "x".repeat(4_096);
    let names = [
        "../../x",
        "/etc/x",
        "a\0b",
        "CON",
        "aux.html",
        &long,
        ".git",
        "%2e%2e",
        "..",
        ".",
        "a/../../b",
        "\\\\host\\share",
        "C:\\x",
        "x\n.json",
        "-rf",
        "~",
        "$(id)",
        "\u{202e}gpj.exe",
    ];
    let saved = folder.path().join("saved.json");
    std::fs::write(&saved, json!({"tools": tools(1)}).to_string()).unwrap();
    let servers: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let own = folder.path().join(format!("saved-{n}.json"));
            std::fs::copy(&saved, &own).unwrap();
            json!({"name": name, "file": text(&own)})
        })
        .collect();
    let list = folder.path().join("list.json");
    std::fs::write(&list, json!({"server": servers}).to_string()).unwrap();
    let before = tree(folder.path());
    let output = run(&["scan", "--from", text(&list), "-C", text(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (inside, outside): (Vec<_>, Vec<_>) = tree(folder.path())
        .into_iter()
        .partition(|(path, _)| path.starts_with("a/b/out"));
    assert_eq!(outside, before, "nothing outside of the folder moved");
    let records = tree(&out.join("servers"));
    assert_eq!(records.len(), names.len(), "each has a record");
    for (path, _) in inside {
        for part in path.iter().map(|part| part.to_str().unwrap()) {
            assert!(part.len() <= 100, "{part}");
            let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(part.chars().all(safe) && !part.starts_with('.'), "{part}");
        }
    }
}

#[test]
fn hostile_names_reach_neither_paths_nor_terminals() {
    let payload = "../../\u{1b}]0;x\u{7}\u{202e}<b>\u{e0041}";
    let server = Server::start(move |request| {
        if request.json()["method"] == "initialize" {
            let info = json!({"name": payload, "version": "1"});
            let result =
                json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": info});
            return Answer::json(200, mcp::result(request, result)).with("Mcp-Session-Id", "s-1");
        }
        mcp::legacy(request, json!([{"name": payload, "description": payload}]))
    });
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for format in ["text", "json", "jsonl"] {
        let output = run(&[
            "scan",
            "-C",
            text(&out),
            "--format",
            format,
            "-v",
            &server.url("/mcp"),
            "--timeout",
            "4s",
        ]);
        let everything = stdout(&output) + &stderr(&output);
        assert!(everything.contains("listed"), "{everything}");
        let odd = everything.chars().find(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e007f}')
        });
        assert_eq!(odd, None, "{format}: {everything:?}");
        if format == "jsonl" {
            assert_eq!(
                rows(&output)[0]["name"],
                payload,
                "JSON holds the text itself"
            );
        }
    }
    let outside: Vec<_> = tree(folder.path())
        .into_iter()
        .filter(|(path, _)| !path.starts_with("out"))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
}
