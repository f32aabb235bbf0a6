//! Memory for large messages, shared by all targets of the program: most answers are small, and
//! many hostile ones at once must not add up.

use tokio::sync::{Semaphore, SemaphorePermit};

/// A message of more bytes than this counts as large.
const LARGE: usize = 1 << 20;
/// Large messages that are read at the same time.
const AT_ONCE: usize = 6;

static LARGE_MESSAGES: Semaphore = Semaphore::const_new(AT_ONCE);

/// The room that one growing message takes; given back when dropped.
#[derive(Debug, Default)]
pub(super) struct Room(Option<SemaphorePermit<'static>>);

impl Room {
    /// Waits until a message of this size may be held. Waiting counts as time of its target.
    pub(super) async fn grow(&mut self, bytes: usize) {
        if bytes > LARGE && self.0.is_none() {
            // The semaphore is never closed.
            self.0 = LARGE_MESSAGES.acquire().await.ok();
        }
    }

    /// The message was taken in: its room is free for another.
    pub(super) fn shrink(&mut self) {
        self.0 = None;
    }
}

/// Adds bytes to a message of at most `limit`. A large one gets its room in few steps: what is not
/// written yet takes no memory, and what is written is not copied each time that it grows.
pub(super) fn append(message: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let wanted = message.len().saturating_add(bytes.len());
    if wanted > LARGE && wanted > message.capacity() {
        let most = limit.max(wanted).min(wanted.saturating_mul(4));
        message.reserve_exact(most - message.len());
    }
    message.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_grows_in_few_steps_and_not_beyond_its_limit() {
        let limit = 10 * LARGE;
        let mut message = Vec::new();
        let mut sizes = std::collections::BTreeSet::new();
        while message.len() < limit {
            append(&mut message, &vec![b'x'; 64 << 10], limit);
            if message.len() > LARGE {
                sizes.insert(message.capacity());
            }
        }
        assert_eq!(message.len(), limit);
        assert!(sizes.len() <= 3, "{sizes:?}");
        assert!(message.capacity() <= limit, "{}", message.capacity());
        append(&mut message, b"more", limit);
        assert_eq!(message.len(), limit + 4);
    }
}
