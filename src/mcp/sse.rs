//! A bounded reader of server-sent events.
//!
//! Source: WHATWG HTML, section 9.2.6: lines end with CR, LF or CRLF; a byte order mark at the
//! start is dropped; `data` lines are joined with line feeds; an event without data is no event,
//! but its `id` and `retry` count.

use super::room::append;

/// One dispatched event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; empty means `message`.
    pub kind: String,
    /// The joined `data` lines.
    pub data: Vec<u8>,
}

/// Cuts a stream of bytes into events, holding at most one event of at most `limit` bytes.
#[derive(Debug)]
pub struct SseReader {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are known to hold no line end.
    scanned: usize,
    started: bool,
    skip_line_feed: bool,
    event: Event,
    has_data: bool,
    /// The last event id, for resuming a stream.
    last_id: Option<String>,
    /// Milliseconds to wait before resuming, as the server asked.
    retry: Option<u64>,
    limit: usize,
}

/// An event was larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than the limit")]
pub struct EventTooLarge;

impl SseReader {
    /// A reader that refuses events of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        SseReader {
            buffer: Vec::new(),
            scanned: 0,
            started: false,
            skip_line_feed: false,
            event: Event::default(),
            has_data: false,
            last_id: None,
            retry: None,
            limit,
        }
    }

    /// The last event id the server gave, for `Last-Event-ID`.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The wait before resuming that the server asked for, in milliseconds.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Bytes of the event that is not whole yet.
    pub fn held(&self) -> usize {
        self.buffer.len() + self.event.data.len()
    }

    /// Adds bytes and appends the events they complete to `events`.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), EventTooLarge> {
        append(&mut self.buffer, bytes, self.limit);
        if !self.started {
            if self.buffer.len() < 3 && b"\xef\xbb\xbf".starts_with(&self.buffer) {
                return Ok(());
            }
            self.started = true;
            if self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
        }
        let buffer = std::mem::take(&mut self.buffer);
        let mut start = 0;
        let mut from = self.scanned;
        if self.skip_line_feed && buffer.first() == Some(&b'\n') {
            start = 1;
            from = from.max(1);
        }
        if !buffer.is_empty() {
            self.skip_line_feed = false;
        }
        while let Some(at) = memchr::memchr2(b'\n', b'\r', &buffer[from..]) {
            let end = from + at;
            self.line(&buffer[start..end], events)?;
            start = end + 1;
            if buffer[end] == b'\r' {
                match buffer.get(start) {
                    Some(b'\n') => start += 1,
                    Some(_) => {}
                    None => self.skip_line_feed = true,
                }
            }
            from = start;
        }
        self.buffer = if start == 0 {
            buffer
        } else {
            buffer[start..].to_vec()
        };
        self.scanned = self.buffer.len();
        if self.held() > self.limit {
            return Err(EventTooLarge);
        }
        Ok(())
    }

    /// Takes one line without its end.
    fn line(&mut self, line: &[u8], events: &mut Vec<Event>) -> Result<(), EventTooLarge> {
        if line.is_empty() {
            let mut event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                event.data.pop();
                events.push(event);
            }
            return Ok(());
        }
        let (field, value) = match memchr::memchr(b':', line) {
            // A comment keeps the connection open and says nothing.
            Some(0) => return Ok(()),
            Some(at) => {
                let value = &line[at + 1..];
                (&line[..at], value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                if self.event.data.len() + value.len() > self.limit {
                    return Err(EventTooLarge);
                }
                self.has_data = true;
                append(&mut self.event.data, value, self.limit);
                self.event.data.push(b'\n');
            }
            b"event" => self.event.kind = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) && value.len() <= 1024 => {
                self.last_id = Some(String::from_utf8_lossy(value).into_owned());
            }
            b"retry" => {
                self.retry = std::str::from_utf8(value)
                    .ok()
                    .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
                    .and_then(|text| text.parse().ok());
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], step: usize) -> Vec<(String, String)> {
        let mut reader = SseReader::new(1000);
        let mut events = Vec::new();
        for chunk in text.chunks(step) {
            reader.push(chunk, &mut events).unwrap();
        }
        events
            .into_iter()
            .map(|e| (e.kind, String::from_utf8(e.data).unwrap()))
            .collect()
    }

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text = "\u{feff}: hello\r\nid: 1\r\n\r\nevent: endpoint\rdata: /m\r\rdata:{\"a\":\ndata: 1}\nretry: 5\n\ndata\n\ndata: lost";
        let expected = [
            ("endpoint".to_owned(), "/m".to_owned()),
            (String::new(), "{\"a\":\n1}".to_owned()),
            (String::new(), String::new()),
        ];
        for step in 1..=text.len() {
            assert_eq!(read(text.as_bytes(), step), expected, "in steps of {step}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut events = Vec::new();
        let mut reader = SseReader::new(100);
        assert_eq!(reader.push(&[b'x'; 101], &mut events), Err(EventTooLarge));
        let mut reader = SseReader::new(100);
        let pushed: Result<Vec<()>, _> = (0..50)
            .map(|_| reader.push(b"data: 123456\n", &mut events))
            .collect();
        assert_eq!(pushed, Err(EventTooLarge));
        assert!(events.is_empty());
    }
}
