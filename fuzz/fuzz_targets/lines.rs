//! However the bytes are cut, the same lines come out, and none beyond the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolrisk_fuzz::mcp::lines::LineReader;

const LIMIT: usize = 128;

fn read(bytes: &[u8], step: usize) -> Result<(Vec<Vec<u8>>, Vec<u8>), ()> {
    let mut reader = LineReader::new(LIMIT);
    let mut lines = Vec::new();
    for chunk in bytes.chunks(step) {
        reader.push(chunk);
        while let Some(line) = reader.next_line().map_err(|_| ())? {
            assert!(line.len() <= LIMIT && !line.contains(&b'\n'));
            lines.push(line);
        }
    }
    Ok((lines, reader.rest()))
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let step = usize::from(*first).max(1);
    if let (Ok(cut), Ok(single)) = (read(bytes, step), read(bytes, 1)) {
        assert_eq!(cut, single);
    }
});
