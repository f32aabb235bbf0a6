use crate::model::policy::PolicyDocument;
use crate::model::{Category, Signal, Traits, Verdict};
use crate::policy::{
    Call, Counters, Evaluator, Generated, Preset, ServerTools, ToolInput, generate, placeholders,
    read, to_json,
};
use serde_json::{Value, json};

fn verdict(name: &str, category: Category) -> Verdict {
    Verdict {
        server: None,
        name: name.to_owned(),
        category,
        severity: category.base_severity(),
        confidence: 1.0,
        signals: vec![],
        traits: Traits::default(),
        actions: vec![],
        findings: vec![],
        evidence: vec![],
        problems: vec![],
        overridden: None,
        rules_version: "test".into(),
    }
}

fn hardened(verdict: &Verdict, schema: &Value) -> Generated {
    let server = ServerTools {
        name: "x",
        tools: vec![ToolInput {
            verdict,
            schema: Some(schema),
        }],
    };
    let made = generate(&server, &Preset::hardened());
    let text = to_json(&made.document);
    assert_eq!(read(text.as_bytes()).as_ref(), Ok(&made.document));
    assert_eq!(
        made,
        generate(&server, &Preset::hardened()),
        "the same input gives the same document"
    );
    made
}

fn allowed(document: &PolicyDocument, tool: &str, arguments: &Value) -> bool {
    let call = Call {
        tool,
        arguments,
        digest: None,
    };
    let policy = Evaluator::new(document).unwrap();
    policy.decide(&call, &Counters::new(), 0).allowed
}

fn check(verdict: &Verdict, schema: &Value, yes: &[Value], no: &[Value]) -> Generated {
    let made = hardened(verdict, schema);
    for arguments in yes {
        assert!(
            allowed(&made.document, &verdict.name, arguments),
            "{arguments} is denied by {}",
            to_json(&made.document)
        );
    }
    for arguments in no {
        assert!(
            !allowed(&made.document, &verdict.name, arguments),
            "{arguments} is allowed by {}",
            to_json(&made.document)
        );
    }
    made
}

#[test]
fn files() {
    let mut read_many = verdict("read_many", Category::Read);
    read_many.signals.push(Signal {
        id: "signal/path".into(),
        title: "Accepts file system path (paths)".into(),
        property: Some("paths".into()),
    });
    let schema = json!({"type": "object", "required": ["paths"], "properties": {
        "paths": {"type": "array", "items": {"type": "string"}},
        "head": {"type": "number"}
    }});
    let made = check(
        &read_many,
        &schema,
        &[
            json!({"paths": ["a.txt", "b/c.txt"]}),
            json!({"paths": [], "head": 5}),
        ],
        &[
            json!({"paths": ["a.txt", "../../etc/shadow"]}),
            json!({"paths": ["/etc/passwd"]}),
        ],
    );
    let note = &made.tools[0].notes[0];
    assert_eq!(note.rule, "/tools/read_many/deny_if/0");
    assert_eq!(note.property, "paths[]");
    assert_eq!(note.because, "Accepts file system path (paths)");
    assert_eq!(note.does, "a path is text without a zero byte");

    let write = verdict("write_file", Category::Write);
    let schema = json!({"type": "object", "required": ["path"], "properties": {
        "path": {"type": "string"}, "content": {"type": "string"}
    }});
    let made = check(
        &write,
        &schema,
        &[json!({"path": "notes/a.md", "content": "../.. and /etc/passwd"})],
        &[
            json!({"path": "../a"}),
            json!({"path": "/root/.ssh/authorized_keys"}),
        ],
    );
    let open = placeholders(&made.document);
    assert_eq!(open.len(), 1);
    assert!(open[0].pointer.ends_with("/conditions/0/value"), "{open:?}");

    let rename = verdict("move_file", Category::Write);
    let schema = json!({"required": ["source", "destination"], "properties": {
        "source": {"type": "string"}, "destination": {"type": "string"}
    }});
    check(
        &rename,
        &schema,
        &[json!({"source": "a", "destination": "b/c"})],
        &[
            json!({"source": "a", "destination": "../b"}),
            json!({"source": "/etc/passwd", "destination": "b"}),
            json!({"source": ["../x"], "destination": "b"}),
        ],
    );
}

#[test]
fn addresses() {
    let fetch = verdict("fetch", Category::Read);
    let schema = json!({"type": "object", "required": ["url"], "properties": {
        "url": {"type": "string", "format": "uri", "minLength": 1},
        "proxy_url": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
        "raw": {"type": "boolean"}
    }});
    let made = check(
        &fetch,
        &schema,
        &[
            json!({"url": "https://example.com/a?b"}),
            json!({"url": "https://example.com/", "proxy_url": null}),
            json!({"url": "https://example.com/", "proxy_url": "https://proxy.example.com"}),
        ],
        &[
            json!({}),
            json!({"url": 5}),
            json!({"url": ["https://example.com/"]}),
            json!({"url": "http://example.com/"}),
            json!({"url": "http://169.254.169.254/"}),
            json!({"url": "https://169.254.169.254/"}),
            json!({"url": "https://exa\tmple.com/"}),
            json!({"url": "https://example.com/", "proxy_url": "http://x"}),
            json!({"url": "https://example.com/", "proxy_url": "https://10.0.0.1"}),
        ],
    );
    assert!(placeholders(&made.document).is_empty());
    let because: Vec<&str> = made.tools[0]
        .notes
        .iter()
        .map(|n| n.because.as_str())
        .collect();
    assert!(because.contains(&"the schema's format"), "{because:?}");
    assert!(because.contains(&"the property's name"), "{because:?}");
}

