//! Asking again: who is due, who waits, and who is gone.

use crate::support::mcp;
use crate::support::server::{Answer, Server};
use crate::support::{stderr, stdout, text, toolrisk, tree};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

/// 22 November 2026, midnight.
const START: u64 = 1_795_305_600;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn at(seconds: u64, arguments: &[&str]) -> Output {
    toolrisk()
        .env("SOURCE_DATE_EPOCH", seconds.to_string())
        .args(arguments)
        .output()
        .unwrap()
}

fn scan(seconds: u64, folder: &Path, url: &str, more: &[&str]) -> Output {
    let arguments = [&["scan", "-C", text(folder), url][..], more].concat();
    let output = at(seconds, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    output
}

/// The first row of `catalogue due`.
fn row(seconds: u64, folder: &Path) -> Value {
    let output = at(
        seconds,
        &["catalogue", "due", text(folder), "--format", "jsonl"],
    );
    serde_json::from_str(stdout(&output).lines().next().unwrap()).unwrap()
}

#[test]
fn a_list_is_asked_for_again_when_it_is_old_and_the_server_agrees() {
    let server = Server::start(|request| {
        let mut answer = mcp::modern(request, json!(mcp::tools(1)));
        if let Answer::Plain(_, _, body) = &mut answer
            && let Ok(mut value) = serde_json::from_slice::<Value>(body)
            && value["result"].get("ttlMs").is_some()
        {
            value["result"]["ttlMs"] = json!(6 * HOUR * 1_000);
            *body = value.to_string().into_bytes();
        }
        answer
    });
    let folder = tempfile::tempdir().unwrap();
    let url = server.url("/mcp");
    let asked = || server.requests().len();
    scan(START, folder.path(), &url, &[]);
    let first = asked();
    let record = tree(&folder.path().join("servers"));
    assert!(
        !String::from_utf8_lossy(&record[0].1).contains("ttl"),
        "no record moves with it"
    );
    let early = scan(START + 2 * HOUR, folder.path(), &url, &["--stale", "1h"]);
    assert!(
        stderr(&early).contains("0 of 1 targets are due"),
        "{}",
        stderr(&early)
    );
    scan(
        START + 2 * HOUR,
        folder.path(),
        &url,
        &["--since", "2026-11-22"],
    );
    assert_eq!(asked(), first, "nobody was asked");
    scan(START + 7 * HOUR, folder.path(), &url, &["--stale", "1h"]);
    let second = asked();
    assert!(second > first);
    scan(
        START + 14 * HOUR,
        folder.path(),
        &url,
        &["--since", "2026-11-22T06:00:00Z"],
    );
    assert_eq!(asked(), second, "it was listed since");
    scan(
        START + 14 * HOUR,
        folder.path(),
        &url,
        &["--since", "2026-11-22T08:00:00Z"],
    );
    assert!(asked() > second);
    assert_eq!(tree(&folder.path().join("servers")), record);
    let wrong = at(START, &["scan", &url, "--since", "yesterday"]);
    assert_eq!(wrong.status.code(), Some(3));
}

#[test]
fn a_server_is_gone_after_three_failures_in_a_week_and_its_record_stays() {
    static UP: AtomicBool = AtomicBool::new(true);
    let server = Server::start(|request| {
        if UP.load(Ordering::SeqCst) {
            mcp::legacy(request, json!(mcp::tools(2)))
        } else {
            Answer::status(404)
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let url = server.url("/mcp");
    scan(START, folder.path(), &url, &[]);
    let before = tree(&folder.path().join("servers"));
    UP.store(false, Ordering::SeqCst);
    for (day, gone) in [(1, false), (4, false), (8, true)] {
        let output = scan(START + day * DAY, folder.path(), &url, &["--stale", "1h"]);
        assert!(
            stderr(&output).contains("1 of 1 targets are due"),
            "{}",
            stderr(&output)
        );
        let row = row(START + day * DAY, folder.path());
        assert_eq!(row["gone"], gone, "{row}");
        assert_eq!(row["due"], false, "a failure is backed off: {row}");
    }
    assert_eq!(tree(&folder.path().join("servers")), before);
    let again = at(
        START + 8 * DAY,
        &["scan", "-C", text(folder.path()), &url, "--stale", "1h"],
    );
    assert!(
        stderr(&again).contains("gone, by three failures"),
        "{}",
        stderr(&again)
    );
    UP.store(true, Ordering::SeqCst);
    scan(START + 9 * DAY, folder.path(), &url, &["--stale", "1h"]);
    assert_eq!(row(START + 9 * DAY, folder.path())["gone"], false);
}
