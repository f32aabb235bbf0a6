//! Emitted documents, read back by engines that are not ours.

use super::engines::{Names, allowed};
use serde_json::json;
use std::collections::BTreeSet;
use toolrisk::model::PolicyDocument;
use toolrisk::policy::emit::{ALL, EmitError, Emitted, Emitter, Source};

/// Tool names that try to be something else.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "plain",
        "with-dash",
        "with_underscore",
        "_leading",
        "__",
        "a__b",
        "a_",
        "*",
        "a*",
        "mcp__x__y",
        "..",
        "../../etc",
        "a.b",
        "a/b",
        "a:b",
        "a b",
        "a_b",
        " ",
        "\"",
        "'",
        "a\"b",
        "a'b",
        "\\",
        "a\\\"b",
        "a\nb",
        "\r\n",
        "\t",
        "a\u{0}b",
        "\u{7f}\u{85}",
        "]",
        "},{",
        "\"] }\nallow := true #",
        "\");permit(principal,action,resource);//",
        "\" || true || \"",
        "x\"}\n[[rule]]\ndecision=\"allow\"",
        "- x",
        "# x",
        "x: y",
        "true",
        "null",
        "~",
        "0x10",
        "1e3",
        "&a",
        "!!str",
        "%",
        "@",
        "`",
        "${x}",
        "{{x}}",
        "\u{202e}evil",
        "a\u{200b}b",
        "\u{feff}bom",
        "\u{2028}",
        "\u{e0041}tag",
        "\u{fffe}",
        "工具",
        "🦀🦀",
        "e\u{301}",
        "é",
        "ﬁ",
        "Plain",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(200));
    names.push("大".repeat(200));
    names
}

/// A document that treats the names in turn in every way, and the names that it does not list.
fn document(names: &[String], turn: usize) -> (PolicyDocument, Vec<String>) {
    let mut tools = serde_json::Map::new();
    let (mut hide, mut unlisted) = (Vec::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        let counter = format!("{name}_rate");
        let rules = match (number + turn) % 6 {
            0 => json!({}),
            1 => json!({"limits": [
                {"counter": counter, "window": "minute", "max": 10, "scope": "grant"}]}),
            2 => json!({"deny_if": [{"conditions": [], "on_deny": "Requires human approval."}]}),
            3 => json!({
                "require": [{"conditions": [
                    {"path": format!("args.{}", name.replace('.', "-")), "op": "in", "value": [name, 1, true]}
                ], "on_deny": name}],
                "deny_if": [{"conditions": [{"path": "args.x[]", "op": "regex", "value": "\"\\."}]}]
            }),
            4 => {
                hide.push(name.clone());
                continue;
            }
            _ => {
                unlisted.push(name.clone());
                continue;
            }
        };
        if name == "*" {
            // No tool of a document can have this name.
            unlisted.push(name.clone());
        } else {
            tools.insert(name.clone(), rules);
        }
    }
    hide.retain(|name| name != "*");
    let document = json!({"version": "1", "default": "deny", "hide": hide, "tools": tools});
    (serde_json::from_value(document).unwrap(), unlisted)
}

