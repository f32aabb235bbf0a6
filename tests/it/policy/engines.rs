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
                let rule = format!("mcp__{alias}__{name}");
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
            pick(&|name| {
                let rules = policy["rule"].as_array().unwrap().iter();
                let matching = rules.filter(|rule| {
                    rule["mcpName"].as_str() == Some(alias)
                        && rule.get("toolName").is_none_or(|tools| {
                            let tools = tools.as_array().unwrap();
                            tools.iter().any(|tool| tool.as_str() == Some(name))
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
            pick(&|name| listed.contains(&format!("{alias}:{name}")))
        }
        "docker-gateway" => {
            let servers: Value = yaml_serde::from_str(text).unwrap();
            assert_eq!(servers.as_object().unwrap().len(), 1);
            let listed = list(&servers[alias]);
            assert!(!listed.is_empty(), "an empty list would be every tool");
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
            pick(&|name| cedar(&set, "Action", "call_tool", "Tool", name))
        }
        "agentcore-cedar" => {
            let set: PolicySet = text.parse().unwrap();
            let gateway = "<fill in: the ARN of the gateway>";
            pick(&|name| {
                let action = format!("{alias}___{name}");
                cedar(
                    &set,
                    "AgentCore::Action",
                    &action,
                    "AgentCore::Gateway",
                    gateway,
                )
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
                let tool = json!({"tool": {"name": name}});
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

fn cedar(set: &PolicySet, action_type: &str, action: &str, kind: &str, resource: &str) -> bool {
    let uid = |kind: &str, id: &str| {
        EntityUid::from_type_name_and_id(kind.parse().unwrap(), cedar_policy::EntityId::new(id))
    };
    let request = Request::new(
        uid("Client", "someone"),
        uid(action_type, action),
        uid(kind, resource),
        Context::empty(),
        None,
    )
    .unwrap();
    let answer = Authorizer::new().is_authorized(&request, set, &Entities::empty());
    let errors: Vec<_> = answer.diagnostics().errors().collect();
    assert!(errors.is_empty(), "{errors:?}");
    answer.decision() == Decision::Allow
}
