//! A change in words, for people: one line for each thing that changed, the worst first.

use crate::diff::{Detail, Risk};
use crate::model::Shown;
use std::fmt::Write as _;

/// The most characters of a text that are shown.
const SHOWN: usize = 160;

/// One line about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) risk: Risk,
    /// Foreign text in it is neutralised.
    pub(super) text: String,
}

/// The lines of some details: what raises the risk first, things of one kind on one line.
pub(super) fn lines(details: &[Detail]) -> Vec<Line> {
    let mut sorted: Vec<&Detail> = details
        .iter()
        .filter(|detail| !matches!(detail.kind.as_str(), "tool_added" | "tool_removed"))
        .collect();
    sorted.sort_by_key(|detail| std::cmp::Reverse(detail.risk));
    let mut lines: Vec<Line> = Vec::new();
    let mut last: Option<(&'static str, Risk)> = None;
    for detail in sorted {
        let (head, rest) = said(detail);
        match lines.last_mut() {
            Some(line) if head.is_some() && last == head.map(|head| (head, detail.risk)) => {
                let _ = write!(line.text, ", {rest}");
            }
            _ => lines.push(Line {
                risk: detail.risk,
                text: match head {
                    Some(head) => format!("{head}: {rest}"),
                    None => rest,
                },
            }),
        }
        last = head.map(|head| (head, detail.risk));
    }
    lines
}

/// What of a kind is told on one line has a head that is said once.
fn said(detail: &Detail) -> (Option<&'static str>, String) {
    let at = place(&detail.at);
    let was = detail.before.as_deref().map(cut).unwrap_or_default();
    let is = detail.after.as_deref().map(cut).unwrap_or_default();
    let last = Shown(detail.at.rsplit('.').next().unwrap_or_default()).to_string();
    let of = place(detail.at.rsplit_once('.').map_or("", |(of, _)| of));
    let alone = |text: String| (None, text);
    match detail.kind.as_str() {
        "parameter_added" => (Some("new parameters"), format!("{at} ({is})")),
        "parameter_removed" => (Some("parameters gone"), at),
        "parameter_now_optional" => (Some("no longer required"), at),
        "parameter_now_required" => (Some("now required"), at),
        "enum_widened" => alone(format!("{at} may now be {is} too")),
        "enum_narrowed" => alone(format!("{at} may no longer be {was}")),
        "enum_removed" => alone(format!("{at} may now be anything, not only {was}")),
        "enum_added" => alone(format!("{at} may now only be {is}")),
        "type_changed" => alone(format!("{at} is now {is}, was {was}")),
        "bound_removed" if was.is_empty() => alone(format!("{of} has no limit {last} any more")),
        "bound_removed" => alone(format!("{of} has no {last} any more, was {was}")),
        "bound_added" if is.is_empty() => alone(format!("{of} now has the limit {last}")),
        "bound_added" => alone(format!("{of} now has {last} {is}")),
        "bound_changed" => alone(format!("{last} of {of} is now {is}, was {was}")),
        "schema_changed" => alone(format!("the schema changed at {at}")),
        "output_schema_changed" => alone("another output schema".to_owned()),
        "annotation_changed" if was == "not said" => {
            (Some("claims that are new"), format!("{last} {is}"))
        }
        "annotation_changed" => alone(format!("the claim {last} is now {is}, was {was}")),
        "category_changed" => alone(format!("the category is now {is}, was {was}")),
        "severity_raised" | "severity_lowered" => {
            alone(format!("the severity is now {is}, was {was}"))
        }
        "trait_added" => (Some("new traits"), last),
        "trait_removed" => (Some("traits gone"), last),
        "finding_added" => alone(format!("a text finding in {at}: {is}")),
        "finding_removed" => alone(format!("a text finding in {at} is gone: {was}")),
        "signal_added" => (Some("new signals"), is),
        "signal_removed" => (Some("signals gone"), was),
        "description_rearranged" => {
            alone("the description says the same in another order".to_owned())
        }
        _ => alone(texts(&at, &was, &is)),
    }
}

/// What a text said and says.
fn texts(at: &str, was: &str, is: &str) -> String {
    match (was.is_empty(), is.is_empty()) {
        (true, true) => format!("{at} changed"),
        (true, false) => format!("{at} now says “{is}”"),
        (false, true) => format!("{at} no longer says “{was}”"),
        (false, false) => format!("{at} now says “{is}” where it said “{was}”"),
    }
}

/// A place as people write it: `files[].mode` for `inputSchema.properties.files.items.properties.mode`.
fn place(at: &str) -> String {
    let Some(path) = at.strip_prefix("inputSchema") else {
        return Shown(at).to_string();
    };
    if path.is_empty() {
        return "the input".to_owned();
    }
    let mut out = String::new();
    let mut named = false;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        match part {
            "properties" if !named => named = true,
            "items" if !named && !out.is_empty() => out.push_str("[]"),
            part => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(part);
                named = false;
            }
        }
    }
    Shown(&out).to_string()
}

/// Foreign text on one line, not longer than a line.
fn cut(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = folded.chars().take(SHOWN).collect();
    if short.len() < folded.len() {
        short.push('…');
    }
    Shown(&short).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(kind: &str, at: &str, risk: Risk, before: &str, after: &str) -> Detail {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Detail {
            kind: kind.to_owned(),
            at: at.to_owned(),
            risk,
            before: text(before),
            after: text(after),
        }
    }

    #[test]
    fn the_worst_comes_first_and_one_kind_is_one_line() {
        let added = |name: &str| {
            let at = format!("inputSchema.properties.{name}");
            detail("parameter_added", &at, Risk::Raises, "", "string")
        };
        let details = [
            detail("text_changed", "title", Risk::Wording, "", "New"),
            added("a"),
            added("files.items.properties.mode"),
            detail(
                "severity_raised",
                "verdict.severity",
                Risk::Raises,
                "low",
                "high",
            ),
        ];
        let texts: Vec<String> = lines(&details).into_iter().map(|line| line.text).collect();
        assert_eq!(
            texts,
            [
                "new parameters: a (string), files[].mode (string)",
                "the severity is now high, was low",
                "title now says “New”",
            ]
        );
    }

    #[test]
    fn a_parameter_may_be_called_properties_and_hides_nothing() {
        let at = "inputSchema.properties.properties.properties.x\u{202e}y";
        let line = lines(&[detail("parameter_removed", at, Risk::Lowers, "string", "")]).remove(0);
        assert_eq!(line.text, "parameters gone: properties.x\\u{202e}y");
    }

    #[test]
    fn limits_read_as_sentences() {
        let at = "inputSchema.properties.n.maximum";
        let said = |kind, was, is| {
            lines(&[detail(kind, at, Risk::Raises, was, is)])[0]
                .text
                .clone()
        };
        assert_eq!(
            said("bound_removed", "5", ""),
            "n has no maximum any more, was 5"
        );
        assert_eq!(
            said("bound_changed", "5", "9"),
            "maximum of n is now 9, was 5"
        );
        assert_eq!(said("bound_added", "", "9"), "n now has maximum 9");
    }
}
