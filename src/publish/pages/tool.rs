//! What the page of one tool shows.

use super::history::PastView;
use super::policy::PolicyView;
use crate::model::{Category, Severity, Verdict};
use crate::publish::input::{Server, ServerTool, tokens};
use crate::publish::mould::ink::{Count, Text};
use crate::publish::params::{Parameter, Parameters};
use crate::publish::rulebook::Rulebook;
use crate::publish::text::{self, Mark, Piece};
use serde::Serialize;
use std::borrow::Cow;

/// The most rows of evidence on a page.
const EVIDENCE: usize = 24;

/// One tool, as `tool` in the context of `pages/tool.html`; its lists are in `rows`.
#[derive(Debug, Serialize)]
pub struct ToolView<'a> {
    /// Name, visible form.
    pub name: Text<'a>,
    /// Whether the name holds characters that a page would not show.
    pub name_hidden: bool,
    /// Title, visible form; empty when there is none or it repeats the name.
    pub title: Text<'a>,
    /// Category.
    pub category: &'static str,
    /// `a` or `an`, to go before the category.
    pub article: &'static str,
    /// Severity.
    pub severity: &'static str,
    /// The severity that the category alone gives.
    pub base_severity: &'static str,
    /// Whether a rule raised it above that.
    pub raised: bool,
    /// The strongest evidence in one sentence, and what raised the severity.
    pub why: Text<'a>,
    /// Confidence, two decimals.
    pub confidence: Text<'a>,
    /// The description on one line, visible form, cut.
    pub line: Text<'a>,
    /// Whether something in the description is marked.
    pub marked: bool,
    /// How many hidden characters the description holds.
    pub description_hidden: Count,
    /// Traits that hold, by id.
    pub traits: Vec<&'static str>,
    /// How many parameters there are.
    pub parameters: ParametersView,
    /// What was missing or malformed in the definition.
    pub problems: Vec<Text<'a>>,
    /// Why a person decided the category, when one did.
    pub overridden: Text<'a>,
    /// Estimated tokens of the definition.
    pub tokens: Count,
    /// The policy for this tool alone.
    pub policy: PolicyView<'a>,
    /// Its past; none where it is as it was first seen.
    pub past: Option<PastView>,
}

/// The parameters as a whole.
#[derive(Debug, Serialize)]
pub struct ParametersView {
    /// How many there are at the top level.
    pub total: Count,
    /// How many of these are required.
    pub required: Count,
    /// Whether rows were left out.
    pub cut: bool,
    /// Whether the top level accepts properties that it does not name.
    pub open: bool,
}

/// A piece of the description, as `s` in `rows/segment.html`.
#[derive(Debug, Serialize)]
pub struct SegmentView<'a> {
    /// The text, visible form.
    pub text: Text<'a>,
    /// `""` plain, `hidden` an escape, `for` and `against` evidence.
    pub kind: &'static str,
    /// What the mark means.
    pub note: Text<'a>,
}

/// A parameter, as `p` in `rows/parameter.html`.
#[derive(Debug, Serialize)]
pub struct ParameterView<'a> {
    /// The path, such as `files[].content`, visible form.
    pub path: Text<'a>,
    /// `string`, `array of string`, `object`, `any`.
    pub kind: Text<'a>,
    /// Whether the schema requires it, within its parent.
    pub required: bool,
    /// What limits it; empty when free.
    pub limits: Text<'a>,
    /// Its description, visible form, cut.
    pub description: Text<'a>,
    /// What it raised: titles of signals and rules.
    pub raised: Vec<Text<'a>>,
}

/// A signal, as `s` in `rows/signal.html`.
#[derive(Debug, Serialize)]
pub struct SignalView<'a> {
    /// The rule's id.
    pub id: Text<'a>,
    /// The line for people, visible form.
    pub title: Text<'a>,
}

/// One vote of a rule, as `e` in `rows/evidence.html`.
#[derive(Debug, Serialize)]
pub struct EvidenceView<'a> {
    /// The rule's id.
    pub rule: Text<'a>,
    /// Where it looked, in words.
    pub field: Text<'a>,
    /// The text that it matched, visible form.
    pub text: Text<'a>,
    /// The weight with its sign; empty for a rule that has no vote.
    pub weight: Text<'a>,
    /// The category it votes for; empty when it votes for none.
    pub category: &'static str,
    /// Whether it speaks against.
    pub against: bool,
}

