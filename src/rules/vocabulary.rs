//! The words that the rules know, by their surface: one table that is looked into for every word of
//! every text.
//!
//! Nearly all words have at most sixteen ASCII bytes. Those are kept as two numbers in an open
//! table, so that one look costs neither a copy nor a walk through pointers; the others are in a map.

use super::compiled::{Met, UNKNOWN};
use crate::text::inflect::Form;
use crate::text::word::{SHORT, Short};
use std::collections::HashMap;

/// The longest ASCII word that is made small without memory of its own, in bytes.
const LONG: usize = 48;
/// Odd, with its bits spread evenly: the golden ratio as a fraction of 2^64.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Words by their surface.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    /// By hash, one more than the index of a short word; 0 where there is none. Half the words of
    /// a text are unknown, and nearly all of these end here, in a table that stays in the cache.
    places: Vec<u16>,
    /// The number of places, a power of two, less one.
    mask: usize,
    /// The short words.
    short: Vec<Entry>,
    /// The words that are long or not ASCII.
    others: HashMap<Box<str>, Met, foldhash::fast::FixedState>,
    /// Whether some short words are in that map, because there are too many.
    full: bool,
    /// Length of the longest word in bytes.
    longest: usize,
    /// Of those that are ASCII.
    longest_ascii: usize,
}

/// A short word, packed: some ten thousand of them are to stay in the cache.
#[derive(Debug, Clone, Copy)]
struct Entry {
    short: Short,
    word: u32,
    form: Form,
}

/// The place where a look for a word begins, before it is cut to the size of the table.
#[inline]
const fn hash(word: Short) -> usize {
    let mixed = word.front ^ word.back.rotate_left(23);
    (mixed.wrapping_mul(SPREAD) >> 40) as usize
}

impl Vocabulary {
    /// Makes the table of `words`, surfaces in small letters.
    pub(super) fn new(words: HashMap<Box<str>, Met, foldhash::fast::FixedState>) -> Vocabulary {
        let longest = words.keys().map(|word| word.len()).max().unwrap_or(0);
        let ascii = words.keys().filter(|word| word.is_ascii());
        let longest_ascii = ascii.map(|word| word.len()).max().unwrap_or(0);
        // At most two thirds full, so that a word that is not there is soon known.
        let size = (words.len() * 3 / 2 + 1).next_power_of_two();
        let mut vocabulary = Vocabulary {
            places: vec![0; size],
            mask: size - 1,
            short: Vec::new(),
            others: HashMap::default(),
            full: false,
            longest,
            longest_ascii,
        };
        for (word, met) in words {
            // More short words than a place can name are kept with the long ones.
            let key = Short::of(word.as_bytes());
            let number = u16::try_from(vocabulary.short.len() + 1).unwrap_or(0);
            if key.is_none() || number == 0 {
                vocabulary.full |= !key.is_none();
                vocabulary.others.insert(word, met);
                continue;
            }
            let mut at = hash(key) & vocabulary.mask;
            while vocabulary.places[at] != 0 {
                at = (at + 1) & vocabulary.mask;
            }
            vocabulary.short.push(Entry {
                short: key,
                word: met.word,
                form: met.form,
            });
            vocabulary.places[at] = number;
        }
        vocabulary
    }

    /// Looks up a word that is packed already.
    #[inline]
    pub(super) fn look_up_packed(&self, key: Short) -> Met {
        match self.look_up_short(key) {
            UNKNOWN if self.full => self.look_up_unpacked(key),
            met => met,
        }
    }

    /// Looks up a short word that may be one of too many.
    #[cold]
    fn look_up_unpacked(&self, key: Short) -> Met {
        let bytes = [key.front.to_le_bytes(), key.back.to_le_bytes()].concat();
        self.look_up_other(&bytes[..key.length().min(SHORT)])
    }

