//! What the page of one tool shows.

use super::history::PastView;
use super::policy::PolicyView;
use crate::model::{Category, Verdict};
use crate::publish::input::{Server, ServerTool, tokens};
use crate::publish::params::{self, Parameters};
use crate::publish::rulebook::Rulebook;
use crate::publish::text::{self, Mark, Segment};
use serde::Serialize;

/// One tool, as `tool` in the context of `pages/tool.html`.
#[derive(Debug, Serialize)]
pub struct ToolView {
    /// Name, visible form.
    pub name: String,
    /// Whether the name holds characters that a page would not show.
    pub name_hidden: bool,
    /// File name within the server's folder, without `.html`.
    pub slug: String,
    /// Title, visible form; empty when there is none or it repeats the name.
    pub title: String,
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
    /// Confidence, two decimals.
    pub confidence: String,
    /// The description with its evidence marked; empty when there is none.
    pub description: Vec<Segment>,
    /// The same on one line, visible form, cut.
    pub line: String,
    /// How many hidden characters the description holds.
    pub description_hidden: usize,
    /// Signals.
    pub signals: Vec<SignalView>,
    /// Traits that hold, by id.
    pub traits: Vec<&'static str>,
    /// Evidence, strongest first.
    pub evidence: Vec<EvidenceView>,
    /// Parameters.
    pub parameters: Parameters,
    /// Actions, when it offers several.
    pub actions: Vec<ActionView>,
    /// The server's claims beside the evidence.
    pub annotations: Vec<AnnotationView>,
    /// Findings in its text.
    pub findings: Vec<FindingView>,
    /// What was missing or malformed in the definition.
    pub problems: Vec<String>,
    /// A person's decision on the category, when there is one.
    pub overridden: Option<OverriddenView>,
    /// Estimated tokens of the definition.
    pub tokens: usize,
    /// The policy for this tool alone.
    pub policy: PolicyView,
    /// Its past; none where it is as it was first seen.
    pub past: Option<PastView>,
}

/// A signal.
#[derive(Debug, Serialize)]
pub struct SignalView {
    /// The rule's id.
    pub id: String,
    /// The line for people, visible form.
    pub title: String,
}

/// One vote of a rule.
#[derive(Debug, Serialize)]
pub struct EvidenceView {
    /// The rule's id.
    pub rule: String,
    /// Where it looked, in words.
    pub field: String,
    /// The text that it matched, visible form.
    pub text: String,
    /// The weight with its sign; empty for a rule that has no vote.
    pub weight: String,
    /// The category it votes for; empty when it votes for none.
    pub category: &'static str,
    /// Whether it speaks against.
    pub against: bool,
}

/// One action of a tool that offers several.
#[derive(Debug, Serialize)]
pub struct ActionView {
    /// The action as the tool writes it, visible form.
    pub name: String,
    /// What it alone would be.
    pub category: &'static str,
    /// Whether it decided the category of the tool.
    pub decided: bool,
}

/// One of the four hints.
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

/// What the rules said before a person decided otherwise.
#[derive(Debug, Serialize)]
pub struct OverriddenView {
    /// Why, visible form.
    pub reason: String,
    /// The category by the rules.
    pub category: &'static str,
    /// The severity by the rules.
    pub severity: &'static str,
}

/// A finding in a text.
#[derive(Debug, Serialize)]
pub struct FindingView {
    /// The rule's id.
    pub id: String,
    /// The line for people.
    pub title: String,
    /// How bad it is if it is what it looks like.
    pub severity: &'static str,
    /// Where it stands, visible form.
    pub field: String,
    /// The text, visible form, cut.
    pub text: String,
}

