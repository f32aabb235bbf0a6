//! Prose to tokens, with sentences and the punctuation between tokens.

use super::word::{self, Short};
use super::{Gap, Kind, Token, ascii, is_unspaced};
use unicode_normalization::char::is_combining_mark;

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: [&str; 8] = ["e.g", "i.e", "etc", "vs", "approx", "eg", "ie", "incl"];

/// Splits prose into tokens and gives them one by one, at most `limit` of them; says whether that was
/// all of the text.
///
/// A word is letters with inner digits and apostrophes; words joined by `_`, `.` without a space,
/// or inner capitals are one: an identifier. A hyphen parts words. A sentence ends at `.`,
/// `!`, `?` before a space, at `。`, `！`, `？`, and at a line end unless the next line goes on in
/// lower case.
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are capped far below 4 GiB"
)]
#[inline]
pub fn each(text: &str, limit: usize, mut give: impl FnMut(Token)) -> bool {
    let bytes = text.as_bytes();
    let mut left = limit;
    let mut at = 0;
    let mut sentence: u16 = 0;
    let mut gap = Gap::None;
    let mut last = None;
    while at < bytes.len() && left > 0 {
        let byte = bytes[at];
        if byte == b' ' {
            at += 1;
            continue;
        }
        let mut short = Short::NONE;
        let (end, kind) = if ascii::class(byte) & ascii::ALPHANUMERIC != 0 {
            short = word::run(bytes, at);
            let mut end = at + short.length();
            // Nearly every word is a plain one.
            if short.is_none() || goes_on(bytes, end) {
                short = Short::NONE;
                end = joined_word(text, bytes, at);
            }
            (end, Kind::Word)
        } else if byte.is_ascii() {
            gap = gap.max(ascii_gap(text, bytes, at, last));
            at += 1;
            continue;
        } else {
            match beyond_ascii(text, at) {
                Beyond::Word(end, kind) => (end, kind),
                Beyond::Mark(end, mark) => {
                    gap = gap.max(mark);
                    at = end;
                    continue;
                }
            }
        };
        if gap == Gap::Stop && last.is_some() {
            sentence = sentence.saturating_add(1);
        }
        give(Token {
            start: at as u32,
            end: end as u32,
            sentence,
            gap,
            kind,
            short,
        });
        last = Some((at, end));
        gap = Gap::None;
        at = end;
        left -= 1;
    }
    at >= bytes.len()
}

/// What stands at a place that is not ASCII, and where it ends.
enum Beyond {
    Word(usize, Kind),
    Mark(usize, Gap),
}

fn beyond_ascii(text: &str, at: usize) -> Beyond {
    let Some(character) = text[at..].chars().next() else {
        return Beyond::Mark(text.len(), Gap::Mark);
    };
    if is_unspaced(character) {
        return Beyond::Word(at + run_length(&text[at..]), Kind::Run);
    }
    if character.is_alphanumeric() {
        let (end, kind) = unicode_word(text, at);
        return Beyond::Word(end, kind);
    }
    let mark = match character {
        '。' | '！' | '？' | '\u{2028}' | '\u{2029}' => Gap::Stop,
        '，' | '、' => Gap::Comma,
        '；' | '–' | '—' | '•' | '→' => Gap::Semicolon,
        '：' => Gap::Colon,
        '（' | '）' | '【' | '】' | '「' | '」' => Gap::Bracket,
        _ => Gap::Mark,
    };
    Beyond::Mark(at + character.len_utf8(), mark)
}

/// Whether a word may go on behind a run of letters and digits.
#[inline]
fn goes_on(bytes: &[u8], end: usize) -> bool {
    let Some(byte) = bytes.get(end) else {
        return false;
    };
    match byte {
        b'_' | b'.' | b'@' | b'\'' => bytes
            .get(end + 1)
            .is_some_and(|next| ascii::class(*next) & ascii::ALPHANUMERIC != 0),
        _ => *byte >= 0x80,
    }
}

