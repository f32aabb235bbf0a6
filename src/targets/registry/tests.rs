use super::*;
use crate::model::target::{HttpTransport, Origin};
use crate::model::{Source, Target};

fn dump(text: &str) -> Reading {
    read("dump.json", text, &Wanted::default()).unwrap()
}

fn server(body: &str) -> Reading {
    dump(&format!(r#"{{"name": "io.example/s", {body}}}"#))
}

fn only(reading: Reading) -> Target {
    assert!(reading.skipped.is_empty(), "{:?}", reading.skipped);
    let [(target, _)] = reading.targets.try_into().unwrap();
    target
}

fn label(target: &Target) -> String {
    match &target.source {
        Source::Npm { package, version } => format!("npm {package} {version:?}"),
        Source::Pypi { package, version } => format!("pypi {package} {version:?}"),
        Source::Url { url, transport } => format!("{url} {transport:?}"),
        other => panic!("{other:?}"),
    }
}

fn reasons(reading: &Reading) -> Vec<(&str, Reason, bool)> {
    let skipped = reading.skipped.iter();
    skipped
        .map(|s| (s.name.as_str(), s.reason, s.covered))
        .collect()
}

/// The newest form: wrapped, camelCase, the registry's word in `_meta`.
const NEWEST: &str = r#"{"servers": [
  {"server": {"$schema": "https://schemas.example/2025-12-11/server.schema.json",
     "name": "io.example/weather", "version": "1.2.0",
     "websiteUrl": "https://weather.example/", "repository": {"url": "https://code.example/w", "source": "x"},
     "packages": [
       {"registryType": "npm", "identifier": "@example/weather", "version": "1.2.0", "transport": {"type": "stdio"},
        "environmentVariables": [{"name": "KEY", "isRequired": true, "isSecret": true}, {"name": "UNIT", "default": "c"}]},
       {"registryType": "oci", "identifier": "example/weather:1.2.0", "transport": {"type": "stdio"}},
       {"registryType": "mcpb", "identifier": "https://code.example/w.mcpb", "fileSha256": "00"}]},
   "_meta": {"io.modelcontextprotocol.registry/official": {"status": "active", "publishedAt": "2026-01-02T00:00:00Z", "updatedAt": "2026-01-03T00:00:00Z", "isLatest": true}}},
  {"server": {"name": "io.example/remote", "remotes": [{"type": "streamable-http", "url": "https://r.example/mcp"},
     {"type": "sse", "url": "https://r.example/sse"}]}}
], "metadata": {"nextCursor": null, "count": 2}}"#;

#[test]
fn the_newest_form() {
    let reading = dump(NEWEST);
    let labels: Vec<String> = reading
        .targets
        .iter()
        .map(|(target, _)| label(target))
        .collect();
    assert_eq!(
        labels,
        [
            "npm @example/weather Some(\"1.2.0\")",
            "https://r.example/mcp Some(StreamableHttp)",
            "https://r.example/sse Some(Sse)",
        ]
    );
    let (weather, place) = &reading.targets[0];
    assert_eq!(weather.name.as_deref(), Some("io.example/weather"));
    assert_eq!(weather.origin, Origin::List);
    assert_eq!(weather.missing, ["KEY"]);
    assert_eq!(weather.env["UNIT"].reveal(), "c");
    assert_eq!(
        weather.homepage.as_deref(),
        Some("https://weather.example/")
    );
    assert_eq!(
        weather.repository.as_deref(),
        Some("https://code.example/w")
    );
    assert_eq!((place.line, place.column), (3, 6));
    assert_eq!(
        reasons(&reading),
        [
            ("io.example/weather", Reason::Unsupported, true),
            ("io.example/weather", Reason::Unsupported, true)
        ]
    );
    assert_eq!(
        reading.skipped[0].detail,
        "container image `example/weather:1.2.0`"
    );
    assert_eq!(reading.entries, 2);
}

