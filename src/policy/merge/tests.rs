use super::*;
use crate::policy::{Call, Counters, Evaluator, to_json};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(tools: &Value, hide: &Value) -> PolicyDocument {
    serde_json::from_value(json!({"version": "1", "default": "deny", "tools": tools, "hide": hide}))
        .unwrap()
}

fn lock(base: &PolicyDocument, digests: &[(&str, &str)]) -> Lock {
    let tools = digests
        .iter()
        .map(|(n, d)| ((*n).to_owned(), (*d).to_owned()))
        .collect();
    Lock::new("x", "starter", "r", tools, base.clone())
}

fn limit(max: u64) -> Value {
    json!({"limits": [{"counter": "a_rate", "window": "minute", "max": max, "scope": "grant"}]})
}

#[test]
fn what_nobody_touched_is_regenerated() {
    let base = document(&json!({"a": limit(30), "b": {}, "gone": {}}), &json!(["h"]));
    let new = document(
        &json!({"a": limit(10), "b": {}, "new": {}}),
        &json!(["h", "now"]),
    );
    let merged = merge(&lock(&base, &[]), &base, lock(&new, &[]), &[]);
    assert_eq!(merged.document, new);
    assert_eq!(merged.changes.added, ["new", "now"]);
    assert_eq!(merged.changes.updated, ["a"]);
    assert_eq!(merged.changes.dropped, ["gone"]);
    assert!(merged.changes.kept.is_empty());
    let again = merge(&merged.lock, &merged.document, lock(&new, &[]), &[]);
    assert!(again.changes.is_empty());
}

#[test]
fn what_a_person_changed_is_kept_and_survives_again_and_again() {
    let base = document(&json!({"a": limit(30), "b": {}, "c": {}}), &json!(["h"]));
    // a: another limit; b: hidden; c: removed; h: opened; own: added.
    let mine = document(&json!({"a": limit(5), "h": {}, "own": {}}), &json!(["b"]));
    let new = document(
        &json!({"a": limit(10), "b": {}, "c": {}, "n": {}}),
        &json!(["h"]),
    );
    let mut merged = merge(&lock(&base, &[]), &mine, lock(&new, &[]), &[]);
    let expected = document(
        &json!({"a": limit(5), "h": {}, "own": {}, "n": {}}),
        &json!(["b"]),
    );
    for _ in 0..3 {
        assert_eq!(merged.document, expected, "{}", to_json(&merged.document));
        assert_eq!(merged.changes.kept, ["a", "b", "c", "h", "own"]);
        merged = merge(&merged.lock, &merged.document, lock(&new, &[]), &[]);
    }
}

#[test]
fn a_kept_tool_whose_definition_changed_waits_for_a_person() {
    let base = document(&json!({"a": limit(30), "b": {}}), &json!([]));
    let mine = document(&json!({"a": limit(5), "b": {}}), &json!([]));
    let new = document(&json!({"b": {}}), &json!(["a"]));
    let before = lock(&base, &[("a", "1"), ("b", "1")]);
    let after = lock(&new, &[("a", "2"), ("b", "2")]);
    let held = merge(&before, &mine, after.clone(), &[]);
    assert_eq!(held.changes.held, ["a"]);
    assert_eq!(held.document.tools["a"].limits[0].max, 5);
    assert_eq!(held.lock.tools["a"], "1");
    assert_eq!(held.lock.tools["b"], "2");
    let accepted = merge(&held.lock, &held.document, after, &["a".to_owned()]);
    assert_eq!(accepted.lock.tools["a"], "2");
    assert!(accepted.changes.held.is_empty());
    assert_eq!(accepted.changes.kept, ["a"]);
}

#[test]
fn counters_stay_unique_and_other_parts_are_kept() {
    let base = document(&json!({}), &json!([]));
    let mut mine = document(&json!({"own": limit(1)}), &json!([]));
    mine.all_tools = serde_json::from_value(json!({"limits": [
        {"counter": "all", "window": "day", "max": 1, "scope": "grant"}]}))
    .unwrap();
    let new = document(&json!({"a": limit(30)}), &json!([]));
    let merged = merge(&lock(&base, &[]), &mine, lock(&new, &[]), &[]);
    assert_eq!(merged.document.tools["own"].limits[0].counter, "a_rate");
    assert_eq!(merged.document.tools["a"].limits[0].counter, "a_rate_2");
    assert_eq!(merged.document.all_tools, mine.all_tools);
    assert_eq!(merged.changes.kept_parts, ["all_tools"]);
    assert!(crate::policy::read(to_json(&merged.document).as_bytes()).is_ok());
    let again = merge(&merged.lock, &merged.document, lock(&new, &[]), &[]);
    assert_eq!(again.document, merged.document);
    assert_eq!(again.changes.kept, ["own"]);
}

