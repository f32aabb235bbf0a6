//! Which servers are due to be asked again, and which are gone. Made from the reports of earlier
//! runs; the clock is passed in.
//!
//! | the last attempts | asked again after |
//! |---|---|
//! | none | at once |
//! | listed, in whole or part | the age that was asked for; not before the server says that its list ends to hold, at most a week |
//! | wanted variables that were not given | at once: nobody is asked before they are there |
//! | wanted credentials | a week |
//! | failed | one hour, doubled with each further failure, at most a day |
//! | failed on five days or more | a week |
//!
//! A server is *gone* after three failures in a row that span at least seven days; its record and
//! its history stay.

use super::report::RunReport;
use crate::model::{Outcome, Slug};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// One look at a server.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Seconds since 1970.
    at: u64,
    outcome: Outcome,
    /// For how many seconds the server said that its list holds.
    ttl: u64,
}

/// What earlier runs saw of each server, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    attempts: BTreeMap<Slug, Vec<Attempt>>,
}

impl Schedule {
    /// Reads the reports. Runs without a date asked nobody and say nothing.
    pub fn of(runs: &[RunReport]) -> Schedule {
        let mut attempts: BTreeMap<Slug, Vec<Attempt>> = BTreeMap::new();
        for run in runs {
            let Some(at) = run.started.as_deref().and_then(seconds) else {
                continue;
            };
            for seen in &run.seen {
                // Not tried is no attempt.
                if !matches!(seen.outcome, Outcome::Deferred | Outcome::OptedOut) {
                    attempts
                        .entry(seen.slug.clone())
                        .or_default()
                        .push(Attempt {
                            at,
                            outcome: seen.outcome,
                            ttl: seen.ttl_ms.unwrap_or_default() / 1_000,
                        });
                }
            }
        }
        for list in attempts.values_mut() {
            list.sort_unstable_by_key(|attempt| attempt.at);
        }
        Schedule { attempts }
    }

    /// Every server that was ever asked.
    pub fn servers(&self) -> impl Iterator<Item = &Slug> {
        self.attempts.keys()
    }

    /// The last look at a server: seconds since 1970, and how it ended.
    pub fn last(&self, slug: &Slug) -> Option<(u64, Outcome)> {
        let last = self.attempts.get(slug)?.last()?;
        Some((last.at, last.outcome))
    }

    /// When a server is to be asked again, in seconds since 1970, when lists that are older than
    /// `age` are asked again; `None` for one that was never asked.
    pub fn next(&self, slug: &Slug, age: Duration) -> Option<u64> {
        let attempts = self.attempts.get(slug)?;
        let last = attempts.last()?;
        let wait = match last.outcome {
            Outcome::Listed | Outcome::Partial => age.as_secs().max(last.ttl.min(WEEK)),
            Outcome::NeedsConfig => 0,
            Outcome::AuthRequired => WEEK,
            _ => {
                let failures = failures(attempts);
                let days: BTreeSet<u64> = failures.iter().map(|at| at / DAY).collect();
                if days.len() >= 5 {
                    WEEK
                } else {
                    let doubled = failures.len().saturating_sub(1).min(16);
                    (HOUR << doubled).min(DAY)
                }
            }
        };
        Some(last.at.saturating_add(wait))
    }

    /// Whether a server is to be asked at `now` (seconds since 1970), see [`Schedule::next`].
    pub fn is_due(&self, slug: &Slug, age: Duration, now: u64) -> bool {
        // A clock that went back makes nothing wait for ever.
        let ahead = self.last(slug).is_some_and(|(at, _)| now < at);
        ahead || self.next(slug, age).is_none_or(|next| now >= next)
    }

    /// Whether a server counts as gone.
    pub fn is_gone(&self, slug: &Slug) -> bool {
        let Some(attempts) = self.attempts.get(slug) else {
            return false;
        };
        let failures = failures(attempts);
        match (failures.first(), failures.last()) {
            (Some(first), Some(last)) => failures.len() >= 3 && last - first >= WEEK,
            _ => false,
        }
    }

    /// The servers that count as gone.
    pub fn gone(&self) -> impl Iterator<Item = &Slug> {
        self.servers().filter(|slug| self.is_gone(slug))
    }
}

/// The times of the failures since the last attempt that was none. Wanting credentials or
/// configuration is an answer of a server that is there.
fn failures(attempts: &[Attempt]) -> Vec<u64> {
    let mut times: Vec<u64> = attempts
        .iter()
        .rev()
        .take_while(|attempt| {
            let outcome = attempt.outcome;
            !outcome.has_tools() && !matches!(outcome, Outcome::AuthRequired | Outcome::NeedsConfig)
        })
        .map(|attempt| attempt.at)
        .collect();
    times.reverse();
    times
}

