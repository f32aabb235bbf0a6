//! What the readers of input files hand back: targets, what could not become one, and why a file
//! could not be read at all. No value of a variable or header is ever in an error or a note.

use crate::model::target::Origin;
use crate::model::{Shown, Source, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A place in a file, for people: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a file could not be used. Every message names the file, the place where it is known, and
/// what was expected; [`InputError::help`] gives the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file could not be read from disk.
    #[error("cannot read {}: {problem}", Shown(.file))]
    Unreadable {
        /// The file, as it was given.
        file: String,
        /// What the system said.
        problem: String,
    },
    /// The file is larger than its format may be.
    #[error("{} is {bytes} bytes long; {format} may be at most {limit} bytes", Shown(.file))]
    TooLarge {
        /// The file, as it was given.
        file: String,
        /// Its length.
        bytes: usize,
        /// The limit for this format.
        limit: usize,
        /// What kind of file the limit is for.
        format: &'static str,
    },
    /// The bytes are neither UTF-8 nor UTF-16 text.
    #[error("{}: not text: byte {offset} is not valid UTF-8", Shown(.file))]
    NotText {
        /// The file, as it was given.
        file: String,
        /// The first byte that is wrong.
        offset: usize,
    },
    /// The text does not follow its syntax.
    #[error("{}:{place}: not valid {syntax}: {}", Shown(.file), Shown(.problem))]
    Syntax {
        /// The file, as it was given.
        file: String,
        /// Where.
        place: Place,
        /// `JSON`, `TOML` or `YAML`.
        syntax: &'static str,
        /// What the parser says; it never quotes the file.
        problem: String,
    },
    /// A list that ends in the middle.
    #[error(
        "{}:{place}: the file is cut off inside entry {}; whole entries before it: {whole}; none of \
         them is used",
        Shown(.file),
        .whole + 1
    )]
    Cut {
        /// The file, as it was given.
        file: String,
        /// Where the text ends.
        place: Place,
        /// How many entries could be read before that.
        whole: usize,
    },
    /// Something in the file is of the wrong kind.
    #[error("{}:{place}: {}", Shown(.file), Shown(.problem))]
    Shape {
        /// The file, as it was given.
        file: String,
        /// Where.
        place: Place,
        /// What was found and what was expected.
        problem: String,
    },
    /// The file is none of the kinds that are known.
    #[error("{}:{place}: this is no list of servers that is known: {}", Shown(.file), Shown(.problem))]
    Unknown {
        /// The file, as it was given.
        file: String,
        /// Where the first thing stands that was looked at.
        place: Place,
        /// What was found.
        problem: String,
    },
    /// A folder without any file that is known.
    #[error("{}: the folder holds no list of servers that is known", Shown(.folder))]
    UnknownFolder {
        /// The folder, as it was given.
        folder: String,
    },
}

impl InputError {
    /// The next step for whoever gave the file.
    pub fn help(&self) -> &'static str {
        match self {
            InputError::Unreadable { .. } => "check the path and the permissions",
            InputError::TooLarge { .. } => {
                "split the file; a registry dump may be larger than a configuration"
            }
            InputError::NotText { .. } => "give a text file in UTF-8",
            InputError::Syntax { .. } => {
                "mend the place named above; comments and trailing commas are fine in JSON"
            }
            InputError::Cut { .. } => "fetch the file again, or cut it after a whole entry",
            InputError::Shape { .. } => "docs/targets.md shows every form with an example",
            InputError::Unknown { .. } => {
                "expected a targets file ([[server]]), one target a line, a client configuration (mcpServers, servers, \
                 context_servers, mcp_servers, mcp or extensions), a registry dump ({\"servers\": \
                 […]}), a server.json, a Docker server.yaml, or a saved tools list; docs/targets.md \
                 shows each"
            }
            InputError::UnknownFolder { .. } => {
                "expected the folder of a Docker registry (servers/*/server.yaml) or a project with \
                 .mcp.json, .cursor/mcp.json, .vscode/mcp.json and the like"
            }
        }
    }
}

