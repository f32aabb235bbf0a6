use super::*;
use crate::model::{Finding, Problem, Traits};
use serde_json::json;

fn verdict(name: &str, category: Category, severity: Severity) -> Verdict {
    Verdict {
        server: None,
        name: name.to_owned(),
        category,
        severity,
        confidence: 1.0,
        signals: vec![],
        traits: Traits::default(),
        actions: vec![],
        findings: vec![],
        evidence: vec![],
        problems: vec![],
        overridden: None,
        rules_version: "test".into(),
    }
}

fn plain(name: &str, category: Category) -> Verdict {
    verdict(name, category, category.base_severity())
}

fn with(verdicts: &[Verdict], preset: &Preset) -> Generated {
    let tools = verdicts
        .iter()
        .map(|verdict| ToolInput {
            verdict,
            schema: None,
        })
        .collect();
    generate(&ServerTools { name: "x", tools }, preset)
}

fn disposition(verdict: Verdict, preset: &Preset) -> Disposition {
    with(&[verdict], preset).tools[0].disposition
}

#[test]
fn the_starter_document_of_every_category() {
    use Category::{Destructive, Execute, Financial, Read, Write};
    let made = with(
        &[
            plain("pay", Financial),
            plain("drop_table", Destructive),
            plain("trigger_task", Execute),
            plain("add_note", Write),
            plain("list_notes", Read),
        ],
        &Preset::starter(),
    );
    assert_eq!(
        serde_json::to_value(&made.document).unwrap(),
        json!({
            "version": "1",
            "default": "deny",
            "hide": ["drop_table"],
            "tools": {
                "add_note": {"limits": [
                    {"counter": "add_note_rate", "window": "minute", "max": 30, "scope": "grant"}
                ]},
                "list_notes": {},
                "pay": {"deny_if": [
                    {"conditions": [], "on_deny": "Requires human approval."}
                ]},
                "trigger_task": {"limits": [
                    {"counter": "trigger_task_rate", "window": "minute", "max": 10, "scope": "grant"}
                ]}
            }
        })
    );
    assert_eq!(
        serde_json::to_value(for_tool(&made, "trigger_task")).unwrap(),
        json!({
            "version": "1",
            "default": "deny",
            "tools": {
                "trigger_task": {
                    "limits": [
                        { "counter": "trigger_task_rate", "window": "minute", "max": 10, "scope": "grant" }
                    ]
                }
            }
        })
    );
    assert_eq!(
        serde_json::to_value(for_tool(&made, "drop_table")).unwrap(),
        json!({"version": "1", "default": "deny", "hide": ["drop_table"]})
    );
    assert_eq!(for_tool(&made, "absent"), PolicyDocument::deny_all());
    assert_eq!(
        made.summary().into_values().collect::<Vec<_>>(),
        [1, 2, 1, 1, 0]
    );
}

#[test]
fn a_raised_severity_tightens() {
    use Category::{Execute, Read, Write};
    use Severity::{Critical, High, Medium};
    for (category, severity, expected) in [
        (Read, Medium, Disposition::Limit),
        (Read, High, Disposition::Deny),
        (Read, Critical, Disposition::Deny),
        (Write, High, Disposition::Limit),
        (Write, Critical, Disposition::Deny),
        (Execute, Critical, Disposition::Deny),
    ] {
        assert_eq!(
            disposition(verdict("x", category, severity), &Preset::starter()),
            expected,
            "{category} {severity}"
        );
    }
}

#[test]
fn no_severity_of_any_category_is_wider_than_a_lower_one() {
    for preset in [Preset::starter(), Preset::hardened(), Preset::read_only()] {
        for category in Category::ALL {
            let mut widest = Disposition::Allow;
            for severity in Severity::ALL {
                let now = disposition(verdict("x", category, severity), &preset);
                assert!(now >= widest, "{} {category} {severity}", preset.name);
                widest = now;
            }
        }
    }
}

#[test]
fn what_is_not_clear_is_never_listed_whatever_the_preset() {
    let everything =
        Preset::from_toml("name = \"all\"\n[[rule]]\ntool = [\"*\"]\naction = \"allow\"").unwrap();
    let finding = Finding {
        id: "text/x".into(),
        title: "x".into(),
        severity: Severity::Low,
        field: "name".into(),
        span: [0, 1],
        text: "x".into(),
    };
    let read = |name| plain(name, Category::Read);
    let hostile = [
        (plain("a", Category::Unknown), Exclusion::Unknown),
        (read(""), Exclusion::NoUsableName),
        (read("*"), Exclusion::NoUsableName),
        (read("twice"), Exclusion::Duplicate),
        (read("twice"), Exclusion::Duplicate),
        (read("Look"), Exclusion::Colliding),
        (read("look"), Exclusion::Colliding),
        (read("ﬁle"), Exclusion::Colliding),
        (read("fi\u{200b}le"), Exclusion::Colliding),
        (
            Verdict {
                findings: vec![finding],
                ..read("f")
            },
            Exclusion::TextFinding,
        ),
        (
            Verdict {
                problems: vec![Problem::new("schema_not_object", "x")],
                ..read("m")
            },
            Exclusion::Malformed,
        ),
    ];
    let (verdicts, reasons): (Vec<_>, Vec<_>) = hostile.into_iter().unzip();
    for preset in [Preset::starter(), Preset::read_only(), everything] {
        let made = with(&verdicts, &preset);
        assert_eq!(made.document.tools.len() + made.document.hide.len(), 0);
        for planned in &made.tools {
            let of = verdicts
                .iter()
                .position(|v| v.name == planned.tool)
                .unwrap();
            assert_eq!(planned.excluded, Some(reasons[of]), "{:?}", planned.tool);
        }
    }
}

#[test]
fn the_order_of_the_tools_does_not_matter_and_counters_are_unique() {
    let own = Preset::from_toml(
        "name = \"own\"\n[[rule]]\naction = \"allow\"\n\
         limits = [{ window = \"minute\", max = 1 }, { window = \"hour\", max = 5 }]\n\
         [[all_tools]]\nwindow = \"minute\"\nmax = 9\n",
    )
    .unwrap();
    let mut verdicts: Vec<Verdict> = ["a", "a_rate", "a_per_hour", "all_tools", "a/b", "~"]
        .map(|name| plain(name, Category::Read))
        .into();
    let one = with(&verdicts, &own);
    verdicts.reverse();
    assert_eq!(one, with(&verdicts, &own));
    let document = one.document;
    let mut counters: Vec<&str> = document
        .tools
        .values()
        .flat_map(|t| &t.limits)
        .chain(document.all_tools.iter().flat_map(|a| &a.limits))
        .map(|l| l.counter.as_str())
        .collect();
    assert_eq!(counters.len(), 13);
    counters.sort_unstable();
    counters.dedup();
    assert_eq!(counters.len(), 13);
}

#[test]
fn read_only_allows_nothing_else() {
    for category in Category::ALL {
        for severity in Severity::ALL {
            let made = disposition(verdict("x", category, severity), &Preset::read_only());
            let allowed = matches!(made, Disposition::Allow | Disposition::Limit);
            assert_eq!(
                allowed,
                category == Category::Read && severity == Severity::Low
            );
        }
    }
}