/// The end of the ASCII-led word at `at`, which may be an identifier.
fn joined_word(text: &str, bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut seen = 0;
    let mut inner_capital = false;
    let mut joined = false;
    loop {
        let start = end;
        let mut run = 0;
        while let Some(class) = bytes.get(end).map(|byte| ascii::class(*byte))
            && class & ascii::ALPHANUMERIC != 0
        {
            run |= class;
            end += 1;
        }
        seen |= run;
        // Few words have a capital at all, and most of those at the front.
        inner_capital |= run & ascii::UPPER != 0
            && bytes[start..end]
                .windows(2)
                .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        let Some(byte) = bytes.get(end) else { break };
        let next = bytes.get(end + 1).map_or(0, |next| ascii::class(*next));
        match byte {
            // `file.Then` is two sentences with a missing space, `os.Path` is an identifier.
            b'.' if next & ascii::UPPER != 0 && !(inner_capital || joined) => break,
            b'_' | b'.' | b'@' if next & ascii::ALPHANUMERIC != 0 => {
                joined = true;
                end += 1;
            }
            b'\'' if next & ascii::LETTER != 0 && seen & ascii::LETTER != 0 => end += 1,
            0x80.. => {
                let Some(character) = text[end..].chars().next() else {
                    break;
                };
                if character.is_alphanumeric() && !is_unspaced(character) {
                    seen |= ascii::LETTER;
                    end += character.len_utf8();
                } else if character == '’'
                    && bytes.get(end + 3).is_some_and(u8::is_ascii_alphabetic)
                {
                    end += 3;
                } else {
                    break;
                }
            }
            _ => break,
        }
    }
    end
}

/// The end of the word that starts with a letter outside ASCII; the marks of Indic scripts are part of
/// their words.
fn unicode_word(text: &str, at: usize) -> (usize, Kind) {
    let end = text[at..]
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || is_combining_mark(*c)) || is_unspaced(*c))
        .map_or(text.len(), |(offset, _)| at + offset);
    (end, Kind::Word)
}

/// Bytes of the run of unspaced script at the start of `text`.
fn run_length(text: &str) -> usize {
    text.char_indices()
        .find(|(_, c)| !is_unspaced(*c))
        .map_or(text.len(), |(offset, _)| offset)
}

/// What the ASCII mark at `at` does between two tokens; `last` is where the one before it lies.
fn ascii_gap(text: &str, bytes: &[u8], at: usize, last: Option<(usize, usize)>) -> Gap {
    let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
    match bytes[at] {
        b' ' | b'\t' | b'\r' => Gap::None,
        b'.' | b'!' | b'?' => {
            if !next.is_ascii_whitespace()
                && !matches!(next, b'"' | b'\'' | b')' | b'*')
                && next.is_ascii()
                && !next.is_ascii_uppercase()
            {
                Gap::Mark
            } else if bytes[at] == b'.'
                && last.is_some_and(|(from, end)| {
                    let word = text.get(from..end).unwrap_or_default();
                    end == at && ABBREVIATIONS.iter().any(|a| word.eq_ignore_ascii_case(a))
                })
            {
                Gap::Comma
            } else {
                Gap::Stop
            }
        }
        b'\n' => line_end(bytes, at),
        b',' => Gap::Comma,
        b';' => Gap::Semicolon,
        b':' => Gap::Colon,
        b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'>' | b'<' | b'=' => Gap::Bracket,
        b'/' | b'|' | b'&' | b'+' => Gap::Slash,
        b'-' => {
            let before = at.checked_sub(1).map_or(b' ', |i| bytes[i]);
            if before == b' ' && next == b' ' || next == b'>' {
                Gap::Semicolon
            } else {
                Gap::Mark
            }
        }
        _ => Gap::Mark,
    }
}

/// A line end ends a sentence unless the next line goes on in lower case.
fn line_end(bytes: &[u8], at: usize) -> Gap {
    let mut look = at + 1;
    while look < bytes.len() && matches!(bytes[look], b' ' | b'\t' | b'\r') {
        look += 1;
    }
    match bytes.get(look) {
        Some(b) if b.is_ascii_lowercase() => Gap::None,
        _ => Gap::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(&str, u16)> {
        let mut out = Vec::new();
        each(text, 1_000, |t| out.push((t.of(text), t.sentence)));
        out
    }

    #[test]
    fn sentences_end_where_people_stop() {
        assert_eq!(
            split("Lists files, e.g. two. Doesn't write.\nMore"),
            [
                ("Lists", 0),
                ("files", 0),
                ("e.g", 0),
                ("two", 0),
                ("Doesn't", 1),
                ("write", 1),
                ("More", 2)
            ]
        );
        assert_eq!(
            split("goes on\n  here"),
            [("goes", 0), ("on", 0), ("here", 0)]
        );
        assert_eq!(split("删除文件。获取"), [("删除文件", 0), ("获取", 1)]);
    }

    #[test]
    fn identifiers_stay_whole() {
        let words = |text| split(text).into_iter().map(|(word, _)| word).collect();
        let all: Vec<_> = words("call task_status, getLogs at example.org: it's file.Then");
        assert_eq!(
            all,
            [
                "call",
                "task_status",
                "getLogs",
                "at",
                "example.org",
                "it's",
                "file",
                "Then"
            ]
        );
    }
}
