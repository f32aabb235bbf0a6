//! Foreign text on its way into a page: what is hidden becomes visible, and evidence is marked.
//!
//! Escaping of HTML is the template engine's; this is about characters that a page would not show.

use crate::model::shown::is_hidden;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A piece of foreign text with one way of being shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The text; hidden characters are already written as `\u{..}`.
    pub text: String,
    /// `""` plain, `hidden` an escape, `for` evidence that speaks for the verdict, `against`
    /// evidence that speaks against it, `del` and `ins` what went and what came.
    pub kind: &'static str,
    /// What the mark means, for evidence; empty otherwise.
    pub note: String,
}

/// A segment that belongs to someone else.
#[derive(Debug)]
pub struct Piece<'a> {
    /// See [`Segment`].
    pub text: Cow<'a, str>,
    /// See [`Segment`].
    pub kind: &'static str,
    /// See [`Segment`].
    pub note: Cow<'a, str>,
}

/// A marked byte span of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark<'a> {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Whether it speaks for the verdict.
    pub speaks_for: bool,
    /// What the mark means.
    pub note: Cow<'a, str>,
}

/// Whether a character is to be written as an escape on a page: hidden, or a control character
/// other than the line breaks and tabs of ordinary prose.
fn is_escaped(character: char) -> bool {
    is_hidden(character) || (character.is_control() && !matches!(character, '\n' | '\t' | '\r'))
}

/// Whether a text is printable ASCII, with line breaks and tabs: then nothing in it is hidden, and
/// its bytes are its characters. Most text is. No early end, so that many bytes are looked at in
/// one step.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| {
        plain & matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')
    })
}

/// Foreign text as one visible string: hidden and control characters as `\u{..}`.
pub fn visible(text: &str) -> String {
    shown(text).into_owned()
}

/// The same, borrowed where it is visible as it is.
pub fn shown(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// The visible form on one line, cut to `limit` characters at a word where possible, with an
/// ellipsis when it was cut.
pub fn excerpt(text: &str, limit: usize) -> String {
    excerpted(text, limit).into_owned()
}

/// The same, borrowed where it is one short line as it is.
pub fn excerpted(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit && is_one_line(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(limit.min(text.len()) + 4);
    let mut count = 0;
    let mut cut = false;
    for word in text.split_whitespace() {
        let word = shown(word);
        let length = if word.is_ascii() {
            word.len()
        } else {
            word.chars().count()
        };
        let space = usize::from(!line.is_empty());
        if count + space + length > limit {
            cut = true;
            if line.is_empty() {
                line.extend(word.chars().take(limit));
            }
            break;
        }
        if space == 1 {
            line.push(' ');
        }
        line.push_str(&word);
        count += space + length;
    }
    if cut {
        while line.ends_with([',', ';', ':', '.', '-', '(']) {
            line.pop();
        }
        line.push('…');
    }
    Cow::Owned(line)
}

/// Whether a text is printable ASCII with single spaces between its words.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches many bytes are compared in one step"
)]
fn is_one_line(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((_, tail)) = bytes.split_first() else {
        return true;
    };
    // Both are folded and not ended early, so that many bytes are looked at in one step.
    let printable = bytes
        .iter()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let pairs = bytes[..tail.len()].iter().zip(tail);
    let wide = pairs.fold(false, |any, (a, b)| any | ((*a == b' ') & (*b == b' ')));
    printable && !wide && !text.starts_with(' ') && !text.ends_with(' ')
}

/// How many hidden characters a text has.
pub fn hidden_count(text: &str) -> usize {
    if is_plain(text) {
        return 0;
    }
    text.chars().filter(|c| is_hidden(*c)).count()
}

/// Splits a text into segments: marked, hidden, plain. Marks outside the text or inside a
/// character are dropped; where marks overlap the notes are joined.
pub fn segments(text: &str, marks: &[Mark<'_>]) -> Vec<Segment> {
    let mut out = Vec::new();
    pieces(text, marks, &mut |piece| {
        out.push(Segment {
            text: piece.text.into_owned(),
            kind: piece.kind,
            note: piece.note.into_owned(),
        });
    });
    out
}

/// The same, borrowed, one after the other.
pub fn pieces<'a>(text: &'a str, marks: &'a [Mark<'a>], take: &mut dyn FnMut(Piece<'a>)) {
    let usable: Vec<&'a Mark<'a>> = marks
        .iter()
        .filter(|mark| mark.start < mark.end && text.get(mark.start..mark.end).is_some())
        .collect();
    let mut edges: Vec<usize> = Vec::with_capacity(2 * usable.len() + 2);
    edges.extend([0, text.len()]);
    for mark in &usable {
        edges.extend([mark.start, mark.end]);
    }
    edges.sort_unstable();
    edges.dedup();
    let plain = is_plain(text);
    for pair in edges.windows(2) {
        let [start, end] = *pair else { continue };
        let mut covering = usable
            .iter()
            .filter(|mark| mark.start <= start && end <= mark.end);
        let (mut kind, mut note) = ("", Cow::Borrowed(""));
        if let Some(first) = covering.next() {
            let mut speaks_for = first.speaks_for;
            let mut last: &'a str = &first.note;
            note = Cow::Borrowed(last);
            for mark in covering {
                speaks_for |= mark.speaks_for;
                if *mark.note != *last {
                    note.to_mut().push_str("; ");
                    note.to_mut().push_str(&mark.note);
                    last = &mark.note;
                }
            }
            kind = if speaks_for { "for" } else { "against" };
        }
        let text = &text[start..end];
        if plain {
            let text = Cow::Borrowed(text);
            take(Piece { text, kind, note });
        } else {
            runs(text, kind, &note, take);
        }
    }
}