#[test]
fn exact_values_and_sizes() {
    let label = verdict("label_issues", Category::Write);
    let schema = json!({"type": "object", "required": ["state", "ids"], "properties": {
        "state": {"enum": ["open", "closed"]},
        "order": {"enum": ["asc", "desc", null]},
        "ids": {"type": "array", "maxItems": 3, "items": {"type": "integer"}},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
        "kind": {"const": "issue"}
    }});
    check(
        &label,
        &schema,
        &[
            json!({"state": "open", "ids": [1, 2, 3]}),
            json!({"state": "closed", "ids": [], "order": null, "tags": ["a", "b"], "kind": "issue"}),
        ],
        &[
            json!({"ids": []}),
            json!({"state": "other", "ids": []}),
            json!({"state": ["open"], "ids": []}),
            json!({"state": "open", "ids": [1, 2, 3, 4]}),
            json!({"state": "open", "ids": [], "order": "up"}),
            json!({"state": "open", "ids": [], "tags": ["a", "c"]}),
            json!({"state": "open", "ids": [], "kind": "pull"}),
        ],
    );
}

#[test]
fn queries() {
    let mut query = verdict("query_database", Category::Read);
    query.signals.push(Signal {
        id: "signal/code".into(),
        title: "Accepts freeform code/query input (sql)".into(),
        property: Some("sql".into()),
    });
    let schema = json!({"required": ["sql"], "properties": {"sql": {"type": "string"}}});
    check(
        &query,
        &schema,
        &[json!({"sql": "select * from users"})],
        &[
            json!({"sql": "drop table users"}),
            json!({}),
            json!({"sql": null}),
        ],
    );
    let search = verdict("search_docs", Category::Read);
    let schema = json!({"required": ["query"], "properties": {"query": {"type": "string"}}});
    let made = check(&search, &schema, &[json!({"query": "how to delete"})], &[]);
    assert!(made.document.tools["search_docs"].is_empty());
}

#[test]
fn recipients_wait_for_a_person() {
    let mut send = verdict("send_mail", Category::Write);
    send.traits.external_egress = true;
    let schema = json!({"required": ["to"], "properties": {
        "to": {"type": "string"},
        "cc": {"type": "array", "items": {"type": "string"}},
        "body": {"type": "string"}
    }});
    let mut made = check(
        &send,
        &schema,
        &[],
        &[json!({"to": "a@example.com", "body": "x"})],
    );
    assert_eq!(placeholders(&made.document).len(), 2);
    let rules = made.document.tools.get_mut("send_mail").unwrap();
    rules.require[0].conditions[0].value = json!(["a@example.com"]);
    let document = &made.document;
    assert!(allowed(
        document,
        "send_mail",
        &json!({"to": "a@example.com"})
    ));
    assert!(!allowed(
        document,
        "send_mail",
        &json!({"to": "b@example.com"})
    ));
    assert!(!allowed(
        document,
        "send_mail",
        &json!({"to": "a@example.com", "cc": ["b@example.com"]})
    ));
    // Without a way out, an address is only data.
    let user = verdict("add_user", Category::Write);
    let schema = json!({"required": ["email"], "properties": {"email": {"type": "string"}}});
    check(&user, &schema, &[json!({"email": "a@example.com"})], &[]);
}

#[test]
fn amounts_have_a_cap_and_a_daily_total_behind_the_approval() {
    let pay = verdict("pay", Category::Financial);
    let schema = json!({"required": ["amount"], "properties": {"amount": {"type": "number"}}});
    let made = check(
        &pay,
        &schema,
        &[],
        &[json!({"amount": 1}), json!({"amount": 0})],
    );
    let mut document = made.document;
    assert_eq!(placeholders(&document).len(), 1);
    // What a person does who opens the tool.
    let rules = document.tools.get_mut("pay").unwrap();
    assert!(rules.denies_always());
    rules.deny_if.clear();
    rules.require[0].conditions[1].value = json!(50);
    rules.limits[0].max = 80;
    assert_eq!(
        rules.limits[0].increment_from.as_deref(),
        Some("args.amount")
    );
    let policy = Evaluator::new(&document).unwrap();
    let mut counters = Counters::new();
    let mut pays = |amount: Value| {
        let arguments = json!({ "amount": amount });
        let call = Call {
            tool: "pay",
            arguments: &arguments,
            digest: None,
        };
        policy.reserve(&call, &mut counters, 0).allowed
    };
    assert!(pays(json!(50)));
    assert!(!pays(json!(51)));
    assert!(!pays(json!(-5)));
    assert!(!pays(json!(31)));
    assert!(pays(json!(30)));
}

#[test]
fn what_cannot_be_named_is_told() {
    let tool = verdict("x", Category::Read);
    let schema = json!({"properties": {"a.b": {"enum": ["c"]}}});
    let made = hardened(&tool, &schema);
    assert!(made.document.tools["x"].is_empty());
    assert_eq!(made.tools[0].notes[0].property, "a.b");
    assert_eq!(made.tools[0].notes[0].rule, "");
}

#[test]
fn a_hidden_or_unlisted_tool_has_no_conditions() {
    let schema = json!({"properties": {"path": {"type": "string"}}});
    for category in [Category::Destructive, Category::Unknown] {
        let made = hardened(&verdict("x", category), &schema);
        assert!(made.document.tools.is_empty());
        assert!(made.tools[0].notes.is_empty());
    }
}

#[test]
fn our_own_patterns_compile() {
    let ours = [
        &super::network::PATTERNS[..],
        &super::paths::PATTERNS,
        &super::query::PATTERNS,
    ]
    .concat();
    assert!(ours.len() > 15);
    for pattern in ours {
        assert!(super::is_ours(pattern));
        crate::policy::evaluate::compile_regex(pattern).unwrap();
    }
    assert!(!super::is_ours("^a$"));
}
