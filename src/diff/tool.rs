//! What changed in one tool.

use super::change::{Change, Detail, Risk, ToolChange};
use super::prose::sentences_moved;
use super::schema::compare_schemas;
use super::side::SideTool;
use crate::digest::same_but_for_time;
use crate::model::tool::Annotations;
use crate::model::{Tool, Verdict};
use smol_str::SmolStr;

pub(super) fn added(new: &SideTool) -> ToolChange {
    let mut what = vec![Detail::new("tool_added", "", Risk::Raises)];
    let mut rug_pull = false;
    if let Some(verdict) = &new.verdict {
        what[0] = what[0]
            .clone()
            .to(format!("{}, {}", verdict.category, verdict.severity));
        for finding in &verdict.findings {
            rug_pull = true;
            what.push(
                Detail::new("finding_added", finding.field.as_str(), Risk::Raises)
                    .to(finding.title.as_str()),
            );
        }
    }
    ToolChange {
        name: new.tool.name.clone(),
        change: Change::Added,
        risk: Risk::Raises,
        rug_pull,
        what,
    }
}

pub(super) fn removed(old: &SideTool) -> ToolChange {
    let mut detail = Detail::new("tool_removed", "", Risk::Lowers);
    if let Some(verdict) = &old.verdict {
        detail = detail.from(format!("{}, {}", verdict.category, verdict.severity));
    }
    ToolChange {
        name: old.tool.name.clone(),
        change: Change::Removed,
        risk: Risk::Lowers,
        rug_pull: false,
        what: vec![detail],
    }
}

/// `None` when nothing of substance changed.
pub(super) fn changed(old: &SideTool, new: &SideTool) -> Option<ToolChange> {
    let mut what = Vec::new();
    compare_text(
        "title",
        old.tool.title.as_deref(),
        new.tool.title.as_deref(),
        &mut what,
    );
    compare_descriptions(&old.tool, &new.tool, &mut what);
    compare_schemas(
        "inputSchema",
        old.tool.input_schema.as_ref(),
        new.tool.input_schema.as_ref(),
        &mut what,
    );
    compare_output(&old.tool, &new.tool, &mut what);
    compare_annotations(old.tool.annotations, new.tool.annotations, &mut what);
    if what.is_empty() {
        return None;
    }
    let mut rug_pull = false;
    if let (Some(before), Some(after)) = (&old.verdict, &new.verdict) {
        rug_pull = compare_verdicts(before, after, &mut what);
    }
    let risk = what
        .iter()
        .map(|detail| detail.risk)
        .max()
        .unwrap_or(Risk::Wording);
    Some(ToolChange {
        name: new.tool.name.clone(),
        change: Change::Changed,
        risk,
        rug_pull,
        what,
    })
}

fn compare_text(at: &str, before: Option<&str>, after: Option<&str>, what: &mut Vec<Detail>) {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    if !same_but_for_time(old, new) {
        what.push(
            Detail::new("text_changed", at, Risk::Wording)
                .from(old)
                .to(new),
        );
    }
}

fn compare_descriptions(old: &Tool, new: &Tool, what: &mut Vec<Detail>) {
    let (before, after) = (
        old.description.as_deref().unwrap_or_default(),
        new.description.as_deref().unwrap_or_default(),
    );
    if same_but_for_time(before, after) {
        return;
    }
    let (gone, come) = sentences_moved(before, after);
    if gone.is_empty() && come.is_empty() {
        // Only white space or the order of sentences.
        what.push(Detail::new(
            "description_rearranged",
            "description",
            Risk::Wording,
        ));
        return;
    }
    let mut detail = Detail::new("description_changed", "description", Risk::Wording);
    if !gone.is_empty() {
        detail = detail.from(gone);
    }
    if !come.is_empty() {
        detail = detail.to(come);
    }
    what.push(detail);
}

fn compare_output(old: &Tool, new: &Tool, what: &mut Vec<Detail>) {
    // What a tool returns does not widen what an agent can do; it is worth a line all the same.
    if old.output_schema != new.output_schema {
        what.push(Detail::new(
            "output_schema_changed",
            "outputSchema",
            Risk::Wording,
        ));
    }
}