/// Why an entry of a list did not become a target. It is told, never dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It runs in a way that is not scanned: a container image, a NuGet package, a bundle …
    Unsupported,
    /// The list says that it was deleted.
    Deleted,
    /// A newer version of the same server is in the list.
    Superseded,
    /// It is older than the moment asked for.
    Unchanged,
    /// The configuration says that it is switched off.
    Disabled,
    /// Something in it may not be used: a package name with shell characters, a URL with a
    /// password …
    Invalid,
    /// It names nothing that could be contacted or started.
    Nothing,
}

impl Reason {
    /// The snake_case word used in machine-readable output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Unsupported => "unsupported",
            Reason::Deleted => "deleted",
            Reason::Superseded => "superseded",
            Reason::Unchanged => "unchanged",
            Reason::Disabled => "disabled",
            Reason::Invalid => "invalid",
            Reason::Nothing => "nothing_to_scan",
        }
    }
}

/// An entry of a list that did not become a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The server's name in the list.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// In one sentence, without any value of a variable or header; foreign text in it is not
    /// neutralised yet.
    pub detail: String,
    /// Where it stands.
    pub place: Place,
    /// Whether another way to reach the same server became a target.
    pub covered: bool,
    /// How many targets of the list stand before it; set by [`Reading::skip`].
    pub after: usize,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            Shown(&self.name),
            self.reason.as_str(),
            Shown(&self.detail)
        )
    }
}

/// What a list held, once read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The targets, in the order of the file, each with the place it stands at.
    pub targets: Vec<(Target, Place)>,
    /// The entries that did not become a target, in the order of the file.
    pub skipped: Vec<Skipped>,
    /// How many entries the list has.
    pub entries: usize,
    /// What a person should know, without any value of a variable or header.
    pub notes: Vec<String>,
}

impl Reading {
    /// Adds an entry that did not become a target.
    pub(super) fn skip(&mut self, mut skipped: Skipped) {
        skipped.after = self.targets.len();
        self.skipped.push(skipped);
    }

    /// Takes in what another list held.
    pub fn append(&mut self, mut other: Reading) {
        for skipped in &mut other.skipped {
            skipped.after += self.targets.len();
        }
        self.entries += other.entries;
        self.targets.append(&mut other.targets);
        self.skipped.append(&mut other.skipped);
        self.notes.append(&mut other.notes);
    }

    /// Notes which skipped entries belong to a server that became a target in another way.
    pub(super) fn mark_covered(&mut self) {
        let names: BTreeSet<&str> = self
            .targets
            .iter()
            .filter_map(|(target, _)| target.name.as_deref())
            .collect();
        for skipped in &mut self.skipped {
            skipped.covered = names.contains(skipped.name.as_str());
        }
    }
}

impl Default for Place {
    fn default() -> Self {
        Place { line: 1, column: 1 }
    }
}

/// A target with nothing but its source and its origin.
pub(super) fn plain(source: Source, origin: Origin) -> Target {
    Target {
        name: None,
        source,
        origin,
        args: Vec::new(),
        env: BTreeMap::new(),
        headers: BTreeMap::new(),
        homepage: None,
        repository: None,
        missing: Vec::new(),
    }
}

/// An http or https link, as it may be shown on a page; anything else is no link.
pub(super) fn link(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let bare = url.username().is_empty() && url.password().is_none();
    (web && bare && text.len() <= 2_000).then(|| url.into())
}

/// Says what is wrong with an http or https URL, without quoting it.
pub(super) fn web_url(text: &str) -> Result<url::Url, String> {
    let Ok(url) = url::Url::parse(text.trim()) else {
        return Err("the URL cannot be read".to_owned());
    };
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = Shown(url.scheme());
        return Err(format!(
            "a URL of the kind `{scheme}:` is not http or https"
        ));
    }
    Ok(url)
}

/// The same for a URL of a list that others wrote: it has no business with user names.
pub(super) fn endpoint(text: &str) -> Result<url::Url, String> {
    let url = web_url(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user name or a password".to_owned());
    }
    Ok(url)
}
