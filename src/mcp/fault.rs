//! Why asking a server ended early.

use crate::model::{Outcome, Shown};

/// An early end: the outcome and one sentence for people, without hostile characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub detail: String,
    /// What the server said of its authorisation.
    pub auth: Option<serde_json::Value>,
    /// The HTTP status that made it, where one did.
    pub status: Option<u16>,
    /// How long the server asked us to stay away, in seconds.
    pub retry_after: Option<u64>,
    /// Whether the server no longer knows the session, so that a new one may be opened.
    pub session_gone: bool,
    /// Whether the server said that it speaks the stateless era after all.
    pub stateless: bool,
}

impl Fault {
    /// A fault with its reason. Foreign text in `detail` must have gone through [`Fault::clip`].
    pub fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Fault {
            outcome,
            detail: detail.into(),
            auth: None,
            status: None,
            retry_after: None,
            session_gone: false,
            stateless: false,
        }
    }

    /// Foreign text, neutralised and cut to 200 characters.
    pub fn clip(text: &str) -> String {
        let text = text.trim();
        let mut shown: String = Shown(&text.chars().take(200).collect::<String>()).to_string();
        if text.chars().nth(200).is_some() {
            shown.push('…');
        }
        shown
    }
}
