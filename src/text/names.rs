//! Names to tokens: `getURLFor`, `delete_repo-v2`, `users.list`, `db/query`.

use super::word::Short;
use super::{Gap, Kind, Token, ascii, is_unspaced};

/// The most tokens that one name gives; what follows is not looked at.
pub const MOST_TOKENS: usize = 64;

/// Splits a name on everything that is no letter or digit, at lower-to-upper edges and at the end
/// of acronyms (`getURLFor` is get, URL, For), and gives the tokens one by one, at most `most` of
/// them. Digits stay with the letters before them (`s3`, `oauth2`). Hidden characters inside a word
/// do not part it.
#[inline]
pub fn each(name: &str, most: usize, mut give: impl FnMut(Token)) {
    let mut left = most;
    let bytes = name.as_bytes();
    let mut start: Option<(usize, Part)> = None;
    let mut gap = Gap::None;
    let mut previous = 0;
    let mut at = 0;
    while at < bytes.len() {
        let mut width = 1;
        let mut letter = ascii::class(bytes[at]);
        // Most letters are small ones after small ones.
        if letter == ascii::LOWER && previous == ascii::LOWER && start.is_some() {
            at += 1;
            continue;
        }
        if bytes[at] >= 0x80 {
            let character = next_char(name, at);
            width = character.len_utf8();
            letter = beyond_ascii(character);
        }
        if letter & HIDDEN != 0 && start.is_some() {
            at += width;
            continue;
        }
        let part = if letter & RUN != 0 {
            Some(Part::Run)
        } else if letter & (ascii::LETTER | CASELESS) != 0 {
            Some(Part::Word)
        } else if letter & ascii::DIGIT != 0 {
            Some(Part::Number)
        } else {
            None
        };
        let edge = match (start, part) {
            (Some((_, Part::Run)), Some(part)) => part != Part::Run,
            (Some(_), None | Some(Part::Run)) => true,
            (Some((_, Part::Number)), Some(Part::Word)) => {
                previous & ascii::DIGIT != 0 && !is_short_unit(name, at)
            }
            (Some((_, Part::Word)), Some(Part::Word)) => {
                letter & ascii::UPPER != 0
                    && (previous & (ascii::LOWER | ascii::DIGIT) != 0
                        || previous & ascii::UPPER != 0
                            && next_char(name, at + width).is_lowercase()
                            && !plural_acronym(name, at))
            }
            _ => false,
        };
        if edge && let Some((from, part)) = start.take() {
            give(token(from, at, gap, part));
            gap = Gap::Mark;
            left -= 1;
            if left == 0 {
                return;
            }
        }
        if let Some(part) = part
            && start.is_none()
        {
            start = Some((at, part));
        } else if part.is_none() {
            gap = Gap::Mark;
        }
        previous = letter;
        at += width;
    }
    if let Some((from, part)) = start {
        give(token(from, name.len(), gap, part));
    }
}

/// What a part of a name is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Word,
    Number,
    Run,
}

/// A letter that is neither small nor a capital; with the bits of [`ascii`], which also stand for
/// the letters and numerals of all scripts here.
const CASELESS: u8 = 1 << 3;
/// A character of a script that is written without spaces.
const RUN: u8 = 1 << 4;
/// A character that does not show and does not part a word.
const HIDDEN: u8 = 1 << 5;

/// What a character beyond ASCII is.
#[cold]
fn beyond_ascii(character: char) -> u8 {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    bit(is_unspaced(character), RUN)
        | bit(character.is_alphabetic(), CASELESS)
        | bit(character.is_lowercase(), ascii::LOWER)
        | bit(character.is_uppercase(), ascii::UPPER)
        | bit(character.is_numeric(), ascii::DIGIT)
        | bit(is_hidden(character), HIDDEN)
}

/// The character at a place; a mark where there is none.
fn next_char(name: &str, at: usize) -> char {
    name.get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or('\0')
}

/// `IDs`, `URLs`: the lower-case s ends the acronym and starts no word.
fn plural_acronym(name: &str, at: usize) -> bool {
    let mut rest = name[at..].chars();
    rest.next();
    rest.next() == Some('s') && rest.next().is_none_or(|c| !c.is_lowercase())
}

/// `3d`, `2d`: a dimension, not a new word.
fn is_short_unit(name: &str, at: usize) -> bool {
    matches!(next_char(name, at), 'd' | 'D') && !next_char(name, at + 1).is_alphabetic()
}

/// Whether a character does not show and does not part a word.
const fn is_hidden(character: char) -> bool {
    matches!(character, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "names are capped far below 4 GiB"
)]
const fn token(start: usize, end: usize, gap: Gap, part: Part) -> Token {
    Token {
        start: start as u32,
        end: end as u32,
        sentence: 0,
        gap,
        kind: match part {
            Part::Run => Kind::Run,
            Part::Word | Part::Number => Kind::Word,
        },
        short: Short::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> Vec<&str> {
        let mut words = Vec::new();
        each(name, MOST_TOKENS, |token| words.push(token.of(name)));
        words
    }

    #[test]
    fn names_split_where_people_read_words() {
        assert_eq!(split("getURLFor"), ["get", "URL", "For"]);
        assert_eq!(split("delete_repo-v2"), ["delete", "repo", "v2"]);
        assert_eq!(split("github.listIssues"), ["github", "list", "Issues"]);
        assert_eq!(split("s3PutObject"), ["s3", "Put", "Object"]);
        assert_eq!(split("listUserIDs"), ["list", "User", "IDs"]);
        assert_eq!(split("HTTPServer"), ["HTTP", "Server"]);
        assert_eq!(split("render3d"), ["render3d"]);
        assert_eq!(split("__x__"), ["x"]);
        assert_eq!(split("获取_user"), ["获取", "user"]);
        assert!(split("--").is_empty());
    }
}
