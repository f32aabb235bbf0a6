//! Every policy of many real servers: it validates, and every engine reads it as we do. Where the
//! collection of real servers is missing, the example servers of the demo stand in.

use super::emit::agrees;
use super::schema;
use crate::support::{run, stderr, text, tree};
use rayon::prelude::*;
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use toolrisk::classify::{Classifier, Options, ServerContext};
use toolrisk::model::Tool;
use toolrisk::policy::emit::{ALL, Source};
use toolrisk::policy::{
    Disposition, Evaluator, Preset, ServerTools, ToolInput, generate, placeholders, read, to_json,
};
use toolrisk::rules::RuleSet;

/// Names and tools of servers.
fn servers() -> Vec<(String, Vec<Value>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/corpus-dev.jsonl.gz");
    let tools = |value: &Value| value["tools"].as_array().cloned().unwrap_or_default();
    if let Ok(bytes) = std::fs::read(path) {
        let mut lines = String::new();
        let mut unpacked = flate2::read::GzDecoder::new(&bytes[..]);
        unpacked.read_to_string(&mut lines).unwrap();
        return lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|server| (server["server"].to_string(), tools(&server)))
            .collect();
    }
    eprintln!("SKIPPED: the collection of real servers is missing; the demo's servers stand in");
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["demo", "--out", text(folder.path())]);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = tree(&folder.path().join("catalogue/servers"));
    records
        .iter()
        .map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).unwrap())
        .map(|record| (record["name"].to_string(), tools(&record)))
        .collect()
}

#[test]
fn every_policy_of_many_servers_validates_and_every_engine_agrees() {
    let servers = servers();
    assert!(servers.len() >= 5, "{}", servers.len());
    let rules = RuleSet::embedded().unwrap();
    let classifier = Classifier::new(&rules).unwrap();
    let schema = schema();
    let counted = [const { AtomicUsize::new(0) }; 5];
    servers.par_iter().for_each(|(name, definitions)| {
        let tools: Vec<Tool> = definitions.iter().cloned().map(Tool::from_value).collect();
        let context = ServerContext {
            name: Some(name),
            tools: &tools,
            instructions: None,
        };
        let verdicts = classifier.server(&context, &Options::default());
        for preset in [Preset::starter(), Preset::hardened(), Preset::read_only()] {
            let server = ServerTools {
                name,
                tools: verdicts
                    .iter()
                    .zip(&tools)
                    .map(|(verdict, tool)| ToolInput {
                        verdict,
                        schema: tool.input_schema.as_ref(),
                    })
                    .collect(),
            };
            let made = generate(&server, &preset);
            let text = to_json(&made.document);
            let document = read(text.as_bytes()).unwrap_or_else(|m| panic!("{name}: {m:?}"));
            assert_eq!(document, made.document);
            Evaluator::new(&document).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(schema.is_valid(&value), "{name}: {text}");
            for place in placeholders(&document) {
                assert!(value.pointer(&place.pointer).is_some(), "{}", place.pointer);
            }
            for planned in &made.tools {
                for note in planned.notes.iter().filter(|n| !n.rule.is_empty()) {
                    assert!(value.pointer(&note.rule).is_some(), "{name}: {}", note.rule);
                }
            }
            if preset.name == "hardened" {
                for planned in &made.tools {
                    counted[planned.disposition as usize].fetch_add(1, Relaxed);
                }
            }
            let probes = made.tools.iter().map(|p| p.tool.clone()).collect();
            let unlisted: Vec<String> = made
                .tools
                .iter()
                .filter(|p| p.disposition == Disposition::Unlisted)
                .map(|p| p.tool.clone())
                .collect();
            let source = Source {
                server: "server",
                document: &document,
                unlisted: &unlisted,
            };
            for emitter in ALL {
                agrees(emitter, &source, &probes);
            }
        }
    });
    let counted = counted.map(AtomicUsize::into_inner);
    eprintln!(
        "{} servers: {counted:?} allow, limit, deny, hide, unlisted",
        servers.len()
    );
    assert!(counted[..4].iter().all(|&count| count > 0), "{counted:?}");
}
