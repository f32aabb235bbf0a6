//! File-safe names made from hostile ones.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest readable part of a slug, in bytes.
const READABLE: usize = 60;

/// A name that is safe as a file name, a URL segment and an HTML id on every platform:
/// `[a-z0-9-]`, 1 to 77 bytes, no leading or trailing dash, no reserved device name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Slug(String);

impl Slug {
    /// Makes a readable slug. Different names can give the same slug: use [`Slug::unique`] where
    /// that matters.
    ///
    /// ```
    /// use toolrisk::model::Slug;
    /// assert_eq!(Slug::readable("@trigger.dev/SDK").as_str(), "trigger-dev-sdk");
    /// assert_eq!(Slug::readable("../../etc/passwd").as_str(), "etc-passwd");
    /// assert_eq!(Slug::readable("文件").as_str(), "unnamed");
    /// ```
    pub fn readable(name: &str) -> Slug {
        let mut slug = String::with_capacity(name.len().min(READABLE));
        for character in name.chars() {
            if slug.len() >= READABLE {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        while slug.ends_with('-') {
            slug.pop();
        }
        if slug.is_empty() {
            slug.push_str("unnamed");
        }
        if is_reserved(&slug) {
            slug.push_str("-x");
        }
        Slug(slug)
    }

    /// Makes a slug that differs for every different `identity`: the readable part of `name`, a
    /// dash, and 16 hexadecimal digits of the BLAKE3 hash of `identity`.
    pub fn unique(name: &str, identity: &str) -> Slug {
        let readable = Slug::readable(name);
        let hash = blake3::hash(identity.as_bytes()).to_hex();
        Slug(format!("{}-{}", readable.0, &hash.as_str()[..16]))
    }

    /// The text of the slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two hexadecimal digits by which files of this slug are spread over folders.
    pub fn shard(&self) -> String {
        blake3::hash(self.0.as_bytes()).to_hex().as_str()[..2].to_owned()
    }
}

/// Names that some file system or web server treats in its own way.
fn is_reserved(slug: &str) -> bool {
    let numbered = |prefix: &str| {
        slug.strip_prefix(prefix)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    matches!(slug, "con" | "prn" | "aux" | "nul" | "index") || numbered("com") || numbered("lpt")
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text is not a slug: it holds something other than `[a-z0-9-]`, or is empty or too long.
#[derive(Debug, thiserror::Error)]
#[error("not a slug (1 to 80 characters of a-z, 0-9 and -)")]
pub struct NotASlug;

impl TryFrom<String> for Slug {
    type Error = NotASlug;

    fn try_from(text: String) -> Result<Self, NotASlug> {
        let fits = !text.is_empty()
            && text.len() <= 80
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Slug(text)) } else { Err(NotASlug) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_plain_ones() {
        let hostile = [
            "../../x", "/etc/x", "a\0b", "CON", "aux.html", ".git", "%2e%2e", "", "-", "index",
        ];
        for name in hostile {
            let slug = Slug::readable(name);
            assert!(
                Slug::try_from(slug.0.clone()).is_ok(),
                "{name:?} gave {slug}"
            );
            assert!(!is_reserved(slug.as_str()), "{name:?} gave {slug}");
        }
        assert!(Slug::readable(&"x".repeat(4096)).as_str().len() <= READABLE);
    }

    #[test]
    fn unique_slugs_differ_where_readable_ones_collide() {
        assert_eq!(Slug::readable("a_b"), Slug::readable("a.b"));
        assert_ne!(Slug::unique("a_b", "a_b"), Slug::unique("a.b", "a.b"));
    }

    #[test]
    fn a_path_is_not_a_slug() {
        assert!(serde_json::from_str::<Slug>("\"../x\"").is_err());
        assert!(serde_json::from_str::<Slug>("\"ok-1\"").is_ok());
    }
}
