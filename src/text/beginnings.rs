//! Whether a text has one of many beginnings of words: a quick look that says which texts are worth
//! a slow one.

use super::ascii;

/// How many bits of a hash the filter goes by.
const FILTER: u32 = 16;

/// Beginnings of words, and marks that count anywhere; case does not matter.
#[derive(Debug, Clone)]
pub struct Beginnings {
    /// The bytes that any of them begins with.
    first: [bool; 256],
    /// One bit for the first three bytes of each, by their hash: nearly all words end here.
    filter: Vec<u64>,
    /// Those of three bytes and more in small letters, by their first three.
    long: Vec<(u32, Vec<u8>)>,
    /// The others.
    short: Vec<Vec<u8>>,
    /// The bytes that one of the others begins with.
    short_first: [bool; 256],
}

impl Beginnings {
    /// Of texts that are not empty; an empty one is left out.
    pub fn new(texts: &[String]) -> Beginnings {
        let mut beginnings = Beginnings {
            first: [false; 256],
            filter: vec![0; (1 << FILTER) / 64],
            long: Vec::new(),
            short: Vec::new(),
            short_first: [false; 256],
        };
        for text in texts {
            let text = text.to_ascii_lowercase().into_bytes();
            let Some(first) = text.first().copied() else {
                continue;
            };
            for byte in [first, first.to_ascii_uppercase()] {
                beginnings.first[usize::from(byte)] = true;
                beginnings.short_first[usize::from(byte)] |= text.len() < 3;
            }
            if let Some(three) = three_of(&text) {
                let bit = bit_of(three);
                beginnings.filter[bit / 64] |= 1 << (bit % 64);
                beginnings.long.push((three, text));
            } else {
                beginnings.short.push(text);
            }
        }
        beginnings.long.sort_unstable();
        beginnings
    }

    /// Whether a word of the text begins with any of them. One that begins with no letter or digit
    /// counts wherever it stands; a capital after a small letter begins a word.
    pub fn any_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.first[usize::from(*byte)] && self.begins(&bytes[at..]) {
                return true;
            }
            at += 1;
            // On to where the next word can begin.
            let mut before = ascii::class(*byte);
            while before & ascii::ALPHANUMERIC != 0
                && let Some(class) = bytes.get(at).map(|byte| ascii::class(*byte))
                && class & ascii::ALPHANUMERIC != 0
                && (before & ascii::LOWER == 0 || class & ascii::UPPER == 0)
            {
                before = class;
                at += 1;
            }
        }
        false
    }

    /// Whether a text of at least one byte begins with one of them.
    fn begins(&self, rest: &[u8]) -> bool {
        let starts = |text: &[u8]| {
            rest.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        if self.short_first[usize::from(rest[0])] && self.short.iter().any(|text| starts(text)) {
            return true;
        }
        let Some(three) = three_of(rest) else {
            return false;
        };
        let bit = bit_of(three);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return false;
        }
        let from = self.long.partition_point(|(known, _)| *known < three);
        self.long[from..]
            .iter()
            .take_while(|(known, _)| *known == three)
            .any(|(_, text)| starts(text))
    }
}

/// The first three bytes of a text as a number. Setting a bit makes capitals small, and some marks
/// others: what is equal stays equal, and that is all that is asked of it.
fn three_of(text: &[u8]) -> Option<u32> {
    let [a, b, c] = *text.first_chunk()?;
    Some(u32::from_le_bytes([a, b, c, 0]) | 0x20_2020)
}

/// The bit of the filter for three bytes.
const fn bit_of(three: u32) -> usize {
    (three.wrapping_mul(0x9e37_79b1) >> (32 - FILTER)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every beginning is tried at every place.
    fn slow(beginnings: &[String], text: &str) -> bool {
        let bytes = text.as_bytes();
        (0..bytes.len()).any(|at| {
            let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
            let begins_word = !before.is_ascii_alphanumeric()
                || !bytes[at].is_ascii_alphanumeric()
                || before.is_ascii_lowercase() && bytes[at].is_ascii_uppercase();
            begins_word
                && beginnings.iter().any(|beginning| {
                    bytes[at..]
                        .get(..beginning.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(beginning.as_bytes()))
                })
        })
    }

    #[test]
    fn words_begin_after_marks_and_at_capitals() {
        let texts = ["turns", "@", "api key", ".env", "don’t"].map(str::to_owned);
        let beginnings = Beginnings::new(&texts);
        for text in [
            "last Turns",
            "lastTurns",
            "a@b",
            "the API KEYS",
            "x.env",
            "Don’t",
        ] {
            assert!(beginnings.any_in(text), "{text}");
        }
        for text in ["Returns", "api", "envoy", "", "don't", "apikey"] {
            assert!(!beginnings.any_in(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_filter_hides_nothing(
            texts in prop::collection::vec("[a-c<@ ]{1,5}", 0..6),
            text in "[a-cA-C<@ é]{0,30}",
        ) {
            prop_assert_eq!(Beginnings::new(&texts).any_in(&text), slow(&texts, &text));
        }
    }
}
