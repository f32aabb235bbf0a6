//! No text makes the decoder or the taking in of a page panic, and what is kept is kept as it came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolrisk_fuzz::mcp::message::{Message, parse};
use toolrisk_fuzz::mcp::{Limits, Listing};
use toolrisk_fuzz::model::ToolEntry;

fuzz_target!(|text: &str| {
    let limits = Limits {
        tools: 20,
        pages: 3,
        ..Limits::default()
    };
    let Ok(messages) = parse(text) else { return };
    let mut listing = Listing::default();
    for message in messages {
        if let Message::Result(_, result) = message {
            let _ = listing.page(result, &limits);
        }
    }
    listing.finish();
    assert!(listing.tools.len() <= limits.tools);
    for entry in &listing.tools {
        if let ToolEntry::Listed(raw) = entry {
            assert!(text.contains(raw.get()));
        }
        // Reading leniently and writing again never fail.
        let _ = entry.tool();
        let json = serde_json::to_string(entry).expect("an entry can be written");
        serde_json::from_str::<ToolEntry>(&json).expect("and read again");
    }
});