/// Seconds since 1970 of an RFC 3339 moment in UTC as we write it, `2026-11-22T05:00:00Z`, or of the
/// start of a day, `2026-11-22`.
///
/// Source: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `days_from_civil`.
pub fn seconds(text: &str) -> Option<u64> {
    let text = match text.len() {
        10 => &format!("{text}T00:00:00Z"),
        20 => text,
        _ => return None,
    };
    if !text
        .bytes()
        .enumerate()
        .all(|(at, byte)| byte == b"0000-00-00T00:00:00Z"[at] || byte.is_ascii_digit())
    {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted / 400;
    let of_era = shifted % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = era * 146_097 + of_days - 719_468;
    Some(days * DAY + hour * HOUR + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::RunTarget;

    const NOON: u64 = 1_795_348_800; // 2026-11-22T12:00:00Z

    fn schedule(attempts: &[(&str, Outcome)]) -> Schedule {
        let runs: Vec<RunReport> = attempts
            .iter()
            .map(|(started, outcome)| RunReport {
                run: (*started).to_owned(),
                started: Some((*started).to_owned()),
                seen: vec![RunTarget {
                    slug: Slug::readable("s"),
                    name: "s".to_owned(),
                    outcome: *outcome,
                    detail: None,
                    tools: 0,
                    ms: None,
                    ttl_ms: None,
                    host: None,
                    variables: Vec::new(),
                }],
                ..RunReport::default()
            })
            .collect();
        Schedule::of(&runs)
    }

    fn due(attempts: &[(&str, Outcome)]) -> bool {
        schedule(attempts).is_due(&Slug::readable("s"), Duration::from_secs(7 * DAY), NOON)
    }

    #[test]
    fn moments_are_right() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(seconds("2026-11-22T12:00:00Z"), Some(NOON));
        assert_eq!(seconds("2026-11-22"), Some(NOON - 12 * HOUR));
        for wrong in [
            "yesterday",
            "2026-13-01",
            "2026-11-2x",
            "2026-11-22 12:00:00Z",
            "",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lists_are_due_at_the_age_asked_for() {
        assert!(due(&[]));
        assert!(due(&[("2026-11-15T12:00:00Z", Outcome::Listed)]));
        assert!(!due(&[("2026-11-15T12:00:01Z", Outcome::Listed)]));
        assert!(
            due(&[("2999-01-01T00:00:00Z", Outcome::Listed)]),
            "a clock that went back"
        );
    }

    #[test]
    fn the_servers_own_word_is_the_least_wait() {
        let mut runs = schedule(&[("2026-11-22T00:00:00Z", Outcome::Listed)]);
        let slug = Slug::readable("s");
        let hours = |runs: &Schedule| runs.next(&slug, Duration::from_hours(1)).unwrap() / HOUR;
        let at = hours(&runs) - 1;
        for (ttl, wait) in [(60, 1), (6 * HOUR, 6), (u64::MAX, 7 * 24)] {
            runs.attempts.get_mut(&slug).unwrap()[0].ttl = ttl;
            assert_eq!(hours(&runs) - at, wait, "{ttl}");
        }
    }

    #[test]
    fn what_was_not_tried_or_waits_for_a_person_is_no_failure() {
        assert!(due(&[("2026-11-22T11:59:00Z", Outcome::Deferred)]));
        assert!(due(&[("2026-11-22T11:59:00Z", Outcome::NeedsConfig)]));
        assert!(!due(&[("2026-11-16T12:00:00Z", Outcome::AuthRequired)]));
        assert!(due(&[("2026-11-15T12:00:00Z", Outcome::AuthRequired)]));
    }

    #[test]
    fn failures_are_backed_off_and_after_five_days_asked_weekly() {
        let at = |hour: &str| (hour.to_owned(), Outcome::Timeout);
        let due = |hours: &[&str]| {
            let list: Vec<_> = hours.iter().map(|hour| at(hour)).collect();
            due(&list
                .iter()
                .map(|(a, b)| (a.as_str(), *b))
                .collect::<Vec<_>>())
        };
        assert!(!due(&["2026-11-22T11:30:00Z"]));
        assert!(due(&["2026-11-22T11:00:00Z"]));
        assert!(!due(&["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"]));
        let five = [
            "2026-11-16T12:00:00Z",
            "2026-11-17T12:00:00Z",
            "2026-11-18T12:00:00Z",
            "2026-11-19T12:00:00Z",
            "2026-11-20T12:00:00Z",
        ];
        assert!(!due(&five), "two days after the fifth failed day");
        assert!(due(&five[..4]));
    }

    #[test]
    fn gone_is_three_failures_over_seven_days() {
        let gone = |attempts: &[(&str, Outcome)]| schedule(attempts).is_gone(&Slug::readable("s"));
        let fail = Outcome::Dns;
        let three = [
            ("2026-11-01T00:00:00Z", fail),
            ("2026-11-05T00:00:00Z", fail),
            ("2026-11-08T00:00:00Z", fail),
        ];
        assert!(gone(&three));
        assert!(!gone(&three[1..]), "two failures");
        let quick = [
            ("2026-11-01T00:00:00Z", fail),
            ("2026-11-02T00:00:00Z", fail),
            ("2026-11-03T00:00:00Z", fail),
        ];
        assert!(!gone(&quick), "within two days");
        let back = [
            three[0],
            three[1],
            ("2026-11-06T00:00:00Z", Outcome::Listed),
            three[2],
        ];
        assert!(!gone(&back));
    }
}
