//! Foreign text on its way into a page: what is hidden becomes visible, and evidence is marked.
//!
//! Escaping of HTML is the template engine's; this is about characters that a page would not show.

use crate::model::shown::is_hidden;
use serde::Serialize;
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

/// A marked byte span of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Whether it speaks for the verdict.
    pub speaks_for: bool,
    /// What the mark means.
    pub note: String,
}

/// Whether a character is to be written as an escape on a page: hidden, or a control character
/// other than the line breaks and tabs of ordinary prose.
fn is_escaped(character: char) -> bool {
    is_hidden(character) || (character.is_control() && !matches!(character, '\n' | '\t' | '\r'))
}

/// Foreign text as one visible string: hidden and control characters as `\u{..}`.
pub fn visible(text: &str) -> String {
    // Most text is plain; it is copied once and not looked at twice.
    if !text.chars().any(is_escaped) {
        return text.to_owned();
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
    out
}

/// The visible form on one line, cut to `limit` characters at a word where possible, with an
/// ellipsis when it was cut.
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(limit.min(text.len()) + 4);
    let mut count = 0;
    let mut cut = false;
    for word in text.split_whitespace() {
        let word = visible(word);
        let length = word.chars().count();
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
    line
}

/// How many hidden characters a text has.
pub fn hidden_count(text: &str) -> usize {
    text.chars().filter(|c| is_hidden(*c)).count()
}

/// Splits a text into segments: marked, hidden, plain. Marks outside the text or inside a
/// character are dropped; where marks overlap the notes are joined.
pub fn segments(text: &str, marks: &[Mark]) -> Vec<Segment> {
    let mut edges: Vec<usize> = vec![0, text.len()];
    let usable: Vec<&Mark> = marks
        .iter()
        .filter(|mark| mark.start < mark.end && text.get(mark.start..mark.end).is_some())
        .collect();
    for mark in &usable {
        edges.push(mark.start);
        edges.push(mark.end);
    }
    edges.sort_unstable();
    edges.dedup();
    let mut out: Vec<Segment> = Vec::with_capacity(edges.len());
    for pair in edges.windows(2) {
        let [start, end] = *pair else { continue };
        let covering: Vec<&&Mark> = usable
            .iter()
            .filter(|mark| mark.start <= start && end <= mark.end)
            .collect();
        let (kind, note) = if covering.is_empty() {
            ("", String::new())
        } else {
            let mut notes: Vec<&str> = covering.iter().map(|mark| mark.note.as_str()).collect();
            notes.dedup();
            let kind = if covering.iter().any(|mark| mark.speaks_for) {
                "for"
            } else {
                "against"
            };
            (kind, notes.join("; "))
        };
        push_piece(&mut out, &text[start..end], kind, &note);
    }
    out
}

/// Appends a piece, with runs of hidden characters as segments of their own.
pub(super) fn push_piece(out: &mut Vec<Segment>, piece: &str, kind: &'static str, note: &str) {
    let mut rest = piece;
    while !rest.is_empty() {
        let escaped = rest.chars().next().is_some_and(is_escaped);
        let end = rest
            .char_indices()
            .find(|(_, c)| is_escaped(*c) != escaped)
            .map_or(rest.len(), |(at, _)| at);
        let (run, tail) = rest.split_at(end);
        out.push(if escaped {
            Segment {
                text: visible(run),
                kind: "hidden",
                note: String::new(),
            }
        } else {
            Segment {
                text: run.to_owned(),
                kind,
                note: note.to_owned(),
            }
        });
        rest = tail;
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
            note: note.to_owned(),
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
