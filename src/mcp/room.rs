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
