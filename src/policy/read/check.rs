//! Collecting mistakes, and the shapes that every object and list is held against.

use super::super::pointer;
use super::{Mistake, Node};
use std::collections::BTreeMap;

/// The most mistakes that are told apart.
pub(super) const MAX_MISTAKES: usize = 100;

/// Collects mistakes.
#[derive(Default)]
pub(crate) struct Check {
    mistakes: Vec<Mistake>,
    more: usize,
    /// Counter names and where each was first used.
    pub(super) counters: BTreeMap<String, String>,
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

    pub(super) fn word(&mut self, node: &Node, at: &str, words: &[&str]) {
        if let Some(text) = self.string(node, at)
            && !words.contains(&text)
        {
            self.add(at, format!("this must be {}", one_of(words)));
        }
    }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("{only:?}"),
        _ => format!("one of {}", words.join(", ")),
    }
}
