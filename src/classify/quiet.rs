//! Strings of a server's schemas that were looked at and say nothing. Three of four strings of a
//! schema stand in another tool of the server too: *The name of the project* is read once.

use std::collections::HashSet;

/// The most strings that are kept of one server.
const MOST: usize = 4_096;

/// The strings, and whether each was a name.
#[derive(Debug)]
pub(super) struct Quiet<'t> {
    texts: HashSet<(&'t str, bool), foldhash::fast::RandomState>,
}

impl<'t> Quiet<'t> {
    /// For a number of tools: most have a few strings of their own.
    pub(super) fn of(tools: usize) -> Quiet<'t> {
        let room = (tools * 4).min(MOST);
        Quiet {
            texts: HashSet::with_capacity_and_hasher(room, foldhash::fast::RandomState::default()),
        }
    }

    /// Keeps a string as one that says nothing, whatever tool it stands in; false where it is known
    /// to be one. Nearly all are: what says something is forgotten again.
    pub(super) fn keep(&mut self, text: &'t str, is_name: bool) -> bool {
        if self.texts.len() < MOST {
            self.texts.insert((text, is_name))
        } else {
            !self.texts.contains(&(text, is_name))
        }
    }

    /// Forgets a string that says something.
    pub(super) fn forget(&mut self, text: &'t str, is_name: bool) {
        self.texts.remove(&(text, is_name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_told_apart() {
        let names: Vec<String> = (0..MOST + 9).map(|n| format!("parameter {n:05}")).collect();
        let mut quiet = Quiet::of(1);
        for name in &names {
            assert!(quiet.keep(name, false), "{name}");
        }
        assert!(!quiet.keep(&names[0], false) && quiet.keep(&names[0], true));
        assert!(!quiet.keep(&names[MOST - 1], false) && quiet.keep(&names[MOST], false));
        quiet.forget(&names[0], false);
        assert!(quiet.keep(&names[0], false));
    }
}
