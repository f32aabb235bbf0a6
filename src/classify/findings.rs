//! Findings about the text itself: is it written to manipulate a model or to hide something?
//!
//! Every string of a definition is looked at, normalised. One odd thing is reported as what it
//! is; only two independent witnesses make a finding that speaks of manipulation.

use super::heads;
use super::scan::{self, Field, Hit, Scratch, View};
use super::tokens;
use crate::model::{Finding, Severity, Shown, Tool};
use crate::rules::compiled::{Role, Whole};
use crate::rules::source::{Fact, Place};
use crate::rules::{Compiled, Kind};
use crate::text::normalise::{self, Oddities};
use serde_json::Value;

/// The most characters of a finding's text that are shown.
const SHOWN: usize = 160;
/// The most strings of one schema that are looked at.
const MOST_STRINGS: usize = 5_000;

/// Findings in the strings of one tool. `collides` is whether another tool of the server has a
/// name that looks the same.
pub(super) fn of_tool(
    rules: &Compiled,
    scratch: &mut Scratch,
    tool: &Tool,
    collides: bool,
) -> Vec<Finding> {
    let mut search = Search {
        rules,
        witnesses: Vec::new(),
        found: Vec::new(),
    };
    search.string(scratch, "name", &tool.name, &[Fact::IsName], collides);
    if let Some(title) = &tool.title {
        search.string(scratch, "title", title, &[], false);
    }
    if let Some(description) = &tool.description {
        search.string(scratch, "description", description, &[], false);
    }
    for (root, schema) in [
        ("inputSchema", &tool.input_schema),
        ("outputSchema", &tool.output_schema),
    ] {
        if let Some(schema) = schema {
            search.schema(scratch, root, schema);
        }
    }
    search.finish()
}

/// Findings in a server's instructions to the model.
pub(super) fn of_instructions(rules: &Compiled, scratch: &mut Scratch, text: &str) -> Vec<Finding> {
    let mut search = Search {
        rules,
        witnesses: Vec::new(),
        found: Vec::new(),
    };
    search.string(scratch, "instructions", text, &[], false);
    search.finish()
}

/// One rule that fired in one string.
struct Witness {
    rule: u32,
    field: String,
    span: (usize, usize),
    text: String,
}

struct Search<'a> {
    rules: &'a Compiled,
    witnesses: Vec<Witness>,
    found: Vec<Finding>,
}