#[test]
fn every_revision_gives_the_same_target() {
    let package = [
        r#"{"registryType": "npm", "identifier": "p", "version": "1.0.0", "packageArguments": [{"type": "positional", "value": "x"}], "environmentVariables": [{"name": "K", "isRequired": true}]}"#,
        r#"{"registry_type": "npm", "identifier": "p", "version": "1.0.0", "package_arguments": [{"type": "positional", "value": "x"}], "environment_variables": [{"name": "K", "is_required": true}]}"#,
        r#"{"registry_name": "npm", "name": "p", "version": "1.0.0", "package_arguments": [{"type": "positional", "value": "x", "value_hint": "h"}], "environment_variables": [{"name": "K", "is_required": true}]}"#,
    ];
    let expected = only(server(&format!(r#""packages": [{}]"#, package[0])));
    assert_eq!(expected.args, ["x"]);
    assert_eq!(expected.missing, ["K"]);
    for package in package {
        let plain = format!(
            r#"{{"name": "io.example/s", "version_detail": {{"version": "1", "is_latest": true}}, "packages": [{package}]}}"#
        );
        for text in [
            plain.clone(),
            format!("[{plain}]"),
            format!(r#"{{"servers": [{plain}]}}"#),
            format!(r#"{{"servers": [{{"server": {plain}}}]}}"#),
            format!(
                r#"{{"servers": [{{"server": {plain}, "x-io.modelcontextprotocol.registry": {{"is_latest": true}}}}], "metadata": {{"next_cursor": ""}}}}"#
            ),
            format!(r#"[{{"server": {plain}, "_meta": {{}}}},]"#),
        ] {
            assert_eq!(only(dump(&text)), expected, "{text}");
        }
    }
}

#[test]
fn required_values_without_a_default_are_missing() {
    let target = only(server(
        r#""packages": [{"registryType": "pypi", "identifier": "p", "packageArguments": [
            {"type": "named", "name": "--root", "valueHint": "folder", "isRequired": true},
            {"type": "named", "name": "--mode", "value": "fast"},
            {"type": "named", "name": "--stdio", "isRequired": true},
            {"type": "named", "name": "--extra"},
            {"type": "positional", "valueHint": "city", "isRequired": true},
            {"type": "positional", "value": "{zone}", "variables": {"zone": {"default": "eu"}}},
            {"type": "positional", "value": "{tenant}", "isRequired": true, "variables": {"tenant": {"isRequired": true}}},
            {"type": "positional", "is_required": true, "default": "<your file>", "value_hint": "file"},
            {"type": "named", "name": "--dir <path>", "value": "--dir <path>", "isRequired": true}],
          "environmentVariables": [
            {"name": "A", "isRequired": true, "default": "d"},
            {"name": "B", "isRequired": true, "isSecret": true},
            {"name": "C"},
            {"name": "D", "isRequired": true, "value": "Bearer {t}", "variables": {"t": {"isSecret": true}}}]}]"#,
    ));
    assert_eq!(
        target.missing,
        ["--dir", "--root", "B", "city", "file", "t", "tenant"]
    );
    assert_eq!(target.args, ["--mode", "fast", "--stdio", "eu"]);
    let env: Vec<(&str, &str)> = target
        .env
        .iter()
        .map(|(k, v)| (k.as_str(), v.reveal()))
        .collect();
    assert_eq!(env, [("A", "d")]);
}

#[test]
fn the_first_revision_lists_the_words_of_a_whole_command_line() {
    let of = |arguments: &str| {
        only(server(&format!(
            r#""packages": [{{"registry_name": "pypi", "name": "My_Pkg", "package_arguments": [{arguments}]}}]"#
        )))
    };
    let target = of(
        r#"{"type": "named", "name": "--directory /path/to/my-pkg", "value": "--directory /path/to/my-pkg", "is_required": true},
           {"type": "named", "name": "--python 3.13", "value": "--python 3.13", "is_required": true},
           {"type": "positional", "value": "my-pkg", "is_required": true},
           {"type": "named", "name": "--host a b", "value": "--host a b"},
           {"type": "named", "name": "--key YOUR_KEY", "value": "--key YOUR_KEY", "is_required": true},
           {"type": "named", "name": "--debug", "value": "--debug"}"#,
    );
    assert_eq!(target.args, ["--host", "a b", "--debug"]);
    assert_eq!(target.missing, ["--key"]);
    let target = of(
        r#"{"type": "named", "name": "--with x", "value": "--with x"}, {"type": "positional", "value": "src/main.py"},
           {"type": "positional", "value": "fast"}"#,
    );
    assert_eq!(
        (target.args, target.missing),
        (vec!["fast".to_owned()], vec![])
    );
}

#[test]
fn remotes_with_variables_and_headers() {
    let target = only(server(
        r#""remotes": [{"type": "sse", "url": "https://{region}.h.example/mcp#x", "variables": {"region": {"default": "eu"}},
             "headers": [{"name": "X-Team", "value": "a"}, {"name": "Authorization", "value": "Bearer {key}", "isRequired": true, "isSecret": true},
                         {"name": "X-None"}]}]"#,
    ));
    assert_eq!(
        target.source,
        Source::Url {
            url: "https://eu.h.example/mcp".into(),
            transport: Some(HttpTransport::Sse)
        }
    );
    assert_eq!(target.headers.keys().collect::<Vec<_>>(), ["X-Team"]);
    assert_eq!(target.missing, ["key"]);
    let target = only(server(
        r#""remotes": [{"type": "http", "url": "https://{tenant}.h.example/{path}"}]"#,
    ));
    assert_eq!(target.missing, ["path", "tenant"]);
}

#[test]
fn what_is_not_scanned_is_named() {
    let reading = server(
        r#""packages": [{"registryType": "nuget", "identifier": "N"}, {"registryType": "cargo", "identifier": "c"},
            {"registry_name": "unknown", "name": "u"}, {"registry_name": "docker", "name": "d/e"}, {"registryType": "apt", "identifier": "a"},
            {"registryType": "npm", "identifier": "h", "transport": {"type": "streamable-http", "url": "http://127.0.0.1:1/mcp"}},
            {"registryType": "npm", "registryBaseUrl": "https://npm.corp.example", "identifier": "i"}]"#,
    );
    assert!(reading.targets.is_empty());
    let details: Vec<&str> = reading.skipped.iter().map(|s| s.detail.as_str()).collect();
    assert_eq!(
        details,
        [
            "NuGet package `N`",
            "Cargo package `c`",
            "package of an unnamed registry: `u`",
            "container image `d/e`",
            "package of the registry `apt`: `a`",
            "package that serves streamable-http instead of stdio: `h`",
            "package of another registry than the public one: `i`",
        ]
    );
    assert!(
        reading
            .skipped
            .iter()
            .all(|s| s.reason == Reason::Unsupported && !s.covered)
    );
    assert_eq!(
        reasons(&server(r#""packages": []"#)),
        [("io.example/s", Reason::Nothing, false)]
    );
}

#[test]
fn hostile_entries_are_refused_by_name_and_the_rest_stands() {
    let bad = [
        r#""packages": [{"registryType": "npm", "identifier": "a;rm -rf /"}]"#,
        r#""packages": [{"registryType": "npm", "identifier": "../../etc"}]"#,
        r#""packages": [{"registryType": "pypi", "identifier": "$(id)"}]"#,
        r#""packages": [{"registryType": "pypi", "identifier": "--index-url=x"}]"#,
        r#""packages": [{"registryType": "npm", "identifier": "a", "version": "1;x"}]"#,
        r#""packages": [{"registryType": "npm", "identifier": "a", "version": "../../x"}]"#,
        r#""packages": [{"registryType": "npm", "identifier": "a", "environmentVariables": [{"name": "LD PRELOAD=x", "value": "1"}]}]"#,
        r#""packages": [{"registryType": "npm", "identifier": "a", "packageArguments": [{"type": "positional", "value": "a\u0000b"}]}]"#,
        r#""remotes": [{"url": "https://user:hunter2@h.example/mcp"}]"#,
        r#""remotes": [{"url": "https://user:hunter2@{h}.example/mcp"}]"#,
        r#""remotes": [{"url": "file:///etc/passwd"}]"#,
        r#""remotes": [{"url": "javascript:1"}]"#,
        r#""remotes": [{"url": "https://h.example/", "headers": [{"name": "Host", "value": "10.0.0.1"}]}]"#,
        r#""remotes": [{"url": "https://h.example/", "headers": [{"name": "X\r\nY", "value": "1"}]}]"#,
        r#""remotes": [{"url": "https://h.example/", "headers": [{"name": "X", "value": "1\r\nY: 2"}]}]"#,
        r#""remotes": [{}]"#,
    ];
    for body in bad {
        let text = format!(
            r#"[{{"name": "io.example/evil", {body}}}, {{"name": "io.example/good", "packages": [{{"registryType": "npm", "identifier": "g"}}]}}]"#
        );
        let reading = dump(&text);
        assert_eq!(reading.targets.len(), 1, "{body}");
        assert_eq!(
            reasons(&reading),
            [("io.example/evil", Reason::Invalid, false)],
            "{body}"
        );
        let told = reading.skipped[0].to_string();
        assert!(
            told.starts_with("io.example/evil: invalid: ") && !told.contains("hunter2"),
            "{told}"
        );
        assert!(!told.contains(['\r', '\n', '\0']), "{told}");
    }
}

#[test]
fn deleted_deprecated_older_and_unchanged() {
    let entry = |name: &str, version: &str, meta: &str| {
        format!(
            r#"{{"server": {{"name": "{name}", "packages": [{{"registryType": "npm", "identifier": "{name}", "version": "{version}"}}]}},
                "_meta": {{"io.modelcontextprotocol.registry/official": {{{meta}}}}}}}"#
        )
    };
    let text = format!(
        "[{}]",
        [
            entry(
                "a",
                "1.0.0",
                r#""publishedAt": "2026-01-01T00:00:00Z", "isLatest": false"#
            ),
            entry(
                "a",
                "2.0.0",
                r#""publishedAt": "2026-02-01T00:00:00Z", "isLatest": true"#
            ),
            entry(
                "a",
                "1.5.0",
                r#""publishedAt": "2026-01-15T00:00:00Z", "isLatest": false"#
            ),
            entry("b", "1.0.0", r#""publishedAt": "2026-01-01T00:00:00Z""#),
            entry(
                "b",
                "2.0.0",
                r#""publishedAt": "2026-03-01T00:00:00Z", "status": "deleted""#
            ),
            entry(
                "c",
                "1.0.0",
                r#""status": "deprecated", "updatedAt": "2026-05-01T00:00:00Z""#
            ),
            entry("d", "1.0.0", r#""updatedAt": "2026-04-01T10:00:00+02:00""#),
        ]
        .join(",")
    );
    let versions = |reading: &Reading| -> Vec<String> {
        reading
            .targets
            .iter()
            .map(|(target, _)| label(target))
            .collect()
    };
    let reading = dump(&text);
    assert_eq!(
        versions(&reading),
        [
            "npm a Some(\"2.0.0\")",
            "npm b Some(\"1.0.0\")",
            "npm c Some(\"1.0.0\")",
            "npm d Some(\"1.0.0\")"
        ]
    );
    assert_eq!(
        reasons(&reading),
        [
            ("a", Reason::Superseded, true),
            ("a", Reason::Superseded, true),
            ("b", Reason::Deleted, true)
        ]
    );
    assert_eq!(reading.notes, ["c: deprecated, still scanned"]);
    let since = |moment: &str| Wanted {
        updated_since: Moment::parse(moment),
    };
    let later = read("d", &text, &since("2026-04-01T08:00:00Z")).unwrap();
    assert_eq!(
        versions(&later),
        ["npm c Some(\"1.0.0\")", "npm d Some(\"1.0.0\")"]
    );
    let later = read("d", &text, &since("2026-04-01T08:00:01Z")).unwrap();
    assert_eq!(versions(&later), ["npm c Some(\"1.0.0\")"]);
    assert!(
        later
            .skipped
            .iter()
            .any(|s| s.name == "d" && s.reason == Reason::Unchanged)
    );
    let old =
        server(r#""status": "deleted", "packages": [{"registry_type": "npm", "identifier": "x"}]"#);
    assert_eq!(reasons(&old), [("io.example/s", Reason::Deleted, false)]);
}

#[test]
fn a_dump_cut_off_says_how_far_it_goes() {
    let first = NEWEST.find("io.example/remote").unwrap();
    let told = read("dump.json", &NEWEST[..first], &Wanted::default()).unwrap_err();
    assert_eq!(
        told.to_string(),
        "dump.json:11:24: the file is cut off inside entry 2; whole entries before it: 1; none of them is used"
    );
    // Wherever it is cut, it is never half used.
    for end in (0..NEWEST.len()).filter(|end| NEWEST.is_char_boundary(*end)) {
        let error = read("d", &NEWEST[..end], &Wanted::default()).unwrap_err();
        let known = matches!(error, InputError::Cut { .. } | InputError::Syntax { .. });
        assert!(known, "{end}: {error}");
    }
}

#[test]
fn broken_text_names_the_line() {
    for (text, expected) in [
        (
            "[{\"name\": \"a\" \"b\"}]",
            "f:1:14: not valid JSON: Expected comma",
        ),
        (
            "[{\"name\": \"a\"}] x",
            "f:1:17: not valid JSON: unexpected text, after 1 whole entries",
        ),
    ] {
        let told = read("f", text, &Wanted::default()).unwrap_err().to_string();
        assert_eq!(told, expected);
    }
}

#[test]
fn entries_of_a_wrong_kind_are_told_with_their_line() {
    let good = r#"{"name": "a", "packages": [{"registryType": "npm", "identifier": "a"}]}"#;
    let reading = dump(&format!(
        "[{good},\n 5,\n {{\"x\": 1}},\n {{\"name\": \"\"}}, {{\"server\": []}}]"
    ));
    assert_eq!((reading.entries, reading.targets.len()), (5, 1));
    let told: Vec<(String, usize)> = reading
        .skipped
        .iter()
        .map(|s| (s.to_string(), s.place.line))
        .collect();
    assert_eq!(
        told,
        [
            (
                "entry 2: invalid: expected a server, found a number".to_owned(),
                2
            ),
            ("entry 3: invalid: the server has no `name`".to_owned(), 3),
            (
                "entry 4: invalid: the server's `name` is no text, or empty".to_owned(),
                4
            ),
            (
                "entry 5: invalid: expected a server, found a list".to_owned(),
                4
            ),
        ]
    );
}

#[test]
fn ten_thousand_paths_of_one_host_stay_targets() {
    let entries: Vec<String> = (0..10_000)
        .map(|n| format!(r#"{{"name": "io.example/n{n}", "remotes": [{{"type": "http", "url": "https://h.example/mcp/{n}"}}]}}"#))
        .collect();
    let reading = dump(&format!("[{}]", entries.join(",\n")));
    assert_eq!(reading.targets.len(), 10_000);
    assert_eq!(reading.targets[9_999].1.line, 10_000);
}

fn shared(name: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: {name} is not here");
    }
    text
}

#[test]
fn the_first_seed_of_the_official_registry() {
    let Some(text) = shared("registry-2025-05-16.json") else {
        return;
    };
    let reading = read("seed", &text, &Wanted::default()).unwrap();
    assert_eq!(reading.entries, 471);
    let count = |kind: fn(&Source) -> bool| {
        reading
            .targets
            .iter()
            .filter(|(t, _)| kind(&t.source))
            .count()
    };
    let npm = count(|source| matches!(source, Source::Npm { .. }));
    let pypi = count(|source| matches!(source, Source::Pypi { .. }));
    let remote = count(|source| matches!(source, Source::Url { .. }));
    // 83 npm and 53 PyPI packages, of which 8 and 5 name a repository (`owner/name`) instead.
    assert_eq!((npm, pypi, remote), (75, 48, 9));
    let told = |reason| {
        reading
            .skipped
            .iter()
            .filter(|s| s.reason == reason)
            .count()
    };
    // Seven entries have no name.
    assert_eq!(told(Reason::Invalid), 13 + 7);
    assert_eq!(told(Reason::Unsupported), 302 + 26);
    let named: std::collections::BTreeSet<&str> = reading
        .targets
        .iter()
        .filter_map(|(target, _)| target.name.as_deref())
        .chain(reading.skipped.iter().map(|s| s.name.as_str()))
        .collect();
    assert_eq!(
        named.len(),
        471,
        "every server of the list is accounted for"
    );
}

#[test]
fn the_newest_answer_of_the_official_registry() {
    let Some(text) = shared("registry-2025-12-11.json") else {
        return;
    };
    let reading = read("answer", &text, &Wanted::default()).unwrap();
    let labels: Vec<String> = reading
        .targets
        .iter()
        .map(|(target, _)| label(target))
        .collect();
    assert_eq!(labels.len(), 3, "{labels:?}");
    assert!(
        labels[0].starts_with("npm ")
            && labels[1].starts_with("pypi ")
            && labels[2].starts_with("https://")
    );
    assert_eq!(reading.targets[0].0.missing.len(), 1);
    let covered: Vec<bool> = reading.skipped.iter().map(|s| s.covered).collect();
    assert_eq!(covered, [true, true, false]);
}
