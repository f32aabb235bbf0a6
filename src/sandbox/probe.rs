//! What of the sandbox holds on this machine, found by trying.

use super::{Program, ProgramLimits, Sandbox, StartError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What, in snake_case.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// Whether it held.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

/// What is tried: its id, what holds when it passes, a shell script, and whether what it printed is
/// as it should be.
type Case = (&'static str, &'static str, String, fn(&str) -> bool);

/// A word that is put where a sandboxed program must not find it.
const MARKER: &str = "toolrisk-probe-marker";

/// Tries the sandbox: no network, none of the host's files or variables, limits that hold.
pub async fn probe(sandbox: &Sandbox) -> Result<Vec<Check>, StartError> {
    let mut checks = Vec::new();
    let limits = ProgramLimits::default();
    let outside = std::env::temp_dir().join(format!("{MARKER}-{}", std::process::id()));
    // Without the file the check below would pass for the wrong reason.
    let planted = std::fs::write(&outside, MARKER).is_ok();
    let script = |text: &str| Program {
        argv: ["/bin/sh", "-c", text].map(str::to_owned).to_vec(),
        env: BTreeMap::from([("TOOLRISK_PROBE".to_owned(), "given".to_owned())]),
        ..Program::default()
    };
    let mut start = sandbox.start(&script("echo up"), &limits).await?;
    let degraded = start.confinement().degraded.clone();
    let up = output(&mut start).await;
    start.kill().await;
    checks.push(Check {
        id: "starts",
        title: "a program can be started in the sandbox",
        holds: up.trim() == "up",
        seen: up.trim().to_owned(),
    });
    let cases: [Case; 8] = [
        (
            "network",
            "there is no network but its own loopback",
            "cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' \\n'".to_owned(),
            |seen| seen == "lo",
        ),
        (
            "host_files",
            "files of the host are not there",
            format!("cat {} /etc/shadow 2>/dev/null | head -c 40; ls /root 2>/dev/null | head -1", outside.display()),
            str::is_empty,
        ),
        (
            "environment",
            "variables of the host are not there, not even in /proc/1/environ",
            "cat /proc/*/environ | tr '\\0' '\\n' | cut -d= -f1 | grep -v -x -e PATH -e LANG -e TZ -e HOME -e TMPDIR -e PWD -e TOOLRISK_PROBE -e OLDPWD -e SHLVL -e _ | sort -u | head -3".to_owned(),
            str::is_empty,
        ),
        (
            "descriptors",
            "no descriptor of the host is open",
            "ls /proc/self/fd | grep -v -x -e 0 -e 1 -e 2 -e 3 | tr '\\n' ' '".to_owned(),
            str::is_empty,
        ),
        (
            "processes",
            "processes are limited",
            // Counted by the shell itself: it may be refused any further child.
            "( i=0; while [ $i -lt 300 ]; do sleep 2 & i=$((i+1)); done ) 2>/dev/null; set -- /proc/[0-9]*; echo $#".to_owned(),
            |seen| seen.parse::<u32>().is_ok_and(|count| count < 250),
        ),
        (
            "memory",
            "memory is limited",
            // `tail` holds in memory what it is asked for.
            "head -c 900000000 /dev/zero | tail -c 900000000 >/dev/null 2>&1 && echo survived; sleep 0.3".to_owned(),
            str::is_empty,
        ),
        (
            "disk",
            "space in temporary folders is limited",
            "for n in 1 2 3; do head -c 40000000 /dev/zero > /tmp/f$n; done 2>/dev/null; du -sm /tmp | cut -f1".to_owned(),
            |seen| seen.trim().parse::<u64>().is_ok_and(|mib| mib <= 64),
        ),
        (
            "namespaces",
            "no further user namespace can be made",
            "unshare -U true 2>/dev/null && echo made".to_owned(),
            str::is_empty,
        ),
    ];
    for (id, title, text, holds) in cases {
        let mut started = sandbox.start(&script(&text), &limits).await?;
        let seen = output(&mut started).await;
        let overran = started.overran();
        started.kill().await;
        let seen: String = seen.trim().chars().take(120).collect();
        let meets_limit = matches!(id, "processes" | "memory") && overran.is_some();
        checks.push(Check {
            id,
            title,
            holds: (holds(&seen) || meets_limit) && (id != "host_files" || planted),
            seen: overran.unwrap_or_else(|| crate::model::Shown(&seen).to_string()),
        });
    }
    checks.push(Check {
        id: "limits",
        title: "each limit is kept by the kernel, for each program by itself",
        holds: degraded.is_empty(),
        seen: if degraded.is_empty() {
            String::new()
        } else {
            format!("not to be had here: {}", degraded.join(", "))
        },
    });
    let _ = std::fs::remove_file(outside);
    Ok(checks)
}

/// What a started probe prints until its end.
async fn output(started: &mut super::Started) -> String {
    let mut seen = Vec::new();
    if let Some((_stdin, stdout, _stderr)) = started.take_streams() {
        let mut stdout = stdout.take(64 << 10);
        let _ = tokio::time::timeout(Duration::from_secs(10), stdout.read_to_end(&mut seen)).await;
    }
    String::from_utf8_lossy(&seen).into_owned()
}