/// Appends a text, with runs of hidden characters as segments of their own.
pub(super) fn push_piece(out: &mut Vec<Segment>, text: &str, kind: &'static str, note: &str) {
    runs(text, kind, &Cow::Borrowed(note), &mut |piece| {
        out.push(Segment {
            text: piece.text.into_owned(),
            kind: piece.kind,
            note: piece.note.into_owned(),
        });
    });
}

#[expect(
    clippy::ptr_arg,
    reason = "a borrowed note stays borrowed in each piece, an owned one is cloned"
)]
fn runs<'a>(
    text: &'a str,
    kind: &'static str,
    note: &Cow<'a, str>,
    take: &mut dyn FnMut(Piece<'a>),
) {
    let mut rest = text;
    while !rest.is_empty() {
        let escaped = rest.chars().next().is_some_and(is_escaped);
        let end = rest
            .char_indices()
            .find(|(_, c)| is_escaped(*c) != escaped)
            .map_or(rest.len(), |(at, _)| at);
        let (run, tail) = rest.split_at(end);
        take(if escaped {
            Piece {
                text: shown(run),
                kind: "hidden",
                note: Cow::Borrowed(""),
            }
        } else {
            Piece {
                text: Cow::Borrowed(run),
                kind,
                note: note.clone(),
            }
        });
        rest = tail;
    }
}

/// Escapes a text for HTML and XML, in an element or in an attribute between quotes: what every
/// template does with every value.
pub fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (number, chunk) in text.as_bytes().chunks(CHUNK).enumerate() {
        // Most chunks have nothing to escape, and that is seen without looking at each byte alone.
        let special = chunk.iter().fold(false, |any, byte| {
            any | matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
        });
        if !special {
            continue;
        }
        for (place, byte) in chunk.iter().enumerate() {
            if let Some(entity) = entity(*byte) {
                let at = number * CHUNK + place;
                out.push_str(&text[from..at]);
                out.push_str(entity);
                from = at + 1;
            }
        }
    }
    out.push_str(&text[from..]);
}

/// How many bytes [`escape`] looks at in one step.
const CHUNK: usize = 32;

/// What stands for a character that would be markup.
const fn entity(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    }
}

/// `1,234,567`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A total as it stands on every page: exact below 100, else rounded down to two significant
/// digits and called so, because an exact total on each page would change each page whenever one
/// tool is added.
pub fn rounded(number: usize) -> String {
    if number < 100 {
        return number.to_string();
    }
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    let down = number / unit * unit;
    if down == number {
        thousands(number)
    } else {
        format!("over {}", thousands(down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_becomes_a_segment_of_its_own() {
        let out = segments("a\u{200b}\u{202e}b", &[]);
        let shown: Vec<_> = out.iter().map(|s| (s.kind, s.text.as_str())).collect();
        assert_eq!(
            shown,
            [("", "a"), ("hidden", "\\u{200b}\\u{202e}"), ("", "b")]
        );
    }

    #[test]
    fn marks_split_the_text_and_nothing_is_lost() {
        let mark = |start, end, note: &str| Mark {
            start,
            end,
            speaks_for: true,
            note: note.to_owned().into(),
        };
        let text = "Deletes größe now";
        let out = segments(
            text,
            &[
                mark(0, 7, "x"),
                mark(4, 9, "y"),
                mark(11, 12, "inside ß"),
                mark(90, 99, "far"),
            ],
        );
        let joined: String = out.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(joined, text);
        assert_eq!(out[1].note, "x; y");
        assert!(out.iter().all(|s| !s.note.contains("far")));
    }

    #[test]
    fn excerpts_are_one_line_and_cut_at_a_word() {
        assert_eq!(excerpt("one\n two   three", 8), "one two…");
        assert_eq!(excerpt("one two", 8), "one two");
        assert_eq!(excerpt(&"x".repeat(50), 5), "xxxxx…");
        assert_eq!(excerpt(" one", 8), "one");
        assert_eq!(excerpt("one ", 8), "one");
        assert_eq!(excerpt("größe\u{200b} one", 14), "größe\\u{200b}…");
    }

    #[test]
    fn escaping_leaves_nothing_that_is_markup() {
        let mut out = String::new();
        escape("<a b=\"c\">&amp; 'größe'</a>", &mut out);
        assert_eq!(
            out,
            "&lt;a b=&quot;c&quot;&gt;&amp;amp; &#39;größe&#39;&lt;/a&gt;"
        );
    }

    #[test]
    fn totals_on_pages_are_rounded_down() {
        assert_eq!(rounded(99), "99");
        assert_eq!(rounded(5417), "over 5,400");
        assert_eq!(rounded(5400), "5,400");
        assert_eq!(rounded(515_000), "over 510,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
