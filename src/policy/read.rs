//! Strict reading: every mistake of a document at once, each with its JSON pointer.

use super::conditions::is_ours;
use super::evaluate::compile_regex;
use super::generate::EVERY_TOOL;
use super::path::ArgumentPath;
use super::pointer;
use crate::model::policy::{Operator, POLICY_VERSION, PolicyDocument, Window};
use std::collections::BTreeMap;
use std::fmt;

mod node;

pub(crate) use node::Node;

/// The largest document that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most mistakes that are told apart.
const MAX_MISTAKES: usize = 100;

/// The largest number of a limit: beyond it, JSON readers disagree.
const MAX_LIMIT: u64 = (1 << 53) - 1;

/// One mistake of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where: a JSON pointer, empty for the whole document.
    pub pointer: String,
    /// What is wrong; foreign text in it is neutralised.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        };
        write!(f, "{}: {}", crate::model::Shown(place), self.message)
    }
}

/// Reads a document, or says everything that is wrong with it.
///
/// ```
/// let mistakes = toolrisk::policy::read(br#"{"version": "2", "default": "ask"}"#).unwrap_err();
/// let places: Vec<_> = mistakes.iter().map(|m| m.pointer.as_str()).collect();
/// assert_eq!(places, ["/version", "/default"]);
/// ```
pub fn read(text: &[u8]) -> Result<PolicyDocument, Vec<Mistake>> {
    let node = tree(text).map_err(|mistake| vec![mistake])?;
    let mut check = Check::default();
    check.duplicate_keys(&node, "");
    check.document(&node);
    check.finish()?;
    // What passed the check above has the shape of the type.
    serde_json::from_slice(text).map_err(|error| {
        vec![Mistake {
            pointer: String::new(),
            message: format!("the document cannot be read: {error}"),
        }]
    })
}

/// The JSON of a text within the limit on size.
pub(crate) fn tree(text: &[u8]) -> Result<Node, Mistake> {
    let whole = |message| Mistake {
        pointer: String::new(),
        message,
    };
    if text.len() > MAX_BYTES {
        return Err(whole(format!(
            "the document has more than the {MAX_BYTES} bytes that are read"
        )));
    }
    serde_json::from_slice(text).map_err(|error| whole(format!("this is not JSON: {error}")))
}

/// Collects mistakes.
#[derive(Default)]
pub(crate) struct Check {
    mistakes: Vec<Mistake>,
    more: usize,
    /// Counter names and where each was first used.
    counters: BTreeMap<String, String>,
}

impl Check {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake {
                pointer: pointer.into(),
                message: message.into(),
            });
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn finish(mut self) -> Result<(), Vec<Mistake>> {
        if self.more > 0 {
            self.mistakes.push(Mistake {
                pointer: String::new(),
                message: format!("and {} more mistakes", self.more),
            });
        }
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(self.mistakes)
        }
    }

    /// Every key that an object has twice, anywhere.
    pub(crate) fn duplicate_keys(&mut self, node: &Node, at: &str) {
        match node {
            Node::Object(members) => {
                let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
                keys.sort_unstable();
                keys.dedup_by(|later, earlier| {
                    let twice = later == earlier;
                    if twice {
                        self.add(pointer::member(at, later), "this key is there twice");
                    }
                    twice
                });
                for (key, member) in members {
                    if member.is_container() {
                        self.duplicate_keys(member, &pointer::member(at, key));
                    }
                }
            }
            Node::Array(elements) => {
                for (number, element) in elements.iter().enumerate() {
                    if element.is_container() {
                        self.duplicate_keys(element, &pointer::element(at, number));
                    }
                }
            }
            _ => {}
        }
    }

    /// The members of an object that has no others than `known` and all of `required`.
    pub(crate) fn members<'a>(
        &mut self,
        node: &'a Node,
        at: &str,
        known: &[&str],
        required: &[&str],
    ) -> &'a [(String, Node)] {
        let Node::Object(members) = node else {
            self.add(at, format!("this must be an object, not {}", node.kind()));
            return &[];
        };
        for (key, _) in members {
            if !known.contains(&key.as_str()) {
                self.add(
                    pointer::member(at, key),
                    format!("unknown field; known are {}", known.join(", ")),
                );
            }
        }
        for field in required {
            if !members.iter().any(|(key, _)| key == field) {
                self.add(pointer::member(at, field), "this field is missing");
            }
        }
        members
    }

    pub(crate) fn elements<'a>(&mut self, node: &'a Node, at: &str) -> &'a [Node] {
        if let Node::Array(elements) = node {
            elements
        } else {
            self.add(at, format!("this must be a list, not {}", node.kind()));
            &[]
        }
    }

    pub(crate) fn string<'a>(&mut self, node: &'a Node, at: &str) -> Option<&'a str> {
        if let Node::String(text) = node {
            Some(text)
        } else {
            self.add(at, format!("this must be a string, not {}", node.kind()));
            None
        }
    }

    fn word(&mut self, node: &Node, at: &str, words: &[&str]) {
        if let Some(text) = self.string(node, at)
            && !words.contains(&text)
        {
            self.add(at, format!("this must be {}", one_of(words)));
        }
    }

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

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("{only:?}"),
        _ => format!("one of {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests;