/// One action of a tool that offers several, as `a` in `rows/action.html`.
#[derive(Debug, Serialize)]
pub struct ActionView<'a> {
    /// The action as the tool writes it, visible form.
    pub name: Text<'a>,
    /// What it alone would be.
    pub category: &'static str,
    /// Whether it decided the category of the tool.
    pub decided: bool,
}

/// One of the four hints, as `a` in `rows/annotation.html`.
#[derive(Debug, Serialize)]
pub struct AnnotationView {
    /// The hint's name in the protocol.
    pub hint: &'static str,
    /// `true`, `false` or `not stated`.
    pub claim: &'static str,
    /// What the evidence says to it.
    pub seen: &'static str,
    /// Whether the two contradict each other.
    pub contradicts: bool,
}

/// A finding in a text, as `f` in `rows/finding.html`.
#[derive(Debug, Serialize)]
pub struct FindingView<'a> {
    /// The line for people.
    pub title: Text<'a>,
    /// How bad it is if it is what it looks like.
    pub severity: &'static str,
    /// Where it stands, visible form.
    pub field: Text<'a>,
    /// The text, visible form, cut.
    pub text: Text<'a>,
}

impl<'a> ToolView<'a> {
    /// Makes the view of one tool.
    pub fn of(
        server: &'a Server,
        tool: &'a ServerTool,
        parameters: &Parameters<'_>,
        rules: &Rulebook,
    ) -> ToolView<'a> {
        let verdict = &tool.verdict;
        let name = text::shown(&tool.tool.name);
        let title = tool
            .tool
            .title
            .as_deref()
            .filter(|title| *title != tool.tool.name)
            .map(text::shown)
            .unwrap_or_default();
        let described = description(tool);
        ToolView {
            name_hidden: name != tool.tool.name,
            policy: PolicyView::of(&server.policy, &tool.tool.name),
            past: server.past.tool(&tool.tool.name).and_then(PastView::of),
            name: name.into(),
            title: title.into(),
            category: verdict.category.as_str(),
            article: article(verdict.category),
            severity: verdict.severity.as_str(),
            base_severity: verdict.category.base_severity().as_str(),
            raised: verdict.severity > verdict.category.base_severity(),
            why: why(verdict, rules).into(),
            confidence: decimals(verdict.confidence).into(),
            line: text::excerpted(described, 300).into(),
            marked: marked(verdict),
            description_hidden: Count(text::hidden_count(described)),
            traits: traits(verdict),
            parameters: ParametersView {
                total: Count(parameters.total),
                required: Count(parameters.required),
                cut: parameters.cut,
                open: parameters.open,
            },
            problems: verdict
                .problems
                .iter()
                .map(|problem| text::shown(&problem.detail).into())
                .collect(),
            overridden: verdict
                .overridden
                .as_deref()
                .map(text::shown)
                .unwrap_or_default()
                .into(),
            tokens: Count(tokens(tool.bytes)),
        }
    }
}

/// Why the verdict is what it is, in one or two sentences: the strongest vote for the category, and
/// the first rule that raised the severity.
fn why(verdict: &Verdict, rules: &Rulebook) -> String {
    let category = verdict.category;
    let votes = verdict.evidence.iter().filter(|vote| {
        vote.category == Some(category) && vote.weight > 0.0 && !vote.text.is_empty()
    });
    let strongest = votes.max_by(|a, b| a.weight.total_cmp(&b.weight));
    let mut out = match (strongest, category) {
        _ if verdict.overridden.is_some() => "A person decided the category.".to_owned(),
        (Some(vote), _) => {
            let place = field(&vote.field);
            let the = if vote.field.contains(':') { "" } else { "the " };
            let text = text::excerpted(&vote.text, 60);
            format!("“{text}” in {the}{place} speaks for {category}.")
        }
        (None, Category::Unknown) => "Nothing in the definition says what a call does.".to_owned(),
        (None, Category::Read) => "Nothing in the definition changes anything.".to_owned(),
        (None, _) => format!("The rules as a whole speak for {category}."),
    };
    if verdict.severity > category.base_severity() {
        let raises = |id: &str| {
            let rule = rules.get(id)?;
            (rule.raises > 0 || rule.at_least.is_some()).then(|| rules.title(&rule.id))
        };
        let votes = verdict.evidence.iter().map(|vote| vote.rule.as_str());
        let signals = verdict.signals.iter().map(|signal| signal.id.as_str());
        if let Some(title) = signals.chain(votes).find_map(raises) {
            out.push_str(" Raised from ");
            out.push_str(category.base_severity().as_str());
            out.push_str(": ");
            out.push_str(&title);
            out.push('.');
        }
    }
    out
}