impl Search<'_> {
    /// Every string of a schema: names of properties and string values.
    fn schema(&mut self, scratch: &mut Scratch, root: &str, schema: &Value) {
        // A stack, not recursion: depth is bounded by the JSON reader, number here.
        let mut stack = vec![(String::new(), schema)];
        let mut left = MOST_STRINGS;
        let mut wanted: Vec<(String, &str, bool)> = Vec::new();
        while let Some((path, value)) = stack.pop() {
            if left == 0 {
                break;
            }
            match value {
                Value::String(text) => {
                    left -= 1;
                    if self.is_suspect(text) {
                        wanted.push((path, text, false));
                    }
                }
                Value::Array(items) => {
                    for (at, item) in items.iter().enumerate().rev() {
                        if matches!(item, Value::String(_) | Value::Array(_) | Value::Object(_)) {
                            let suspect = match item {
                                Value::String(text) => self.is_suspect(text),
                                _ => true,
                            };
                            if suspect {
                                stack.push((format!("{path}[{at}]"), item));
                            }
                        }
                    }
                }
                Value::Object(fields) => {
                    for (key, item) in fields.iter().rev() {
                        if self.is_suspect(key) {
                            wanted.push((format!("{path}.{key}"), key, true));
                        }
                        let worth = match item {
                            Value::String(text) => self.is_suspect(text),
                            Value::Array(_) | Value::Object(_) => true,
                            _ => false,
                        };
                        if worth {
                            stack.push((format!("{path}.{key}"), item));
                        }
                    }
                }
                _ => {}
            }
        }
        wanted.sort();
        for (path, text, is_name) in wanted {
            let facts: &[Fact] = if is_name {
                &[Fact::IsParameter, Fact::IsName]
            } else {
                &[Fact::IsParameter]
            };
            self.string(scratch, &format!("{root}{path}"), text, facts, false);
        }
    }

    /// Whether a string is worth a look: it has a trigger, or a character that is not plain.
    fn is_suspect(&self, text: &str) -> bool {
        let text = tokens::capped(text);
        !text.is_ascii()
            || self.rules.triggers.is_match(text)
            || has_long_blank(text)
            || has_codes(text)
            || text.len() >= 24 && has_long_run(text)
    }

    fn string(
        &mut self,
        scratch: &mut Scratch,
        field: &str,
        text: &str,
        facts: &[Fact],
        collides: bool,
    ) {
        if !collides && !self.is_suspect(text) {
            return;
        }
        let text = tokens::capped(text);
        let odd = normalise::oddities(text);
        for view in normalise::views(text) {
            let mut toks = std::mem::take(&mut scratch.other);
            toks.clear();
            tokens::read_prose(self.rules, &view.text, &mut scratch.raw, &mut toks);
            heads::mark_prose(&mut toks);
            let mut hits = std::mem::take(&mut scratch.action_hits);
            hits.clear();
            scan::text(
                self.rules,
                &toks,
                View {
                    place: Place::Text,
                    field: Field::Whole,
                    weight: 1.0,
                },
                &mut hits,
            );
            hits.retain(|hit| !hit.negated);
            let words = hits.len();
            self.facts(&odd, facts, collides, view.decoded, text, &mut hits);
            scratch.settle(self.rules, &hits);
            for rule in &scratch.touched {
                let ready = &self.rules.rules[*rule as usize];
                if ready.kind != Kind::Text || !scratch.fires(self.rules, *rule) {
                    continue;
                }
                let mine = |(_, hit): &(usize, &Hit)| {
                    let matcher = &self.rules.matchers[hit.matcher as usize];
                    matcher.rule == *rule && matcher.role == Role::Any
                };
                let Some((at, hit)) = hits.iter().enumerate().find(mine) else {
                    continue;
                };
                let span = if at < words {
                    view.back(hit.start as usize, hit.end as usize, text)
                } else {
                    (hit.start as usize, hit.end as usize)
                };
                if self
                    .witnesses
                    .iter()
                    .any(|w| w.rule == *rule && w.field == field)
                {
                    continue;
                }
                self.witnesses.push(Witness {
                    rule: *rule,
                    field: field.to_owned(),
                    span,
                    text: shown(
                        text.get(span.0..span.1).unwrap_or_default(),
                        &view,
                        at < words,
                        hit,
                    ),
                });
            }
            scratch.action_hits = hits;
            scratch.other = toks;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "texts are capped far below 4 GiB"
    )]
    fn facts(
        &self,
        odd: &Oddities,
        given: &[Fact],
        collides: bool,
        decoded: bool,
        text: &str,
        hits: &mut Vec<Hit>,
    ) {
        let lowered = std::cell::OnceCell::new();
        let lower = || lowered.get_or_init(|| text.to_ascii_lowercase()).as_str();
        for number in &self.rules.wholes {
            let Whole::Fact(fact) = &self.rules.matchers[*number as usize].whole else {
                continue;
            };
            let all = Some((0, text.len()));
            let span = match fact {
                Fact::HiddenCharacters => odd.hidden,
                Fact::BidiControls => odd.bidi,
                Fact::TagCharacters => odd.tags,
                Fact::TerminalControls => odd.control,
                Fact::Padding => odd.padding,
                Fact::HtmlComment => odd.comment,
                Fact::MixedScripts => odd.mixed,
                Fact::PseudoTag => pseudo_tag(lower()),
                Fact::TurnMarker => turn_marker(lower()),
                Fact::RemoteImage => remote_image(lower()),
                Fact::MailAddress => mail_address(text),
                Fact::Decoded => all.filter(|_| decoded),
                Fact::CollidingName => all.filter(|_| collides),
                Fact::IsName | Fact::IsParameter => all.filter(|_| given.contains(fact)),
                _ => None,
            };
            if let Some((start, end)) = span {
                hits.push(Hit {
                    matcher: *number,
                    field: Field::Whole,
                    start: start as u32,
                    end: end as u32,
                    place: 1.0,
                    negated: false,
                    raised: false,
                });
            }
        }
    }

    /// What is reported: rules that stand alone; rules that do not, when another witness of
    /// another family is there; and the finding that two witnesses make together.
    fn finish(mut self) -> Vec<Finding> {
        let rules = self.rules;
        let family = |rule: u32| rules.rules[rule as usize].family.as_str();
        let mut families: Vec<&str> = self
            .witnesses
            .iter()
            .map(|w| family(w.rule))
            .filter(|f| !f.is_empty())
            .collect();
        families.sort_unstable();
        families.dedup();
        let several = families.len() >= 2;
        let strong = self
            .witnesses
            .iter()
            .find(|w| {
                let ready = &rules.rules[w.rule as usize];
                !ready.family.is_empty() && ready.alone
            })
            .or_else(|| self.witnesses.iter().find(|w| !family(w.rule).is_empty()));
        if several && let Some(witness) = strong {
            self.found.push(Finding {
                id: TWO_WITNESSES.to_owned(),
                title: format!("Written to steer the model: {}", families.join(", ")),
                severity: Severity::Critical,
                field: witness.field.clone(),
                span: [witness.span.0, witness.span.1],
                text: witness.text.clone(),
            });
        }
        for witness in &self.witnesses {
            let ready = &rules.rules[witness.rule as usize];
            if ready.alone || several && !ready.family.is_empty() {
                self.found.push(Finding {
                    id: ready.id.to_string(),
                    title: ready.title.to_string(),
                    severity: ready.severity,
                    field: witness.field.clone(),
                    span: [witness.span.0, witness.span.1],
                    text: witness.text.clone(),
                });
            }
        }
        self.found.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then_with(|| a.id.cmp(&b.id))
                .then_with(|| a.field.cmp(&b.field))
        });
        self.found
    }
}

