//! Packages as lists and configurations name them: with ranges for versions, or none. Nothing here
//! is ever given to a shell.

use super::package::{parse_npm, parse_pypi};
use crate::model::{Shown, Source};

/// A package of the npm registry as a list names it; the name may carry a version.
pub(super) fn npm_package(name: &str, wanted: &str) -> Result<Source, String> {
    let (name, attached) = npm_spec(name);
    let (package, _) = parse_npm(name).map_err(|error| error.message)?;
    Ok(Source::Npm {
        package,
        version: version(attached.unwrap_or(wanted))?,
    })
}

/// A package of the Python index as a list names it; the name may carry a version.
pub(super) fn pypi_package(name: &str, wanted: &str) -> Result<Source, String> {
    let (name, attached) = pypi_spec(name);
    let (package, _) = parse_pypi(name).map_err(|error| error.message)?;
    Ok(Source::Pypi {
        package,
        version: version(attached.unwrap_or(wanted))?,
    })
}

/// A version as a list gives it: `None` for the newest (`latest`, a range, nothing), an error for
/// what could not be a version of any registry.
fn version(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() || text == "latest" {
        return Ok(None);
    }
    let range = text.contains(['^', '~', '*', '>', '<', '|', ' ', ','])
        || text.split('.').any(|part| part == "x");
    let sane = |c: char| c.is_ascii_alphanumeric() || "^~*><=|,.+-_! ".contains(c);
    if text.len() > 128 || !text.chars().all(sane) || text.starts_with('-') {
        return Err(format!("`{}` is no version", clipped(text)));
    }
    let text = text.strip_prefix("==").unwrap_or(text);
    let text = match text.strip_prefix('v') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    };
    Ok((!range).then(|| text.to_owned()))
}

/// Foreign text short enough for a message.
pub(super) fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Shown(&shown).to_string()
}

/// `name@version` of the npm registry, taken apart.
pub(super) fn npm_spec(spec: &str) -> (&str, Option<&str>) {
    match spec.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&spec[..at], Some(&spec[at + 1..])),
        None => (spec, None),
    }
}

pub(super) fn npm_source(name: &str, wanted: Option<&str>) -> Result<Source, String> {
    // A path, a tarball or a repository is no package of the registry.
    let elsewhere = name.starts_with(['.', '/', '~'])
        || name.contains(':')
        || (!name.starts_with('@') && name.contains('/') && !name.contains(".."));
    if elsewhere {
        // A repository's address may hold a token: only paths are quoted.
        let quoted = if name.contains([':', '@']) {
            String::new()
        } else {
            format!(" (`{}`)", clipped(name))
        };
        return Err(format!(
            "the runner is given a path, a repository or an archive{quoted}, not a package"
        ));
    }
    npm_package(name, wanted.unwrap_or_default())
}

/// `name==version` or `name@version`, taken apart.
pub(super) fn pypi_spec(spec: &str) -> (&str, Option<&str>) {
    match spec.split_once("==").or_else(|| spec.split_once('@')) {
        Some((name, version)) => (name.trim(), Some(version.trim())),
        None => (spec, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("1.2.3", Some("1.2.3")),
            ("v1.2.3", Some("1.2.3")),
            ("2026.10.19", Some("2026.10.19")),
            ("1.0.0-rc.1+b", Some("1.0.0-rc.1+b")),
            ("next", Some("next")),
            ("", None),
            ("latest", None),
            ("^1.2", None),
            (">=1,<2", None),
            ("1.x", None),
        ] {
            assert_eq!(version(text), Ok(expected.map(str::to_owned)), "{text}");
        }
        for text in ["../x", "1;rm", "$(id)", "-r", "1\n2", "a/b"] {
            assert!(version(text).is_err(), "{text}");
        }
    }
}
