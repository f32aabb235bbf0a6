//! Who is to be asked.

use super::shown::Shown;
use super::slug::Slug;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// One server to be asked for its tools, normalised, before any contact.
///
/// Values of `env` and `headers` may be credentials: they are never serialised, logged or shown.
/// What may be stored is [`Target::public`].
#[derive(Clone, PartialEq, Eq)]
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

impl std::fmt::Debug for Target {
    /// Arguments and queries may hold credentials: only what may be shown is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.name)
            .field("public", &self.public())
            .field("origin", &self.origin)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// A target without name, variables or headers, listed by the user.
    pub fn new(source: Source) -> Self {
        Target {
            name: None,
            source,
            origin: Origin::User,
            args: Vec::new(),
            env: BTreeMap::new(),
            headers: BTreeMap::new(),
            homepage: None,
            repository: None,
            missing: Vec::new(),
        }
    }

    /// What may be stored and shown: no value of a variable or header, no credential of a URL.
    pub fn public(&self) -> PublicTarget {
        let mut public = PublicTarget {
            env: self.env.keys().cloned().collect(),
            headers: self.headers.keys().cloned().collect(),
            homepage: self.homepage.clone(),
            repository: self.repository.clone(),
            args: self.public_args(&self.args),
            ..PublicTarget::default()
        };
        match &self.source {
            Source::Url { url, transport } => {
                public.url = Some(redacted_url(url));
                public.transport = *transport;
            }
            Source::Npm { package, version } => {
                public.npm = Some(joined(package, "@", version.as_deref()));
            }
            Source::Pypi { package, version } => {
                public.pypi = Some(joined(package, "==", version.as_deref()));
            }
            Source::Command(argv) => public.command = Some(self.public_args(argv)),
            Source::File(path) => public.file = Some(path.clone()),
            Source::Other(what) => public.other = Some(what.clone()),
        }
        public
    }

    /// Whether asking this target means to start a program.
    pub fn starts_program(&self) -> bool {
        matches!(
            self.source,
            Source::Npm { .. } | Source::Pypi { .. } | Source::Command(_)
        )
    }

    /// What this target is, in one canonical line, whatever its name, version or origin: two
    /// targets with the same identity are the same server. Credentials are not part of it.
    pub fn identity(&self) -> String {
        let mut identity = match &self.source {
            Source::Url { url, .. } => format!("url {}", redacted_url(url)),
            Source::Npm { package, .. } => format!("npm {package}"),
            Source::Pypi { package, .. } => format!("pypi {package}"),
            Source::Command(argv) => format!("command {}", self.public_args(argv).join("\u{1f}")),
            Source::File(path) => format!("file {path}"),
            Source::Other(what) => {
                format!("other {} {what}", self.name.as_deref().unwrap_or_default())
            }
        };
        for argument in self.public_args(&self.args) {
            identity.push('\u{1f}');
            identity.push_str(&argument);
        }
        identity
    }

    /// The name for people before the server said its own: the given one, else the package, the
    /// host and path, the program, or the file's stem.
    pub fn fallback_name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match &self.source {
            Source::Url { url, .. } => Url::parse(url).map_or_else(
                |_| "server".to_owned(),
                |url| {
                    let host = url.host_str().unwrap_or("server");
                    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
                    let path = url.path().trim_matches('/');
                    if matches!(path, "" | "mcp" | "sse") {
                        format!("{host}{port}")
                    } else {
                        format!("{host}{port}/{path}")
                    }
                },
            ),
            Source::Npm { package, .. } | Source::Pypi { package, .. } => package.clone(),
            Source::Command(argv) => argv
                .first()
                .map_or("command", |program| base_name(program))
                .to_owned(),
            Source::File(path) => {
                let base = base_name(path);
                base.strip_suffix(".json").unwrap_or(base).to_owned()
            }
            Source::Other(_) => "server".to_owned(),
        }
    }

    /// The file-safe name in the catalogue: made from the target alone, never from what else is in
    /// a run or from what the server answers, so that it stays the same over runs.
    pub fn slug(&self) -> Slug {
        Slug::unique(&self.fallback_name(), &self.identity())
    }

    /// Arguments in which no value of a variable or header of this target occurs, nor the value
    /// after a flag that is named like a credential.
    fn public_args(&self, args: &[String]) -> Vec<String> {
        let secrets: Vec<&str> = self
            .env
            .values()
            .chain(self.headers.values())
            .map(Secret::reveal)
            .filter(|value| value.len() >= 6)
            .collect();
        let mut next_is_secret = false;
        args.iter()
            .map(|arg| {
                if std::mem::take(&mut next_is_secret) && !arg.starts_with('-') {
                    return REDACTED.to_owned();
                }
                if arg.starts_with('-') && sounds_secret(arg) {
                    match arg.split_once('=') {
                        Some((flag, _)) => return format!("{flag}={REDACTED}"),
                        None => next_is_secret = true,
                    }
                } else if let Some((key, _)) = arg.split_once('=')
                    && sounds_secret(key)
                {
                    return format!("{key}={REDACTED}");
                }
                if arg.contains("://") {
                    return redacted_url(arg);
                }
                let mut shown = arg.clone();
                for secret in &secrets {
                    if shown.contains(secret) {
                        shown = shown.replace(secret, REDACTED);
                    }
                }
                shown
            })
            .collect()
    }
}

