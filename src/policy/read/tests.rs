use super::check::MAX_MISTAKES;
use super::*;

fn mistakes(text: &str) -> Vec<(String, String)> {
    read(text.as_bytes())
        .unwrap_err()
        .into_iter()
        .map(|m| (m.pointer, m.message))
        .collect()
}

/// A document whose tool `a/b` has these rules.
fn tool(rules: &str) -> String {
    format!(r#"{{"version":"1","default":"deny","tools":{{"a/b":{rules}}}}}"#)
}

fn condition(text: &str) -> String {
    tool(&format!(r#"{{"deny_if":[{{"conditions":[{text}]}}]}}"#))
}

fn limit(text: &str) -> String {
    tool(&format!(r#"{{"limits":[{text}]}}"#))
}

#[test]
fn each_mistake_names_its_place() {
    let c = "/tools/a~1b/deny_if/0/conditions/0";
    let l = "/tools/a~1b/limits/0";
    let cases: Vec<(String, String, &str)> = vec![
        (String::new(), String::new(), "not JSON"),
        ("{".into(), String::new(), "not JSON: EOF"),
        ("[]".into(), String::new(), "must be an object, not a list"),
        (r#"{"default":"deny"}"#.into(), "/version".into(), "missing"),
        (
            r#"{"version":"2","default":"deny"}"#.into(),
            "/version".into(),
            "must be \"1\"",
        ),
        (
            r#"{"version":1,"default":"deny"}"#.into(),
            "/version".into(),
            "not a number",
        ),
        (
            r#"{"version":"1","default":"ask"}"#.into(),
            "/default".into(),
            "one of allow, deny",
        ),
        (
            r#"{"version":"1","default":"deny","rules":[]}"#.into(),
            "/rules".into(),
            "unknown field",
        ),
        (
            r#"{"version":"1","default":"deny","default":"allow"}"#.into(),
            "/default".into(),
            "twice",
        ),
        (
            r#"{"version":"1","default":"deny","hide":[""]}"#.into(),
            "/hide/0".into(),
            "blank",
        ),
        (
            r#"{"version":"1","default":"deny","hide":["a","a"]}"#.into(),
            "/hide/1".into(),
            "twice",
        ),
        (
            r#"{"version":"1","default":"deny","hide":["a"],"tools":{"a":{}}}"#.into(),
            "/tools/a".into(),
            "listed and hidden",
        ),
        (
            r#"{"version":"1","default":"deny","tools":{"*":{}}}"#.into(),
            "/tools/*".into(),
            "named *",
        ),
        (
            r#"{"version":"1","default":"deny","tools":{"a":{},"a":{}}}"#.into(),
            "/tools/a".into(),
            "twice",
        ),
        (
            r#"{"version":"1","default":"deny","all_tools":{"deny_if":[]}}"#.into(),
            "/all_tools/deny_if".into(),
            "unknown field",
        ),
        (tool("[]"), "/tools/a~1b".into(), "an object, not a list"),
        (
            tool(r#"{"allow":true}"#),
            "/tools/a~1b/allow".into(),
            "unknown field",
        ),
        (
            tool(r#"{"deny_if":{}}"#),
            "/tools/a~1b/deny_if".into(),
            "a list, not an object",
        ),
        (
            tool(r#"{"require":[{"on_deny":"x"}]}"#),
            "/tools/a~1b/require/0/conditions".into(),
            "missing",
        ),
        (
            tool(r#"{"require":[{"conditions":[],"on_deny":1}]}"#),
            "/tools/a~1b/require/0/on_deny".into(),
            "a string",
        ),
        (
            condition(r#"{"path":"args.x","op":"matches","value":"x"}"#),
            format!("{c}/op"),
            "one of eq, neq",
        ),
        (
            condition(r#"{"path":"x","op":"eq","value":"x"}"#),
            format!("{c}/path"),
            "start with args.",
        ),
        (
            condition(r#"{"path":"args.a..b","op":"eq","value":"x"}"#),
            format!("{c}/path"),
            "empty segment",
        ),
        (
            condition(r#"{"path":"args.x","op":"regex","value":"("}"#),
            format!("{c}/value"),
            "does not compile",
        ),
        (
            condition(r#"{"path":"args.x","op":"regex","value":"(?=x)"}"#),
            format!("{c}/value"),
            "does not compile",
        ),
        (
            condition(r#"{"path":"args.x","op":"regex","value":"(a{1000}){1000}"}"#),
            format!("{c}/value"),
            "does not compile",
        ),
        (
            condition(r#"{"path":"args.x","op":"regex","value":5}"#),
            format!("{c}/value"),
            "needs a string",
        ),
        (
            condition(r#"{"path":"args.x","op":"in","value":"x"}"#),
            format!("{c}/value"),
            "needs a list",
        ),
        (
            condition(r#"{"path":"args.x","op":"not_in","value":[1,[2]]}"#),
            format!("{c}/value/1"),
            "not a list",
        ),
        (
            condition(r#"{"path":"args.x","op":"lt","value":"5"}"#),
            format!("{c}/value"),
            "needs a number",
        ),
        (
            condition(r#"{"path":"args.x","op":"exists","value":"yes"}"#),
            format!("{c}/value"),
            "true or false",
        ),
        (
            condition(r#"{"path":"args.x","op":"eq","value":null}"#),
            format!("{c}/value"),
            "not null",
        ),
        (
            condition(r#"{"path":"args.x","op":"eq"}"#),
            format!("{c}/value"),
            "missing",
        ),
        (
            limit(r#"{"counter":"c","window":"week","max":1,"scope":"grant"}"#),
            format!("{l}/window"),
            "one of minute, hour, day",
        ),
        (
            limit(r#"{"counter":"c","window":"day","max":-1,"scope":"grant"}"#),
            format!("{l}/max"),
            "whole number",
        ),
        (
            limit(r#"{"counter":"c","window":"day","max":1.5,"scope":"grant"}"#),
            format!("{l}/max"),
            "whole number",
        ),
        (
            limit(r#"{"counter":" ","window":"day","max":1,"scope":"grant"}"#),
            format!("{l}/counter"),
            "blank",
        ),
        (
            limit(r#"{"counter":"c","window":"day","max":1,"scope":"user"}"#),
            format!("{l}/scope"),
            "\"grant\"",
        ),
        (
            limit(r#"{"counter":"c","window":"day","max":1,"scope":"grant","increment_from":"x"}"#),
            format!("{l}/increment_from"),
            "args.",
        ),
        (
            limit(
                r#"{"counter":"c","window":"day","max":1,"scope":"grant"},{"counter":"c","window":"hour","max":1,"scope":"grant"}"#,
            ),
            "/tools/a~1b/limits/1/counter".into(),
            "used at /tools/a~1b/limits/0/counter already",
        ),
    ];
    for (text, place, says) in cases {
        let found = mistakes(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].0, place, "{text}");
        assert!(found[0].1.contains(says), "{text}: {:?}", found[0]);
    }
}

#[test]
fn all_mistakes_are_told_at_once_up_to_a_limit() {
    let found = mistakes(r#"{"version":"2","default":"x","hide":"y","tools":{"a":{"b":1}}}"#);
    assert_eq!(found.len(), 4);
    let many: Vec<String> = (0..500).map(|n| format!("\"x{n}\":1")).collect();
    let found = mistakes(&format!(
        r#"{{"version":"1","default":"deny",{}}}"#,
        many.join(",")
    ));
    assert_eq!(found.len(), MAX_MISTAKES + 1);
    assert!(found[MAX_MISTAKES].1.contains("400 more"));
}

#[test]
fn a_huge_or_deep_document_is_one_mistake() {
    let huge = format!("\"{}\"", "x".repeat(10_000_000));
    assert!(mistakes(&huge)[0].1.contains("more than the 8388608 bytes"));
    let deep = "[".repeat(100_000);
    assert!(mistakes(&deep)[0].1.contains("recursion limit"));
}

#[test]
fn a_mistake_shows_no_hostile_text() {
    let found = read("{\"version\":\"1\",\"default\":\"deny\",\"\\u001b[31m\":1}".as_bytes());
    let shown = found.unwrap_err()[0].to_string();
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn what_is_read_is_what_was_written() {
    let text = condition(r#"{"path":"args.x[].y","op":"in","value":["a",1,true]}"#);
    let document = read(text.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_value(&document).unwrap(),
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    );
    let empty = read(br#"{"version":"1","default":"allow","hide":["*"],"all_tools":{}}"#).unwrap();
    assert_eq!(empty.hide, ["*"]);
}
