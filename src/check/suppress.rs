//! Suppressions: a person's word that an issue may stand until a day.

use super::issue::{Issue, Status};
use serde::Deserialize;

/// One suppression, as in a `[[suppress]]` entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// The issue's rule.
    pub rule: String,
    /// The server's name; without it, any.
    #[serde(default)]
    pub server: Option<String>,
    /// The tool's name; without it, any.
    #[serde(default)]
    pub tool: Option<String>,
    /// Why. It may not be empty.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
}

/// A file of suppressions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Suppression>,
}

/// Why a file of suppressions could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SuppressionError {
    /// It is not TOML of the expected shape; the message names line and field.
    #[error("{0}")]
    Shape(#[from] Box<toml::de::Error>),
    /// A suppression without a reason.
    #[error("suppression {0} (rule {1:?}) has no reason: say why the issue may stand")]
    NoReason(usize, String),
    /// A day that is none.
    #[error("suppression {0}: until = {1:?} is no day of the form YYYY-MM-DD")]
    NoDay(usize, String),
}

/// Reads a file of suppressions.
///
/// # Errors
/// See [`SuppressionError`]. A day that is past is no error: such a suppression only does not hold.
pub fn read(text: &str) -> Result<Vec<Suppression>, SuppressionError> {
    let file: File = toml::from_str(text).map_err(Box::new)?;
    for (index, suppression) in file.suppress.iter().enumerate() {
        if suppression.reason.trim().is_empty() {
            return Err(SuppressionError::NoReason(
                index + 1,
                suppression.rule.clone(),
            ));
        }
        if !is_day(&suppression.until) {
            return Err(SuppressionError::NoDay(
                index + 1,
                suppression.until.clone(),
            ));
        }
    }
    Ok(file.suppress)
}

/// Whether a text is a day of the form `YYYY-MM-DD`; days in this form compare as text.
pub fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?
            .parse::<u32>()
            .ok()
    };
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Marks an open issue that a suppression covers today.
pub(super) fn apply(issue: &mut Issue, suppressions: &[Suppression], today: &str) {
    if issue.status != Status::Open {
        return;
    }
    let covers = |suppression: &&Suppression| {
        suppression.rule == issue.rule
            && suppression
                .server
                .as_ref()
                .is_none_or(|server| *server == issue.server)
            && suppression
                .tool
                .as_ref()
                .is_none_or(|tool| issue.tool.as_ref() == Some(tool))
            && suppression.until.as_str() >= today
    };
    if let Some(suppression) = suppressions.iter().find(covers) {
        issue.status = Status::Suppressed {
            reason: suppression.reason.clone(),
            until: suppression.until.clone(),
        };
    }
}

/// The suppressions that are past their day, for a message.
pub fn expired<'a>(
    suppressions: &'a [Suppression],
    today: &'a str,
) -> impl Iterator<Item = &'a Suppression> {
    suppressions
        .iter()
        .filter(move |suppression| suppression.until.as_str() < today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    const FILE: &str = "[[suppress]]\nrule = \"drift\"\nserver = \"a\"\nreason = \"known\"\nuntil = \"2026-12-01\"\n";

    fn issue(server: &str) -> Issue {
        Issue::new("drift", Severity::High, server, None, String::new(), "")
    }

    fn status_on(day: &str, server: &str) -> Status {
        let mut issue = issue(server);
        apply(&mut issue, &read(FILE).unwrap(), day);
        issue.status
    }

    #[test]
    fn it_holds_until_its_day_and_for_its_server() {
        assert!(matches!(
            status_on("2026-12-01", "a"),
            Status::Suppressed { .. }
        ));
        assert_eq!(status_on("2026-12-02", "a"), Status::Open);
        assert_eq!(status_on("2026-12-01", "b"), Status::Open);
        assert_eq!(expired(&read(FILE).unwrap(), "2026-12-02").count(), 1);
    }

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for day in ["2026-12-01", "2028-02-29", "2000-02-29", "2026-04-30"] {
            assert!(is_day(day), "{day}");
        }
        for text in [
            "2027-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "",
        ] {
            assert!(!is_day(text), "{text}");
        }
    }

    #[test]
    fn without_a_reason_or_a_day_it_is_refused() {
        let blank = FILE.replace("known", " ");
        assert!(matches!(
            read(&blank),
            Err(SuppressionError::NoReason(1, _))
        ));
        let missing = FILE.replace("reason = \"known\"\n", "");
        assert!(matches!(read(&missing), Err(SuppressionError::Shape(_))));
        let no_day = FILE.replace("2026-12-01", "next year");
        assert!(matches!(read(&no_day), Err(SuppressionError::NoDay(1, _))));
    }
}
