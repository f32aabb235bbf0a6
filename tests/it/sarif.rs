//! What is called SARIF is SARIF, by the schema of version 2.1.0 that its makers publish.

use crate::support::project::{code, project, root, run_in};
use crate::support::{peer, run, stderr, stdout, text};
use serde_json::{Value, json};
use std::fs;

const SCHEMA: &str = "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";

/// The published schema, where it is installed.
fn schema() -> Option<jsonschema::Validator> {
    let text = fs::read_to_string(peer(SCHEMA)?).unwrap();
    // A pattern in it has a bracket too many, which only some dialects of expressions take as it is.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    Some(jsonschema::validator_for(&schema).unwrap())
}

fn assert_valid(validator: &jsonschema::Validator, log: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
    let mut wrong = log.clone();
    wrong["runs"][0]["tool"] = json!({});
    assert!(
        !validator.is_valid(&wrong),
        "{what}: the schema refuses what is none"
    );
}

#[test]
fn check_writes_valid_sarif_whatever_it_found() {
    let Some(validator) = schema() else {
        return;
    };
    let folder = project("dangerous");
    let folder = folder.path();
    let sarif = |more: &[&str]| -> Value {
        let offline = ["check", "--offline", "lists", "--format", "sarif"];
        let output = run_in(folder, &[&offline[..], more].concat());
        assert!([0, 2].contains(&code(&output)), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    let open = sarif(&[]);
    assert_valid(&validator, &open, "open issues");
    run_in(
        folder,
        &[
            "check",
            "--offline",
            "lists",
            "--write-baseline",
            "base.json",
        ],
    );
    assert_valid(
        &validator,
        &sarif(&["--baseline", "base.json"]),
        "a baseline",
    );
    let reason =
        "[[suppress]]\nrule = \"drift\"\nreason = \"\\\"<x>\\u202e\"\nuntil = \"2999-01-01\"\n";
    fs::write(folder.join(".toolrisk.toml"), reason).unwrap();
    assert_valid(&validator, &sarif(&[]), "a suppression");
    run_in(
        folder,
        &[
            "lock",
            "--offline",
            "lists",
            "--by",
            "ada",
            "--why",
            "wanted",
        ],
    );
    assert_valid(&validator, &sarif(&[]), "an accepted tool");
    // Everything that can be wrong in a configuration, a server without a list, names with spaces.
    let config = json!({"mcpServers": {
        "a b ü": {"command": "bash", "args": ["-c", "x", "--token=c0ffee00c0ffee00"]},
        "like": {"command": "npx", "args": ["@modelcontextprotocol/server-fllesystem"]},
        "open": {"url": "http://host.example/mcp?token=c0ffee00c0ffee00"},
    }});
    fs::create_dir(folder.join("a b")).unwrap();
    fs::write(folder.join("a b/mcp ü.json"), config.to_string()).unwrap();
    let all = sarif(&["--config", "a b/mcp ü.json", "--fail-on", "config"]);
    assert_valid(&validator, &all, "a configuration full of faults");
    let results = all["runs"][0]["results"].as_array().unwrap();
    let place = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "a%20b/mcp%20%C3%BC.json");
    let rules: Vec<&str> = results
        .iter()
        .map(|r| r["ruleId"].as_str().unwrap())
        .collect();
    for rule in [
        "shell-command",
        "lookalike-name",
        "plain-http",
        "secret-in-config",
        "not-scanned",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    assert!(
        !all.to_string().contains("c0ffee"),
        "no secret is in a report"
    );
}

#[test]
fn classify_writes_valid_sarif() {
    let Some(validator) = schema() else {
        return;
    };
    let servers = fs::read_dir(root().join("examples/servers")).unwrap();
    let mut files: Vec<_> = servers.map(|entry| entry.unwrap().path()).collect();
    // Definitions with every kind of text finding, hidden characters and all.
    let poisoned = tempfile::tempdir().unwrap();
    let cases = fs::read_to_string(root().join("tests/it/poison.jsonl")).unwrap();
    let tools: String = cases
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["poison"].to_string() + "\n")
        .collect();
    files.push(poisoned.path().join("poisoned tools.jsonl"));
    fs::write(files.last().unwrap(), tools).unwrap();
    for file in files {
        let output = run(&["classify", text(&file), "--format", "sarif"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let log: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_valid(&validator, &log, text(&file));
    }
}