/// What stands in the place of a credential.
pub const REDACTED: &str = "REDACTED";

/// The URL without userinfo, fragment, and the values of query parameters that are named like a
/// credential. Text that is no URL comes back as it was, without anything before an `@`.
pub fn redacted_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return match (text.find("://"), text.rfind('@')) {
            (Some(scheme), Some(at)) if scheme < at => {
                format!("{}{REDACTED}{}", &text[..scheme + 3], &text[at..])
            }
            _ => text.to_owned(),
        };
    };
    // Fails only for URLs that cannot have userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(key, value)| {
                let hidden = sounds_secret(&key) && !value.is_empty();
                let value = if hidden { REDACTED.into() } else { value };
                (key.into_owned(), value.into_owned())
            })
            .collect();
        if pairs.iter().any(|(_, value)| value == REDACTED) {
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
    }
    url.into()
}

/// Whether a name is that of a credential: a query parameter, variable, header or flag.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "key",
        "token",
        "secret",
        "passw",
        "pwd",
        "auth",
        "credential",
        "bearer",
        "signature",
        "session",
        "cookie",
        "jwt",
    ];
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| matches!(part, "sig" | "pat" | "code" | "sid"))
        || words.iter().any(|word| name.contains(word))
}

fn joined(name: &str, separator: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{name}{separator}{version}"),
        None => name.to_owned(),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or(path)
}

/// What to contact or start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Something of a list that is known but not asked, such as a container image: what it is and
    /// why. It ends as [`crate::model::Outcome::Deferred`], so that no entry of a list is lost.
    Other(String),
}

impl std::fmt::Debug for Source {
    /// Arguments and queries may hold credentials: only what may be shown is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", Shown(&Target::new(self.clone()).public().label()))
    }
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
/// variable or header. Exactly one of `url`, `npm`, `pypi`, `command`, `file` and
/// `other` is set.
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
    /// Something that is known but not asked: what it is and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Further arguments for a package's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
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
        if let Some(file) = &self.file {
            return format!("file:{file}");
        }
        self.other.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Target {
        Target::new(Source::Url {
            url: text.to_owned(),
            transport: None,
        })
    }

    #[test]
    fn no_credential_is_public() {
        let mut target = url("https://u:p4ss@h.example/mcp?api_key=X1&team=a#frag");
        target
            .headers
            .insert("Authorization".into(), Secret::new("Bearer s3cret"));
        target
            .env
            .insert("API_KEY".into(), Secret::new("hunter2hunter2"));
        target.args = vec![
            "--token".into(),
            "abc123".into(),
            "--x=hunter2hunter2".into(),
        ];
        let json = serde_json::to_string(&target.public()).unwrap();
        for secret in ["p4ss", "X1", "s3cret", "hunter2", "abc123", "frag"] {
            assert!(!json.contains(secret), "{secret} in {json}");
            assert!(!format!("{target:?}").contains(secret), "{target:?}");
        }
        assert!(json.contains("team=a") && json.contains("Authorization"));
    }

    #[test]
    fn the_slug_does_not_depend_on_version_or_secret() {
        let one = url("https://h.example/mcp?api_key=1");
        assert_eq!(one.slug(), url("https://h.example/mcp?api_key=2").slug());
        assert_ne!(one.slug(), url("https://h.example/other").slug());
        assert!(one.slug().as_str().starts_with("h-example-"));
    }
}
