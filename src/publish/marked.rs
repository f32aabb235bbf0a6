//! Two texts as one, with what went and what came marked.

use super::text::{self, Segment};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Above so many words or lines on one side nothing is aligned: the time that takes grows with
/// their product, and the texts are foreign.
const MOST: usize = 3_000;

/// A line of two texts laid over one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `""` in both, `del` only before, `ins` only after, `gap` lines of both left out.
    pub kind: &'static str,
    /// The line, visible form.
    pub text: String,
}

const fn kind(tag: ChangeTag) -> &'static str {
    match tag {
        ChangeTag::Equal => "",
        ChangeTag::Delete => "del",
        ChangeTag::Insert => "ins",
    }
}

/// Both texts, word by word.
pub fn words(before: &str, after: &str) -> Vec<Segment> {
    let long = |text: &str| text.split_whitespace().count() > MOST;
    let mut runs: Vec<(&'static str, String)> = Vec::new();
    if long(before) || long(after) {
        runs.push(("del", before.to_owned()));
        runs.push(("ins", after.to_owned()));
    } else {
        for change in TextDiff::from_words(before, after).iter_all_changes() {
            let kind = kind(change.tag());
            match runs.last_mut() {
                Some((last, run)) if *last == kind => run.push_str(change.value()),
                _ => runs.push((kind, change.value().to_owned())),
            }
        }
    }
    let mut out = Vec::new();
    for (kind, run) in runs {
        text::push_piece(&mut out, &run, kind, "");
    }
    out
}

/// Both texts, line by line, with `around` unchanged lines about each change; a line is cut to
/// `width` characters.
pub fn lines(before: &str, after: &str, around: usize, width: usize) -> Vec<Line> {
    let cut = |line: &str| {
        let line = text::visible(line.trim_end_matches('\n'));
        match line.char_indices().nth(width) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    };
    let long = |text: &str| text.lines().count() > MOST;
    if long(before) || long(after) {
        let side = |text: &str, kind| -> Vec<Line> {
            let line = |line| Line {
                kind,
                text: cut(line),
            };
            text.lines().take(around.max(1)).map(line).collect()
        };
        return [side(before, "del"), side(after, "ins")].concat();
    }
    let diff = TextDiff::from_lines(before, after);
    let mut out = Vec::new();
    let mut next = 0;
    for group in diff.grouped_ops(around) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > next {
            out.push(Line {
                kind: "gap",
                text: String::new(),
            });
        }
        for op in &group {
            for change in diff.iter_changes(op) {
                out.push(Line {
                    kind: kind(change.tag()),
                    text: cut(change.value()),
                });
            }
        }
        next = group.last().map_or(0, |op| op.old_range().end);
    }
    if next < before.lines().count() && !out.is_empty() {
        out.push(Line {
            kind: "gap",
            text: String::new(),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(segments: &[Segment]) -> Vec<(&str, &str)> {
        segments.iter().map(|s| (s.kind, s.text.as_str())).collect()
    }

    #[test]
    fn words_that_came_and_went_are_marked() {
        let out = words("Reads a file.", "Reads a \u{200b}secret file.");
        assert_eq!(
            shown(&out),
            [
                ("", "Reads a "),
                ("hidden", "\\u{200b}"),
                ("ins", "secret "),
                ("", "file.")
            ]
        );
    }

    #[test]
    fn what_is_too_long_to_align_is_shown_whole() {
        let long = "a ".repeat(MOST + 1);
        assert_eq!(shown(&words(&long, "b")).len(), 2);
    }

    #[test]
    fn lines_far_from_a_change_are_left_out() {
        let before: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let before = before.join("\n") + "\n";
        let after = before.replace("10\n", "ten\n");
        let kinds: Vec<_> = lines(&before, &after, 1, 80)
            .into_iter()
            .map(|line| (line.kind, line.text))
            .collect();
        let line = |kind, text: &str| (kind, text.to_owned());
        assert_eq!(
            kinds,
            [
                line("gap", ""),
                line("", "9"),
                line("del", "10"),
                line("ins", "ten"),
                line("", "11"),
                line("gap", "")
            ]
        );
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        assert_eq!(lines("", "ßßß\n", 1, 2)[0].text, "ßß…");
    }
}
