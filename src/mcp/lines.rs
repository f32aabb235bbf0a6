//! A bounded reader of lines: one JSON message per line on standard output.

use super::room::append;
use memchr::memchr;

/// Cuts a stream of bytes into lines, holding at most one line of at most `limit` bytes.
#[derive(Debug)]
pub struct LineReader {
    buffer: Vec<u8>,
    scanned: usize,
    limit: usize,
}

/// A line was longer than the limit; what was read of it is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than the limit")]
pub struct LineTooLong;

impl LineReader {
    /// A reader that refuses lines of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        LineReader {
            buffer: Vec::new(),
            scanned: 0,
            limit,
        }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        append(&mut self.buffer, bytes, self.limit);
    }

    /// The next whole line without its line feed and carriage return, or `None` when more bytes
    /// are needed.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        // Bytes before `scanned` hold no line feed: each byte is looked at once.
        let Some(at) = memchr(b'\n', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            if self.buffer.len() > self.limit {
                self.buffer = Vec::new();
                self.scanned = 0;
                return Err(LineTooLong);
            }
            return Ok(None);
        };
        let end = self.scanned + at;
        let rest = self.buffer.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.scanned = 0;
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > self.limit {
            return Err(LineTooLong);
        }
        Ok(Some(line))
    }

    /// Bytes of the line that is not whole yet.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// What was read after the last line feed; for a stream that ended.
    pub fn rest(self) -> Vec<u8> {
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_bytes_are_cut() {
        let text = b"{\"a\":1}\r\n\nnoise\n{\"b\"";
        for step in 1..text.len() {
            let mut reader = LineReader::new(100);
            let mut lines = Vec::new();
            for chunk in text.chunks(step) {
                reader.push(chunk);
                while let Some(line) = reader.next_line().unwrap() {
                    lines.push(String::from_utf8(line).unwrap());
                }
            }
            assert_eq!(lines, ["{\"a\":1}", "", "noise"], "in steps of {step}");
            assert_eq!(reader.rest(), b"{\"b\"");
        }
    }

    #[test]
    fn a_line_without_end_is_dropped_at_the_limit() {
        let mut reader = LineReader::new(10);
        reader.push(&[b'x'; 11]);
        assert_eq!(reader.next_line(), Err(LineTooLong));
        reader.push(b"\nshort\n");
        assert_eq!(reader.next_line(), Ok(Some(Vec::new())));
        assert_eq!(reader.next_line(), Ok(Some(b"short".to_vec())));
    }
}
