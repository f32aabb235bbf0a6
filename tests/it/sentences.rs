//! What a description says besides what the tool does never lowers its severity: each example of each
//! rule is put behind sentences that say nothing of it.

use std::collections::BTreeSet;
use toolrisk::classify::{Classifier, Options, ServerContext};
use toolrisk::model::{Severity, Tool};
use toolrisk::rules::source::{Example, Matcher, Place};
use toolrisk::rules::{Kind, Rule, RuleSet};

/// Sentences of all sorts that say nothing of what is done.
const BESIDES: [&str; 6] = [
    "See the handbook.",
    "It is fast.",
    "Read the notes first.",
    "Supports paging.",
    "Requires version two or later.",
    "Part of the garden project.",
];

/// Rules whose examples a sentence before them still lowers: they say what a thing is, and no deed.
const BESIDES_LOWER: [&str; 8] = [
    "acts-in-game-world",
    "and-changes",
    "and-starts",
    "call-service",
    "how-to",
    "makes-address",
    "reads-secrets",
    "runs-deletion",
];

/// Rules against which some words speak in any sentence, since they say what the tool leaves undone
/// (*Nothing is deleted*, *SELECT queries only*), or whose examples say no deed.
const OBJECTIONS_LOWER: [&str; 17] = [
    "and-changes",
    "and-starts",
    "checks-then-logs-in",
    "converts-resource",
    "cuts-power",
    "deletes-afterwards",
    "force-push",
    "free-query-name",
    "lists-changes",
    "makes-address",
    "merges-away",
    "replaces-all",
    "saves-where-told",
    "says-it-is-for-good",
    "selects-change",
    "switches-power",
    "takes-payments",
];

fn rules() -> (RuleSet, Classifier) {
    let set = RuleSet::embedded().expect("the embedded rules");
    let classifier = Classifier::new(&set).expect("a classifier");
    (set, classifier)
}

fn severity(classifier: &Classifier, example: &Example, before: &str) -> Severity {
    let description = example.description.as_deref().unwrap_or_default();
    let mut tool = serde_json::json!({
        "name": example.name, "description": format!("{before}{description}"),
    });
    if let Some(schema) = &example.schema {
        tool["inputSchema"] = serde_json::from_str(schema).expect("a schema");
    }
    let tools = [Tool::from_value(tool)];
    let server = ServerContext {
        name: None,
        tools: &tools,
        instructions: None,
    };
    classifier.server(&server, &Options::default())[0].severity
}

/// The rules of which an example is less severe behind a sentence.
fn lowered(
    kinds: &[Kind],
    sentences: impl Fn(&Rule) -> Vec<String>,
    set: &RuleSet,
    classifier: &Classifier,
) -> BTreeSet<String> {
    let mut lowered = BTreeSet::new();
    for rule in set.rules().filter(|rule| kinds.contains(&rule.kind)) {
        let sentences = sentences(rule);
        let described = |example: &&Example| example.description.is_some();
        for example in rule.examples.yes.iter().filter(described) {
            let alone = severity(classifier, example, "");
            let lowers = |said: &String| severity(classifier, example, &format!("{said} ")) < alone;
            if sentences.iter().any(lowers) {
                lowered.insert(rule.id.clone());
            }
        }
    }
    lowered
}

#[test]
fn what_is_said_besides_lowers_no_example() {
    let (set, classifier) = rules();
    let besides = |_: &Rule| BESIDES.map(ToOwned::to_owned).to_vec();
    let kinds = [Kind::Category, Kind::Signal, Kind::Severity];
    let found = lowered(&kinds, besides, &set, &classifier);
    assert_eq!(found, BESIDES_LOWER.map(ToOwned::to_owned).into());
}

/// A word of each sequence, or all words of one step, where no class has to be looked up.
fn phrases(matcher: &Matcher) -> Vec<String> {
    let sequences = matcher.words.iter().flat_map(|words| &words.0);
    let mut all = Vec::new();
    for sequence in sequences.filter(|sequence| !sequence.contains(['@', '&'])) {
        if sequence.contains(' ') {
            let steps = sequence.split(' ').filter(|step| !step.starts_with(".."));
            let words: Vec<&str> = steps.filter_map(|step| step.split('|').next()).collect();
            all.push(words.join(" "));
        } else {
            all.extend(sequence.split('|').map(ToOwned::to_owned));
        }
    }
    all
}

#[test]
fn what_speaks_against_a_rule_does_not_from_a_sentence_besides() {
    let (set, classifier) = rules();
    let objections = |rule: &Rule| {
        let none = rule.matches.none.iter();
        let of_text = none.filter(|matcher| matcher.place.0.contains(&Place::Description));
        of_text
            .flat_map(phrases)
            .map(|phrase| format!("See the handbook for {phrase}."))
            .collect()
    };
    let found = lowered(&[Kind::Category], objections, &set, &classifier);
    assert_eq!(found, OBJECTIONS_LOWER.map(ToOwned::to_owned).into());
}
