//! How fast pages are rendered, apart from reading, classifying and writing.
//!
//! `cargo bench --bench publish`. The input is made up: 200 servers of 16 tools with descriptions
//! of the usual length and 5 parameters each.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a bench that cannot be set up has to stop"
)]

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;
use toolrisk::model::Record;
use toolrisk::publish::Options;
use toolrisk::publish::press::Press;

fn main() {
    divan::main();
}

fn records() -> Vec<Record> {
    let verbs = [
        "get", "list", "search", "create", "update", "delete", "run", "send",
    ];
    let nouns = [
        "ticket", "invoice", "file", "page", "job", "message", "table", "user",
    ];
    (0..200)
        .map(|server| {
            let tools: Vec<_> = (0..16)
                .map(|tool| {
                    let verb = verbs[(server + tool) % verbs.len()];
                    let noun = nouns[(server * 3 + tool / 2) % nouns.len()];
                    json!({
                        "name": format!("{verb}_{noun}_{tool}"),
                        "description": format!("{verb}s a {noun} of the account number {server}. Use it when the person asks for a {noun} by its id; the result holds the fields that the account may see, and says when there is no such {noun}."),
                        "inputSchema": {"type": "object", "required": ["id"], "properties": {
                            "id": {"type": "string", "description": format!("The id of the {noun}.")},
                            "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                            "path": {"type": "string", "description": "Where it is kept."},
                            "format": {"enum": ["text", "json"]},
                            "body": {"type": "string"}
                        }}
                    })
                })
                .collect();
            let record = json!({
                "schema": 1, "name": format!("Server {server}"), "slug": format!("server-{server}"),
                "target": {"npm": format!("@example/server-{server}")}, "outcome": "listed",
                "protocol_version": "2025-11-25", "server_info": null, "instructions": null,
                "tools": tools, "problems": [], "digest": null
            });
            serde_json::from_value(record).expect("a record")
        })
        .collect()
}

#[divan::bench(sample_count = 10)]
fn tool_pages(bencher: Bencher<'_, '_>) {
    let press = Press::of(records(), Options::default()).expect("a press");
    bencher
        .counter(ItemsCount::new(press.tools()))
        .bench(|| press.tool_pages().expect("pages"));
}

#[divan::bench(sample_count = 10)]
fn servers_with_their_tools(bencher: Bencher<'_, '_>) {
    let press = Press::of(records(), Options::default()).expect("a press");
    bencher
        .counter(ItemsCount::new(200_usize))
        .bench(|| press.servers().expect("pages"));
}
