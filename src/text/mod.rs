//! Text to tokens with byte spans: names, prose, and a normalised view for the text findings.
//!
//! Nothing here knows a rule or a tool. A span always indexes the original text, at character
//! boundaries; text is never rewritten. Depends on nothing of the project.

mod ascii;
pub mod confusables;
pub mod inflect;
pub mod names;
pub mod normalise;
pub mod prose;
pub mod word;

/// Which punctuation stands between a token and the one before it; the strongest one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Gap {
    /// Nothing but spaces, or nothing at all.
    #[default]
    None,
    /// `-`, `_`, a quote, an asterisk: marks that do not part a phrase.
    Mark,
    /// `/`, `|`, `&` or `+`: alternatives.
    Slash,
    /// A comma.
    Comma,
    /// An opening or closing bracket.
    Bracket,
    /// A semicolon or a dash between words.
    Semicolon,
    /// A colon.
    Colon,
    /// The end of a sentence or a line that ends one.
    Stop,
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Which sentence of the text, from 0; the last number is shared by all beyond it.
    pub sentence: u16,
    /// What stands before it.
    pub gap: Gap,
    /// What it is made of.
    pub kind: Kind,
    /// A plain short word itself, packed on the way; empty for any other.
    pub short: word::Short,
}

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word, a number, or an identifier inside prose: `task_status`.
    Word,
    /// A run of a script that is written without spaces: Han, kana, Thai and their like.
    Run,
}

impl Token {
    /// The token's bytes in the text it was made from.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// The same as bytes, which need no look at where characters begin.
    #[inline]
    pub fn bytes<'a>(&self, text: &'a str) -> &'a [u8] {
        text.as_bytes()
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// Whether a character belongs to a script that is written without spaces between words.
pub const fn is_unspaced(character: char) -> bool {
    matches!(
        character,
        '\u{0e00}'..='\u{0eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{2e80}'..='\u{2fdf}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{323af}'
    )
}

/// Whether a character is Japanese kana.
pub const fn is_kana(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}')
}
