//! Names and versions of packages, by allow-list: what else is in them never reaches a command.

use super::TargetsError;
use crate::model::Shown;

const HELP_NPM: &str = "write npm:name, npm:@scope/name or npm:name@1.2.3";
const HELP_PYPI: &str = "write pypi:name or pypi:name==1.2.3";

/// Reads `name`, `@scope/name`, each with an optional `@version`.
///
/// Source: npm's package name rules: lower-case letters, digits, `-`, `_`, `.`, `~`; upper case
/// occurs in old packages.
pub fn parse_npm(text: &str) -> Result<(String, Option<String>), TargetsError> {
    let split = text
        .get(1..)
        .and_then(|rest| rest.find('@'))
        .map(|at| at + 1);
    let (name, version) = match split {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-', '_'])
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
    };
    let fits = match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    };
    if !fits || name.len() > 214 {
        return Err(bad("npm package name", name, HELP_NPM));
    }
    Ok((name.to_owned(), checked_version(version, HELP_NPM)?))
}

/// Reads `name` with an optional `==version` (or `@version`).
///
/// Source: PEP 508: letters, digits, `.`, `-`, `_`, beginning and ending with a letter or digit.
pub fn parse_pypi(text: &str) -> Result<(String, Option<String>), TargetsError> {
    let (name, version) = match text.split_once("==").or_else(|| text.split_once('@')) {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let fits = name.len() <= 200
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !fits {
        return Err(bad("PyPI package name", name, HELP_PYPI));
    }
    Ok((name.to_owned(), checked_version(version, HELP_PYPI)?))
}

fn checked_version(version: Option<&str>, help: &str) -> Result<Option<String>, TargetsError> {
    let Some(version) = version else {
        return Ok(None);
    };
    let fits = !version.is_empty()
        && version.len() <= 100
        && version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !version.contains("..")
        && version
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-+_!".contains(&b));
    if fits {
        Ok(Some(version.to_owned()))
    } else {
        Err(bad("version", version, help))
    }
}

fn bad(what: &str, text: &str, help: &str) -> TargetsError {
    let text: String = text.chars().take(100).collect();
    TargetsError::new(format!("\"{}\" is no {what}", Shown(&text)), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_read() {
        let npm = |text: &str| parse_npm(text).unwrap();
        assert_eq!(npm("a-b"), ("a-b".into(), None));
        assert_eq!(npm("@s/n@1.2.3"), ("@s/n".into(), Some("1.2.3".into())));
        assert_eq!(npm("n@latest"), ("n".into(), Some("latest".into())));
        let pypi = |text: &str| parse_pypi(text).unwrap();
        assert_eq!(pypi("mcp-x==1.0"), ("mcp-x".into(), Some("1.0".into())));
        assert_eq!(pypi("A.b_c"), ("A.b_c".into(), None));
    }

    #[test]
    fn hostile_names_are_refused() {
        for text in [
            "",
            "@",
            "@a",
            "@a/",
            "../x",
            "a/../b",
            "a b",
            "a;b",
            "$(x)",
            "a|b",
            "--flag",
            "-x",
            "a@../..",
            "a@",
            "a@1;x",
            "a@file:/etc",
            "git+https://x",
            "a\nb",
            "@../x",
            "a@^1",
        ] {
            assert!(parse_npm(text).is_err(), "{text:?}");
        }
        for text in [
            "",
            "../x",
            "a b",
            "a;b",
            "-r",
            "--index-url",
            "a==1;x",
            "a==",
            "a[b]",
            "a.",
            "a==../x",
        ] {
            assert!(parse_pypi(text).is_err(), "{text:?}");
        }
    }
}
