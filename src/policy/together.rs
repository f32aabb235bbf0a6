//! Several servers in one client: one bundle, one budget, no trifecta.
//!
//! Each policy alone can be sound and the set still leak: one server returns private data, another
//! brings in text by outsiders, a third carries data out. The bundle denies the fewest tools that
//! take one of the three away, and limits all calls together.

use super::generate::{Disposition, Generated};
use super::preset::Quota;
use crate::model::assessment::Trifecta;
use crate::model::policy::{AllTools, Limit, PolicyDocument, Rule, Scope, ToolRules};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the bundle's shape.
pub const BUNDLE_VERSION: u32 = 1;

/// The counter that all servers of a bundle share.
pub const BUDGET: &str = "budget";

/// What the caller of a tool is told that was denied to break a trifecta.
pub const BREAKS_TRIFECTA: &str = "Denied in this set of servers: with the others it would let \
    outsiders' text make private data leave.";

/// The policies of servers that are used together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundle {
    /// Version of this shape: [`BUNDLE_VERSION`].
    pub bundle_version: u32,
    /// The trifecta of what the policies alone would allow, and the tools denied to break it.
    pub trifecta: Trifecta,
    /// The policy of each server by name. They share the counter [`BUDGET`]; no other counter is
    /// in two of them.
    pub servers: BTreeMap<String, PolicyDocument>,
}

/// Puts servers together. `trifecta` is that of the tools that the policies allow; a tool of its
/// cut is denied. Names must differ.
pub fn together(servers: &[(String, Generated)], trifecta: &Trifecta, budget: Quota) -> Bundle {
    let mut taken: BTreeSet<String> = [BUDGET.to_owned()].into();
    let mut documents = BTreeMap::new();
    // In the order of the names, so that the order they were given in changes nothing.
    let servers: BTreeMap<&String, &Generated> = servers.iter().map(|(n, g)| (n, g)).collect();
    for (name, generated) in servers {
        let mut document = generated.document.clone();
        for cut in &trifecta.cut {
            let denied = ToolRules {
                deny_if: vec![Rule::always(BREAKS_TRIFECTA)],
                ..ToolRules::default()
            };
            if cut.server.as_deref() == Some(name)
                && let Some(rules) = document.tools.get_mut(&cut.tool)
            {
                *rules = denied;
            }
        }
        let all = document.all_tools.get_or_insert_with(AllTools::default);
        for limit in all
            .limits
            .iter_mut()
            .chain(document.tools.values_mut().flat_map(|t| &mut t.limits))
        {
            let wanted = limit.counter.clone();
            if !taken.insert(limit.counter.clone()) {
                limit.counter = format!("{name}/{wanted}");
                let mut number = 2;
                while !taken.insert(limit.counter.clone()) {
                    limit.counter = format!("{name}/{wanted}_{number}");
                    number += 1;
                }
            }
        }
        all.limits.push(Limit {
            counter: BUDGET.to_owned(),
            window: budget.window,
            max: u64::from(budget.max),
            scope: Scope::Grant,
            increment_from: None,
        });
        documents.insert(name.clone(), document);
    }
    Bundle {
        bundle_version: BUNDLE_VERSION,
        trifecta: trifecta.clone(),
        servers: documents,
    }
}

/// Whether a tool of a generated document can be called at all.
pub fn is_allowed(generated: &Generated, tool: &str) -> bool {
    generated.tools.iter().any(|planned| {
        planned.tool == tool
            && matches!(planned.disposition, Disposition::Allow | Disposition::Limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::assessment::ToolRef;
    use crate::model::policy::Window;
    use crate::policy::{Call, Counters, Evaluator, read, to_json};
    use serde_json::{Value, json};

    fn generated(tools: Value) -> Generated {
        let document = json!({"version": "1", "default": "deny", "tools": tools});
        Generated {
            document: serde_json::from_value(document).unwrap(),
            tools: vec![],
        }
    }

    #[test]
    fn one_budget_no_trifecta_and_counters_of_their_own() {
        let rate = json!({"limits": [
            {"counter": "send_rate", "window": "minute", "max": 2, "scope": "grant"}]});
        let servers = [
            (
                "mail".to_owned(),
                generated(json!({"send": rate, "list": {}})),
            ),
            ("chat".to_owned(), generated(json!({"send": rate}))),
        ];
        let cut = ToolRef {
            server: Some("chat".to_owned()),
            tool: "send".to_owned(),
        };
        let trifecta = Trifecta {
            complete: true,
            cut: vec![cut],
            ..Trifecta::default()
        };
        let budget = Quota {
            window: Window::Minute,
            max: 3,
        };
        let bundle = together(&servers, &trifecta, budget);
        assert!(bundle.servers["chat"].tools["send"].denies_always());
        assert!(!bundle.servers["mail"].tools["send"].denies_always());
        let open = together(&servers, &Trifecta::default(), budget);
        assert_eq!(
            open.servers["mail"].tools["send"].limits[0].counter,
            "mail/send_rate"
        );
        let policies: BTreeMap<&str, Evaluator> = open
            .servers
            .iter()
            .map(|(name, document)| {
                assert!(read(to_json(document).as_bytes()).is_ok());
                (name.as_str(), Evaluator::new(document).unwrap())
            })
            .collect();
        let mut counters = Counters::new();
        let mut call = |server: &str, tool| {
            let call = Call {
                tool,
                arguments: &Value::Null,
                digest: None,
            };
            policies[server]
                .reserve(&call, &mut counters, 0)
                .rule
                .to_owned()
        };
        assert_eq!(call("mail", "send"), "");
        assert_eq!(call("chat", "send"), "");
        assert_eq!(call("mail", "list"), "");
        assert_eq!(call("chat", "send"), "/all_tools/limits/budget");
    }
}
