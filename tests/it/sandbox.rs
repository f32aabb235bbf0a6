//! What a started program can see and do, each of the known traps among it.

use crate::support::{has_sandbox, rows, run, stderr, stdout, text, toolrisk};
use serde_json::Value;
use std::fs;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a shell script as a server and gives the detail of its row: what it said on standard
/// error before it ended.
fn seen(script: &str, more: &[&str], prepare: impl FnOnce(&mut Command)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = toolrisk();
    command.args([
        "scan",
        "-C",
        text(folder.path()),
        "--format",
        "jsonl",
        "--timeout",
        "20s",
    ]);
    command.args(more);
    command.args([
        "--",
        "sh",
        "-c",
        &format!("{{ {script}; }} 2>/dev/null | tr '\\n' ' ' >&2; exit 1"),
    ]);
    prepare(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let row = rows(&output).remove(0);
    row["detail"].as_str().unwrap().to_owned()
}

fn plain(script: &str) -> String {
    seen(script, &[], |_| {})
}

#[test]
fn trap_1_the_environment_of_the_host_is_nowhere_inside() {
    if !has_sandbox() {
        return;
    }
    let script = "cat /proc/*/environ | tr '\\0' '\\n' | grep -c HUNTER_SECRET; echo end";
    let detail = seen(script, &[], |command| {
        command.env("HUNTER_SECRET", "hunter2");
    });
    assert!(detail.contains("said: 0 end"), "{detail}");
}

#[test]
fn trap_2_processes_are_limited_even_for_root() {
    if !has_sandbox() {
        return;
    }
    // Counted by the shell itself: it may be refused any further child.
    let script = "( i=0; while [ $i -lt 400 ]; do sleep 3 & i=$((i+1)); done ) 2>/dev/null; \
                  set -- /proc/[0-9]*; echo count $# >&2; exit 1";
    let folder = tempfile::tempdir().unwrap();
    let output = run(&[
        "scan",
        "-C",
        text(folder.path()),
        "--format",
        "jsonl",
        "--timeout",
        "20s",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let records = crate::support::tree(&folder.path().join("servers"));
    let record: Value = serde_json::from_slice(&records[0].1).unwrap();
    let row = rows(&output).remove(0);
    let detail = row["detail"].as_str().unwrap();
    let count: u64 = detail.rsplit(' ').next().unwrap().parse().expect(detail);
    match record["sandbox"]["processes"].as_u64() {
        Some(limit) => assert!(count > 20 && count <= limit, "{count} of {limit}"),
        None => assert!(
            record["sandbox"]["degraded"]
                .to_string()
                .contains("processes")
        ),
    }
}

#[test]
fn trap_3_descriptors_of_the_host_are_closed() {
    if !has_sandbox() {
        return;
    }
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "planted").unwrap();
    // A shell plants descriptor 9, as a careless parent would, and starts us.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg("exec 9<\"$1\"; shift; exec \"$@\"")
        .args(["sh", text(secret.path()), env!("CARGO_BIN_EXE_toolrisk")])
        .args(["scan", "-C", text(folder.path()), "--format", "jsonl", "--"])
        .args([
            "sh",
            "-c",
            "cat <&9 >&2 2>/dev/null; ls /proc/self/fd | tr '\\n' ' ' >&2; exit 1",
        ])
        .output()
        .unwrap();
    let row = rows(&output).remove(0);
    let detail = row["detail"].as_str().unwrap();
    assert!(
        !detail.contains("planted") && !detail.contains('9'),
        "{detail}"
    );
    assert!(secret.as_file().as_raw_fd() > 2);
}

#[test]
fn trap_4_memory_is_limited_and_node_still_starts() {
    if !has_sandbox() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = run(&[
        "scan",
        "-C",
        text(folder.path()),
        "--format",
        "jsonl",
        "--timeout",
        "20s",
        "--",
        "sh",
        "-c",
        "head -c 900000000 /dev/zero | tail -c 900000000 >/dev/null && echo survived >&2; exit 1",
    ]);
    let record: Value =
        serde_json::from_slice(&crate::support::tree(&folder.path().join("servers"))[0].1).unwrap();
    let detail = rows(&output)[0]["detail"].to_string();
    if record["sandbox"]["memory_mib"].is_u64() {
        // `tail` holds in memory what it is asked for: it was ended, and the record says why.
        assert!(
            detail.contains("it used more than 512 MiB of memory"),
            "{detail}"
        );
    } else {
        assert!(
            record["sandbox"]["degraded"].to_string().contains("memory"),
            "{record}"
        );
    }
    if Path::new("/usr/bin/node").exists() {
        let node = plain("/usr/bin/node -e 'console.log(\"node runs\")'");
        assert!(node.contains("node runs"), "{node}");
    }
}

#[test]
fn without_control_groups_the_limits_hold_all_the_same() {
    use toolrisk::crawl::{Crawler, Options};
    use toolrisk::model::{Source, Target};
    use toolrisk::sandbox::{Bubblewrap, Sandbox};

    if !has_sandbox() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(Bubblewrap::find()).unwrap();
    let hungry = "head -c 900000000 /dev/zero | tail -c 900000000; echo survived >&2; exit 1";
    let bomb =
        "i=0; while [ $i -lt 3000 ]; do sleep 5 & i=$((i+1)); done; echo survived >&2; exit 1";
    let target = |script: &str| {
        let words = ["sh", "-c", script].map(str::to_owned);
        Target::new(Source::Command(words.to_vec()))
    };
    let options = Options {
        sandbox: Sandbox::Bubblewrap(found.without_groups().into()),
        ..Options::default()
    };
    let scanned = Crawler::new(options)
        .run(vec![target(hungry), target(bomb), target("exit 3")], |_| {})
        .unwrap();
    let details: Vec<String> = scanned
        .iter()
        .map(|scanned| scanned.record.detail.clone().unwrap_or_default())
        .collect();
    assert!(details[0].contains("more than 512 MiB"), "{details:?}");
    assert!(!details[1].contains("survived"), "{details:?}");
    assert!(details[2].contains("exit status: 3"), "{details:?}");
    let sandbox = scanned[0].record.sandbox.as_ref().unwrap();
    let degraded = sandbox["degraded"].to_string();
    assert!(degraded.contains("memory_polled"), "{degraded}");
}

#[test]
fn there_is_no_network_unless_it_is_asked_for() {
    if !has_sandbox() {
        return;
    }
    let script = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '";
    assert!(plain(script).contains("said: lo"), "{}", plain(script));
    let with = seen(
        "ls /proc/net/dev; cat /proc/net/dev | wc -l",
        &["--net"],
        |_| {},
    );
    assert!(with.contains("/proc/net/dev"), "{with}");
}

#[test]
fn files_of_the_host_are_shown_only_when_named() {
    if !has_sandbox() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "private").unwrap();
    let script = format!(
        "cat '{}'; ls /home; echo end",
        text(&folder.path().join("file"))
    );
    assert!(!plain(&script).contains("private"));
    let bound = seen(&script, &["--bind", text(folder.path())], |_| {});
    assert!(bound.contains("private"), "{bound}");
    let write = format!(
        "echo x > '{0}'; cat '{0}'",
        text(&folder.path().join("file"))
    );
    seen(&write, &["--bind", text(folder.path())], |_| {});
    assert_eq!(
        fs::read_to_string(folder.path().join("file")).unwrap(),
        "private"
    );
}

#[test]
fn without_bubblewrap_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let marker = folder.path().join("started");
    let output = toolrisk()
        .env("PATH", "/nonexistent")
        .args(["scan", "-C", text(&out), "--", "/bin/sh", "-c"])
        .arg(format!("touch {}", text(&marker)))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("--no-sandbox"),
        "{}",
        stderr(&output)
    );
    assert!(!marker.exists() && !out.exists());
    let output = toolrisk()
        .env("PATH", "/nonexistent")
        .args([
            "scan",
            "-C",
            text(&out),
            "--no-sandbox",
            "--",
            "/bin/sh",
            "-c",
        ])
        .arg(format!(": > {}", text(&marker)))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(marker.exists() && stderr(&output).contains("no sandbox"));
}

