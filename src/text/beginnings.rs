//! Whether a text has one of many beginnings of words: a quick look that says which texts are worth
//! a slow one.

/// How many bits of a hash the table goes by.
const TABLE: u32 = 12;

/// Beginnings of words, and marks that count anywhere; case does not matter.
#[derive(Debug, Clone)]
pub struct Beginnings {
    /// Of each byte, whether one of three bytes and more begins with it, and whether another does.
    first: [u8; 256],
    /// By the hash of their first three bytes, one more than where those of that hash begin in
    /// `long`; 0 where there is none, as for nearly all words.
    table: Vec<u16>,
    /// Those of three bytes and more in small letters, with the hash of their first three.
    long: Vec<(u16, Vec<u8>)>,
    /// The others.
    short: Vec<Vec<u8>>,
}

/// One of three bytes and more begins with the byte.
const LONG: u8 = 1;
/// A shorter one does.
const SHORT: u8 = 1 << 1;

impl Beginnings {
    /// Of texts that are not empty; an empty one is left out.
    pub fn new(texts: &[String]) -> Beginnings {
        let mut beginnings = Beginnings {
            first: [0; 256],
            table: vec![0; 1 << TABLE],
            long: Vec::new(),
            short: Vec::new(),
        };
        for text in texts {
            let text = text.to_ascii_lowercase().into_bytes();
            let Some(first) = text.first().copied() else {
                continue;
            };
            let hash = hash_of(&text);
            for byte in [first, first.to_ascii_uppercase()] {
                beginnings.first[usize::from(byte)] |= hash.map_or(SHORT, |_| LONG);
            }
            match hash {
                Some(hash) => beginnings.long.push((hash, text)),
                None => beginnings.short.push(text),
            }
        }
        beginnings.long.sort_unstable();
        for (place, (hash, _)) in (1u16..).zip(&beginnings.long) {
            let slot = &mut beginnings.table[usize::from(*hash)];
            if *slot == 0 {
                *slot = place;
            }
        }
        beginnings
    }

    /// Whether a word of the text begins with any of them. One that begins with no letter or digit
    /// counts wherever it stands; a capital after a small letter begins a word.
    pub fn any_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let (eights, rest) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let begins_blank = self.first[usize::from(b' ')] != 0;
        let mut before = Before::default();
        let mut from = 0;
        for eight in eights.iter().chain([&last]) {
            let (begins, blanks) = places(*eight, &mut before);
            let mut places = begins | if begins_blank { blanks } else { 0 };
            while places != 0 {
                let at = places.trailing_zeros() as usize / 8;
                // Behind the end stand zeros, which begin nothing.
                let first = self.first[usize::from(eight[at])];
                if first != 0 && self.begins(first, &bytes[from + at..]) {
                    return true;
                }
                places &= places - 1;
            }
            from += 8;
        }
        false
    }

    /// Whether a text begins with one of them; `first` says which can be of its first byte.
    #[inline]
    fn begins(&self, first: u8, rest: &[u8]) -> bool {
        let starts = |text: &[u8]| {
            rest.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        if first & SHORT != 0 && self.short.iter().any(|text| starts(text)) {
            return true;
        }
        let Some(hash) = hash_of(rest) else {
            return false;
        };
        let Some(place) = usize::from(self.table[usize::from(hash)]).checked_sub(1) else {
            return false;
        };
        self.long[place..]
            .iter()
            .take_while(|(known, _)| *known == hash)
            .any(|(_, text)| starts(text))
    }
}

/// What the byte before eight others is: its bit in the lowest place of each.
#[derive(Default)]
struct Before {
    alphanumeric: u64,
    small: u64,
}

/// The places of eight bytes where a beginning can stand, as the highest bit of each byte: where a
/// word begins, and every mark; the blanks, which few begin with, apart.
#[inline]
fn places(eight: [u8; 8], before: &mut Before) -> (u64, u64) {
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let all = u64::from_le_bytes(eight);
    let ascii = !all & HIGH;
    let low = all & !HIGH;
    // No sum is carried on into the next byte: both parts are below 0x80.
    let from = |byte: u8| low + ONES * u64::from(0x80 - byte);
    let between = |first: u8, last: u8| from(first) & !from(last + 1) & ascii;
    let small = between(b'a', b'z');
    let capital = between(b'A', b'Z');
    let alphanumeric = small | capital | between(b'0', b'9');
    let begins = alphanumeric & !(alphanumeric << 8 | before.alphanumeric)
        | capital & (small << 8 | before.small);
    let blank = between(b' ', b' ');
    *before = Before {
        alphanumeric: alphanumeric >> 56,
        small: small >> 56,
    };
    (begins | !alphanumeric & !blank & HIGH, blank)
}

/// The hash of the first three bytes of a text. Setting a bit makes capitals small, and some marks
/// others: what is equal stays equal, and that is all that is asked of it.
#[inline]
fn hash_of(text: &[u8]) -> Option<u16> {
    let [a, b, c] = *text.first_chunk()?;
    let three = u32::from_le_bytes([a, b, c, 0]) | 0x20_2020;
    u16::try_from(three.wrapping_mul(0x9e37_79b1) >> (32 - TABLE)).ok()
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
