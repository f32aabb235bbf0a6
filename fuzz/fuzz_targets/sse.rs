//! However the bytes of a stream are cut, the same events come out, and none beyond the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolrisk_fuzz::mcp::sse::{Event, SseReader};

const LIMIT: usize = 256;

fn read(bytes: &[u8], step: usize) -> (Vec<Event>, bool) {
    let mut reader = SseReader::new(LIMIT);
    let mut events = Vec::new();
    for chunk in bytes.chunks(step) {
        if reader.push(chunk, &mut events).is_err() {
            return (events, false);
        }
    }
    (events, true)
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let step = usize::from(*first).max(1);
    let (cut, cut_whole) = read(bytes, step);
    let (single, single_whole) = read(bytes, 1);
    for event in cut.iter().chain(&single) {
        assert!(event.data.len() <= LIMIT);
    }
    // Where nothing is over the limit, cutting changes nothing.
    if cut_whole && single_whole {
        assert_eq!(cut, single);
    }
});
