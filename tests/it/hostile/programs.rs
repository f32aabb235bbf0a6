//! Programs that misbehave: together they end within one budget and leave nothing behind.

use super::super::support::{has_sandbox, rows, run, stderr, text};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// Each bad program with the outcomes it may have.
const KIT: [(&str, &str, &[&str]); 8] = [
    (
        "a fork bomb",
        ":(){ :|:& };:; sleep 60",
        &["timeout", "crashed"],
    ),
    (
        "memory without end",
        "head -c 4000000000 /dev/zero | tail -c 4000000000; sleep 60",
        &["timeout", "crashed"],
    ),
    (
        "a full disk",
        "i=0; while [ $i -lt 40 ]; do head -c 50000000 /dev/zero > /tmp/$i; i=$((i+1)); done; sleep 60",
        &["timeout"],
    ),
    ("a busy loop", "while :; do :; done", &["timeout"]),
    (
        "children that detach",
        "setsid sh -c 'trap \"\" HUP TERM; sleep 61' >/dev/null 2>&1 & setsid nohup sleep 62 >/dev/null 2>&1 & sleep 63",
        &["timeout"],
    ),
    (
        "deaf to signals",
        "trap '' TERM INT HUP; while :; do sleep 64; done",
        &["timeout"],
    ),
    (
        "output without end and line",
        "cat /dev/zero",
        &["too_large"],
    ),
    (
        "never reads, writes lines",
        "exec <&-; yes '{}'",
        &["not_mcp", "protocol_error", "crashed"],
    ),
];

#[test]
fn a_kit_of_bad_programs_ends_in_one_budget_and_leaves_nothing() {
    if !has_sandbox() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let marker = format!("kit-{}", std::process::id());
    let servers: Vec<Value> = KIT
        .iter()
        .map(|(name, script, _)| json!({"name": name, "command": ["sh", "-c", script, marker]}))
        .collect();
    let list = folder.path().join("list.json");
    std::fs::write(&list, json!({"server": servers}).to_string()).unwrap();
    let start = Instant::now();
    let output = run(&[
        "scan",
        "--from",
        text(&list),
        "-C",
        text(&folder.path().join("out")),
        "--format",
        "jsonl",
        "--timeout",
        "6s",
    ]);
    let took = start.elapsed();
    let rows = rows(&output);
    assert_eq!(rows.len(), KIT.len(), "{}", stderr(&output));
    for (row, (name, _, outcomes)) in rows.iter().zip(KIT) {
        let outcome = row["outcome"].as_str().unwrap();
        assert!(outcomes.contains(&outcome), "{name}: {row}");
    }
    assert!(took < Duration::from_mins(1), "{took:?}");
    let left = || {
        let found = Command::new("pgrep")
            .args(["-f", &marker])
            .output()
            .unwrap();
        String::from_utf8_lossy(&found.stdout).trim().to_owned()
    };
    let end = Instant::now();
    while !left().is_empty() && end.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(left(), "", "processes are left");
}
