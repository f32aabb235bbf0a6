//! Strings of a server's schemas that were looked at and say nothing. Three of four strings of a
//! schema stand in another tool of the server too: *The name of the project* is read once.

use crate::rules::fact::Fact;
use std::collections::HashSet;

/// The most strings that are kept of one server.
const MOST: usize = 4_096;

/// The strings, and what each was: a name, a value to choose.
#[derive(Debug)]
pub(super) struct Quiet<'t> {
    texts: HashSet<(&'t str, u32), foldhash::fast::RandomState>,
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
    pub(super) fn keep(&mut self, text: &'t str, is: &[Fact]) -> bool {
        if self.texts.len() < MOST {
            self.texts.insert((text, bits(is)))
        } else {
            !self.texts.contains(&(text, bits(is)))
        }
    }

    /// Forgets a string that says something.
    pub(super) fn forget(&mut self, text: &'t str, is: &[Fact]) {
        self.texts.remove(&(text, bits(is)));
    }
}

/// What a string is, as bits.
fn bits(is: &[Fact]) -> u32 {
    is.iter().fold(0, |bits, fact| bits | 1 << (*fact as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[Fact] = &[Fact::IsParameter];
    const NAME: &[Fact] = &[Fact::IsParameter, Fact::IsName];

    #[test]
    fn what_is_kept_is_bounded_and_told_apart() {
        let names: Vec<String> = (0..MOST + 9).map(|n| format!("parameter {n:05}")).collect();
        let mut quiet = Quiet::of(1);
        for name in &names {
            assert!(quiet.keep(name, PLAIN), "{name}");
        }
        assert!(!quiet.keep(&names[0], PLAIN) && quiet.keep(&names[0], NAME));
        assert!(!quiet.keep(&names[MOST - 1], PLAIN) && quiet.keep(&names[MOST], PLAIN));
        quiet.forget(&names[0], PLAIN);
        assert!(quiet.keep(&names[0], PLAIN));
    }
}