/// The ways in which a document can treat a tool, from the widest.
fn rules(kind: u8, tool: &str) -> Option<Value> {
    let limit = |max: u64| json!([{"counter": format!("{tool}_rate"), "window": "minute", "max": max, "scope": "grant"}]);
    let regex = json!([{"conditions": [{"path": "args.x", "op": "regex", "value": "^a"}]}]);
    match kind % 7 {
        0 => Some(json!({})),
        1 => Some(json!({"limits": limit(2)})),
        2 => Some(json!({"require": regex, "limits": limit(1)})),
        3 => Some(json!({"deny_if": regex})),
        4 => Some(json!({"deny_if": [{"conditions": []}]})),
        _ => None,
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn documents(kinds: [u8; 4]) -> PolicyDocument {
    let mut tools = serde_json::Map::new();
    let mut hide = Vec::new();
    for (name, kind) in NAMES.into_iter().zip(kinds) {
        match rules(kind, name) {
            Some(rules) => drop(tools.insert(name.to_owned(), rules)),
            None if kind % 7 == 5 => hide.push(name),
            None => {}
        }
    }
    document(&Value::Object(tools), &json!(hide))
}

/// Which calls of a tool get through, one after the other.
fn let_through(document: &PolicyDocument, tool: &str) -> Vec<bool> {
    let evaluator = Evaluator::new(document).unwrap();
    let mut counters = Counters::new();
    ["a", "b", "ab", "a"]
        .map(|x| {
            let arguments = json!({ "x": x });
            let call = Call {
                tool,
                arguments: &arguments,
                digest: None,
            };
            evaluator.reserve(&call, &mut counters, 0).allowed
        })
        .into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was generated before, whatever a person made of it and whatever is generated now:
    /// a tool that a person edited lets exactly those calls through that it let through before, or
    /// none while its changed definition waits; every tool that was touched is reported; the
    /// merged document is valid; merging again changes nothing.
    #[test]
    fn an_edited_tool_never_widens(
        base in any::<[u8; 4]>(),
        mine in any::<[u8; 4]>(),
        new in any::<[u8; 4]>(),
        moved in any::<[bool; 4]>(),
    ) {
        let (base, mine, new) = (documents(base), documents(mine), documents(new));
        let digests = |changed: bool| -> Vec<(&str, &str)> {
            let pairs = NAMES.into_iter().zip(moved);
            pairs.map(|(name, m)| (name, if changed && m { "2" } else { "1" })).collect()
        };
        let (before, after) = (lock(&base, &digests(false)), lock(&new, &digests(true)));
        let merged = merge(&before, &mine, after.clone(), &[]);
        prop_assert!(crate::policy::read(to_json(&merged.document).as_bytes()).is_ok());
        let [was, is, will] = [&base, &mine, &new].map(|document| {
            document.hide.iter().map(String::as_str).collect::<BTreeSet<_>>()
        });
        for (name, moved) in NAMES.into_iter().zip(moved) {
            let mine_now = let_through(&mine, name);
            let merged_now = let_through(&merged.document, name);
            let edited = entry(&mine, &is, name) != entry(&base, &was, name)
                && entry(&mine, &is, name) != entry(&new, &will, name);
            prop_assert_eq!(merged.changes.kept.iter().any(|k| k == name), edited);
            if edited {
                prop_assert_eq!(&merged_now, &mine_now, "{}", name);
                prop_assert_eq!(merged.changes.held.iter().any(|k| k == name), moved);
                // The enforcer sees the definition of now, which the lock does not have.
                if moved {
                    prop_assert_eq!(merged.lock.tools[name].as_str(), "1");
                }
            } else {
                prop_assert_eq!(&merged_now, &let_through(&new, name), "{}", name);
                prop_assert_eq!(&merged.lock.tools[name], &after.tools[name]);
            }
        }
        let again = merge(&merged.lock, &merged.document, after, &[]);
        prop_assert_eq!(again.document, merged.document);
    }
}