/// The description as answered; empty when there is none.
pub fn description(tool: &ServerTool) -> &str {
    tool.tool.description.as_deref().unwrap_or_default()
}

impl<'a> From<Piece<'a>> for SegmentView<'a> {
    fn from(piece: Piece<'a>) -> SegmentView<'a> {
        SegmentView {
            text: piece.text.into(),
            kind: piece.kind,
            note: piece.note.into(),
        }
    }
}

/// The signals.
pub fn signals(verdict: &Verdict) -> impl Iterator<Item = SignalView<'_>> {
    verdict.signals.iter().map(|signal| SignalView {
        id: signal.id.as_str().into(),
        title: text::shown(&signal.title).into(),
    })
}

/// The evidence, strongest first.
pub fn evidence(verdict: &Verdict) -> impl Iterator<Item = EvidenceView<'_>> {
    let mut sorted: Vec<&crate::model::Evidence> = verdict.evidence.iter().collect();
    sorted.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    sorted
        .into_iter()
        .take(EVIDENCE)
        .map(|evidence| EvidenceView {
            rule: evidence.rule.as_str().into(),
            field: field(&evidence.field).into(),
            text: text::excerpted(&evidence.text, 80).into(),
            weight: signed(evidence.weight).into(),
            category: evidence.category.map_or("", Category::as_str),
            against: evidence.weight < 0.0,
        })
}

/// The actions, when it offers several.
pub fn actions(verdict: &Verdict) -> impl Iterator<Item = ActionView<'_>> {
    verdict.actions.iter().map(|action| ActionView {
        name: text::shown(&action.action).into(),
        category: action.category.as_str(),
        decided: action.decided,
    })
}

/// The findings in its text.
pub fn findings(verdict: &Verdict) -> impl Iterator<Item = FindingView<'_>> {
    verdict.findings.iter().map(|finding| FindingView {
        title: text::shown(&finding.title).into(),
        severity: Severity::as_str(finding.severity),
        field: text::shown(&finding.field).into(),
        text: text::excerpted(&finding.text, 160).into(),
    })
}

/// The parameters with what each raised.
pub fn parameters<'a>(
    parameters: &'a Parameters<'a>,
    verdict: &'a Verdict,
    rules: &'a Rulebook,
) -> impl Iterator<Item = ParameterView<'a>> {
    parameters
        .rows
        .iter()
        .map(move |row: &'a Parameter<'a>| ParameterView {
            path: text::shown(&row.path).into(),
            kind: Cow::Borrowed(&*row.kind).into(),
            required: row.required,
            limits: row.limits.as_str().into(),
            description: (&*row.description).into(),
            raised: raised(verdict, &row.path, rules),
        })
}

/// `a` or `an`.
pub const fn article(category: Category) -> &'static str {
    match category {
        Category::Execute | Category::Unknown => "an",
        _ => "a",
    }
}

/// The ids of the traits that hold.
pub fn traits(verdict: &Verdict) -> Vec<&'static str> {
    let traits = verdict.traits;
    [
        ("private_data", traits.private_data),
        ("untrusted_content", traits.untrusted_content),
        ("external_egress", traits.external_egress),
    ]
    .into_iter()
    .filter_map(|(id, holds)| holds.then_some(id))
    .collect()
}