/// A claim that became worse raises; one that became better lowers. `None` counts as the default
/// of the protocol: not read-only, destructive, not idempotent, open world. A claim that is only
/// made explicit changes nothing.
fn compare_annotations(old: Annotations, new: Annotations, what: &mut Vec<Detail>) {
    let claims = [
        ("readOnlyHint", old.read_only, new.read_only, false),
        ("destructiveHint", old.destructive, new.destructive, true),
        ("idempotentHint", old.idempotent, new.idempotent, false),
        ("openWorldHint", old.open_world, new.open_world, true),
    ];
    for (hint, before, after, default) in claims {
        if before == after {
            continue;
        }
        let at = format!("annotations.{hint}");
        let (was, is) = (before.unwrap_or(default), after.unwrap_or(default));
        let risk = if was == is {
            Risk::Wording
        } else if is == default {
            // The defaults are the cautious answers.
            Risk::Raises
        } else {
            Risk::Lowers
        };
        let show = |claim: Option<bool>| match claim {
            Some(true) => "true",
            Some(false) => "false",
            None => "not said",
        };
        what.push(
            Detail::new("annotation_changed", at, risk)
                .from(show(before))
                .to(show(after)),
        );
    }
}

/// Adds what follows from the change; says whether it makes it a rug pull.
fn compare_verdicts(before: &Verdict, after: &Verdict, what: &mut Vec<Detail>) -> bool {
    let mut rug_pull = false;
    if before.category != after.category {
        let risk = if after.category > before.category {
            Risk::Raises
        } else {
            Risk::Lowers
        };
        what.push(
            Detail::new("category_changed", "verdict.category", risk)
                .from(before.category.as_str())
                .to(after.category.as_str()),
        );
    }
    if before.severity != after.severity {
        let raised = after.severity > before.severity;
        rug_pull |= raised;
        let (kind, risk) = if raised {
            ("severity_raised", Risk::Raises)
        } else {
            ("severity_lowered", Risk::Lowers)
        };
        what.push(
            Detail::new(kind, "verdict.severity", risk)
                .from(before.severity.as_str())
                .to(after.severity.as_str()),
        );
    }
    let traits = [
        (
            "private_data",
            before.traits.private_data,
            after.traits.private_data,
        ),
        (
            "untrusted_content",
            before.traits.untrusted_content,
            after.traits.untrusted_content,
        ),
        (
            "external_egress",
            before.traits.external_egress,
            after.traits.external_egress,
        ),
    ];
    for (name, was, is) in traits {
        if was != is {
            rug_pull |= is;
            let (kind, risk) = if is {
                ("trait_added", Risk::Raises)
            } else {
                ("trait_removed", Risk::Lowers)
            };
            what.push(Detail::new(kind, format!("verdict.traits.{name}"), risk));
        }
    }
    let findings = |verdict: &Verdict| -> Vec<(SmolStr, SmolStr, SmolStr)> {
        let mut keys: Vec<_> = verdict
            .findings
            .iter()
            .map(|f| (f.id.clone(), f.field.clone(), f.title.clone()))
            .collect();
        keys.sort();
        keys.dedup();
        keys
    };
    let signals = |verdict: &Verdict| -> Vec<(SmolStr, SmolStr, SmolStr)> {
        let mut keys: Vec<_> = verdict
            .signals
            .iter()
            .map(|s| {
                (
                    s.id.clone(),
                    s.property.clone().unwrap_or_default(),
                    s.title.clone(),
                )
            })
            .collect();
        keys.sort();
        keys.dedup();
        keys
    };
    rug_pull |= moved("finding", &findings(before), &findings(after), what);
    moved("signal", &signals(before), &signals(after), what);
    rug_pull
}

/// Adds a detail for every key on only one side; says whether any came.
fn moved(
    kind: &str,
    before: &[(SmolStr, SmolStr, SmolStr)],
    after: &[(SmolStr, SmolStr, SmolStr)],
    what: &mut Vec<Detail>,
) -> bool {
    let mut came = false;
    for key in after.iter().filter(|key| !before.contains(key)) {
        came = true;
        what.push(
            Detail::new(&format!("{kind}_added"), key.1.as_str(), Risk::Raises).to(key.2.as_str()),
        );
    }
    for key in before.iter().filter(|key| !after.contains(key)) {
        what.push(
            Detail::new(&format!("{kind}_removed"), key.1.as_str(), Risk::Lowers)
                .from(key.2.as_str()),
        );
    }
    came
}
