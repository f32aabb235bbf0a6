//! Who asked not to be crawled: hosts, addresses and packages, one a line. The format stands at the
//! top of catalogue/targets/optout.txt, which is part of the program.

use super::reading::{InputError, Place};
use super::{parse_npm, parse_pypi};
use crate::model::{Source, Target};
use std::collections::BTreeSet;
use url::Url;

/// The list that comes with the program.
const OWN: &str = include_str!("../../catalogue/targets/optout.txt");

/// A list of who asked not to be crawled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOut {
    hosts: BTreeSet<String>,
    domains: BTreeSet<String>,
    addresses: Vec<(String, String)>,
    npm: BTreeSet<String>,
    scopes: BTreeSet<String>,
    pypi: BTreeSet<String>,
}

impl OptOut {
    /// The list that comes with the program.
    pub fn own() -> Result<OptOut, InputError> {
        OptOut::parse("optout.txt", OWN)
    }

    /// Reads a list; an entry that cannot be read is an error, because it would protect nobody.
    pub fn parse(file: &str, text: &str) -> Result<OptOut, InputError> {
        let mut list = OptOut::default();
        for (index, line) in text.lines().enumerate() {
            let entry = line.split(" #").next().unwrap_or_default().trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            list.add(entry).ok_or_else(|| InputError::Shape {
                file: file.to_owned(),
                place: Place {
                    line: index + 1,
                    column: 1,
                },
                problem: format!(
                    "`{entry}` is no host, *.host, https:// address, npm: or pypi: package"
                ),
            })?;
        }
        Ok(list)
    }

    /// Takes in another list.
    pub fn extend(&mut self, other: OptOut) {
        self.hosts.extend(other.hosts);
        self.domains.extend(other.domains);
        self.addresses.extend(other.addresses);
        self.npm.extend(other.npm);
        self.scopes.extend(other.scopes);
        self.pypi.extend(other.pypi);
    }

    fn add(&mut self, entry: &str) -> Option<()> {
        if let Some(scope) = entry
            .strip_prefix("npm:")
            .and_then(|name| name.strip_suffix("/*"))
        {
            parse_npm(&format!("{scope}/x")).ok()?;
            self.scopes.insert(scope.to_owned());
        } else if let Some(name) = entry.strip_prefix("npm:") {
            self.npm.insert(parse_npm(name).ok()?.0);
        } else if let Some(name) = entry.strip_prefix("pypi:") {
            self.pypi.insert(folded(&parse_pypi(name).ok()?.0));
        } else if entry.contains("://") {
            let url = Url::parse(entry).ok()?;
            let path = url.path().trim_end_matches('/').to_owned();
            self.addresses.push((host_of(&url)?, path));
        } else {
            let (bare, all) = match entry.strip_prefix("*.") {
                Some(bare) => (bare, true),
                None => (entry, false),
            };
            if bare.contains(['/', '@', '*', ' ', '?']) {
                return None;
            }
            // The parser of URLs knows what a host is, and writes it in one way.
            let host = host_of(&Url::parse(&format!("https://{bare}/")).ok()?)?;
            let into = if all {
                &mut self.domains
            } else {
                &mut self.hosts
            };
            into.insert(host);
        }
        Some(())
    }

    /// Whether a target is not to be contacted or installed.
    pub fn covers(&self, target: &Target) -> bool {
        match &target.source {
            Source::Url { url, .. } => Url::parse(url).is_ok_and(|url| self.covers_url(&url)),
            Source::Npm { package, .. } => {
                let scope = package.split_once('/').map(|(scope, _)| scope);
                self.npm.contains(package) || scope.is_some_and(|scope| self.scopes.contains(scope))
            }
            Source::Pypi { package, .. } => self.pypi.contains(&folded(package)),
            Source::Command(_) | Source::File(_) | Source::Other(_) => false,
        }
    }

    /// Whether an address is not to be contacted; redirects lead to such ones too.
    pub fn covers_url(&self, url: &Url) -> bool {
        let Some(host) = host_of(url) else {
            return false;
        };
        let mut above = Some(host.as_str());
        while let Some(name) = above {
            if self.domains.contains(name) {
                return true;
            }
            above = name.split_once('.').map(|(_, rest)| rest);
        }
        self.hosts.contains(&host)
            || self.addresses.iter().any(|(other, start)| {
                let rest = url.path().strip_prefix(start.as_str());
                *other == host && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }
}

/// The host in lower case, without a dot at its end.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

/// The one spelling of a Python package's name.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::parse_argument;

    const LIST: &str = "# who\nexample.org\n*.Example.net # all of it\nhttps://h.example/a/b/\n\
                        npm:plain\nnpm:@scope/one\nnpm:@all/*\npypi:My_Name\n\n10.0.0.1\n";

    #[test]
    fn targets_are_held_against_the_list() {
        let list = OptOut::parse("f", LIST).unwrap();
        for text in [
            "https://example.org/mcp",
            "http://EXAMPLE.org.:8443/",
            "https://example.net/",
            "https://a.b.example.net/x",
            "https://h.example/a/b",
            "https://h.example/a/b/c?d",
            "http://10.0.0.1/",
            "npm:plain@1.0.0",
            "npm:@scope/one",
            "npm:@all/thing",
            "pypi:my-name==1",
        ] {
            assert!(list.covers(&parse_argument(text).unwrap()), "{text}");
        }
        for text in [
            "https://www.example.org/",
            "https://notexample.net/",
            "https://h.example/a/bc",
            "https://h.example/",
            "npm:@scope/two",
            "npm:plain-too",
            "pypi:my-name-2",
            "file:example.org",
        ] {
            assert!(!list.covers(&parse_argument(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn lists_add_up_and_the_own_one_can_be_read() {
        let mut list = OptOut::own().unwrap();
        list.extend(OptOut::parse("f", "example.org").unwrap());
        assert!(list.covers_url(&Url::parse("https://example.org/").unwrap()));
    }

    #[test]
    fn an_entry_that_cannot_be_read_names_its_line() {
        for entry in [
            "a b",
            "npm:../x",
            "pypi:",
            "https://",
            "*.*.org",
            "a/b",
            "u@h",
            "npm:a;b/*",
        ] {
            let told = OptOut::parse("f", &format!("\n{entry}\n"))
                .unwrap_err()
                .to_string();
            assert!(
                told.starts_with(&format!("f:2:1: `{entry}` is no host")),
                "{told}"
            );
        }
    }
}
