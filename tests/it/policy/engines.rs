//! What other engines make of an emitted document: which of the given tools they let through.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The names that an engine lets through.
pub(super) type Names = BTreeSet<String>;

/// Reads `text` as the format says and gives the tools of `names` that are allowed.
pub(super) fn allowed(format: &str, text: &str, alias: &str, names: &Names) -> Names {
    let pick = |allows: &dyn Fn(&str) -> bool| -> Names {
        names.iter().filter(|name| allows(name)).cloned().collect()
    };
    match format {
        "policylayer" => {
            let policy: Value = serde_json::from_str(text).unwrap();
            assert_eq!(policy["default"], "deny");
            pick(&|name| {
                let hidden = list(&policy["hide"]).contains(name);
                let tool = policy["tools"].get(name);
                tool.is_some_and(|tool| {
                    let rules = tool["deny_if"].as_array().cloned().unwrap_or_default();
                    !hidden && !rules.iter().any(|rule| rule["conditions"] == json!([]))
                })
            })
        }
        "intercept" => {
            let policy: Value = yaml_serde::from_str(text).unwrap();
            assert_eq!(policy["version"], "1");
            assert_eq!(policy["default"], "deny");
            for (name, tool) in policy["tools"].as_object().unwrap() {
                are_intercept_counters(name, tool["rules"].as_array().unwrap());
            }
            pick(&|name| {
                let hidden = list(&policy["hide"]).contains(name);
                let tool = policy["tools"].get(name);
                tool.is_some_and(|tool| {
                    let rules = tool["rules"].as_array().unwrap();
                    rules.iter().for_each(is_an_intercept_rule);
                    !hidden && !rules.iter().any(|rule| rule["action"] == "deny")
                })
            })
        }
        "claude-code" => {
            let settings: Value = serde_json::from_str(text).unwrap();
            let rules = |which: &str| list(&settings["permissions"][which]);
            pick(&|name| {
                // Other characters of a tool's name have become `_` in what rules are held against.
                let rule = format!("mcp__{alias}__{}", underscored(name, &[]));
                let first = ["deny", "ask", "allow"]
                    .into_iter()
                    .find(|which| rules(which).contains(&rule));
                first == Some("allow")
            })
        }
        "codex" => {
            let config: toml::Value = toml::from_str(text).unwrap();
            let server = &config["mcp_servers"][alias];
            let enabled = server["enabled_tools"].as_array().unwrap();
            pick(&|name| {
                enabled.iter().any(|tool| tool.as_str() == Some(name))
                    && server
                        .get("tools")
                        .and_then(|tools| tools.get(name))
                        .is_some_and(|tool| tool["approval_mode"].as_str() == Some("approve"))
            })
        }
        "gemini-cli" => {
            let policy: toml::Value = toml::from_str(text).unwrap();
            let rules = policy["rule"].as_array().unwrap();
            rules.iter().for_each(is_a_gemini_rule);
            pick(&|name| {
                let called = gemini_name(alias, name);
                let matching = rules.iter().filter(|rule| {
                    let server = rule["mcpName"].as_str().unwrap();
                    let tools = rule["toolName"].as_array().cloned();
                    let tools = tools.unwrap_or_else(|| vec![rule["toolName"].clone()]);
                    server == alias
                        && tools.iter().any(|tool| {
                            let tool = tool.as_str().unwrap();
                            let whole = format!("mcp_{server}_{tool}");
                            match whole.strip_suffix('*') {
                                Some(start) => called.starts_with(start),
                                None => called == whole,
                            }
                        })
                });
                let highest = matching
                    .max_by_key(|rule| rule["priority"].as_integer())
                    .unwrap();
                highest["decision"].as_str() == Some("allow")
            })
        }
        "zed" => {
            let settings: Value = serde_json::from_str(text).unwrap();
            let tools = &settings["agent"]["tool_permissions"]["tools"];
            pick(&|name| tools[format!("mcp:{alias}:{name}")]["default"] == "allow")
        }
        "cursor" => {
            let permissions: Value = serde_json::from_str(text).unwrap();
            let listed = list(&permissions["mcpAllowlist"]);
            assert!(!listed.iter().any(|entry| entry.contains('*')));
            pick(&|name| listed.contains(&format!("{alias}:{name}")))
        }
        "docker-gateway" => {
            let servers: Value = yaml_serde::from_str(text).unwrap();
            // A server that is not in the file has all its tools, one with an empty list none.
            let listed = list(servers.get(alias).unwrap());
            pick(&|name| listed.contains(name))
        }
        "toolhive-cedar" => {
            let config: Value = serde_json::from_str(text).unwrap();
            assert_eq!(config["type"], "cedarv1");
            let policies = config["cedar"]["policies"].as_array().unwrap();
            assert!(!policies.is_empty());
            let mut set = PolicySet::new();
            for (number, policy) in policies.iter().enumerate() {
                let id = cedar_policy::PolicyId::new(format!("p{number}"));
                let policy = cedar_policy::Policy::parse(Some(id), policy.as_str().unwrap());
                set.add(policy.unwrap()).unwrap();
            }
            pick(&|name| cedar(&set, ("Action", "call_tool"), None, ("Tool", name)))
        }
        "agentcore-cedar" => {
            let set: PolicySet = text.parse().unwrap();
            for statement in set.policies() {
                let length = statement.to_string().len();
                assert!((35..=10_000).contains(&length), "{length}");
            }
            let gateway = "<fill in: the ARN of the gateway>";
            pick(&|name| {
                let action = format!("{alias}___{name}");
                let kind = "AgentCore::Action";
                let gateway = ("AgentCore::Gateway", gateway);
                cedar(&set, (kind, &action), Some((kind, alias)), gateway)
            })
        }
        "agentgateway" => {
            let config: Value = yaml_serde::from_str(text).unwrap();
            let rules = &config["mcp"]["policies"]["mcpAuthorization"]["rules"];
            let programs: Vec<cel::Program> = list(rules)
                .iter()
                .map(|rule| cel::Program::compile(rule).unwrap())
                .collect();
            assert!(!programs.is_empty(), "no rule would allow every tool");
            pick(&|name| {
                let mut context = cel::Context::default();
                let tool = json!({"tool": {"name": name, "target": alias}});
                context.add_variable("mcp", tool).unwrap();
                programs
                    .iter()
                    .any(|p| p.execute(&context).unwrap() == cel::Value::Bool(true))
            })
        }
        "rego" => {
            let mut engine = regorus::Engine::new();
            engine
                .add_policy("policy.rego".to_owned(), text.to_owned())
                .unwrap();
            names
                .iter()
                .filter(|name| {
                    let request = json!({"method": "tools/call", "params": {"name": name}});
                    engine.set_input_json(&request.to_string()).unwrap();
                    let allow = engine.eval_rule("data.mcp.authz.allow".to_owned()).unwrap();
                    allow == regorus::Value::Bool(true)
                })
                .cloned()
                .collect()
        }
        other => panic!("no engine for {other}"),
    }
}

