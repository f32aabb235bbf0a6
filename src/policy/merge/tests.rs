use super::*;
use crate::policy::to_json;
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
