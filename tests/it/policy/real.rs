//! `hardened` in front of real servers that we did not write: what must be blocked, and what must
//! still work.

use crate::support::{peer, run, stderr, stdout, text};
use serde_json::{Value, json};

/// Lists a real server, makes its hardened policy and holds calls against it.
fn hold(command: &[&str], allowed: &[(&str, Value)], denied: &[(&str, Value)]) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let catalogue = file("catalogue");
    let mut scan = vec!["scan", "-C", text(&catalogue), "--name", "real"];
    scan.extend(["--fail-on-unlisted", "--"]);
    scan.extend(command);
    // A busy machine can be slower in starting an interpreter than the scanner waits.
    let listed = (0..3).any(|_| run(&scan).status.success());
    assert!(listed, "the server could not be listed: {command:?}");
    let output = run(&[
        "policy",
        "generate",
        "real",
        "-C",
        text(&catalogue),
        "--preset",
        "hardened",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (policy, calls) = (file("policy.json"), file("calls.jsonl"));
    std::fs::write(&policy, &output.stdout).unwrap();
    let line = |(tool, arguments): &(&str, Value), expect: &str| {
        json!({"tool": tool, "arguments": arguments, "expect": expect}).to_string()
    };
    let lines: Vec<String> = allowed
        .iter()
        .map(|call| line(call, "allow"))
        .chain(denied.iter().map(|call| line(call, "deny")))
        .collect();
    std::fs::write(&calls, lines.join("\n")).unwrap();
    let output = run(&["policy", "test", text(&policy), text(&calls)]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let blocked = stdout(&output)
        .lines()
        .filter(|l| l.contains(": deny"))
        .count();
    assert_eq!(blocked, denied.len());
}

#[test]
fn a_filesystem_server() {
    let Some(program) = peer("node_modules/.bin/mcp-server-filesystem") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| json!({ "path": name });
    hold(
        &[&program, text(folder.path())],
        &[
            ("read_text_file", path("/srv/data/notes.txt")),
            ("read_text_file", json!({"path": "notes.txt", "head": 5})),
            (
                "read_multiple_files",
                json!({"paths": ["a.txt", "b/c.txt"]}),
            ),
            ("list_directory", path("/home/me/project")),
            (
                "list_directory_with_sizes",
                json!({"path": ".", "sortBy": "size"}),
            ),
            (
                "directory_tree",
                json!({"path": "src", "excludePatterns": ["*.bak"]}),
            ),
            (
                "search_files",
                json!({"path": "docs", "pattern": "**/*.md"}),
            ),
            ("get_file_info", path("docs/.gitignore")),
            ("list_allowed_directories", json!({})),
            (
                "write_file",
                json!({"path": "out/a.txt", "content": "see ../../etc/shadow"}),
            ),
            ("create_directory", path("out/new")),
            (
                "edit_file",
                json!({"path": "a.txt", "edits": [{"oldText": "..", "newText": "/etc"}]}),
            ),
            (
                "move_file",
                json!({"source": "a.txt", "destination": "b.txt"}),
            ),
        ],
        &[
            ("read_text_file", path("../../etc/shadow")),
            ("read_text_file", path("/etc/shadow")),
            ("read_text_file", path("/srv/data/../../etc/shadow")),
            ("read_text_file", json!({"path": ["../../etc/shadow"]})),
            ("read_text_file", json!({})),
            (
                "read_multiple_files",
                json!({"paths": ["a.txt", "../../etc/shadow"]}),
            ),
            ("list_directory", path("/proc")),
            ("directory_tree", path("..")),
            ("search_files", json!({"path": "/root", "pattern": "*"})),
            ("get_file_info", path("/home/me/.ssh/id_ed25519")),
            (
                "write_file",
                json!({"path": "/etc/cron.d/x", "content": "x"}),
            ),
            ("create_directory", path("..\\x")),
            ("edit_file", json!({"path": "/usr/bin/x", "edits": []})),
            (
                "move_file",
                json!({"source": "a.txt", "destination": "../../b"}),
            ),
            (
                "list_directory_with_sizes",
                json!({"path": ".", "sortBy": "owner"}),
            ),
            ("no_such_tool", json!({})),
        ],
    );
}

#[test]
fn a_fetch_server() {
    let Some(program) = peer("venv/bin/mcp-server-fetch") else {
        return;
    };
    let url = |url: &str| json!({ "url": url });
    hold(
        &[&program],
        &[
            ("fetch", url("https://example.com/")),
            (
                "fetch",
                json!({"url": "https://docs.example.org/a/b?c=d#e", "max_length": 100}),
            ),
            ("fetch", url("https://xn--bcher-kva.example/")),
        ],
        &[
            ("fetch", url("http://169.254.169.254/")),
            ("fetch", url("http://169.254.169.254/latest/meta-data/iam/")),
            ("fetch", url("https://169.254.169.254/")),
            ("fetch", url("https://[::ffff:a9fe:a9fe]/")),
            ("fetch", url("https://2852039166/")),
            ("fetch", url("https://metadata.google.internal/")),
            ("fetch", url("http://localhost:8080/")),
            ("fetch", url("https://10.0.0.1/")),
            ("fetch", url("file:///etc/passwd")),
            ("fetch", json!({"url": ["http://169.254.169.254/"]})),
            ("fetch", json!({})),
        ],
    );
}
