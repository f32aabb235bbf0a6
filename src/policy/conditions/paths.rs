//! File system paths: no way up, no system folders, no folders of keys.

use super::super::placeholder::placeholder;
use super::schema::{Property, words};
use super::{Maker, Wanted};
use crate::model::Category;
use crate::model::policy::Operator;

/// The signal of the classifier.
const SIGNAL: &str = "Accepts file system path";

/// Last words of names that hold a path.
const WORDS: [&str; 17] = [
    "path",
    "paths",
    "file",
    "files",
    "filename",
    "filenames",
    "filepath",
    "filepaths",
    "directory",
    "directories",
    "dir",
    "dirs",
    "folder",
    "folders",
    "cwd",
    "dirname",
    "workdir",
];

/// Words that make it a path of another kind.
const OTHER_KINDS: [&str; 14] = [
    "json", "jsonpath", "xpath", "url", "uri", "api", "route", "http", "endpoint", "jq", "css",
    "dom", "xml", "learning",
];

/// Words for the two ends of a copy or a move, of a tool whose name speaks of files.
const ENDS: [&str; 8] = [
    "source",
    "destination",
    "src",
    "dst",
    "dest",
    "target",
    "from",
    "to",
];

/// `..` as a part of a path, with either slash, also percent-encoded.
const WAY_UP: &str = r"(?i)(?:^|[/\\]|%2f|%5c)(?:\.|%2e){2}(?:[/\\]|%2f|%5c|$)";

/// System folders of Unix, macOS and Windows, device paths and shares, also as a `file:` URL.
const SYSTEM: &str = r"(?i)^\s*(?:file:)?(?:[/\\]+(?:\.[/\\]+)*(?:(?:private[/\\]+)?etc|proc|sys|dev|boot|root|bin|sbin|lib|lib32|lib64|usr|run|system|library|(?:private[/\\]+)?var[/\\]+(?:run|log|lib|spool|db|backups|root|cron))(?:[/\\]|$)|[/\\]*[a-z]:[/\\]*(?:windows|winnt|program files|program files \(x86\)|programdata)(?:[/\\]|$)|\\\\)";

/// Folders and files of keys and credentials, wherever they are.
const KEYS: &str = r"(?i)(?:^|[/\\])(?:\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.pgpass|id_(?:rsa|dsa|ecdsa|ed25519))(?:[/\\]|$)";

/// A zero byte ends a path for some and not for others.
const ZERO: &str = r"\x00";
/// Text without a zero byte; what is no text does not fit.
const TEXT: &str = r"^[^\x00]*$";

/// Every pattern of this file.
pub(super) const PATTERNS: [&str; 5] = [WAY_UP, SYSTEM, KEYS, ZERO, TEXT];

pub(super) fn add(maker: &mut Maker<'_>, property: &Property) {
    if !property.is_free_text() || property.has_word(&OTHER_KINDS) {
        return;
    }
    let because = match maker.signal(property, SIGNAL) {
        Some(signal) => signal,
        // Lists of files are often lists of contents or ids: only a signal speaks for those.
        None if property.ends_with(&WORDS[..1]) || property.ends_with(&WORDS[4..]) => {
            "the property's name".to_owned()
        }
        None if is_end_of_a_move(maker, property) => {
            "the tool's and the property's name".to_owned()
        }
        None => return,
    };
    let does = "a path is text without a zero byte";
    if property.must_be_given() {
        maker.require(property, &because, does, Wanted::regex(TEXT));
    } else {
        maker.deny(property, &because, does, Wanted::regex(ZERO));
    }
    for (does, pattern) in [
        ("no .. in a path", WAY_UP),
        ("no system folder", SYSTEM),
        ("no folder or file of keys", KEYS),
    ] {
        maker.deny(property, &because, does, Wanted::regex(pattern));
    }
    if maker.verdict.category != Category::Read {
        let wanted = Wanted {
            op: Operator::Contains,
            value: placeholder("a folder to keep out of").into(),
        };
        let does = "not in the folders that a person named";
        maker.deny(property, &because, does, wanted);
    }
}

/// Whether it is one end of a copy or a move of files.
fn is_end_of_a_move(maker: &Maker<'_>, property: &Property) -> bool {
    let tool = words(&maker.verdict.name);
    let files = [
        "file",
        "files",
        "directory",
        "directories",
        "folder",
        "folders",
        "path",
    ];
    ENDS.contains(&property.words.join(" ").as_str())
        && tool.iter().any(|word| files.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn denied(path: &str) -> bool {
        [WAY_UP, SYSTEM, KEYS, ZERO]
            .iter()
            .any(|pattern| Regex::new(pattern).unwrap().is_match(path))
    }

    #[test]
    fn ways_out() {
        for path in [
            "..",
            "../../etc/shadow",
            "a/../../b",
            "a/..",
            "..\\..\\windows",
            "%2e%2e/x",
            "..%2fx",
            "a\\..",
            "/etc/passwd",
            "//etc/passwd",
            "/./etc/passwd",
            "/ETC/passwd",
            "/etc",
            "/proc/self/environ",
            "/root/.bashrc",
            "/dev/sda",
            "/usr/bin/x",
            "/var/run/docker.sock",
            "/private/etc/hosts",
            "/private/var/db/x",
            "/System/Library/x",
            "file:///etc/passwd",
            "C:\\Windows\\System32",
            "c:/windows/x",
            "/C:/Windows/x",
            "C:\\Program Files\\x",
            "\\\\server\\share",
            "\\\\?\\C:\\x",
            "/home/me/.ssh/id_rsa",
            "~/.ssh/config",
            ".aws/credentials",
            "keys/id_ed25519",
            "a\0b",
        ] {
            assert!(denied(path), "{path:?}");
        }
    }

    #[test]
    fn ordinary_paths() {
        for path in [
            "notes.txt",
            "/home/me/notes.txt",
            "./a/b.txt",
            "a..b",
            "...",
            "/data/etc/x",
            "/srv/data",
            "/tmp/x",
            "/var/folders/ab/T/x",
            "/var/www/x",
            "/Users/me/x",
            "C:\\Users\\me\\x.txt",
            "/etcetera/x",
            "/development/x",
            "src/usr/lib.rs",
            "/home/me/library/x",
            "a/b..c/d",
            "",
            "docs/.github/x",
            "/workspace/root/x",
            "/mnt/x",
            "/opt/app/x",
        ] {
            assert!(!denied(path), "{path:?}");
        }
    }
}
