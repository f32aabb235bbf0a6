//! Plain words, read eight bytes at a time: nearly every word of a text is one.

/// The longest word that is packed, in bytes.
pub const SHORT: usize = 16;
/// The highest bit of each byte: set where a text is not ASCII.
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// A word of at most [`SHORT`] ASCII bytes in small letters, packed into two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// Its first eight bytes, the first one lowest; what is missing is 0.
    pub front: u64,
    /// Its bytes from the ninth on.
    pub back: u64,
    /// How many bytes it has.
    length: u8,
}

impl Short {
    /// No word, or one that is not plain or short.
    pub const NONE: Short = Short {
        front: 0,
        back: 0,
        length: 0,
    };

    /// Whether it is none.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.length == 0
    }

    /// How many bytes it has.
    #[inline]
    pub const fn length(self) -> usize {
        self.length as usize
    }

    /// Of a word; none for one that is empty, longer, or not ASCII.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the length is at most sixteen"
    )]
    #[inline]
    pub fn of(word: &[u8]) -> Short {
        let (front, back) = (load(word, 0), load(word, 8));
        if word.len() > SHORT || (front | back) & HIGH != 0 {
            return Short::NONE;
        }
        Short {
            front: small(front),
            back: small(back),
            length: word.len() as u8,
        }
    }
}

/// The run of ASCII letters and digits that begins at a byte, as a word; none where it is longer, or
/// empty.
#[inline]
pub(super) fn run(bytes: &[u8], at: usize) -> Short {
    let (front, length) = leading(load(bytes, at));
    if length < 8 {
        Short {
            front,
            back: 0,
            length,
        }
    } else {
        long_run(bytes, at, front)
    }
}

/// A run of at least eight bytes, which are known.
#[inline(never)]
fn long_run(bytes: &[u8], at: usize, front: u64) -> Short {
    let (back, more) = leading(load(bytes, at + 8));
    if more == 8 && leading(load(bytes, at + SHORT)).1 > 0 {
        return Short::NONE;
    }
    Short {
        front,
        back,
        length: 8 + more,
    }
}

/// Of eight bytes those before the first that is no letter or digit, in small letters, and how many
/// they are.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the count is at most eight"
)]
#[inline]
const fn leading(bytes: u64) -> (u64, u8) {
    let shown = bytes & !HIGH;
    let letters = between(shown | SMALL, b'a', b'z');
    let alphanumeric = (letters | between(shown, b'0', b'9')) & !bytes;
    let other = !alphanumeric & HIGH;
    // All bits of the bytes before the first other one; all where there is none.
    let first = other & other.wrapping_neg();
    let own = first.wrapping_sub(1) & !(first - (first >> 7));
    let count = other.trailing_zeros() / 8;
    ((bytes | letters >> 2) & own, count as u8)
}

/// The bit that small letters have and capitals do not, of each byte.
const SMALL: u64 = u64::from_ne_bytes([0x20; 8]);

/// The highest bit of each byte of ASCII text that lies between two others.
#[inline]
const fn between(shown: u64, first: u8, last: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let from_first = shown + ONES * (0x80 - first as u64);
    let after_last = shown + ONES * (0x7f - last as u64);
    from_first & !after_last & HIGH
}

/// Eight ASCII bytes with their capitals made small.
#[inline]
const fn small(bytes: u64) -> u64 {
    bytes | between(bytes, b'A', b'Z') >> 2
}

/// The eight bytes from a place on, the first one lowest; beyond the end 0.
#[inline]
fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => load_end(bytes, rest.len()),
    }
}

/// The last bytes of a text, fewer than eight.
#[inline]
fn load_end(bytes: &[u8], count: usize) -> u64 {
    match bytes.last_chunk() {
        _ if count == 0 => 0,
        Some(chunk) => u64::from_le_bytes(*chunk) >> (8 * (8 - count)),
        None => {
            let last = bytes.len() - count;
            let each = bytes[last..].iter().rev();
            each.fold(0, |all, byte| all << 8 | u64::from(*byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(short: Short) -> Vec<u8> {
        let none = (short.front, short.back) == (0, 0);
        assert!(!short.is_none() || none, "{short:?}");
        let all = [short.front.to_le_bytes(), short.back.to_le_bytes()].concat();
        assert!(all[short.length()..].iter().all(|b| *b == 0));
        all[..short.length()].to_vec()
    }

    proptest! {
        #[test]
        fn a_run_is_what_it_is_byte_by_byte(
            text in "[a-cA-C0-2@\\[`{/:é ]{0,40}",
            from in 0..40usize,
        ) {
            let bytes = text.as_bytes();
            let at = from.min(bytes.len());
            let rest = &bytes[at..];
            let count = rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            let word = rest[..count].to_ascii_lowercase();
            let wanted = if count <= SHORT { word } else { Vec::new() };
            prop_assert_eq!(bytes_of(run(bytes, at)), wanted);
        }

        #[test]
        fn a_short_word_is_its_bytes_in_small_letters(word in "[\\x00-\\x7f]{0,20}|[a-cé]{1,9}") {
            let fits = word.is_ascii() && word.len() <= SHORT;
            let wanted = if fits { word.to_ascii_lowercase() } else { String::new() };
            prop_assert_eq!(bytes_of(Short::of(word.as_bytes())), wanted.into_bytes());
        }
    }
}