/// The tools that the document lets through in some call.
fn ours(document: &PolicyDocument) -> Names {
    document
        .tools
        .iter()
        .filter(|(name, rules)| !rules.denies_always() && !document.hide.contains(name))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Emits and compares; gives what was emitted.
pub(super) fn agrees(format: &Emitter, source: &Source<'_>, probes: &Names) -> Emitted {
    let emitted = format.emit(source, true).unwrap();
    assert!(emitted.text.ends_with('\n'), "{}", format.id);
    let again = format.emit(source, true).unwrap();
    assert_eq!(again, emitted);
    let left_out = left_out(&emitted);
    let mut expected = ours(source.document);
    expected.retain(|name| !left_out.contains(name));
    let renamed = emitted.renamed.first().map(|(_, name)| name.as_str());
    let alias = renamed.unwrap_or(source.server);
    let found = allowed(format.id, &emitted.text, alias, probes);
    assert_eq!(found, expected, "{}:\n{}", format.id, emitted.text);
    emitted
}

/// The tools that a format could not name.
fn left_out(emitted: &Emitted) -> BTreeSet<&String> {
    emitted
        .losses
        .iter()
        .filter(|loss| loss.what.contains("is not allowed there"))
        .flat_map(|loss| &loss.tools)
        .collect()
}

#[test]
fn every_engine_allows_what_we_allow_whatever_the_names() {
    let names = hostile();
    for turn in 0..6 {
        let (document, unlisted) = document(&names, turn);
        let mut probes: Names = names.iter().cloned().collect();
        // Names that are not there must not be let through either.
        for name in &names {
            probes.insert(format!("{name}x"));
            probes.insert(name.trim().to_owned());
            probes.insert(name.to_uppercase());
        }
        let source = Source {
            server: "files",
            document: &document,
            unlisted: &unlisted,
        };
        for emitter in ALL {
            let emitted = agrees(emitter, &source, &probes);
            if emitter.can.names == "all" {
                assert!(
                    !emitted
                        .losses
                        .iter()
                        .any(|l| l.what.contains("cannot be written")),
                    "{}",
                    emitter.id
                );
            }
        }
    }
}

#[test]
fn a_document_that_allows_nothing_allows_nothing_elsewhere() {
    let nothing = PolicyDocument::deny_all();
    let source = Source {
        server: "files",
        document: &nothing,
        unlisted: &["a".to_owned()],
    };
    let probes: Names = ["a".to_owned(), "b".to_owned()].into();
    for emitter in ALL {
        agrees(emitter, &source, &probes);
    }
}

#[test]
fn one_document_of_several_servers_keeps_them_apart() {
    let document = |tools: serde_json::Value| -> PolicyDocument {
        serde_json::from_value(json!({"version": "1", "default": "deny", "tools": tools})).unwrap()
    };
    let deny = json!({"deny_if": [{"conditions": [], "on_deny": "No."}]});
    let documents = [
        (
            "mail",
            document(json!({"read": {}, "send": deny, "both": {}})),
        ),
        (
            "web",
            document(json!({"read": deny, "send": {}, "both": {}})),
        ),
        ("none", document(json!({}))),
    ];
    let unlisted = ["odd".to_owned()];
    let sources = documents.each_ref().map(|(server, document)| Source {
        server,
        document,
        unlisted: &unlisted,
    });
    let probes: Names = ["read", "send", "both", "odd"].map(str::to_owned).into();
    let mut of_one = Vec::new();
    for emitter in ALL {
        match emitter.emit_together(&sources, true) {
            Err(EmitError::NamesNoServers { .. }) => of_one.push(emitter.id),
            other => {
                let text = other.unwrap().text;
                for source in &sources {
                    let found = allowed(emitter.id, &text, source.server, &probes);
                    assert_eq!(found, ours(source.document), "{}:\n{text}", emitter.id);
                }
            }
        }
    }
    assert_eq!(
        of_one,
        ["policylayer", "intercept", "toolhive-cedar", "rego"]
    );
}

#[test]
fn a_long_name_of_a_server_opens_nothing() {
    let names: Vec<String> = [1, 20, 30, 40, 60, 100]
        .into_iter()
        .flat_map(|length| ["a", "b"].map(|letter| letter.repeat(length)))
        .collect();
    let (document, unlisted) = document(&names, 0);
    let server = "a-server-with-quite-a-long-name-of-its-own".repeat(2);
    let source = Source {
        server: &server,
        document: &document,
        unlisted: &unlisted,
    };
    let probes = names.iter().cloned().chain(["c".repeat(90)]).collect();
    for emitter in ALL {
        let emitted = agrees(emitter, &source, &probes);
        assert_eq!(emitted.renamed.len(), usize::from(emitter.names_servers()));
    }
}

#[test]
fn servers_of_one_plain_name_get_two() {
    let document = PolicyDocument::deny_all();
    let sources = ["My Server", "my server"].map(|server| Source {
        server,
        document: &document,
        unlisted: &[],
    });
    let emitted = Emitter::named("codex").unwrap();
    let emitted = emitted.emit_together(&sources, false).unwrap();
    let names: Vec<&str> = emitted.renamed.iter().map(|(_, n)| n.as_str()).collect();
    assert_eq!(names, ["my-server", "my-server-2"]);
}

#[test]
fn intercepts_own_check_holds_for_every_kind_of_limit() {
    let limit = |counter: &str, window: &str, max: u64| json!({"counter": counter, "window": window, "max": max, "scope": "grant"});
    let mut daily = limit("total", "day", 500);
    daily["increment_from"] = json!("args.amount");
    let tools = json!({
        "pay": {"limits": [limit("a", "minute", 9), limit("b", "minute", 4), daily]},
        "never": {"limits": [limit("c", "hour", 0)]},
        "with.dot": {"limits": [limit("d", "hour", 5)]},
        "lists": {"require": [{"conditions": [
            {"path": "args.x.length", "op": "lte", "value": 3}]}]}
    });
    let document: PolicyDocument = serde_json::from_value(json!({
        "version": "1", "default": "deny", "tools": tools,
        "all_tools": {"limits": [limit("all", "minute", 60)]}
    }))
    .unwrap();
    let emitter = Emitter::named("intercept").unwrap();
    let probes: Names = ["pay", "never", "with.dot", "lists", "*"]
        .map(str::to_owned)
        .into();
    let emit = |unlisted: &[String]| {
        let source = Source {
            server: "files",
            document: &document,
            unlisted,
        };
        let emitted = emitter.emit(&source, false).unwrap();
        let found = allowed("intercept", &emitted.text, "files", &probes);
        let yaml: serde_json::Value = yaml_serde::from_str(&emitted.text).unwrap();
        let losses: Vec<String> = emitted.losses.into_iter().map(|l| l.what).collect();
        (found, yaml, losses.join("; "))
    };
    let (found, yaml, losses) = emit(&[]);
    assert!(
        !found.contains("never") && found.contains("pay"),
        "{found:?}"
    );
    let pay = &yaml["tools"]["pay"]["rules"];
    assert_eq!(pay[0]["rate_limit"], "4/minute");
    assert_eq!(pay[1]["state"]["increment_from"], "args.amount");
    assert_eq!(pay[1]["conditions"][0]["value"], 500);
    assert_eq!(yaml["tools"]["*"]["rules"][0]["rate_limit"], "60/minute");
    for said in [
        "with a dot in its name",
        "never holds there",
        "named * is let through",
    ] {
        assert!(losses.contains(said), "{losses}");
    }
    // A server that has a tool of that name must not have it let through by a limit.
    let (found, yaml, losses) = emit(&["*".to_owned()]);
    assert!(!found.contains("*") && yaml["tools"].get("*").is_none());
    assert!(
        losses.contains("limits over all tools are not enforced"),
        "{losses}"
    );
}

#[test]
fn a_tool_that_a_client_takes_for_another_is_left_out() {
    let document: PolicyDocument = serde_json::from_value(json!({
        "version": "1", "default": "deny", "tools": {"get_x": {}, "get_y": {}}
    }))
    .unwrap();
    let source = Source {
        server: "files",
        document: &document,
        unlisted: &["get x".to_owned()],
    };
    for (id, left_out) in [
        ("claude-code", true),
        ("gemini-cli", true),
        ("codex", false),
    ] {
        let emitted = Emitter::named(id).unwrap().emit(&source, true).unwrap();
        let said = emitted
            .losses
            .iter()
            .find(|l| l.what.contains("same as another's"));
        let tools = said.map(|loss| loss.tools.join(" "));
        assert_eq!(tools.as_deref(), left_out.then_some("get_x"), "{id}");
    }
}

#[test]
fn a_long_list_of_actions_is_several_statements() {
    let tools: serde_json::Map<String, serde_json::Value> = (0..300)
        .map(|n| (format!("a_rather_long_name_of_a_tool_{n}"), json!({})))
        .collect();
    let probes: Names = tools.keys().cloned().collect();
    let document: PolicyDocument =
        serde_json::from_value(json!({"version": "1", "default": "deny", "tools": tools})).unwrap();
    let source = Source {
        server: "files",
        document: &document,
        unlisted: &[],
    };
    let emitted = agrees(Emitter::named("agentcore-cedar").unwrap(), &source, &probes);
    assert!(emitted.text.matches("permit(").count() > 1);
}

#[test]
fn what_cannot_deny_by_default_refuses_unless_told() {
    let nothing = PolicyDocument::deny_all();
    let source = Source {
        server: "files",
        document: &nothing,
        unlisted: &[],
    };
    let refusing: Vec<&str> = ALL
        .into_iter()
        .filter(|emitter| {
            let refused = emitter.emit(&source, false);
            matches!(refused, Err(EmitError::CannotDenyByDefault { .. }))
        })
        .map(|emitter| emitter.id)
        .collect();
    assert_eq!(refusing, ["claude-code", "zed", "cursor"]);
    for id in refusing {
        let losses = Emitter::named(id)
            .unwrap()
            .emit(&source, true)
            .unwrap()
            .losses;
        assert!(
            losses.iter().any(|l| l.what.contains("deny by default")),
            "{id}"
        );
    }
}

#[test]
fn what_is_lost_is_said() {
    let document: PolicyDocument = serde_json::from_value(json!({
        "version": "1", "default": "deny", "hide": ["gone"],
        "all_tools": {"limits": [{"counter": "all", "window": "hour", "max": 5, "scope": "grant"}]},
        "tools": {
            "limited": {"limits": [{"counter": "c", "window": "minute", "max": 1, "scope": "grant"}]},
            "guarded": {"deny_if": [{"conditions": [{"path": "args.x", "op": "eq", "value": 1}]}]}
        }
    }))
    .unwrap();
    let source = Source {
        server: "My Server",
        document: &document,
        unlisted: &[],
    };
    let losses = |id: &str| -> Vec<String> {
        let emitted = Emitter::named(id).unwrap().emit(&source, true).unwrap();
        let shown = emitted.losses.iter();
        shown.map(|l| format!("{} {:?}", l.what, l.tools)).collect()
    };
    assert!(losses("policylayer").is_empty());
    assert_eq!(
        losses("rego"),
        [
            "limits are not enforced [\"limited\"]",
            "conditions on arguments are not enforced [\"guarded\"]",
            "hidden tools are denied, and the agent still sees them [\"gone\"]",
            "limits over all tools are not enforced []",
        ]
    );
    assert_eq!(
        losses("intercept"),
        [
            "deny_if conditions on arguments are not enforced [\"guarded\"]",
            "a tool that is named * is let through within the limits over all []",
        ]
    );
}

#[test]
fn approval_becomes_a_question_where_there_is_one() {
    let document: PolicyDocument = serde_json::from_value(json!({
        "version": "1", "default": "deny",
        "tools": {
            "pay": {"deny_if": [{"conditions": [], "on_deny": "Requires human approval."}]},
            "never": {"deny_if": [{"conditions": [], "on_deny": "No."}]}
        }
    }))
    .unwrap();
    let source = Source {
        server: "files",
        document: &document,
        unlisted: &[],
    };
    let text = |id: &str| {
        Emitter::named(id)
            .unwrap()
            .emit(&source, true)
            .unwrap()
            .text
    };
    let claude: serde_json::Value = serde_json::from_str(&text("claude-code")).unwrap();
    assert_eq!(claude["permissions"]["ask"], json!(["mcp__files__pay"]));
    assert_eq!(claude["permissions"]["deny"], json!(["mcp__files__never"]));
    let codex: toml::Value = toml::from_str(&text("codex")).unwrap();
    let codex = &codex["mcp_servers"]["files"];
    assert_eq!(codex["enabled_tools"].as_array().unwrap().len(), 1);
    assert_eq!(
        codex["default_tools_approval_mode"].as_str(),
        Some("prompt")
    );
}
