//! JUnit XML: a suite per server, a case per tool or concern.

use super::result::{Report, status_text};
use crate::check::issue::{Issue, Status};
use crate::model::{Outcome, Shown};
use std::fmt::Write as _;

/// A report in the XML form that CI systems read as test results. Open issues are failures,
/// accepted, suppressed and frozen ones are skipped cases.
pub fn junit(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"toolrisk\" tests=\"{}\" failures=\"{}\">",
        report.issues.len() + report.servers.len(),
        report.open()
    );
    let mut suites: Vec<(&str, Option<Outcome>)> = report
        .servers
        .iter()
        .map(|s| (s.name.as_str(), Some(s.outcome)))
        .collect();
    for issue in &report.issues {
        if suites.iter().all(|(name, _)| *name != issue.server) {
            suites.push((&issue.server, None));
        }
    }
    for (name, outcome) in suites {
        let issues: Vec<&Issue> = report.issues.iter().filter(|i| i.server == name).collect();
        let failures = issues.iter().filter(|i| i.status == Status::Open).count();
        let cases = issues.len() + usize::from(outcome.is_some());
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{cases}\" failures=\"{failures}\">",
            escaped(name)
        );
        if let Some(outcome) = outcome {
            let _ = writeln!(
                out,
                "    <testcase classname=\"{}\" name=\"scan: {outcome}\"/>",
                escaped(name)
            );
        }
        for issue in issues {
            write_case(&mut out, name, issue);
        }
        let _ = writeln!(out, "  </testsuite>");
    }
    out.push_str("</testsuites>\n");
    out
}

fn write_case(out: &mut String, server: &str, issue: &Issue) {
    let tool = issue
        .tool
        .as_deref()
        .map(|tool| format!(" {tool}"))
        .unwrap_or_default();
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}{}\"",
        escaped(server),
        escaped(&issue.rule),
        escaped(&tool)
    );
    let message = escaped(&issue.message);
    let _ = match &issue.status {
        Status::Open => writeln!(
            out,
            "><failure type=\"{}\" message=\"{message}\"/></testcase>",
            issue.severity
        ),
        other => writeln!(
            out,
            "><skipped message=\"{message} ({})\"/></testcase>",
            escaped(&status_text(other))
        ),
    };
}

/// Text for an XML attribute; characters that XML 1.0 cannot hold are written as `\u{..}`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in Shown(text).to_string().chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::sample;
    use super::*;

    #[test]
    fn failures_and_skips() {
        let text = junit(&sample());
        assert_eq!(text.matches("<failure ").count(), 1, "{text}");
        assert_eq!(text.matches("<skipped ").count(), 2, "{text}");
        assert!(text.contains("name=\"files&lt;&amp;&quot;\""), "{text}");
        assert!(text.contains("name=\"scan: timeout\""), "{text}");
        assert_eq!(
            text.matches("<testsuite ").count(),
            text.matches("</testsuite>").count()
        );
    }
}
