//! What hostile servers cost: memory, one by one and many at once.

use super::{json_head, list_file, stream};
use crate::support::mcp::{self, tools};
use crate::support::server::{Answer, Server};
use crate::support::{text, toolrisk};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

/// `gzip` of these bytes, quickly.
pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Scans these URLs as a list; gives how often each outcome was, and the peak of resident memory
/// in MiB, as the kernel counts it.
fn peak(urls: &[String], timeout: &str) -> (BTreeMap<String, usize>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let list = list_file(folder.path(), urls);
    let mut child = toolrisk()
        .args([
            "scan",
            "--from",
            &list,
            "-C",
            text(&folder.path().join("out")),
        ])
        .args(["--format", "jsonl", "--timeout", timeout])
        .args([
            "--allow-net",
            "127.0.0.0/8",
            "--per-host",
            "64",
            "--concurrency",
            "64",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).unwrap();
        said
    });
    // The mark only rises, so that the last look is as good as one at the end.
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = mark.and_then(|mark| mark.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut outcomes = BTreeMap::new();
    for line in reader.join().unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let outcome = row["outcome"].as_str().unwrap().to_owned();
        *outcomes.entry(outcome).or_default() += 1;
    }
    (outcomes, peak >> 10)
}

/// Ways to be large, and one good server; the first word of the path says which.
fn large() -> Server {
    let bomb = gzipped(&vec![b' '; 40 << 20]);
    Server::start(move |request| {
        if request.json()["method"] != "tools/list" {
            return mcp::legacy(request, json!([]));
        }
        let quick = Duration::ZERO;
        match request.path.split('/').nth(1).unwrap_or_default() {
            "body" => Answer::Endless(200, json_head(), quick, vec![b' '; 64 << 10]),
            "list" => Answer::Endless(
                200,
                json_head(),
                quick,
                b"{\"name\":\"get_x\"},".repeat(4096),
            ),
            "event" => {
                let line = [b"data: ".as_slice(), &vec![b'x'; 64 << 10], b"\n"].concat();
                Answer::Endless(200, stream(), quick, line)
            }
            "bomb" => {
                Answer::Plain(200, json_head(), bomb.clone()).with("Content-Encoding", "gzip")
            }
            _ => mcp::legacy(request, json!(tools(20))),
        }
    })
}

#[test]
fn one_that_is_endless_costs_no_more_than_the_limit_on_a_message() {
    let server = large();
    let (outcomes, good) = peak(&[server.url("/good")], "30s");
    assert_eq!(outcomes["listed"], 1);
    for kind in ["body", "list", "event", "bomb"] {
        let (outcomes, peak) = peak(&[server.url(&format!("/{kind}"))], "30s");
        assert_eq!(outcomes.get("too_large"), Some(&1), "{kind}: {outcomes:?}");
        assert!(
            peak < good + 40,
            "{kind}: {peak} MiB, {good} for a good one"
        );
    }
}

#[test]
fn sixty_four_hostile_servers_at_once_stay_under_300_mib() {
    let server = large();
    let kinds = ["body", "list", "event", "bomb"];
    let urls: Vec<String> = (0..64)
        .map(|n| server.url(&format!("/{}/{n}", kinds[n % 4])))
        .collect();
    let (outcomes, peak) = peak(&urls, "60s");
    assert_eq!(outcomes.get("too_large"), Some(&64), "{outcomes:?}");
    assert!(peak < 300, "{peak} MiB");
}
