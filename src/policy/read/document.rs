//! What a document may say, from the whole to one operand.

use super::super::conditions::is_ours;
use super::super::evaluate::compile_regex;
use super::super::generate::EVERY_TOOL;
use super::super::path::ArgumentPath;
use super::super::pointer;
use super::{Check, Node};
use crate::model::policy::{Operator, POLICY_VERSION, Window};

/// The largest number of a limit: beyond it, JSON readers disagree.
const MAX_LIMIT: u64 = (1 << 53) - 1;

impl Check {
    pub(crate) fn document(&mut self, node: &Node) {
        self.document_at(node, "");
    }

    /// The document at a place of a larger file.
    pub(crate) fn document_at(&mut self, node: &Node, root: &str) {
        self.counters.clear();
        let known = ["version", "default", "hide", "all_tools", "tools"];
        let members = self.members(node, root, &known, &known[..2]);
        let mut hidden: Vec<&str> = Vec::new();
        for (key, value) in members {
            let at = pointer::member(root, key);
            match key.as_str() {
                "version" => self.word(value, &at, &[POLICY_VERSION]),
                "default" => self.word(value, &at, &["allow", "deny"]),
                "hide" => hidden.extend(self.hide(value, &at)),
                "all_tools" => {
                    for (key, value) in self.members(value, &at, &["limits"], &[]) {
                        if key == "limits" {
                            self.limits(value, &pointer::member(&at, key));
                        }
                    }
                }
                _ => {}
            }
        }
        hidden.sort_unstable();
        for (key, value) in members.iter().filter(|(key, _)| key == "tools") {
            self.tools(value, &pointer::member(root, key), &hidden);
        }
    }

    fn hide<'a>(&mut self, node: &'a Node, at: &str) -> Vec<&'a str> {
        let mut seen = std::collections::BTreeSet::new();
        for (number, element) in self.elements(node, at).iter().enumerate() {
            let at = pointer::element(at, number);
            if let Some(name) = self.string(element, &at) {
                if name.trim().is_empty() {
                    self.add(&at, "a tool name is blank");
                } else if !seen.insert(name) {
                    self.add(&at, "this tool is hidden twice");
                }
            }
        }
        seen.into_iter().collect()
    }

    fn tools(&mut self, node: &Node, at: &str, hidden: &[&str]) {
        let Node::Object(tools) = node else {
            self.add(at, format!("this must be an object, not {}", node.kind()));
            return;
        };
        for (name, rules) in tools {
            let at = pointer::member(at, name);
            if name.trim().is_empty() {
                self.add(&at, "a tool name is blank");
            } else if name == EVERY_TOOL {
                self.add(
                    &at,
                    "no tool is named *; limits over all calls stand under all_tools",
                );
            } else if hidden.binary_search(&name.as_str()).is_ok() {
                self.add(&at, "this tool is listed and hidden; it can only be one");
            }
            for (key, value) in self.members(rules, &at, &["require", "deny_if", "limits"], &[]) {
                let at = pointer::member(&at, key);
                match key.as_str() {
                    "limits" => self.limits(value, &at),
                    "require" | "deny_if" => {
                        for (number, rule) in self.elements(value, &at).iter().enumerate() {
                            self.rule(rule, &pointer::element(&at, number));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn rule(&mut self, node: &Node, at: &str) {
        let known = ["conditions", "on_deny"];
        for (key, value) in self.members(node, at, &known, &known[..1]) {
            let at = pointer::member(at, key);
            match key.as_str() {
                "conditions" => {
                    for (number, condition) in self.elements(value, &at).iter().enumerate() {
                        self.condition(condition, &pointer::element(&at, number));
                    }
                }
                "on_deny" => {
                    self.string(value, &at);
                }
                _ => {}
            }
        }
    }

    fn condition(&mut self, node: &Node, at: &str) {
        let known = ["path", "op", "value"];
        let members = self.members(node, at, &known, &known);
        let mut operator = None;
        for (key, value) in members {
            let at = pointer::member(at, key);
            match key.as_str() {
                "path" => self.path(value, &at),
                "op" => {
                    let words = Operator::ALL.map(Operator::as_str);
                    self.word(value, &at, &words);
                    operator = Operator::ALL
                        .into_iter()
                        .find(|op| matches!(value, Node::String(text) if text == op.as_str()));
                }
                _ => {}
            }
        }
        let value = members.iter().find(|(key, _)| key == "value");
        if let (Some(operator), Some((_, value))) = (operator, value) {
            self.operand(operator, value, &pointer::member(at, "value"));
        }
    }

    fn path(&mut self, node: &Node, at: &str) {
        if let Some(path) = self.string(node, at)
            && let Err(message) = ArgumentPath::parse(path)
        {
            self.add(at, message);
        }
    }

    fn operand(&mut self, operator: Operator, value: &Node, at: &str) {
        let op = operator.as_str();
        let needs = |what: &str| format!("{op} needs {what}, not {}", value.kind());
        match operator {
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => {
                if !matches!(value, Node::Number(_)) {
                    self.add(at, needs("a number"));
                }
            }
            Operator::Exists => {
                if !matches!(value, Node::Bool(_)) {
                    self.add(at, needs("true or false"));
                }
            }
            Operator::Regex => match value {
                Node::String(pattern) if is_ours(pattern) => {}
                Node::String(pattern) => {
                    if let Err(message) = compile_regex(pattern) {
                        self.add(at, message);
                    }
                }
                _ => self.add(at, needs("a string")),
            },
            Operator::In | Operator::NotIn => match value {
                Node::Array(elements) => {
                    for (number, element) in elements.iter().enumerate() {
                        if !element.is_scalar() {
                            self.add(
                                pointer::element(at, number),
                                format!(
                                    "{op} compares with strings, numbers, true and false, not {}",
                                    element.kind()
                                ),
                            );
                        }
                    }
                }
                _ => self.add(at, needs("a list")),
            },
            Operator::Eq | Operator::Neq | Operator::Contains => {
                if !value.is_scalar() {
                    self.add(at, needs("a string, a number, true or false"));
                }
            }
        }
    }

    fn limits(&mut self, node: &Node, at: &str) {
        for (number, limit) in self.elements(node, at).iter().enumerate() {
            self.limit(limit, &pointer::element(at, number));
        }
    }

    fn limit(&mut self, node: &Node, at: &str) {
        let known = ["counter", "window", "max", "scope", "increment_from"];
        for (key, value) in self.members(node, at, &known, &known[..4]) {
            let at = pointer::member(at, key);
            match key.as_str() {
                "counter" => {
                    if let Some(name) = self.string(value, &at) {
                        if name.trim().is_empty() {
                            self.add(&at, "the counter's name is blank");
                        } else if let Some(first) = self.counters.get(name) {
                            let message = format!(
                                "this counter is used at {} already",
                                crate::model::Shown(first)
                            );
                            self.add(&at, message);
                        } else {
                            self.counters.insert(name.to_owned(), at);
                        }
                    }
                }
                "window" => self.word(value, &at, &Window::ALL.map(Window::as_str)),
                "max" => match value {
                    Node::Number(n) if n.as_u64().is_some_and(|max| max <= MAX_LIMIT) => {}
                    Node::Number(_) => self.add(
                        &at,
                        format!("a limit must be a whole number from 0 to {MAX_LIMIT}"),
                    ),
                    other => self.add(&at, format!("this must be a number, not {}", other.kind())),
                },
                "scope" => self.word(value, &at, &["grant"]),
                "increment_from" => self.path(value, &at),
                _ => {}
            }
        }
    }
}
