//! What an ASCII byte is, looked up: nearly all text is ASCII, and each of its bytes is asked.

/// A small letter.
pub(super) const LOWER: u8 = 1;
/// A capital.
pub(super) const UPPER: u8 = 1 << 1;
/// A digit.
pub(super) const DIGIT: u8 = 1 << 2;
/// A letter.
pub(super) const LETTER: u8 = LOWER | UPPER;
/// A letter or a digit.
pub(super) const ALPHANUMERIC: u8 = LETTER | DIGIT;

/// The bits of a byte; none for a mark and for what is not ASCII.
#[inline]
pub(super) const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        classes[byte as usize] = if byte.is_ascii_lowercase() {
            LOWER
        } else if byte.is_ascii_uppercase() {
            UPPER
        } else if byte.is_ascii_digit() {
            DIGIT
        } else {
            0
        };
        byte += 1;
    }
    classes
};
