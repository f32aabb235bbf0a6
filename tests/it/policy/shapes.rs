//! Policies of servers whose tools have the names and schema shapes of well-known ones, described in
//! our own words: what the presets do with each, and which calls get through.

use crate::support::{run, stderr, stdout, text};
use serde_json::{Value, json};
use std::path::Path;

/// Writes a list of tools and makes its policy.
fn policy(folder: &Path, server: &str, tools: &[Value], preset: &str) -> Value {
    let list = folder.join("tools.json");
    std::fs::write(&list, json!({"server": server, "tools": tools}).to_string()).unwrap();
    let output = run(&["policy", "generate", text(&list), "--preset", preset]);
    assert!(output.status.success(), "{}", stderr(&output));
    std::fs::write(folder.join("policy.json"), &output.stdout).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Holds calls against the policy of the folder; each must be decided as expected.
fn hold(folder: &Path, allowed: &[(&str, Value)], denied: &[(&str, Value)]) {
    let line = |(tool, arguments): &(&str, Value), expect: &str| {
        json!({"tool": tool, "arguments": arguments, "expect": expect}).to_string()
    };
    let lines: Vec<String> = allowed
        .iter()
        .map(|call| line(call, "allow"))
        .chain(denied.iter().map(|call| line(call, "deny")))
        .collect();
    let (policy, calls) = (folder.join("policy.json"), folder.join("calls.jsonl"));
    std::fs::write(&calls, lines.join("\n")).unwrap();
    let output = run(&["policy", "test", text(&policy), text(&calls)]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(stdout(&output).lines().count(), lines.len());
}

/// A tool: its name, what it does, its properties, and which of them must be given.
fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> Value {
    json!({"name": name, "description": description, "inputSchema": {
        "type": "object", "properties": properties, "required": required}})
}

/// The fourteen tools of a server of background tasks.
fn tasks() -> Vec<Value> {
    let text = || json!({"type": "string"});
    let project = || json!({"projectRef": text(), "environment": {"type": "string", "enum": ["dev", "prod"]}});
    vec![
        tool(
            "search_docs",
            "Search the documentation",
            json!({"query": text()}),
            &["query"],
        ),
        tool(
            "list_orgs",
            "List the organizations that you belong to",
            json!({}),
            &[],
        ),
        tool("list_projects", "List all projects", json!({}), &[]),
        tool(
            "create_project_in_org",
            "Create a new project in an organization",
            json!({"orgParam": text(), "name": text()}),
            &["name"],
        ),
        tool(
            "initialize_project",
            "Set up the service in a project folder",
            json!({"orgParam": text(), "cwd": text()}),
            &["orgParam"],
        ),
        tool(
            "get_current_worker",
            "Get the worker that is current in an environment",
            project(),
            &[],
        ),
        tool(
            "trigger_task",
            "Trigger a task run with a payload",
            json!({"taskId": text(), "payload": {}}),
            &["taskId", "payload"],
        ),
        tool("list_runs", "List the runs of a project", project(), &[]),
        tool(
            "get_run_details",
            "Get the details of a run",
            json!({"runId": text()}),
            &["runId"],
        ),
        tool(
            "wait_for_run_to_complete",
            "Wait until a run is complete",
            json!({"runId": text()}),
            &["runId"],
        ),
        tool(
            "cancel_run",
            "Cancel a run",
            json!({"runId": text()}),
            &["runId"],
        ),
        tool("deploy", "Deploy the project", project(), &[]),
        tool(
            "list_deploys",
            "List the deployments of a project",
            project(),
            &[],
        ),
        tool(
            "list_preview_branches",
            "List the preview branches of a project",
            project(),
            &[],
        ),
    ]
}

#[test]
fn the_fourteen_tools_of_a_task_server_are_treated_as_the_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let document = policy(folder.path(), "Trigger Dev", &tasks(), "starter");
    let per_minute = |tool: &str, max: u32| {
        json!({"limits": [
            {"counter": format!("{tool}_rate"), "window": "minute", "max": max, "scope": "grant"}]})
    };
    let mut tools = serde_json::Map::new();
    for read in [
        "search_docs",
        "list_orgs",
        "list_projects",
        "get_current_worker",
        "list_runs",
        "get_run_details",
        "list_deploys",
        "list_preview_branches",
        "wait_for_run_to_complete",
    ] {
        tools.insert(read.to_owned(), json!({}));
    }
    for write in ["create_project_in_org", "initialize_project"] {
        tools.insert(write.to_owned(), per_minute(write, 30));
    }
    for execute in ["trigger_task", "deploy"] {
        tools.insert(execute.to_owned(), per_minute(execute, 10));
    }
    let expected =
        json!({"version": "1", "default": "deny", "hide": ["cancel_run"], "tools": tools});
    assert_eq!(document, expected);

    let list = folder.path().join("tools.json");
    let one = run(&["policy", "generate", text(&list), "--tool", "trigger_task"]);
    let one: Value = serde_json::from_slice(&one.stdout).unwrap();
    let published = json!({
        "version": "1",
        "default": "deny",
        "tools": { "trigger_task": per_minute("trigger_task", 10) }
    });
    assert_eq!(one, published);
}

#[test]
fn a_hardened_file_server_keeps_to_its_files() {
    let path = || json!({"path": {"type": "string"}});
    let with = |mut more: Value| {
        more["path"] = json!({"type": "string"});
        more
    };
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let tools = [
        tool(
            "read_text_file",
            "Read a file as text",
            with(json!({"head": {"type": "number"}, "tail": {"type": "number"}})),
            &["path"],
        ),
        tool(
            "read_media_file",
            "Read an image or a sound",
            path(),
            &["path"],
        ),
        tool(
            "read_multiple_files",
            "Read several files at once",
            json!({"paths": texts}),
            &["paths"],
        ),
        tool(
            "write_file",
            "Write a file, or write over one",
            with(json!({"content": {"type": "string"}})),
            &["path", "content"],
        ),
        tool(
            "edit_file",
            "Change lines of a file",
            with(
                json!({"dryRun": {"type": "boolean"}, "edits": {"type": "array", "items": {
                "type": "object", "required": ["oldText", "newText"],
                "properties": {"oldText": {"type": "string"}, "newText": {"type": "string"}}}}}),
            ),
            &["path", "edits"],
        ),
        tool("create_directory", "Create a folder", path(), &["path"]),
        tool("list_directory", "List a folder", path(), &["path"]),
        tool(
            "list_directory_with_sizes",
            "List a folder with the sizes of its files",
            with(json!({"sortBy": {"type": "string", "enum": ["name", "size"]}})),
            &["path"],
        ),
        tool(
            "directory_tree",
            "Get the tree of a folder",
            with(json!({"excludePatterns": texts})),
            &["path"],
        ),
        tool(
            "move_file",
            "Move or rename a file",
            json!({"source": {"type": "string"}, "destination": {"type": "string"}}),
            &["source", "destination"],
        ),
        tool(
            "search_files",
            "Search for files by a pattern",
            with(json!({"pattern": {"type": "string"}, "excludePatterns": texts})),
            &["path", "pattern"],
        ),
        tool(
            "get_file_info",
            "Get size and times of a file",
            path(),
            &["path"],
        ),
        tool(
            "list_allowed_directories",
            "List the folders that may be used",
            json!({}),
            &[],
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let document = policy(folder.path(), "files", &tools, "hardened");
    assert_eq!(document["tools"].as_object().unwrap().len(), tools.len());
    let at = |path: &str| json!({ "path": path });
    hold(
        folder.path(),
        &[
            ("read_text_file", at("/srv/data/notes.txt")),
            ("read_text_file", json!({"path": "notes.txt", "head": 5})),
            ("read_media_file", at("pictures/a.png")),
            (
                "read_multiple_files",
                json!({"paths": ["a.txt", "b/c.txt"]}),
            ),
            ("list_directory", at("/home/me/project")),
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
            ("get_file_info", at("docs/.gitignore")),
            ("list_allowed_directories", json!({})),
            (
                "write_file",
                json!({"path": "out/a.txt", "content": "see ../../etc/shadow"}),
            ),
            ("create_directory", at("out/new..old")),
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
            ("read_text_file", at("../../etc/shadow")),
            ("read_text_file", at("/etc/shadow")),
            ("read_text_file", at("C:\\Windows\\System32\\config\\SAM")),
            ("read_text_file", json!({"path": ["../../etc/shadow"]})),
            ("read_text_file", json!({})),
            ("read_media_file", at("/srv/data/../../etc/shadow")),
            (
                "read_multiple_files",
                json!({"paths": ["a.txt", "../../etc/shadow"]}),
            ),
            ("list_directory", at("/proc/self")),
            (
                "list_directory_with_sizes",
                json!({"path": ".", "sortBy": "owner"}),
            ),
            ("directory_tree", at("..")),
            ("search_files", json!({"path": "/root", "pattern": "*"})),
            ("get_file_info", at("/home/me/.ssh/id_ed25519")),
            (
                "write_file",
                json!({"path": "/etc/cron.d/x", "content": "x"}),
            ),
            ("create_directory", at("..\\x")),
            ("edit_file", json!({"path": "/usr/bin/x", "edits": []})),
            (
                "move_file",
                json!({"source": "a.txt", "destination": "../../b"}),
            ),
            (
                "move_file",
                json!({"source": "../../etc/shadow", "destination": "b"}),
            ),
        ],
    );
}

#[test]
fn a_hardened_fetch_server_keeps_to_the_public_web() {
    let fetch = tool(
        "fetch",
        "Fetch a page from the web and return it as Markdown",
        json!({
            "url": {"type": "string", "format": "uri", "minLength": 1},
            "max_length": {"type": "integer", "default": 5000},
            "start_index": {"type": "integer", "default": 0},
            "raw": {"type": "boolean", "default": false}
        }),
        &["url"],
    );
    let folder = tempfile::tempdir().unwrap();
    policy(folder.path(), "fetch", &[fetch], "hardened");
    let url = |url: &str| ("fetch", json!({ "url": url }));
    hold(
        folder.path(),
        &[
            url("https://example.com/"),
            url("https://docs.example.org/a/b?c=d#e"),
            url("https://xn--bcher-kva.example/"),
            (
                "fetch",
                json!({"url": "https://example.com", "max_length": 100, "raw": true}),
            ),
        ],
        &[
            url("http://169.254.169.254/"),
            url("https://169.254.169.254/latest/meta-data/"),
            url("https://[::ffff:a9fe:a9fe]/"),
            url("https://2852039166/"),
            url("https://metadata.google.internal/"),
            url("http://localhost:8080/"),
            url("https://10.0.0.1/"),
            url("file:///etc/passwd"),
            ("fetch", json!({"url": ["http://169.254.169.254/"]})),
            ("fetch", json!({})),
        ],
    );
}
