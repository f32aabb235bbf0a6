//! The words that the tools of a server share at the front of their names: `github_list_issues` and
//! `github_get_issue` do not say *github* of what they do.

use super::tokens::{Tok, bit, capped};
use crate::model::Tool;
use crate::rules::Compiled;
use crate::rules::grammar::flag;
use crate::text::names;
use std::ops::Range;

/// What a server is called apart from whose it is: `@somebody/weather-mcp` is about weather, and
/// who somebody is says nothing of the data. Where no other word is left, the owner's name counts.
pub(super) fn unscoped(server: &str) -> &str {
    let Some((scope, rest)) = server.split_once('/') else {
        return server;
    };
    let says_nothing = |word: &str| {
        ["mcp", "server", "servers", "tool", "tools", "api", "client"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    };
    let bare = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(says_nothing);
    if scope.starts_with('@') && !bare {
        rest
    } else {
        server
    }
}

/// Whether a word is `lower`, case apart.
fn is_word(lower: &str, word: &str) -> bool {
    lower.eq_ignore_ascii_case(word) || !word.is_ascii() && word.to_lowercase() == lower
}

/// The word that more than half of the words are, where one is (Boyer and Moore's vote).
fn majority<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut leading = None;
    let mut votes = 0usize;
    for word in words {
        if votes == 0 {
            leading = Some(word);
        }
        let same = leading.is_some_and(|known| {
            known.eq_ignore_ascii_case(word)
                || !word.is_ascii() && known.to_lowercase() == word.to_lowercase()
        });
        votes = if same { votes + 1 } else { votes - 1 };
    }
    leading
}

/// The most words of a name that are taken for a shared prefix.
const MOST_SHARED: usize = 3;

/// The words that a server's tools share at the front of their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefix {
    /// Lower-case words of the server's name.
    server: Vec<String>,
    /// Lower-case words that at least four fifths of the names begin with, in order.
    shared: Vec<String>,
}

impl Prefix {
    /// Finds them. A word that says what is done is never one of them.
    pub(super) fn of(server: Option<&str>, tools: &[Tool], rules: &Compiled) -> Prefix {
        let mut prefix = Prefix::default();
        if let Some(name) = server {
            names::each(capped(name), names::MOST_TOKENS, |token| {
                prefix.server.push(token.of(name).to_lowercase());
            });
        }
        if tools.len() < 3 {
            return prefix;
        }
        // The first words of each name, one more than can be shared: a name is never all prefix.
        let mut raw = Vec::new();
        let names: Vec<(&str, Range<usize>)> = tools
            .iter()
            .map(|tool| {
                let from = raw.len();
                names::each(capped(&tool.name), MOST_SHARED + 1, |token| raw.push(token));
                (tool.name.as_str(), from..raw.len())
            })
            .collect();
        for place in 0..MOST_SHARED {
            let here = || {
                names
                    .iter()
                    .map(|(name, range)| (*name, &raw[range.clone()]))
                    .filter(|(name, toks)| {
                        toks.len() > place + 1
                            && prefix
                                .shared
                                .iter()
                                .zip(*toks)
                                .all(|(word, tok)| is_word(word, tok.of(name)))
                    })
                    .map(|(name, toks)| toks[place].of(name))
            };
            let Some(word) = majority(here()).map(str::to_lowercase) else {
                break;
            };
            let count = here().filter(|other| is_word(&word, other)).count();
            let flags = rules.flags(rules.look_up(&word).word);
            if count * 5 < tools.len() * 4
                || flags & flag::VERB != 0 && flags & flag::AMBIGUOUS == 0
            {
                break;
            }
            prefix.shared.push(word);
        }
        prefix
    }

    /// Marks the tokens of a name that are prefix, unless nothing would remain.
    pub(super) fn strip(&self, name: &str, toks: &mut [Tok]) {
        let mut count = 0;
        for (place, tok) in toks.iter().enumerate() {
            let word = name
                .get(tok.start as usize..tok.end as usize)
                .unwrap_or_default();
            let shared = self
                .shared
                .get(place)
                .is_some_and(|s| s.eq_ignore_ascii_case(word));
            let of_server = self.server.iter().any(|s| s.eq_ignore_ascii_case(word))
                && tok.flags & flag::VERB == 0;
            if !(shared || of_server) {
                break;
            }
            count += 1;
        }
        if count < toks.len() {
            for tok in &mut toks[..count] {
                tok.bits |= bit::STRIPPED;
            }
        }
    }
}