fn list(value: &Value) -> Names {
    let elements = value.as_array().cloned().unwrap_or_default();
    elements
        .iter()
        .map(|element| element.as_str().unwrap().to_owned())
        .collect()
}

/// The shape that Intercept's own check asks of a rule.
fn is_an_intercept_rule(rule: &Value) {
    assert!(
        rule["name"].as_str().is_some_and(|name| !name.is_empty()),
        "{rule}"
    );
    let conditions = rule["conditions"].as_array().map_or(0, Vec::len);
    if let Some(rate) = rule["rate_limit"].as_str() {
        let (count, window) = rate.split_once('/').unwrap();
        assert!(count.parse::<u64>().unwrap() > 0);
        assert!(["minute", "hour", "day"].contains(&window));
        assert!(conditions == 0 && rule.get("action").is_none());
    } else {
        match rule["action"].as_str().unwrap() {
            "deny" => assert_eq!(conditions, 0),
            "evaluate" => assert!(conditions > 0),
            other => panic!("no action {other}"),
        }
    }
}

/// What Intercept asks of a tool's counters: each once, and named so that the path of one has three
/// parts.
fn are_intercept_counters(tool: &str, rules: &[Value]) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        let rate = rule["rate_limit"].as_str();
        let window = rate.map(|rate| format!("_rate_{}", rate.split_once('/').unwrap().1));
        let counter = rule["state"]["counter"].as_str().map(str::to_owned);
        let Some(counter) = window.or(counter) else {
            continue;
        };
        assert!(!tool.contains('.'), "{tool}");
        if rate.is_none() {
            let scope = if tool == "*" { "_global" } else { tool };
            assert_eq!(
                rule["conditions"][0]["path"],
                format!("state.{scope}.{counter}")
            );
            assert!(
                rule["state"]["increment_from"]
                    .as_str()
                    .unwrap()
                    .starts_with("args.")
            );
        }
        assert!(seen.insert(counter), "{tool}: {rule}");
    }
}

/// What the loader of Gemini CLI asks of a rule.
fn is_a_gemini_rule(rule: &toml::Value) {
    let names = match &rule["toolName"] {
        toml::Value::String(name) => vec![name.as_str()],
        several => several
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect(),
    };
    assert!(!names.is_empty() && names.iter().all(|name| !name.is_empty()));
    assert!(["allow", "deny", "ask_user"].contains(&rule["decision"].as_str().unwrap()));
    let priority = rule["priority"].as_integer().unwrap();
    // 950 and below belong to what the user answers and to settings of servers.
    assert!((951..=999).contains(&priority), "{priority}");
}

/// The name of a tool that Gemini CLI holds against its rules.
fn gemini_name(alias: &str, tool: &str) -> String {
    let name = underscored(&format!("mcp_{alias}_{tool}"), &['.', ':']);
    if name.len() <= 63 {
        return name;
    }
    format!("{}...{}", &name[..30], &name[name.len() - 30..])
}

/// A name with `_` for each character that is none of letters, digits, `_`, `-` and those given.
fn underscored(name: &str, others: &[char]) -> String {
    let mut ascii = String::new();
    for c in name.chars() {
        let kept = c.is_ascii_alphanumeric() || "_-".contains(c) || others.contains(&c);
        ascii.push(if kept { c } else { '_' });
    }
    ascii
}

/// Whether a set allows an action, which may be in another, on a resource; each by type and id.
fn cedar(
    set: &PolicySet,
    action: (&str, &str),
    group: Option<(&str, &str)>,
    resource: (&str, &str),
) -> bool {
    let uid = |(kind, id): (&str, &str)| {
        EntityUid::from_type_name_and_id(kind.parse().unwrap(), cedar_policy::EntityId::new(id))
    };
    let parents = group.into_iter().map(uid).collect();
    let entity = cedar_policy::Entity::new_no_attrs(uid(action), parents);
    let entities = Entities::from_entities([entity], None).unwrap();
    let client = uid(("Client", "someone"));
    let request = Request::new(client, uid(action), uid(resource), Context::empty(), None).unwrap();
    let answer = Authorizer::new().is_authorized(&request, set, &entities);
    let errors: Vec<_> = answer.diagnostics().errors().collect();
    assert!(errors.is_empty(), "{errors:?}");
    answer.decision() == Decision::Allow
}
