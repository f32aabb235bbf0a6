use super::*;
use crate::targets::Environment;
use crate::targets::document::Syntax;
use std::fmt::Write as _;

fn around() -> Surroundings {
    Surroundings {
        environment: Environment::of(&[("TOKEN_A", "hunter2hunter2"), ("HOST", "h.example")]),
        home: Some("/home/u".to_owned()),
        project: Some("/src/p".to_owned()),
    }
}

fn config(text: &str, syntax: Syntax) -> ClientConfig {
    let document = Document::parse("c", text, syntax).unwrap();
    assert!(is_config(&document.root));
    read(&document, &around()).unwrap()
}

fn json(text: &str) -> ClientConfig {
    config(text, Syntax::Json)
}

fn one(config: ClientConfig) -> Target {
    assert!(
        config.reading.skipped.is_empty(),
        "{:?}",
        config.reading.skipped
    );
    let [(target, _)] = config.reading.targets.try_into().unwrap();
    target
}

fn npm(target: &Target) -> (&str, Option<&str>) {
    match &target.source {
        Source::Npm { package, version } => (package, version.as_deref()),
        other => panic!("{other:?}"),
    }
}

fn url(target: &Target) -> (&str, Option<HttpTransport>) {
    match &target.source {
        Source::Url { url, transport } => (url, *transport),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_common_shape_with_comments_and_trailing_commas() {
    let config = json(
        "{\n  // mine\n  \"mcpServers\": {\n    \"notes\": {\n      \"command\": \"npx\",\n      \
         \"args\": [\"-y\", \"@example/notes@1.2.3\", \"--dir\", \"${userHome}/n\",],\n      \
         \"env\": {\"KEY\": \"${TOKEN_A}\", \"N\": 3,},\n    },\n    \"web\": {\"url\": \
         \"https://web.example/mcp\", \"headers\": {\"Authorization\": \"Bearer $TOKEN_A\"}},\n  },\n}",
    );
    let [(notes, at), (web, _)] = &config.reading.targets[..] else {
        panic!()
    };
    assert_eq!(notes.name.as_deref(), Some("notes"));
    assert_eq!(npm(notes), ("@example/notes", Some("1.2.3")));
    assert_eq!(notes.args, ["--dir", "/home/u/n"]);
    assert_eq!(notes.env["KEY"].reveal(), "hunter2hunter2");
    assert_eq!(notes.env["N"].reveal(), "3");
    assert_eq!(notes.origin, Origin::User);
    assert_eq!((at.line, at.column), (4, 5));
    assert_eq!(url(web), ("https://web.example/mcp", None));
    assert_eq!(
        web.headers["Authorization"].reveal(),
        "Bearer hunter2hunter2"
    );
    assert_eq!(
        config.servers[0].values[0].1.reveal(),
        "${TOKEN_A}",
        "as written"
    );
    assert_eq!(
        config.servers[0].command[2].reveal(),
        "@example/notes@1.2.3"
    );
    assert_eq!(config.servers[1].target, Some(1));
}

#[test]
fn every_dialect_names_its_servers() {
    let cases = [
        // An editor's own file, its settings in both spellings.
        (
            Syntax::Json,
            r#"{"servers": {"s": {"type": "stdio", "command": "node", "args": ["x.js"]}}, "inputs": []}"#,
        ),
        (
            Syntax::Json,
            r#"{"editor.tab": 2, "mcp": {"inputs": [], "servers": {"s": {"command": "node", "args": ["x.js"]}}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"mcp.servers": {"s": {"command": "node", "args": ["x.js"]}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"context_servers": {"s": {"command": {"path": "node", "args": ["x.js"], "env": {"A": "b"}}}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"context_servers": {"s": {"source": "custom", "command": "node", "args": ["x.js"]}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"mcp": {"s": {"type": "local", "command": ["node", "x.js"], "environment": {"A": "b"}, "enabled": true}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"projects": {"/src/p": {"mcpServers": {"s": {"command": "node", "args": ["x.js"]}}}, "/q": {}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"mcp": {"allowed": ["s"], "excluded": []}, "mcpServers": {"s": {"command": "node", "args": ["x.js"]}}}"#,
        ),
        (
            Syntax::Json,
            r#"{"s": {"command": "node", "args": ["x.js"]}}"#,
        ),
        (
            Syntax::Toml,
            "model = 'm'\n[mcp_servers.s]\ncommand = 'node'\nargs = ['x.js']\n",
        ),
        (
            Syntax::Yaml,
            "extensions:\n  s:\n    type: stdio\n    cmd: node\n    args: [x.js]\n    envs: {A: b}\n    enabled: true\n    timeout: 300\n",
        ),
        (
            Syntax::Yaml,
            "mcpServers:\n  - name: s\n    command: node\n    args:\n      - x.js\n",
        ),
    ];
    for (syntax, text) in cases {
        let target = one(config(text, syntax));
        assert_eq!(
            target.source,
            Source::Command(vec!["node".into(), "x.js".into()]),
            "{text}"
        );
        assert_eq!(target.name.as_deref(), Some("s"), "{text}");
        assert_eq!(
            target.env.contains_key("A"),
            text.contains("\"A\"") || text.contains("A:"),
            "{text}"
        );
    }
}

#[test]
fn every_spelling_of_an_endpoint() {
    use HttpTransport::{Sse, StreamableHttp};
    for (entry, transport) in [
        (r#""url": "@U""#, None),
        (r#""serverUrl": "@U""#, None),
        (r#""httpUrl": "@U""#, Some(StreamableHttp)),
        (r#""type": "http", "url": "@U""#, Some(StreamableHttp)),
        (
            r#""type": "streamable_http", "uri": "@U""#,
            Some(StreamableHttp),
        ),
        (
            r#""type": "streamable-http", "url": "@U""#,
            Some(StreamableHttp),
        ),
        (
            r#""type": "streamableHttp", "url": "@U""#,
            Some(StreamableHttp),
        ),
        (r#""type": "sse", "url": "@U""#, Some(Sse)),
        (r#""transport": "sse", "url": "@U""#, Some(Sse)),
        (r#""type": "remote", "url": "@U""#, None),
    ] {
        let text = format!(r#"{{"mcpServers": {{"s": {{{entry}}}}}}}"#)
            .replace("@U", "https://${HOST}/mcp");
        assert_eq!(
            url(&one(json(&text))),
            ("https://h.example/mcp", transport),
            "{entry}"
        );
    }
}

#[test]
fn credentials_come_from_the_environment_by_every_key() {
    let text = "[mcp_servers.a]\nurl = 'https://a.example/mcp'\nbearer_token_env_var = 'TOKEN_A'\n\
                http_headers = { X = 'y' }\nenv_http_headers = { Z = 'TOKEN_A', N = 'NONE_B' }\n\
                [mcp_servers.b]\ncommand = 'node'\nenv_vars = ['TOKEN_A', { name = 'NONE_A' }]\n";
    let config = config(text, Syntax::Toml);
    let [(a, _), (b, _)] = &config.reading.targets[..] else {
        panic!()
    };
    let headers: Vec<(&str, &str)> = a
        .headers
        .iter()
        .map(|(k, v)| (k.as_str(), v.reveal()))
        .collect();
    assert_eq!(
        headers,
        [
            ("Authorization", "Bearer hunter2hunter2"),
            ("X", "y"),
            ("Z", "hunter2hunter2")
        ]
    );
    assert_eq!(a.missing, ["NONE_B"]);
    assert_eq!(b.env["TOKEN_A"].reveal(), "hunter2hunter2");
    assert_eq!(b.missing, ["NONE_A"]);
}

#[test]
fn userinfo_becomes_a_header() {
    let target = one(json(
        r#"{"mcpServers": {"s": {"url": "https://u:${TOKEN_A}@h.example/mcp"}}}"#,
    ));
    assert_eq!(url(&target).0, "https://h.example/mcp");
    assert!(
        target.headers["Authorization"]
            .reveal()
            .starts_with("Basic ")
    );
    assert!(!format!("{target:?}").contains("hunter2"));
}

#[test]
fn what_has_no_value_is_missing_by_name() {
    let config = json(
        r#"{"inputs": [{"id": "pw", "type": "promptString", "password": true, "default": "x"},
                       {"id": "zone", "type": "promptString", "default": "eu"}],
            "servers": {"s": {"url": "https://${NO_HOST}/mcp",
               "headers": {"A": "${input:pw}", "B": "${input:zone}", "C": "${env:NO_C:-dflt}"}}}}"#,
    );
    let target = one(config);
    assert_eq!(target.missing, ["NO_HOST", "input:pw"]);
    assert_eq!(target.headers["B"].reveal(), "eu");
    assert_eq!(target.headers["C"].reveal(), "dflt");
}

#[test]
fn what_cannot_be_a_target_is_told_with_its_reason() {
    let config = json(
        r#"{"mcpServers": {
            "off": {"command": "node", "disabled": true},
            "off2": {"command": "node", "enabled": false},
            "image": {"command": "docker", "args": ["run", "-i", "--rm", "-e", "K", "example/x:1"]},
            "evil": {"command": "npx", "args": ["-y", "../../x;rm"]},
            "ftp": {"url": "ftp://h.example/x"},
            "bad": {"url": "https://u:hunter2@:99999/mcp"},
            "none": {"args": ["x"]},
            "ext": {"source": "extension", "settings": {}}}}"#,
    );
    let told: Vec<(&str, Reason)> = config
        .reading
        .skipped
        .iter()
        .map(|s| (s.name.as_str(), s.reason))
        .collect();
    assert_eq!(
        told,
        [
            ("off", Reason::Disabled),
            ("off2", Reason::Disabled),
            ("image", Reason::Unsupported),
            ("evil", Reason::Invalid),
            ("ftp", Reason::Invalid),
            ("bad", Reason::Invalid),
            ("none", Reason::Nothing),
            ("ext", Reason::Unsupported),
        ]
    );
    assert_eq!(config.reading.entries, 8);
    assert_eq!(config.servers.len(), 8);
    assert!(config.reading.targets.is_empty());
    assert!(!config.servers[0].enabled && config.servers[2].enabled);
    let all: String = config
        .reading
        .skipped
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        all.contains("example/x:1") && all.contains("../../x;rm"),
        "{all}"
    );
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn no_secret_in_debug_display_or_notes() {
    let secret = "hunter2hunter2";
    let text = format!(
        r#"{{"mcpServers": {{
            "a": {{"command": "node", "args": ["--token={secret}"], "env": {{"K": "{secret}"}}, "cwd": "/{secret}"}},
            "a": {{"url": "https://h.example/mcp?key={secret}", "headers": {{"X": "{secret}"}}}},
            "b": {{"url": "https://u:{secret}@:99999/mcp"}},
            "c": {{"url": "nonsense {secret}"}}}}}}"#
    );
    let config = json(&text);
    assert_eq!(config.reading.notes.len(), 2, "{:?}", config.reading.notes);
    let mut shown = format!("{:?} {:?}", config.servers, config.reading.notes);
    for skipped in &config.reading.skipped {
        let _ = write!(shown, "{skipped} {skipped:?}");
    }
    assert_eq!(config.reading.skipped.len(), 2);
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_wrong_shape_names_the_line() {
    for (text, expected) in [
        (
            "{\n \"mcpServers\": 5}",
            "c:2:16: expected a table of servers, found a number",
        ),
        (
            "{\n \"mcpServers\": [{\"command\": \"x\"}]}",
            "c:2:17: a server in a list needs a `name`",
        ),
    ] {
        let document = Document::parse("c", text, Syntax::Json).unwrap();
        let told = read(&document, &Surroundings::default())
            .unwrap_err()
            .to_string();
        assert_eq!(told, expected);
    }
}

#[test]
fn other_files_are_no_configuration() {
    for text in [
        r#"{"servers": [{"server": {"name": "x"}}]}"#,
        r#"{"name": "x", "packages": []}"#,
        r#"{"tools": [{"name": "x"}]}"#,
        r#"{"extensions": {"a.b": true}}"#,
        r#"{"mcp": {"allowed": []}}"#,
        "{}",
        "[]",
    ] {
        let document = Document::parse("c", text, Syntax::Json).unwrap();
        assert!(!is_config(&document.root), "{text}");
    }
}