/// The marked spans of one field.
pub fn marks<'a>(verdict: &'a Verdict, of: &str, rules: &'a Rulebook) -> Vec<Mark<'a>> {
    let evidence = verdict
        .evidence
        .iter()
        .filter(|evidence| evidence.field == of)
        .map(|evidence| Mark {
            start: evidence.span[0],
            end: evidence.span[1],
            speaks_for: evidence.weight >= 0.0,
            note: rules.title(&evidence.rule),
        });
    let findings = verdict
        .findings
        .iter()
        .filter(|finding| finding.field == of)
        .map(|finding| Mark {
            start: finding.span[0],
            end: finding.span[1],
            speaks_for: true,
            note: Cow::Borrowed(&finding.title),
        });
    evidence.chain(findings).collect()
}

/// Whether evidence or a finding stands in the description.
fn marked(verdict: &Verdict) -> bool {
    let evidence = verdict.evidence.iter().map(|evidence| &evidence.field);
    let findings = verdict.findings.iter().map(|finding| &finding.field);
    evidence.chain(findings).any(|field| field == "description")
}

/// What one parameter raised.
fn raised<'a>(verdict: &'a Verdict, path: &str, rules: &'a Rulebook) -> Vec<Text<'a>> {
    let mut out: Vec<Text<'a>> = verdict
        .signals
        .iter()
        .filter(|signal| signal.property.as_deref() == Some(path))
        .map(|signal| text::shown(&signal.title).into())
        .collect();
    let votes = verdict.evidence.iter().filter(|evidence| {
        evidence
            .field
            .strip_prefix("property:")
            .is_some_and(|of| of == path)
    });
    for vote in votes {
        let title = Text::from(rules.title(&vote.rule));
        let known = verdict.signals.iter().any(|signal| signal.id == vote.rule);
        if !known && !out.contains(&title) {
            out.push(title);
        }
    }
    out
}

/// A share of one with two decimals.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a confidence is 0 to 1"
)]
fn decimals(share: f64) -> String {
    let hundredths = (share * 100.0).round() as u64;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A weight as a whole number with its sign; empty for none.
#[expect(clippy::cast_possible_truncation, reason = "weights are small")]
fn signed(weight: f64) -> String {
    match weight.round() as i64 {
        _ if weight == 0.0 => String::new(),
        whole => format!("{whole:+}"),
    }
}

/// Where a rule looked, in words.
fn field(id: &str) -> Cow<'_, str> {
    let with = |words: &str, rest: &str| Cow::Owned(format!("{words}{}", text::shown(rest)));
    match id.split_once(':') {
        Some(("property", path)) => with("parameter ", path),
        Some(("enum", path)) => {
            let property = path.split('[').next().unwrap_or(path);
            with("a value of parameter ", property)
        }
        Some(("annotation", hint)) => with("annotation ", hint),
        _ => text::shown(id),
    }
}

/// The server's claims beside the evidence.
pub fn annotations(tool: &ServerTool) -> [AnnotationView; 4] {
    let claims = tool.tool.annotations;
    let verdict = &tool.verdict;
    let category = verdict.category;
    let says = |claim: Option<bool>| match claim {
        Some(true) => "true",
        Some(false) => "false",
        None => "not stated",
    };
    let reads = category == Category::Read;
    let removes = category == Category::Destructive;
    let outside = verdict.traits.untrusted_content || verdict.traits.external_egress;
    [
        AnnotationView {
            hint: "readOnlyHint",
            claim: says(claims.read_only),
            seen: match category {
                Category::Read => "nothing seen that changes state",
                Category::Unknown => "the definition does not say",
                _ => "state changes",
            },
            contradicts: claims.read_only == Some(true) && !reads && category != Category::Unknown,
        },
        AnnotationView {
            hint: "destructiveHint",
            claim: says(claims.destructive),
            seen: if removes {
                "something is removed or overwritten"
            } else {
                "no removal seen"
            },
            contradicts: claims.destructive == Some(false) && removes,
        },
        AnnotationView {
            hint: "idempotentHint",
            claim: says(claims.idempotent),
            seen: "cannot be told from a definition",
            contradicts: false,
        },
        AnnotationView {
            hint: "openWorldHint",
            claim: says(claims.open_world),
            seen: if outside {
                "reaches beyond the server"
            } else {
                "nothing seen that reaches beyond the server"
            },
            contradicts: claims.open_world == Some(false) && outside,
        },
    ]
}
