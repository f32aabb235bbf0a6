//! Names to tokens: `getURLFor`, `delete_repo-v2`, `users.list`, `db/query`.

use super::{Gap, Kind, Token, ascii, is_unspaced};

/// The most tokens that one name gives; what follows is not looked at.
pub const MOST_TOKENS: usize = 64;

/// Splits a name on everything that is no letter or digit, at lower-to-upper edges and at the end
/// of acronyms (`getURLFor` is get, URL, For). Digits stay with the letters before them (`s3`,
/// `oauth2`). Hidden characters inside a word do not part it.
pub fn tokens(name: &str, into: &mut Vec<Token>) {
    first_tokens(name, MOST_TOKENS, into);
}

/// The first tokens of a name, at most so many.
pub fn first_tokens(name: &str, most: usize, into: &mut Vec<Token>) {
    let limit = into.len() + most;
    let mut start: Option<(usize, Kind)> = None;
    let mut gap = Gap::None;
    let mut previous = Letter::default();
    let mut chars = name.char_indices();
    while let Some((at, character)) = chars.next() {
        let letter = Letter::of(character);
        if letter.hidden && start.is_some() {
            continue;
        }
        let kind = letter.kind;
        let next = || chars.clone().next().map_or('\0', |(_, c)| c);
        let edge = match (start, kind) {
            (Some((_, Kind::Run)), Some(kind)) => kind != Kind::Run,
            (Some(_), None | Some(Kind::Run)) => true,
            (Some((_, Kind::Number)), Some(Kind::Word)) => {
                previous.numeric && !is_short_unit(character, next())
            }
            (Some((_, Kind::Word)), Some(Kind::Word)) => {
                letter.upper
                    && (previous.lower
                        || previous.numeric
                        || (previous.upper && next().is_lowercase() && !plural_acronym(name, at)))
            }
            _ => false,
        };
        if edge && let Some((from, kind)) = start.take() {
            push(into, from, at, gap, kind);
            gap = Gap::Mark;
            if into.len() >= limit {
                return;
            }
        }
        if let Some(kind) = kind
            && start.is_none()
        {
            start = Some((at, kind));
        } else if kind.is_none() {
            gap = Gap::Mark;
        }
        previous = letter;
    }
    if let Some((from, kind)) = start {
        push(into, from, name.len(), gap, kind);
    }
}

/// What a character of a name is.
#[derive(Debug, Clone, Copy, Default)]
struct Letter {
    /// What a token is made of that begins with it; none for a mark.
    kind: Option<Kind>,
    lower: bool,
    upper: bool,
    numeric: bool,
    hidden: bool,
}

impl Letter {
    #[inline]
    fn of(character: char) -> Letter {
        let Ok(byte) = u8::try_from(character) else {
            return Letter::beyond_ascii(character);
        };
        if byte >= 0x80 {
            return Letter::beyond_ascii(character);
        }
        let class = ascii::class(byte);
        Letter {
            kind: if class & ascii::LETTER != 0 {
                Some(Kind::Word)
            } else if class & ascii::DIGIT != 0 {
                Some(Kind::Number)
            } else {
                None
            },
            lower: class & ascii::LOWER != 0,
            upper: class & ascii::UPPER != 0,
            numeric: class & ascii::DIGIT != 0,
            hidden: false,
        }
    }

    #[cold]
    fn beyond_ascii(character: char) -> Letter {
        Letter {
            kind: if is_unspaced(character) {
                Some(Kind::Run)
            } else if character.is_alphabetic() {
                Some(Kind::Word)
            } else if character.is_numeric() {
                Some(Kind::Number)
            } else {
                None
            },
            lower: character.is_lowercase(),
            upper: character.is_uppercase(),
            numeric: character.is_numeric(),
            hidden: is_hidden(character),
        }
    }
}

/// `IDs`, `URLs`: the lower-case s ends the acronym and starts no word.
fn plural_acronym(name: &str, at: usize) -> bool {
    let mut rest = name[at..].chars();
    rest.next();
    rest.next() == Some('s') && rest.next().is_none_or(|c| !c.is_lowercase())
}

/// `3d`, `2d`: a dimension, not a new word.
fn is_short_unit(character: char, next: char) -> bool {
    matches!(character, 'd' | 'D') && !next.is_alphabetic()
}

/// Whether a character does not show and does not part a word.
const fn is_hidden(character: char) -> bool {
    matches!(character, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "names are capped far below 4 GiB"
)]
fn push(into: &mut Vec<Token>, start: usize, end: usize, gap: Gap, kind: Kind) {
    into.push(Token {
        start: start as u32,
        end: end as u32,
        sentence: 0,
        gap,
        kind,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> Vec<&str> {
        let mut tokens_of = Vec::new();
        tokens(name, &mut tokens_of);
        tokens_of.iter().map(|token| token.of(name)).collect()
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
