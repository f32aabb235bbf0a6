//! The lock beside a policy: of which definitions it was made.

use super::pointer;
use super::read::{self, Check, Mistake, Node};
use crate::model::PolicyDocument;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the lock's shape.
pub const LOCK_VERSION: u32 = 1;

/// What a policy was made from: `policy.lock.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Version of this shape: [`LOCK_VERSION`].
    pub lock_version: u32,
    /// The server's name.
    pub server: String,
    /// The preset's name.
    pub preset: String,
    /// Hash of the rules that the verdicts were made with.
    pub rules_version: String,
    /// The digest of every tool's definition by name; see [`crate::digest`]. A name that the
    /// server answered twice is not here, nor one that no policy could list.
    pub tools: BTreeMap<String, String>,
    /// The document as it was generated, before a person changed it.
    pub base: PolicyDocument,
}

/// What moved since a lock was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Tools that the server has now and had not.
    pub added: Vec<String>,
    /// Tools whose definition is another one now: denied until looked at again.
    pub changed: Vec<String>,
    /// Tools that are gone.
    pub removed: Vec<String>,
}

impl Drift {
    /// Whether nothing moved.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl Lock {
    /// Reads a lock, or says everything that is wrong with it.
    pub fn read(text: &[u8]) -> Result<Lock, Vec<Mistake>> {
        let node = read::tree(text).map_err(|mistake| vec![mistake])?;
        let mut check = Check::default();
        check.duplicate_keys(&node, "");
        check_lock(&mut check, &node);
        check.finish()?;
        serde_json::from_slice(text).map_err(|error| {
            vec![Mistake {
                pointer: String::new(),
                message: format!("the lock cannot be read: {error}"),
            }]
        })
    }

    /// A lock for documents made of these definitions by name and digest.
    pub fn new(
        server: &str,
        preset: &str,
        rules_version: &str,
        tools: BTreeMap<String, String>,
        base: PolicyDocument,
    ) -> Lock {
        Lock {
            lock_version: LOCK_VERSION,
            server: server.to_owned(),
            preset: preset.to_owned(),
            rules_version: rules_version.to_owned(),
            tools,
            base,
        }
    }

    /// Whether a set of tools can be of the server that was locked: the names agree, or at least
    /// one tool is in both, or one side has none.
    pub fn is_of<'a>(
        &self,
        server: Option<&str>,
        mut tools: impl Iterator<Item = &'a str>,
    ) -> bool {
        server == Some(self.server.as_str())
            || self.tools.is_empty()
            || match tools.next() {
                None => true,
                Some(first) => {
                    self.tools.contains_key(first) || tools.any(|t| self.tools.contains_key(t))
                }
            }
    }

    /// The stable text of the lock.
    pub fn to_json(&self) -> String {
        super::json::pretty_json(self)
    }

    /// What moved between the lock and the definitions of now, given by name and digest.
    pub fn drift(&self, now: &BTreeMap<String, String>) -> Drift {
        let mut drift = Drift::default();
        for (name, digest) in now {
            match self.tools.get(name) {
                None => drift.added.push(name.clone()),
                Some(locked) if locked != digest => drift.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        let gone = self.tools.keys().filter(|name| !now.contains_key(*name));
        drift.removed.extend(gone.cloned());
        drift
    }
}

fn check_lock(check: &mut Check, node: &Node) {
    let known = [
        "lock_version",
        "server",
        "preset",
        "rules_version",
        "tools",
        "base",
    ];
    for (key, value) in check.members(node, "", &known, &known) {
        let at = pointer::member("", key);
        match key.as_str() {
            "lock_version" => {
                if !matches!(value, Node::Number(n) if n.as_u64() == Some(u64::from(LOCK_VERSION)))
                {
                    check.add(&at, format!("this must be {LOCK_VERSION}"));
                }
            }
            "base" => check.document_at(value, &at),
            "tools" => match value {
                Node::Object(tools) => {
                    for (name, digest) in tools {
                        let at = pointer::member(&at, name);
                        if let Some(digest) = check.string(digest, &at)
                            && !is_digest(digest)
                        {
                            check.add(&at, "a digest is sha256: and 64 hexadecimal digits");
                        }
                    }
                }
                other => check.add(&at, format!("this must be an object, not {}", other.kind())),
            },
            _ => {
                check.string(value, &at);
            }
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        Lock {
            lock_version: LOCK_VERSION,
            server: "x".to_owned(),
            preset: "starter".to_owned(),
            rules_version: "r".to_owned(),
            tools: [("a", 'a'), ("b", 'b')]
                .map(|(name, c)| {
                    let digest = format!("sha256:{}", c.to_string().repeat(64));
                    (name.to_owned(), digest)
                })
                .into(),
            base: PolicyDocument::deny_all(),
        }
    }

    #[test]
    fn a_lock_comes_back_as_it_was() {
        assert_eq!(Lock::read(lock().to_json().as_bytes()), Ok(lock()));
    }

    #[test]
    fn mistakes_have_their_places() {
        for (from, to, place) in [
            (
                "\"lock_version\": 1",
                "\"lock_version\": 2",
                "/lock_version",
            ),
            ("sha256:a", "sha1:a", "/tools/a"),
            ("\"version\": \"1\"", "\"version\": \"2\"", "/base/version"),
            ("\"server\": \"x\"", "\"server\": 1", "/server"),
            ("\"preset\"", "\"presets\"", "/presets"),
        ] {
            let text = lock().to_json().replacen(from, to, 1);
            let mistakes = Lock::read(text.as_bytes()).unwrap_err();
            assert_eq!(mistakes[0].pointer, place, "{mistakes:?}");
        }
    }

    #[test]
    fn what_moved() {
        let mut now = lock().tools;
        assert!(lock().drift(&now).is_empty());
        now.remove("a");
        now.insert("b".to_owned(), "other".to_owned());
        now.insert("c".to_owned(), "new".to_owned());
        let drift = lock().drift(&now);
        assert_eq!(drift.added, ["c"]);
        assert_eq!(drift.changed, ["b"]);
        assert_eq!(drift.removed, ["a"]);
    }
}
