//! Who is to be asked.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One server to be asked for its tools, normalised, before any contact.
///
/// Values of `env` and `headers` may be credentials: they are never serialised, logged or shown.
/// What may be stored is [`Target::public`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name given by whoever listed it.
    pub name: Option<String>,
    /// What to contact or start.
    pub source: Source,
    /// How far the one who listed it is trusted.
    pub origin: Origin,
    /// Further arguments for a package's command.
    pub args: Vec<String>,
    /// Environment for a started process, after references were resolved.
    pub env: BTreeMap<String, Secret>,
    /// Request headers for an HTTP server, after references were resolved.
    pub headers: BTreeMap<String, Secret>,
    /// A page about the server, http or https.
    pub homepage: Option<String>,
    /// Where its source is, http or https.
    pub repository: Option<String>,
    /// Names of variables, headers or arguments that the list says are required and that have no
    /// value. Not empty means: [`crate::model::Outcome::NeedsConfig`] without contact.
    pub missing: Vec<String>,
}

/// What to contact or start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An HTTP endpoint.
    Url {
        /// Absolute http or https URL, without userinfo.
        url: String,
        /// A hint from the list; `None` means find out.
        transport: Option<HttpTransport>,
    },
    /// A package of the npm registry, started over stdio.
    Npm {
        /// Package name, possibly scoped.
        package: String,
        /// Exact version or tag; `None` means the newest.
        version: Option<String>,
    },
    /// A package of the Python package index, started over stdio.
    Pypi {
        /// Distribution name.
        package: String,
        /// Exact version; `None` means the newest.
        version: Option<String>,
    },
    /// A program started over stdio; never through a shell.
    Command(Vec<String>),
    /// A saved `tools/list` answer.
    File(String),
}

/// The two HTTP transports of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpTransport {
    /// Streamable HTTP, protocol 2025-03-26 and later.
    StreamableHttp,
    /// HTTP with server-sent events, protocol 2024-11-05.
    Sse,
}

/// How far the one who listed a target is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// Typed by the user, or read from the configuration of the user's own clients.
    #[default]
    User,
    /// Read from a list that others may have written: non-public addresses are refused.
    List,
}

/// A value that may be a credential. `Debug` hides it and it does not implement `Serialize`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// What of a target may be stored and shown: the form of the targets file, without any value of a
/// variable or header. Exactly one of `url`, `npm`, `pypi`, `command` and `file` is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTarget {
    /// HTTP endpoint, with credentials in the query removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Transport hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<HttpTransport>,
    /// `name` or `name@version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npm: Option<String>,
    /// `name` or `name==version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pypi: Option<String>,
    /// Program and arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The saved file, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Names (not values) of the variables that were set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Names (not values) of the headers that were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// A page about the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl PublicTarget {
    /// One line that says what was asked: the URL, `npm:name`, `pypi:name`, the command, the file.
    pub fn label(&self) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        if let Some(npm) = &self.npm {
            return format!("npm:{npm}");
        }
        if let Some(pypi) = &self.pypi {
            return format!("pypi:{pypi}");
        }
        if let Some(command) = &self.command {
            return command.join(" ");
        }
        self.file
            .as_ref()
            .map(|file| format!("file:{file}"))
            .unwrap_or_default()
    }
}
