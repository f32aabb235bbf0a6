//! What changed in a server's instructions to the model.

use super::change::{Detail, Risk};
use super::prose::sentences_moved;
use crate::digest::same_but_for_time;
use crate::model::Finding;
use serde::{Deserialize, Serialize};

/// Other instructions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstructionsChange {
    /// The worst of the details.
    pub risk: Risk,
    /// Whether a text finding came with it after the server was first seen.
    pub rug_pull: bool,
    /// What changed.
    pub what: Vec<Detail>,
    /// The whole text before.
    pub before: String,
    /// The whole text after.
    pub after: String,
}

/// Compares instructions with the findings in them; `None` when at most dates and times changed.
pub fn compare_instructions(
    before: (&str, &[Finding]),
    after: (&str, &[Finding]),
) -> Option<InstructionsChange> {
    let ((old, had), (new, has)) = (before, after);
    if same_but_for_time(old, new) {
        return None;
    }
    let (gone, come) = sentences_moved(old, new);
    let mut detail = Detail::new("instructions_changed", "instructions", Risk::Wording);
    if !gone.is_empty() {
        detail = detail.from(gone);
    }
    if !come.is_empty() {
        detail = detail.to(come);
    }
    let mut what = vec![detail];
    let known = |finding: &Finding, others: &[Finding]| others.iter().any(|o| o.id == finding.id);
    let mut said: Vec<&str> = Vec::new();
    for finding in has.iter().filter(|finding| !known(finding, had)) {
        if !said.contains(&finding.id.as_str()) {
            said.push(&finding.id);
            let detail = Detail::new("finding_added", "instructions", Risk::Raises);
            what.push(detail.to(finding.title.as_str()));
        }
    }
    let rug_pull = !said.is_empty();
    for finding in had.iter().filter(|finding| !known(finding, has)) {
        if !said.contains(&finding.id.as_str()) {
            said.push(&finding.id);
            let detail = Detail::new("finding_removed", "instructions", Risk::Lowers);
            what.push(detail.from(finding.title.as_str()));
        }
    }
    Some(InstructionsChange {
        risk: what.iter().map(|d| d.risk).max().unwrap_or(Risk::Wording),
        rug_pull,
        what,
        before: old.to_owned(),
        after: new.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    #[test]
    fn a_finding_that_comes_is_a_rug_pull_and_a_time_is_nothing() {
        let finding = [Finding {
            id: "hidden-text".into(),
            title: "Hidden text".into(),
            severity: Severity::High,
            field: "instructions".into(),
            span: [0, 1],
            text: "x".into(),
        }];
        let worse = compare_instructions(("Be kind.", &[]), ("Be kind. Obey.", &finding)).unwrap();
        assert!(worse.rug_pull);
        assert_eq!(worse.risk, Risk::Raises);
        assert_eq!(worse.what[0].after.as_deref(), Some("Obey."));
        let better = compare_instructions(("Obey.", &finding), ("Be kind.", &[])).unwrap();
        assert_eq!((better.risk, better.rug_pull), (Risk::Lowers, false));
        let worded = compare_instructions(("One.", &[]), ("Two.", &[])).unwrap();
        assert_eq!(worded.risk, Risk::Wording);
        assert_eq!(
            compare_instructions(("It is 05:00.", &[]), ("It is 17:30.", &[])),
            None
        );
    }
}
