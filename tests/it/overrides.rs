//! A wrong label that a person corrects: the same word in every command, marked as theirs.

use crate::support::{run, stderr, stdout, text, toolrisk, tree};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A catalogue of one server with a tool that looks worse than it is, and the server's slug.
fn catalogue(root: &Path) -> (PathBuf, String) {
    let list = root.join("depot.json");
    let tools = json!({"tools": [
        {"name": "delete_everything", "description": "Deletes everything in the depot for good."},
        {"name": "list_items", "description": "List the items."},
    ]});
    fs::write(&list, tools.to_string()).unwrap();
    let catalogue = root.join("catalogue");
    let output = run(&[
        "scan",
        "-C",
        text(&catalogue),
        &format!("file:{}", text(&list)),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let record = tree(&catalogue.join("servers")).remove(0).0;
    let slug = record.file_stem().unwrap().to_str().unwrap().to_owned();
    (catalogue, slug)
}

fn entry(server: &str, category: &str) -> String {
    format!(
        "[[override]]\nserver = \"{server}\"\ntool = \"delete_everything\"\n\
         category = \"{category}\"\nreason = \"the depot is a scratch folder\"\n"
    )
}

fn over(catalogue: &Path, words: &str) {
    fs::write(catalogue.join("overrides.toml"), words).unwrap();
}

#[test]
fn one_override_is_applied_and_shown_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (catalogue, slug) = catalogue(folder.path());
    let list = folder.path().join("depot.json");
    let policy = || -> Value {
        let output = run(&["policy", "generate", &slug, "-C", text(&catalogue)]);
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    let before = policy();
    over(
        &catalogue,
        &(entry(&slug, "Write") + &entry("depot", "Write")),
    );

    let output = run(&[
        "classify",
        text(&list),
        "-C",
        text(&catalogue),
        "--format",
        "jsonl",
    ]);
    let line = stdout(&output).lines().next().unwrap().to_owned();
    let verdict: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(verdict["category"], "Write", "{}", stderr(&output));
    assert_eq!(
        verdict["overridden"],
        json!({"reason": "the depot is a scratch folder", "category": "Destructive", "severity": "critical"})
    );
    let output = run(&["classify", text(&list), "-C", text(&catalogue), "--explain"]);
    let page = stdout(&output);
    assert!(
        page.contains("overridden by a person: the depot is a scratch folder"),
        "{page}"
    );
    assert!(page.contains("by the rules: Destructive"), "{page}");
    let plain = run(&["classify", text(&list), "--format", "jsonl"]);
    assert!(
        !stdout(&plain).contains("overridden"),
        "without -C the rules alone speak"
    );

    assert_ne!(policy(), before, "the policy goes by the override");

    let site = folder.path().join("site");
    let output = run(&["publish", "-C", text(&catalogue), "--out", text(&site)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = site.join(format!("tools/{slug}/delete-everything.html"));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("the depot is a scratch folder"));
    assert!(page.contains("By the rules it is Destructive, critical"));
    let document = site.join(format!("api/v1/servers/{slug}.json"));
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    let tools = document["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|tool| tool["name"] == "delete_everything");
    assert_eq!(tool.unwrap()["overridden"]["category"], "Destructive");

    // Taken away again, the pages are as if it had never been there.
    over(&catalogue, "");
    run(&["publish", "-C", text(&catalogue), "--out", text(&site)]);
    let page = site.join(format!("tools/{slug}/delete-everything.html"));
    assert!(!fs::read_to_string(page).unwrap().contains("scratch folder"));
}

#[test]
fn check_and_lock_go_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let (catalogue, _) = catalogue(folder.path());
    fs::create_dir(folder.path().join("lists")).unwrap();
    fs::copy(
        folder.path().join("depot.json"),
        folder.path().join("lists/depot.json"),
    )
    .unwrap();
    let config =
        json!({"mcpServers": {"depot": {"command": "npx", "args": ["@example/depot@1.0.0"]}}});
    fs::write(folder.path().join(".mcp.json"), config.to_string()).unwrap();
    let check = |more: &[&str]| {
        toolrisk()
            .current_dir(folder.path())
            .args(["check", "--offline", "lists"])
            .args(more)
            .output()
            .unwrap()
    };
    assert_eq!(check(&[]).status.code(), Some(2));
    over(&catalogue, &entry("depot", "Write"));
    assert_eq!(check(&[]).status.code(), Some(2), "only with -C");
    let passed = check(&["-C", "catalogue"]);
    assert_eq!(passed.status.code(), Some(0), "{}", stdout(&passed));
    assert!(
        stderr(&passed).contains("depot: overridden labels: 1"),
        "{}",
        stderr(&passed)
    );
    over(&catalogue, "[[override]]\nserver = \"depot\"\n");
    let refused = check(&["-C", "catalogue"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        stderr(&refused).contains("overrides.toml"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_definition_that_changed_leaves_its_override_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (catalogue, slug) = catalogue(folder.path());
    let lint = || run(&["catalogue", "lint", text(&catalogue)]);
    let record: Value = serde_json::from_slice(&tree(&catalogue.join("servers"))[0].1).unwrap();
    let raw = serde_json::from_value(record["tools"][0].clone()).unwrap();
    let digest = toolrisk::digest::tool_digest(&raw);
    over(
        &catalogue,
        &format!("{}digest = \"{digest}\"\n", entry(&slug, "Write")),
    );
    assert_eq!(lint().status.code(), Some(0), "{}", stdout(&lint()));

    let words = format!(
        "{}digest = \"sha256:{}\"\n{}",
        entry(&slug, "Write"),
        "0".repeat(64),
        entry("no-such-server", "Read")
    );
    over(&catalogue, &words);
    let output = lint();
    assert_eq!(output.status.code(), Some(2));
    let said = stdout(&output);
    assert!(
        said.contains("overrides.toml:1: the override is stale"),
        "{said}"
    );
    assert!(said.contains("another definition"), "{said}");
    assert!(
        said.contains("overrides.toml:7: the override is stale: there is no server"),
        "{said}"
    );
    over(&catalogue, "[[override]]\nreason = 5\n");
    let output = lint();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stdout(&output).contains("overrides.toml"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn the_servers_of_a_catalogue_are_classified() {
    let folder = tempfile::tempdir().unwrap();
    let (catalogue, slug) = catalogue(folder.path());
    over(&catalogue, &entry(&slug, "Write"));
    let classify = |more: &[&str]| run(&[&["classify", "-C", text(&catalogue)], more].concat());

    let verdicts = |output: &std::process::Output| -> Vec<Value> {
        let lines = stdout(output);
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let output = classify(&["--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let whole = verdicts(&output);
    assert_eq!(whole.len(), 2);
    assert_eq!(whole[0]["server"], "depot");
    assert_eq!(whole[0]["category"], "Write");
    assert_eq!(whole[0]["overridden"]["category"], "Destructive");
    assert_eq!(whole[1]["name"], "list_items");

    let lines = stdout(&classify(&[]));
    assert_eq!(lines.lines().next(), Some("depot"), "{lines}");
    let together = stdout(&classify(&["--together"]));
    assert!(
        together.contains("do not have all three legs"),
        "{together}"
    );

    // What was read is told, and who had nothing to read.
    run(&["scan", "-C", text(&catalogue), "http://127.0.0.1:9/mcp"]);
    let output = classify(&["--format", "jsonl"]);
    assert_eq!(verdicts(&output), whole);
    let told = stderr(&output);
    let told = told.trim_end();
    assert!(
        told.starts_with("2 servers, 2 tools; 1 without tools: ") && told.ends_with(" (refused)"),
        "{told}"
    );

    // A record that a crash cut off is told and takes no other with it.
    let shard = catalogue.join("servers").join("zz");
    fs::create_dir_all(&shard).unwrap();
    fs::write(shard.join("zz-0123456789abcdef.json"), "{").unwrap();
    let output = classify(&["--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(verdicts(&output), whole);
    assert!(stderr(&output).contains("skipped: "), "{}", stderr(&output));

    let none = folder.path().join("none");
    fs::create_dir_all(&none).unwrap();
    let output = run(&["classify", "-C", text(&none)]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}