/// The id of the finding that two independent witnesses make.
pub(super) const TWO_WITNESSES: &str = "steers-the-model";

fn shown(original: &str, view: &normalise::View, words: bool, hit: &Hit) -> String {
    let text = if words && view.decoded {
        view.text
            .get(hit.start as usize..hit.end as usize)
            .unwrap_or_default()
    } else {
        original
    };
    let cut: String = text.chars().take(SHOWN).collect();
    Shown(&cut).to_string()
}

/// A run of blanks long enough to push text out of sight: any of them holds one of the places
/// that are looked at.
fn has_long_blank(text: &str) -> bool {
    let bytes = text.as_bytes();
    (100..bytes.len()).step_by(100).any(|at| {
        bytes[at].is_ascii_whitespace() && bytes[at - 50..at].iter().all(u8::is_ascii_whitespace)
    })
}

/// A row of numbers long enough to spell a sentence in character codes.
fn has_codes(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() || matches!(byte, b' ' | b',') {
            run + 1
        } else {
            0
        };
        run >= 48
    })
}

/// A run of letters and digits long enough to hold an encoded text.
fn has_long_run(text: &str) -> bool {
    let mut run = 0;
    for byte in text.bytes() {
        run = if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'%') {
            run + 1
        } else {
            0
        };
        if run >= 24 {
            return true;
        }
    }
    false
}

/// A tag or marker that imitates the turns of a conversation.
fn pseudo_tag(lower: &str) -> Option<(usize, usize)> {
    const MARKS: [&str; 29] = [
        "<important>",
        "<system>",
        "</secret>",
        "<hidden>",
        "<instruction>",
        "<instructions>",
        "<critical>",
        "[system]",
        "[important]",
        "<assistant>",
        "</user>",
        "</system>",
        "<system_prompt>",
        "<system-reminder>",
        "<admin>",
        "<override>",
        "<tool_result>",
        "<function_results>",
        "\nhuman:",
        "\nassistant:",
        "\nsystem:",
        "\nuser:",
        "\ndeveloper:",
        ". developer:",
        "tool result:",
        "<critical_",
        "<system_",
        "<important_",
        "<secret_",
    ];
    first_of(&MARKS, lower)
}

/// A marker that a chat template parts its turns with.
fn turn_marker(lower: &str) -> Option<(usize, usize)> {
    const MARKS: [&str; 7] = [
        "<|im_start|>",
        "<|im_end|>",
        "<|system|>",
        "<|endoftext|>",
        "[inst]",
        "<<sys>>",
        "### system:",
    ];
    first_of(&MARKS, lower)
}

fn first_of(marks: &[&str], text: &str) -> Option<(usize, usize)> {
    marks
        .iter()
        .filter_map(|mark| text.find(mark).map(|at| (at, at + mark.len())))
        .min()
}

/// A picture from elsewhere with a query: loading it carries data out.
fn remote_image(lower: &str) -> Option<(usize, usize)> {
    if let Some(from) = lower.find("<img") {
        let end = lower[from..]
            .find('>')
            .map_or(lower.len(), |end| from + end);
        if lower[from..end].contains("//") && lower[from..end].contains('?') {
            return Some((from, end));
        }
    }
    let from = lower
        .find("](http")
        .filter(|at| lower[..*at].contains("!["))?;
    let end = lower[from..]
        .find(')')
        .map_or(lower.len(), |end| from + end);
    lower[from..end]
        .contains(['?', '{', '='])
        .then_some((from, end))
}

/// The first mail address: a name, an at sign, and a host with a dot.
fn mail_address(text: &str) -> Option<(usize, usize)> {
    let of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+');
    let of_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'@', bytes).find_map(|at| {
        let before = bytes[..at].iter().rev().take_while(|b| of_name(b)).count();
        let after = bytes[at + 1..].iter().take_while(|b| of_host(b)).count();
        let host = text.get(at + 1..at + 1 + after)?.trim_end_matches('.');
        (before > 0 && host.contains('.')).then_some((at - before, at + 1 + host.len()))
    })
}
