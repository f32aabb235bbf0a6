//! The test vectors of docs/digests.md.

use toolrisk::digest::{server_digest, tool_digest};
use toolrisk::model::ToolEntry;

#[test]
fn the_vectors_in_the_documentation_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/digests.md");
    let text = std::fs::read_to_string(path).unwrap();
    let vectors = text.split("## Test vectors").nth(1).unwrap();
    let definitions: Vec<ToolEntry> = vectors
        .split("```json\n")
        .skip(1)
        .map(|part| serde_json::from_str(part.split("\n```").next().unwrap()).unwrap())
        .collect();
    let expected: Vec<&str> = vectors
        .lines()
        .filter_map(|line| line.strip_prefix('`')?.strip_suffix('`'))
        .filter(|text| text.starts_with("sha256:"))
        .collect();
    let mut computed: Vec<String> = definitions.iter().map(tool_digest).collect();
    let tools = [definitions[1].clone(), definitions[0].clone()];
    computed.push(server_digest(&tools, Some("Measure first.")));
    assert_eq!(computed, expected);
    assert_eq!(computed.len(), 5);
    assert_eq!(
        computed[1], computed[2],
        "key order, number form and icons do not count"
    );
    assert_ne!(computed[0], computed[1]);
}
