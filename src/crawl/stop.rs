//! Stopping a run from outside: first no more targets are begun, then those under way are left.

use std::sync::Arc;
use tokio::sync::watch;

/// A switch that stops the runs it was given to. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    level: Arc<watch::Sender<u8>>,
}

impl Stop {
    /// No further target is begun; those under way come to their end.
    pub fn drain(&self) {
        self.raise(1);
    }

    /// Targets under way are left too.
    pub fn abandon(&self) {
        self.raise(2);
    }

    /// Whether the run is to stop.
    pub fn is_asked(&self) -> bool {
        *self.level.borrow() > 0
    }

    fn raise(&self, level: u8) {
        self.level.send_if_modified(|current| {
            let raised = level > *current;
            *current = level.max(*current);
            raised
        });
    }

    pub(super) async fn drained(&self) {
        self.reached(1).await;
    }

    pub(super) async fn abandoned(&self) {
        self.reached(2).await;
    }

    async fn reached(&self, level: u8) {
        let mut receiver = self.level.subscribe();
        if receiver
            .wait_for(|current| *current >= level)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }

    /// Listens for SIGINT and SIGTERM: the first drains, the second abandons.
    pub(super) async fn listen(self) {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                return;
            };
            for _ in 0..2 {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if self.is_asked() {
                    self.abandon();
                } else {
                    self.drain();
                }
            }
        }
    }
}
