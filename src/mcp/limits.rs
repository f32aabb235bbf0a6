//! Every limit on what one server may cost, in one place.

use std::time::Duration;

/// Limits for asking one server. The defaults suit servers that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For everything that is done with one target, from the first packet to the last.
    pub total: Duration,
    /// From the start of a connection until it stands, its TLS included.
    pub connect: Duration,
    /// From a request to the first byte of its answer.
    pub first_byte: Duration,
    /// Between two bytes of an answer.
    pub idle: Duration,
    /// For the first question, which only finds out the era of the protocol.
    pub discover: Duration,
    /// For a started process to end after its standard input was closed.
    pub shutdown: Duration,
    /// Decoded bytes of one message or one answer.
    pub message_bytes: usize,
    /// Decoded bytes of all answers of one target.
    pub total_bytes: usize,
    /// Pages of the list.
    pub pages: usize,
    /// Tools kept.
    pub tools: usize,
    /// Messages that answer nothing we asked: notifications, requests to us, unknown ids.
    pub foreign_messages: usize,
    /// Lines of standard output that are no JSON.
    pub noise_lines: usize,
    /// Bytes of standard error that are kept, the newest.
    pub stderr_bytes: usize,
    /// Redirects followed.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            total: Duration::from_mins(1),
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(15),
            idle: Duration::from_secs(10),
            discover: Duration::from_secs(10),
            shutdown: Duration::from_millis(500),
            message_bytes: 16 << 20,
            total_bytes: 64 << 20,
            pages: 100,
            tools: 5_000,
            foreign_messages: 1_000,
            noise_lines: 1_000,
            stderr_bytes: 64 << 10,
            redirects: 5,
        }
    }
}

impl Limits {
    /// The same limits with another total; the waits within it shrink with it, so that a server
    /// that never answers the first question still leaves time for the second.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        let third = (total / 3).max(Duration::from_millis(1));
        self.total = total;
        self.discover = self.discover.min(third);
        self
    }
}
