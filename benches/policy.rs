//! How fast calls are decided and documents made: `cargo bench --bench policy`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start says so")]

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use toolrisk::model::{Category, Traits, Verdict};
use toolrisk::policy::{
    Call, Counters, Evaluator, Preset, ServerTools, ToolInput, generate, read, to_json,
};

fn main() {
    divan::main();
}

/// A server of 20 tools of every category, with arguments that `hardened` puts conditions on.
fn server() -> Vec<(Verdict, Value)> {
    let categories = [
        Category::Read,
        Category::Write,
        Category::Execute,
        Category::Destructive,
        Category::Financial,
    ];
    (0..20)
        .map(|n| {
            let category = categories[n % categories.len()];
            let verdict = Verdict {
                server: None,
                name: format!("tool_{n}"),
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
                rules_version: "bench".into(),
            };
            let schema = json!({"type": "object", "required": ["path", "mode"], "properties": {
                "path": {"type": "string"},
                "url": {"type": "string", "format": "uri"},
                "mode": {"enum": ["fast", "slow"]},
                "ids": {"type": "array", "items": {"type": "integer"}},
            }});
            (verdict, schema)
        })
        .collect()
}

fn made(preset: &Preset) -> toolrisk::policy::Generated {
    let tools = server();
    let inputs = tools
        .iter()
        .map(|(verdict, schema)| ToolInput {
            verdict,
            schema: Some(schema),
        })
        .collect();
    generate(
        &ServerTools {
            name: "bench",
            tools: inputs,
        },
        preset,
    )
}

fn calls() -> Vec<(String, Value)> {
    let arguments = [
        json!({"path": "src/lib.rs", "mode": "fast"}),
        json!({"path": "/srv/data/2026/11/report.csv", "mode": "slow", "ids": [1, 2, 3]}),
        json!({"path": "../../etc/shadow", "mode": "fast"}),
        json!({"path": "a.txt", "mode": "fast", "url": "https://example.com/a/b?c=d"}),
        json!({"path": "a.txt", "mode": "fast", "url": "http://169.254.169.254/"}),
    ];
    // Two of the tools are not there.
    (0..22)
        .flat_map(|n| arguments.clone().map(|a| (format!("tool_{n}"), a)))
        .collect()
}

#[divan::bench(args = ["starter", "hardened"])]
fn decide(bencher: Bencher<'_, '_>, preset: &str) {
    let document = made(&Preset::named(preset).unwrap()).document;
    let policy = Evaluator::new(&document).unwrap();
    let calls = calls();
    let counters = Counters::new();
    bencher
        .counter(ItemsCount::new(calls.len()))
        .bench_local(|| {
            calls
                .iter()
                .filter(|(tool, arguments)| {
                    let call = Call {
                        tool,
                        arguments,
                        digest: None,
                    };
                    policy.decide(&call, &counters, 0).allowed
                })
                .count()
        });
}

#[divan::bench]
fn reserve(bencher: Bencher<'_, '_>) {
    let document = made(&Preset::starter()).document;
    let policy = Evaluator::new(&document).unwrap();
    let calls = calls();
    let mut counters = Counters::new();
    let mut at = 0;
    bencher
        .counter(ItemsCount::new(calls.len()))
        .bench_local(|| {
            at += 60;
            let mut allowed = 0;
            for (tool, arguments) in &calls {
                let call = Call {
                    tool,
                    arguments,
                    digest: None,
                };
                allowed += usize::from(policy.reserve(&call, &mut counters, at).allowed);
            }
            allowed
        });
}

#[divan::bench(args = ["starter", "hardened"])]
fn generate_one_server(bencher: Bencher<'_, '_>, preset: &str) {
    let preset = Preset::named(preset).unwrap();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| to_json(&made(&preset).document));
}

#[divan::bench]
fn read_one_document(bencher: Bencher<'_, '_>) {
    let text = to_json(&made(&Preset::hardened()).document);
    bencher
        .counter(divan::counter::BytesCount::new(text.len()))
        .bench_local(|| read(text.as_bytes()).unwrap());
}
