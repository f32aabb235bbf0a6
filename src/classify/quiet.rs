//! Strings of a server's schemas that were looked at and say nothing. Three of four strings of a
//! schema stand in another tool of the server too: *The name of the project* is read once.

use std::collections::HashSet;

/// The most strings that are kept of one server.
const MOST: usize = 4_096;

/// The strings, and whether each was a name.
#[derive(Debug, Default)]
pub(super) struct Quiet<'t> {
    texts: HashSet<(&'t str, bool), foldhash::fast::RandomState>,
}

impl<'t> Quiet<'t> {
    /// Whether a string is known to say nothing.
    pub(super) fn has(&self, text: &'t str, is_name: bool) -> bool {
        self.texts.contains(&(text, is_name))
    }

    /// Keeps a string that says nothing, whatever tool it stands in.
    pub(super) fn keep(&mut self, text: &'t str, is_name: bool) {
        if self.texts.len() < MOST {
            self.texts.insert((text, is_name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_told_apart() {
        let names: Vec<String> = (0..MOST + 9).map(|n| format!("parameter {n:05}")).collect();
        let mut quiet = Quiet::default();
        assert!(!quiet.has(&names[0], false));
        for name in &names {
            quiet.keep(name, false);
        }
        assert!(quiet.has(&names[0], false) && !quiet.has(&names[0], true));
        assert!(quiet.has(&names[MOST - 1], false) && !quiet.has(&names[MOST], false));
    }
}
