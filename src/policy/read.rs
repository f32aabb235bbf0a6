//! Strict reading: every mistake of a document at once, each with its JSON pointer.

use crate::model::PolicyDocument;
use std::fmt;

mod check;
mod document;
mod node;

pub(crate) use check::Check;
pub(crate) use node::Node;

/// The largest document that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

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

#[cfg(test)]
mod tests;
