//! What the bytes of a text are, seen in one pass: nearly all texts have nothing but words, and
//! what has to be looked for beyond words begins with a byte that they do not have.

use super::marks;
use crate::rules::fact::Places;
use crate::text::normalise;

/// Bits for what a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u8);

impl Shape {
    /// A byte beyond ASCII.
    const FOREIGN: u8 = 1;
    /// A control that no text needs.
    const CONTROL: u8 = 1 << 1;
    /// What opens a tag, a comment, a marker of a turn, or a link.
    const OPENING: u8 = 1 << 2;
    /// What an escape or an entity begins with.
    const ESCAPE: u8 = 1 << 3;
    /// What a mail address and a web address have.
    const ADDRESS: u8 = 1 << 4;
    /// What joins the words of a name.
    const UNDERSCORE: u8 = 1 << 5;
    /// What follows the name of who speaks.
    const COLON: u8 = 1 << 6;
    /// What may stand for a letter.
    const DIGIT: u8 = 1 << 7;

    /// Of a text.
    pub(super) fn of(text: &str) -> Shape {
        // Sixteen bytes at a time, so that the comparisons can be done side by side.
        let (chunks, rest) = text.as_bytes().as_chunks::<16>();
        let mut all = [0u8; 16];
        for chunk in chunks {
            for (all, byte) in all.iter_mut().zip(chunk) {
                *all |= kind(*byte);
            }
        }
        let rest = rest
            .iter()
            .fold(0, |all, byte| all | KINDS[usize::from(*byte)]);
        Shape(all.into_iter().fold(rest, |all, bits| all | bits))
    }

    /// Whether it has a word joined by underscores, perhaps.
    pub(super) const fn joins(self) -> bool {
        self.0 & Shape::UNDERSCORE != 0
    }

    /// Which addresses it holds.
    pub(super) fn addresses(self, text: &str) -> Places {
        if self.0 & Shape::ADDRESS == 0 {
            return Places::NONE;
        }
        let mail = marks::mail_addresses(text).next().is_some();
        let web = marks::addresses(text).next().is_some();
        Places::MAIL.when(mail).and(Places::ADDRESS.when(web))
    }

    /// Whether there may be more to a text than its words as they stand: something hidden, encoded
    /// or marked.
    pub(super) fn is_odd(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        self.0 & Shape::CONTROL != 0
            || self.0 & Shape::OPENING != 0 && marks::may_open(bytes)
            || self.0 & Shape::ESCAPE != 0 && normalise::may_escape(bytes)
            || self.0 & Shape::FOREIGN != 0 && !normalise::is_quiet(text)
            || self.0 & Shape::COLON != 0 && marks::may_speak(bytes)
            || self.0 & Shape::DIGIT != 0 && normalise::is_leet(text)
            || normalise::may_be_encoded(text)
            || marks::has_long_blank(text)
    }
}

/// The bits of each byte, for the bytes that are looked at one by one.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    loop {
        kinds[byte as usize] = kind(byte);
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// The bits of one byte.
#[inline]
const fn kind(byte: u8) -> u8 {
    const fn bit(is: bool, bit: u8) -> u8 {
        (is as u8).wrapping_neg() & bit
    }
    bit(byte >= 0x80, Shape::FOREIGN)
        | bit(byte < b'\t' || byte == 0x1b || byte == 0x7f, Shape::CONTROL)
        | bit(byte == b'<' || byte == b'[', Shape::OPENING)
        | bit(byte == b'\\' || byte == b'&', Shape::ESCAPE)
        | bit(byte == b'@' || byte == b'/', Shape::ADDRESS)
        | bit(byte == b'_', Shape::UNDERSCORE)
        | bit(byte == b':', Shape::COLON)
        | bit(byte.is_ascii_digit(), Shape::DIGIT)
}