#[test]
fn nothing_outlives_the_scan() {
    if !has_sandbox() {
        return;
    }
    let name = format!("31{}", std::process::id());
    let script = format!("setsid nohup sleep {name} >/dev/null 2>&1 & sleep {name} & sleep {name}");
    let folder = tempfile::tempdir().unwrap();
    let output = run(&[
        "scan",
        "-C",
        text(folder.path()),
        "--timeout",
        "1s",
        "--",
        "sh",
        "-c",
        &script,
    ]);
    assert!(stdout(&output).contains("timeout"), "{}", stdout(&output));
    let left = Command::new("pgrep")
        .args(["-f", &format!("sleep {name}")])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert!(
        left.stdout.is_empty(),
        "left: {}",
        String::from_utf8_lossy(&left.stdout)
    );
}

#[test]
fn the_doctor_says_what_holds() {
    if !has_sandbox() {
        return;
    }
    let output = run(&["doctor", "--format", "json"]);
    let checks: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    for id in [
        "bubblewrap",
        "starts",
        "network",
        "host_files",
        "environment",
        "descriptors",
        "processes",
        "memory",
        "disk",
    ] {
        let check = checks.iter().find(|check| check["id"] == id);
        assert_eq!(check.unwrap()["holds"], true, "{id}: {check:?}");
    }
    let all = checks.iter().all(|check| check["holds"] == true);
    assert_eq!(output.status.code(), Some(if all { 0 } else { 2 }));
}
