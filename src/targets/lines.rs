//! Plain lists: one target a line, as it would be typed on the command line; what follows `#` at
//! the front of a line is a comment.

use super::argument::parse_argument;
use super::document::Lines;
use super::reading::{InputError, Reading};
use crate::model::target::Origin;

/// How a target begins that is typed.
const FORMS: [&str; 5] = ["https://", "http://", "npm:", "pypi:", "file:"];

/// The lines of a list that say something, each with where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text
        .strip_prefix('\u{feff}')
        .map_or((0, text), |rest| (3, rest));
    let mut at = text.0;
    text.1
        .split_inclusive('\n')
        .map(move |line| {
            let from = at + line.len() - line.trim_start().len();
            at += line.len();
            (from, line.trim())
        })
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Whether a text is a plain list: its first line that says something is a target.
pub(super) fn is_list(text: &str) -> bool {
    let first = lines(text).next();
    first.is_some_and(|(_, line)| {
        FORMS.iter().any(|form| line.starts_with(form)) && !line.contains(char::is_whitespace)
    })
}

/// Reads a plain list.
///
/// # Errors
/// A line that is no target, with its place: nothing of the list is used then.
pub(super) fn read(file: &str, text: &str) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let places = Lines::new(text);
    for (at, line) in lines(text) {
        let place = places.place(at);
        let mut target = parse_argument(line).map_err(|error| InputError::Shape {
            file: file.to_owned(),
            place,
            problem: error.to_string(),
        })?;
        target.origin = Origin::List;
        reading.targets.push((target, place));
        reading.entries += 1;
    }
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    #[test]
    fn each_line_is_a_target() {
        let text = "\u{feff}# ours\r\nnpm:@example/notes@1.2\r\n\r\n  pypi:example-clock\n# https://x\nhttps://u:p@h.example/mcp";
        assert!(is_list(text));
        let reading = read("list.txt", text).unwrap();
        assert_eq!(reading.entries, 3);
        let of_npm = Source::Npm {
            package: "@example/notes".to_owned(),
            version: Some("1.2".to_owned()),
        };
        assert_eq!(reading.targets[0].0.source, of_npm);
        assert_eq!(reading.targets[1].1.to_string(), "4:3");
        assert!(reading.targets[2].0.headers.contains_key("Authorization"));
        assert_eq!(reading.targets[2].0.origin, Origin::List);
    }

    #[test]
    fn a_line_that_is_no_target_is_named_and_other_texts_are_no_lists() {
        let error = read("list.txt", "npm:a\n\n  npm:b;reboot\n").unwrap_err();
        assert!(error.to_string().starts_with("list.txt:3:3: "), "{error}");
        for text in [
            "",
            "# npm:a\n",
            "npm: a\n",
            "[[server]]\n",
            "name: x\nnpm:a\n",
            "{}",
        ] {
            assert!(!is_list(text), "{text:?}");
        }
    }
}
