use super::*;

fn read(file: &str, text: &str) -> Result<Input, TargetsError> {
    read_input_text(file, text, &Surroundings::default(), &Wanted::default())
}

#[test]
fn every_kind_of_file_is_recognised() {
    use Kind::{Client, Docker, Registry, SavedList, Targets};
    for (file, text, kind, targets) in [
        (
            "t.toml",
            "[[server]]\nurl = 'https://h.example/mcp'\n",
            Targets,
            1,
        ),
        (
            "-",
            "[[server]]\nnpm = 'a'\n[[server]]\npypi = 'b'\n",
            Targets,
            2,
        ),
        ("t.json", r#"{"server": [{"npm": "a"}]}"#, Targets, 1),
        ("-", "# two\nnpm:a\npypi:b\n", Targets, 2),
        ("t.json", r#"[{"npm": "a"}]"#, Targets, 1),
        (
            "mcp.json",
            "// c\n{\"mcpServers\": {\"a\": {\"command\": \"node\",},},}",
            Client,
            1,
        ),
        (
            "mcp.json",
            r#"{"servers": {"a": {"url": "https://h.example/"}}}"#,
            Client,
            1,
        ),
        (
            "config.toml",
            "[mcp_servers.a]\ncommand = 'node'\n",
            Client,
            1,
        ),
        (
            "config.yaml",
            "extensions:\n  a: {type: stdio, cmd: node}\n",
            Client,
            1,
        ),
        (
            "-",
            r#"{"mcpServers": {"a": {"command": "node"}}}"#,
            Client,
            1,
        ),
        (
            "d.json",
            r#"{"servers": [], "metadata": {"count": 0}}"#,
            Registry,
            0,
        ),
        (
            "d.json",
            r#"{"servers": [{"server": {"name": "a", "remotes": [{"url": "https://h.example/"}]}}]}"#,
            Registry,
            1,
        ),
        ("d.json", r#"[{"name": "a", "packages": []}]"#, Registry, 1),
        (
            "server.json",
            r#"{"$schema": "s", "name": "a", "packages": [{"registryType": "npm", "identifier": "a"}]}"#,
            Registry,
            1,
        ),
        (
            "server.json",
            r#"{"$schema": "s", "name": "a", "version": "1"}"#,
            Registry,
            1,
        ),
        (
            "one.json",
            r#"{"server": {"name": "a", "packages": [{"registryType": "oci", "identifier": "a"}]}}"#,
            Registry,
            1,
        ),
        (
            "server.yaml",
            "name: a\ntype: remote\nremote: {url: 'https://h.example/'}\n",
            Docker,
            1,
        ),
        ("saved.json", r#"{"tools": [{"name": "a"}]}"#, SavedList, 1),
        (
            "saved.json",
            r#"{"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}"#,
            SavedList,
            1,
        ),
        (
            "saved.json",
            r#"[{"name": "a", "inputSchema": {}}]"#,
            SavedList,
            1,
        ),
    ] {
        let input = read(file, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (input.kind, input.targets().len()),
            (kind, targets),
            "{text}"
        );
    }
}

#[test]
fn what_is_none_of_them_says_what_it_is_and_what_was_expected() {
    for (file, text, expected) in [
        (
            "f.json",
            "\n{\"a\": 1, \"b\": 2}",
            "f.json:2:1: this is no list of servers that is known: a table with the keys a, b",
        ),
        (
            "f.json",
            "{}",
            "f.json:1:1: this is no list of servers that is known: an empty table",
        ),
        (
            "f.json",
            "[1]",
            "f.json:1:2: this is no list of servers that is known: a list of a number",
        ),
        (
            "f.json",
            "[]",
            "f.json:1:1: this is no list of servers that is known: an empty list",
        ),
        (
            "f.json",
            "\"x\"",
            "f.json:1:1: this is no list of servers that is known: a text",
        ),
        (
            "f.toml",
            "[server_list]\na = 1",
            "f.toml:1:1: this is no list of servers that is known: a table with the keys server_list",
        ),
        (
            "f.yaml",
            "a: 1",
            "f.yaml:1:1: this is no list of servers that is known: a table with the keys a",
        ),
        (
            "-",
            "hello",
            "-:1:1: this is no list of servers that is known: a text",
        ),
        (
            "f.json",
            "",
            "f.json:1:1: not valid JSON: the file is empty",
        ),
        (
            "f.json",
            "{\"mcpServers\": {\n\"a\" 1}}",
            "f.json:2:5: not valid JSON: Expected colon",
        ),
        (
            "f.json",
            "{\"mcpServers\": {",
            "not valid JSON: Unterminated object",
        ),
        (
            "f.json",
            "{\"servers\": [{\"server\": {",
            "f.json:1:26: the file is cut off inside entry 1; whole entries before it: 0",
        ),
        (
            "f.json",
            "[{\"name\": \"a\", \"packages\": []},\n {\"na",
            "f.json:2:6: the file is cut off inside entry 2; whole entries before it: 1",
        ),
        (
            "f.toml",
            "[[server]]\nurl = https://h",
            "f.toml:2:7: not valid TOML",
        ),
        (
            "f.toml",
            "[[server]]\nurl = 'https://h.example/'\nnpm = 'a'",
            "f.toml line 1: the server has none, or more than one",
        ),
        (
            "f.toml",
            "[[server]]\nnpm = '../x'",
            "line 1: \"../x\" is no npm package name",
        ),
        ("-", r#"{"tools": []}"#, "- is a saved tools list"),
        (
            "f.json",
            r#"{"tools": []"#,
            "not valid JSON: Unterminated object",
        ),
    ] {
        let error = read(file, text).unwrap_err();
        assert!(
            error.message.contains(expected),
            "{text}\n{}\n{expected}",
            error.message
        );
        assert!(!error.help.is_empty());
    }
}

#[test]
fn what_cannot_be_scanned_keeps_its_place_among_the_targets() {
    let input = read(
        "d.json",
        "[{\"name\": \"a\", \"packages\": [{\"registryType\": \"npm\", \"identifier\": \"a\"}, {\"registryType\": \"oci\", \"identifier\": \"a\"}]},\n\
          {\"name\": \"b\", \"packages\": [{\"registryType\": \"oci\", \"identifier\": \"x/b:1\"}]},\n\
          {\"name\": \"c\", \"status\": \"deleted\", \"packages\": []},\n\
          {\"name\": \"d\", \"packages\": [{\"registryType\": \"pypi\", \"identifier\": \"d;rm\"}]},\n\
          {\"name\": \"e\", \"packages\": [{\"registryType\": \"pypi\", \"identifier\": \"e\"}]}]",
    )
    .unwrap();
    let targets = input.targets();
    let shown: Vec<(&str, String)> = targets
        .iter()
        .map(|target| (target.name.as_deref().unwrap(), target.public().label()))
        .collect();
    let expected = [
        ("a", "npm:a"),
        ("b", "unsupported: container image `x/b:1`"),
        ("d", "invalid: \"d;rm\" is no PyPI package name"),
        ("e", "pypi:e"),
    ];
    assert_eq!(
        shown,
        expected.map(|(name, label)| (name, label.to_owned()))
    );
    assert_eq!(
        input.notes(),
        ["d.json: 5 entries, 2 to scan; not scanned: 2 unsupported, 1 deleted, 1 invalid"]
    );
}

#[test]
fn a_project_folder_gives_all_its_configurations() {
    let project = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = project.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let path = project.path().to_string_lossy().into_owned();
    let read = || read_input(&path, &Surroundings::default(), &Wanted::default());
    assert!(
        read()
            .unwrap_err()
            .message
            .contains("holds no list of servers")
    );
    put(".vscode/settings.json", "{\"editor.tabSize\": 2}");
    assert!(read().is_err());
    put(
        ".mcp.json",
        r#"{"mcpServers": {"off": {"command": "x", "disabled": true}, "a": {"command": "${workspaceFolder}/s"}}}"#,
    );
    put(
        ".vscode/mcp.json",
        "\u{feff}{\"servers\": {\"b\": {\"command\": \"${workspaceFolder}/s\"}}}",
    );
    let input = read().unwrap();
    assert_eq!(input.reading.entries, 3);
    for (target, _) in &input.reading.targets {
        let Source::Command(argv) = &target.source else {
            panic!()
        };
        assert_eq!(argv[0], format!("{path}/s"));
    }
    let servers: Vec<(bool, &str, Option<usize>)> = input
        .servers
        .iter()
        .map(|(file, server)| (file.starts_with(&path), server.name.as_str(), server.target))
        .collect();
    assert_eq!(
        servers,
        [
            (true, "off", None),
            (true, "a", Some(0)),
            (true, "b", Some(1))
        ]
    );
    put(".cursor/mcp.json", "{");
    assert!(read().unwrap_err().message.contains("mcp.json:1:"));
}

#[test]
fn a_docker_folder_gives_remotes_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "servers/a/server.yaml",
        "name: a\ntype: server\nimage: x/a\n",
    );
    put("servers/a/tools.json", r#"[{"name": "t"}]"#);
    put(
        "servers/b/server.yaml",
        "name: b\ntype: remote\nremote: {url: 'https://b.example/'}\n",
    );
    put(
        "servers/c/server.yaml",
        "name: c\ntype: server\nimage: x/c\n",
    );
    let path = folder.path().to_string_lossy().into_owned();
    let input = read_input(&path, &Surroundings::default(), &Wanted::default()).unwrap();
    let names: Vec<String> = input
        .targets()
        .into_iter()
        .filter_map(|target| target.name)
        .collect();
    assert_eq!(names, ["b", "c", "a"]);
    assert_eq!((input.kind, input.lists.len()), (Kind::Docker, 1));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error =
        read_input("no/such.json", &Surroundings::default(), &Wanted::default()).unwrap_err();
    assert!(
        error.message.starts_with("cannot read no/such.json: "),
        "{}",
        error.message
    );
}

#[test]
fn the_lists_that_come_with_the_program_can_be_read() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/catalogue/targets/starter.toml"
    );
    let input = read_input(file, &Surroundings::default(), &Wanted::default()).unwrap();
    let targets = input.targets();
    assert!(targets.len() >= 120, "{}", targets.len());
    let mut identities = std::collections::BTreeSet::new();
    for target in &targets {
        assert!(
            identities.insert(target.identity()),
            "twice: {}",
            target.identity()
        );
        match &target.source {
            Source::Npm { version, .. } | Source::Pypi { version, .. } => {
                assert!(version.is_some(), "not pinned: {}", target.identity());
            }
            Source::Url { url, .. } => assert!(url.starts_with("https://"), "{url}"),
            other => panic!("{other:?}"),
        }
    }
}
