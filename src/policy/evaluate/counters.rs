//! What was counted in the calendar windows.

use super::Map;

/// The counters of one grant. Windows are calendar windows in UTC: a counter is 0 again when the
/// next minute, hour or day starts. A clock that runs backwards resets nothing.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    used: Map<String, Used>,
}

#[derive(Debug, Clone, Copy)]
struct Used {
    /// Number of the window since 1970.
    window: u64,
    amount: f64,
}

impl Counters {
    /// Counters at 0.
    pub fn new() -> Self {
        Counters::default()
    }

    /// What was counted in the window.
    pub(super) fn used(&self, counter: &str, window: u64) -> f64 {
        match self.used.get(counter) {
            Some(used) if used.window >= window => used.amount,
            _ => 0.0,
        }
    }

    pub(super) fn add(&mut self, counter: &str, window: u64, amount: f64) {
        if let Some(used) = self.used.get_mut(counter) {
            if used.window < window {
                *used = Used {
                    window,
                    amount: 0.0,
                };
            }
            used.amount = (used.amount + amount).max(0.0);
        } else {
            let amount = amount.max(0.0);
            let counter = counter.to_owned();
            self.used.insert(counter, Used { window, amount });
        }
    }
}