    /// Looks up a short word.
    #[inline]
    fn look_up_short(&self, key: Short) -> Met {
        let mut at = hash(key) & self.mask;
        loop {
            let Some(entry) = usize::from(self.places[at]).checked_sub(1) else {
                return UNKNOWN;
            };
            let entry = self.short[entry];
            if entry.short == key {
                return Met {
                    word: entry.word,
                    form: entry.form,
                };
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Looks a word up; case does not matter.
    #[inline]
    pub(super) fn look_up(&self, word: &[u8]) -> Met {
        // The possessive is the word.
        let word = word.strip_suffix(b"'s").unwrap_or(word);
        let key = Short::of(word);
        if key.is_none() {
            self.look_up_other(word)
        } else {
            self.look_up_packed(key)
        }
    }

    /// Looks up a word that is long, not ASCII, or one of too many.
    #[cold]
    fn look_up_other(&self, word: &[u8]) -> Met {
        if word.is_ascii() {
            // An identifier, mostly.
            if word.len() > self.longest_ascii {
                return UNKNOWN;
            }
            let mut lower = [0; LONG];
            if let Some(lower) = lower.get_mut(..word.len()) {
                lower.copy_from_slice(word);
                lower.make_ascii_lowercase();
                let lower = std::str::from_utf8(lower);
                return lower.map_or(UNKNOWN, |lower| self.look_up_caseless(lower));
            }
        }
        let Ok(word) = std::str::from_utf8(word) else {
            return UNKNOWN;
        };
        let word = word.strip_suffix("’s").unwrap_or(word);
        // Small letters can take another number of bytes, but never a third of them.
        if word.len() > self.longest * 3 {
            return UNKNOWN;
        }
        let lower = word.to_lowercase().replace('’', "'");
        match self.look_up_short(Short::of(lower.as_bytes())) {
            UNKNOWN => self.look_up_caseless(&lower),
            met => met,
        }
    }

    /// Looks up a part of a script that has no capitals.
    pub(super) fn look_up_caseless(&self, word: &str) -> Met {
        self.others.get(word).copied().unwrap_or(UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(words: &[&str]) -> Vocabulary {
        let numbered = words.iter().zip(1..).map(|(word, number)| {
            let met = Met {
                word: number,
                form: Form::Base,
            };
            ((*word).into(), met)
        });
        Vocabulary::new(numbered.collect())
    }

    #[test]
    fn more_words_than_the_table_names_are_found_too() {
        let words: Vec<String> = (0..u32::from(u16::MAX) + 50)
            .map(|n| format!("w{n}x"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let vocabulary = of(&words);
        for (word, number) in words.iter().zip(1..) {
            assert_eq!(vocabulary.look_up(word.as_bytes()).word, number, "{word}");
        }
        assert_eq!(vocabulary.look_up(b"w1y"), UNKNOWN);
    }

    #[test]
    fn words_of_every_length_and_script_are_found_in_any_case() {
        let words = [
            "a",
            "do",
            "get",
            "list",
            "create",
            "deleting",
            "authenticate",
            "internationalize",
            "counterrevolutionary",
            "don't",
            "größe",
            "删除",
        ];
        let vocabulary = of(&words);
        for (word, number) in words.iter().zip(1..) {
            for surface in [
                (*word).to_owned(),
                word.to_uppercase(),
                format!("{word}'s"),
                word.replace('\'', "’"),
                format!("{word}’s"),
            ] {
                // The capital of `ß` is two letters: another word.
                if surface.contains("SS") {
                    continue;
                }
                assert_eq!(
                    vocabulary.look_up(surface.as_bytes()).word,
                    number,
                    "{surface}"
                );
            }
        }
        assert_eq!(vocabulary.look_up("\u{212a}".as_bytes()), UNKNOWN);
        assert_eq!(of(&["k"]).look_up("\u{212a}".as_bytes()).word, 1);
        assert_eq!(vocabulary.look_up(b""), UNKNOWN);
        assert_eq!(of(&[]).look_up(b"get"), UNKNOWN);
    }

    proptest! {
        /// The table says what a plain map says.
        #[test]
        fn the_table_is_a_map(
            words in proptest::collection::btree_set("[a-z]{1,20}", 0..60),
            asked in proptest::collection::vec("[a-zA-Z@\\[`{]{1,20}", 0..60),
        ) {
            let known: Vec<&str> = words.iter().map(String::as_str).collect();
            let vocabulary = of(&known);
            for word in asked.iter().map(String::as_str).chain(known.iter().copied()) {
                let lower = word.to_ascii_lowercase();
                let plain = known.iter().position(|k| *k == lower).map_or(0, |at| at + 1);
                prop_assert_eq!(vocabulary.look_up(word.as_bytes()).word as usize, plain);
            }
        }
    }
}