impl ToolView {
    /// Makes the view of one tool.
    pub fn of(server: &Server, tool: &ServerTool, rules: &Rulebook) -> ToolView {
        let verdict = &tool.verdict;
        let name = text::visible(&tool.tool.name);
        let title = tool
            .tool
            .title
            .as_deref()
            .filter(|title| *title != tool.tool.name)
            .map(text::visible)
            .unwrap_or_default();
        let described = tool.tool.description.as_deref().unwrap_or_default();
        let mut parameters = params::read(tool.tool.input_schema.as_ref());
        for row in &mut parameters.rows {
            row.raised = raised(verdict, &row.key, rules);
        }
        let mut evidence: Vec<&crate::model::Evidence> = verdict.evidence.iter().collect();
        evidence.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        ToolView {
            name_hidden: name != tool.tool.name,
            policy: PolicyView::of(&server.policy, &tool.tool.name),
            past: server.past.tool(&tool.tool.name).and_then(PastView::of),
            name,
            slug: tool.slug.clone(),
            title,
            category: verdict.category.as_str(),
            article: article(verdict.category),
            severity: verdict.severity.as_str(),
            base_severity: verdict.category.base_severity().as_str(),
            raised: verdict.severity > verdict.category.base_severity(),
            confidence: format!("{:.2}", verdict.confidence),
            description: if described.is_empty() {
                Vec::new()
            } else {
                text::segments(described, &marks(verdict, "description", rules))
            },
            line: text::excerpt(described, 300),
            description_hidden: text::hidden_count(described),
            signals: verdict
                .signals
                .iter()
                .map(|signal| SignalView {
                    id: signal.id.clone(),
                    title: text::visible(&signal.title),
                })
                .collect(),
            traits: traits(verdict),
            evidence: evidence
                .into_iter()
                .take(24)
                .map(|evidence| EvidenceView {
                    rule: evidence.rule.clone(),
                    field: field(&evidence.field),
                    text: text::excerpt(&evidence.text, 80),
                    weight: if evidence.weight == 0.0 {
                        String::new()
                    } else {
                        format!("{:+.0}", evidence.weight)
                    },
                    category: evidence.category.map_or("", Category::as_str),
                    against: evidence.weight < 0.0,
                })
                .collect(),
            parameters,
            actions: verdict
                .actions
                .iter()
                .map(|action| ActionView {
                    name: text::visible(&action.action),
                    category: action.category.as_str(),
                    decided: action.decided,
                })
                .collect(),
            annotations: annotations(tool),
            findings: verdict
                .findings
                .iter()
                .map(|finding| FindingView {
                    id: finding.id.clone(),
                    title: text::visible(&finding.title),
                    severity: finding.severity.as_str(),
                    field: text::visible(&finding.field),
                    text: text::excerpt(&finding.text, 160),
                })
                .collect(),
            problems: verdict
                .problems
                .iter()
                .map(|problem| text::visible(&problem.detail))
                .collect(),
            overridden: verdict.overridden.as_ref().map(|was| OverriddenView {
                reason: text::visible(&was.reason),
                category: was.category.as_str(),
                severity: was.severity.as_str(),
            }),
            tokens: tokens(tool.bytes),
        }
    }
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
fn marks(verdict: &Verdict, of: &str, rules: &Rulebook) -> Vec<Mark> {
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
            note: finding.title.clone(),
        });
    evidence.chain(findings).collect()
}

/// What one parameter raised.
fn raised(verdict: &Verdict, path: &str, rules: &Rulebook) -> Vec<String> {
    let mut out: Vec<String> = verdict
        .signals
        .iter()
        .filter(|signal| signal.property.as_deref() == Some(path))
        .map(|signal| text::visible(&signal.title))
        .collect();
    let votes = verdict.evidence.iter().filter(|evidence| {
        evidence
            .field
            .strip_prefix("property:")
            .is_some_and(|of| of == path)
    });
    for vote in votes {
        let title = rules.title(&vote.rule);
        let known = verdict.signals.iter().any(|signal| signal.id == vote.rule);
        if !known && !out.contains(&title) {
            out.push(title);
        }
    }
    out
}

/// Where a rule looked, in words.
fn field(id: &str) -> String {
    match id.split_once(':') {
        Some(("property", path)) => format!("parameter {}", text::visible(path)),
        Some(("enum", path)) => {
            let property = path.split('[').next().unwrap_or(path);
            format!("a value of parameter {}", text::visible(property))
        }
        Some(("annotation", hint)) => format!("annotation {}", text::visible(hint)),
        _ => text::visible(id),
    }
}

fn annotations(tool: &ServerTool) -> Vec<AnnotationView> {
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
    vec![
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
