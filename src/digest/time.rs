//! Texts compared without the dates and times in them: some servers write the time of day into a
//! description, and that is no change of it.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Dates and times as servers write them into texts: ISO 8601 and RFC 9557 dates and date-times,
/// clock times, RFC 2822 and HTTP dates, seconds or milliseconds since 1970.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?x)",
        r"\b\d{4}-\d{2}-\d{2}(?:[T\ ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\ ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?\b",
        r"|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ )?\d{1,2}\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ \d{4}\b",
        r"|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ \d{1,2},?\ \d{4}\b",
        r"|\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\ ?[AaPp][Mm])?\b",
        r"|\b1[5-9]\d{8}(?:\d{3})?\b",
    ))
    .ok()
});

/// A text with every date and time replaced by one mark.
pub fn without_time(text: &str) -> Cow<'_, str> {
    match &*TIME {
        Some(pattern) => pattern.replace_all(text, "\u{0}"),
        None => Cow::Borrowed(text),
    }
}

/// Whether two texts differ at most in dates and times.
pub fn same_but_for_time(before: &str, after: &str) -> bool {
    before == after || without_time(before) == without_time(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_compiles() {
        assert!(TIME.is_some());
    }

    #[test]
    fn times_in_many_forms_do_not_count() {
        for (before, after) in [
            (
                "at 2026-11-22T05:00:01Z.",
                "at 2027-01-02T23:59:59.123+02:00.",
            ),
            ("Today is 2026-11-22.", "Today is 2026-11-23."),
            ("now 05:00:01", "now 17:59:02"),
            ("now 5:00 AM", "now 11:30 PM"),
            (
                "Sun, 22 Nov 2026 05:00:01 GMT",
                "Mon, 23 Nov 2026 06:00:01 GMT",
            ),
            ("It is November 22, 2026", "It is December 3, 2026"),
            ("epoch 1764000000", "epoch 1764000999123"),
        ] {
            assert!(same_but_for_time(before, after), "{before} / {after}");
        }
    }

    #[test]
    fn other_numbers_and_words_count() {
        for (before, after) in [
            ("up to 100 rows", "up to 200 rows"),
            ("Reads.", "Reads. Deletes."),
            ("port 8080", "port 9090"),
            ("version 1.2.3", "version 1.2.4"),
        ] {
            assert!(!same_but_for_time(before, after), "{before} / {after}");
        }
    }
}
