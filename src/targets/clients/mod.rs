//! The configuration of MCP clients: which servers a person or a project uses. One reader for all
//! their dialects; see docs/targets.md for the table of clients. Nothing found here is ever started
//! by this module, and no value of a variable, header or argument is in any note or `Debug`.

use super::argument::parse_url;
use super::document::{Document, Key, Node, Value};
use super::reading::{InputError, Place, Reading, Reason, Skipped, plain, web_url};
use super::references::{Resolver, Surroundings};
use super::runner::{Started, started};
use crate::model::target::{HttpTransport, Origin, Secret};
use crate::model::{Shown, Source, Target};
use std::collections::BTreeMap;
use std::fmt;

mod known;

pub use known::{Folders, Found, Platform, discover, in_project};

/// The keys under which the dialects list their servers, at the root.
pub const KEYS: [&str; 7] = [
    "mcpServers",
    "servers",
    "context_servers",
    "mcp_servers",
    "mcp.servers",
    "mcp",
    "extensions",
];

/// One server as it stands in a configuration, with nothing resolved: what is held against the
/// rules for configurations. Everything a value may hold is a [`Secret`].
#[derive(Clone, PartialEq, Eq)]
pub struct Configured {
    /// Its name there.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// Program and arguments as written; empty for a remote server.
    pub command: Vec<Secret>,
    /// The endpoint of a remote server, as written.
    pub url: Option<Secret>,
    /// Variables and headers as written.
    pub values: Vec<(String, Secret)>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The folder it is for, where one file serves several.
    pub scope: Option<String>,
    /// Index in [`Reading::targets`], when it became a target.
    pub target: Option<usize>,
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.values.iter().map(|(name, _)| name).collect();
        f.debug_struct("Configured")
            .field("name", &self.name)
            .field("place", &self.place)
            .field("enabled", &self.enabled)
            .field("values", &names)
            .finish_non_exhaustive()
    }
}

/// What a client's configuration holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientConfig {
    /// Targets and what could not become one.
    pub reading: Reading,
    /// Every server's entry as written, switched off ones too.
    pub servers: Vec<Configured>,
}

/// Whether a text has servers in the way of a client's configuration.
pub fn is_config(root: &Node) -> bool {
    !groups(root).is_empty()
}

/// Reads a client's configuration.
pub fn read(document: &Document<'_>, around: &Surroundings) -> Result<ClientConfig, InputError> {
    let mut config = ClientConfig::default();
    let inputs = inputs(&document.root);
    for group in groups(&document.root) {
        let mut around = around.clone();
        if group.scope.is_some() {
            around.project.clone_from(&group.scope);
        }
        let around = &around;
        for (key, entry) in group.entries(document)? {
            let seen = config
                .servers
                .iter()
                .any(|server| server.name == key.name && server.scope == group.scope);
            if seen {
                config.reading.notes.push(format!(
                    "{}:{}: the name `{}` stands twice; clients use the last one",
                    Shown(document.file),
                    document.place(key.at),
                    Shown(&key.name)
                ));
            }
            let mut reader = Reader {
                name: key.name.clone(),
                place: document.place(key.at),
                scope: group.scope.clone(),
                resolver: Resolver::new(around, inputs.clone()),
                notes: Vec::new(),
            };
            let (mut server, outcome) = reader.server(entry);
            for note in reader.notes {
                config.reading.notes.push(format!(
                    "{}:{}: {}: {note}",
                    Shown(document.file),
                    server.place,
                    Shown(&server.name)
                ));
            }
            config.reading.entries += 1;
            match outcome {
                Ok(target) => {
                    server.target = Some(config.reading.targets.len());
                    config.reading.targets.push((target, server.place));
                }
                Err(skipped) => config.reading.skip(skipped),
            }
            config.servers.push(server);
        }
    }
    Ok(config)
}

/// One table of servers in a file.
struct Group<'n> {
    node: &'n Node,
    scope: Option<String>,
}

impl<'n> Group<'n> {
    fn entries(&self, document: &Document<'_>) -> Result<Vec<(Key, &'n Node)>, InputError> {
        match &self.node.value {
            Value::Table(entries) => Ok(entries
                .iter()
                .filter(|(_, value)| value.is_table())
                .map(|(key, value)| (key.clone(), value))
                .collect()),
            // A list of tables that have a name each.
            Value::List(elements) => elements
                .iter()
                .map(|element| {
                    let name = element.get("name").and_then(Node::text).ok_or_else(|| {
                        document.wrong(element.at, "a server in a list needs a `name`")
                    })?;
                    let key = Key {
                        at: element.at,
                        name: name.to_owned(),
                    };
                    Ok((key, element))
                })
                .collect(),
            _ => Err(document.wrong(
                self.node.at,
                format!("expected a table of servers, found {}", self.node.kind()),
            )),
        }
    }
}

/// Every table of servers, wherever the dialects have it.
fn groups(root: &Node) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    let mut add = |node, scope: Option<&str>| {
        groups.push(Group {
            node,
            scope: scope.map(str::to_owned),
        });
    };
    for key in [
        "mcpServers",
        "context_servers",
        "mcp_servers",
        "mcp.servers",
    ] {
        if let Some(node) = root.get(key) {
            add(node, None);
        }
    }
    // A list under `servers` is a registry's.
    if let Some(node) = root.get("servers").filter(|node| node.is_table()) {
        add(node, None);
    }
    if let Some(mcp) = root.get("mcp").filter(|node| node.is_table()) {
        if let Some(node) = mcp.get("servers").filter(|node| node.is_table()) {
            add(node, None);
        } else if mcp
            .table()
            .iter()
            .any(|(_, value)| looks_like_server(value))
        {
            add(mcp, None);
        }
    }
    if let Some(node) = root.get("extensions").filter(|node| {
        let entries = node.table();
        !entries.is_empty() && entries.iter().all(|(_, value)| value.get("type").is_some())
    }) {
        add(node, None);
    }
    for (path, project) in root.get("projects").map(Node::table).unwrap_or_default() {
        if let Some(node) = project.get("mcpServers") {
            add(node, Some(&path.name));
        }
    }
    // A plugin's file: the servers stand at the root.
    let entries = root.table();
    let bare = !entries.is_empty() && entries.iter().all(|(_, value)| looks_like_server(value));
    if groups.is_empty() && bare {
        groups.push(Group {
            node: root,
            scope: None,
        });
    }
    groups
}

fn looks_like_server(node: &Node) -> bool {
    node.is_table()
        && node
            .any(&["command", "cmd", "url", "serverUrl", "httpUrl", "uri"])
            .is_some()
}

/// The defaults of the values that a client asks its user for; none for passwords.
fn inputs(root: &Node) -> BTreeMap<String, Option<String>> {
    let lists = [
        root.get("inputs"),
        root.get("mcp").and_then(|mcp| mcp.get("inputs")),
    ];
    lists
        .into_iter()
        .flatten()
        .flat_map(Node::list)
        .filter_map(|input| {
            let id = input.get("id")?.text()?.to_owned();
            let password = input.get("password").and_then(Node::boolean) == Some(true);
            let default = input.get("default").and_then(Node::scalar);
            Some((id, default.filter(|_| !password)))
        })
        .collect()
}

/// Reads one server's entry.
struct Reader<'e> {
    name: String,
    place: Place,
    scope: Option<String>,
    resolver: Resolver<'e>,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn skip(&self, reason: Reason, detail: impl Into<String>) -> Skipped {
        Skipped {
            name: self.name.clone(),
            reason,
            detail: detail.into(),
            place: self.place,
            covered: false,
            after: 0,
        }
    }

    fn server(&mut self, entry: &Node) -> (Configured, Result<Target, Skipped>) {
        let command = command(entry);
        let url = entry
            .any(&["url", "serverUrl", "httpUrl", "uri"])
            .and_then(Node::text);
        let off = entry.get("disabled").and_then(Node::boolean) == Some(true)
            || entry.get("enabled").and_then(Node::boolean) == Some(false);
        let configured = Configured {
            name: self.name.clone(),
            place: self.place,
            command: command.iter().map(Secret::new).collect(),
            url: url.filter(|_| command.is_empty()).map(Secret::new),
            values: variables(entry)
                .chain(headers(entry))
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
            enabled: !off,
            scope: self.scope.clone(),
            target: None,
        };
        let outcome = if off {
            Err(self.skip(Reason::Disabled, "switched off in the configuration"))
        } else if !command.is_empty() {
            self.process(entry, &command)
        } else if let Some(url) = url {
            self.remote(entry, url)
        } else {
            let kind = entry.get("type").or_else(|| entry.get("source"));
            Err(match kind.and_then(Node::text) {
                Some(
                    kind @ ("builtin" | "platform" | "frontend" | "extension" | "inline_python"),
                ) => self.skip(
                    Reason::Unsupported,
                    format!("comes with the client (`{kind}`), there is nothing to start"),
                ),
                _ => self.skip(
                    Reason::Nothing,
                    "has neither a command nor a URL that could be used",
                ),
            })
        };
        let outcome = outcome.map(|mut target| {
            target.name = Some(self.name.clone());
            target.missing = std::mem::take(&mut self.resolver.missing)
                .into_iter()
                .collect();
            target
        });
        (configured, outcome)
    }

    fn process(&mut self, entry: &Node, command: &[String]) -> Result<Target, Skipped> {
        for (key, what) in [("cwd", "working folder"), ("envFile", "file of variables")] {
            if entry.get(key).is_some() {
                self.notes.push(format!("the {what} (`{key}`) is not used"));
            }
        }
        let resolved: Vec<String> = command
            .iter()
            .map(|word| self.resolver.text(word))
            .collect();
        if resolved.iter().any(|word| word.contains('\0')) {
            return Err(self.skip(Reason::Invalid, "the command holds a zero byte"));
        }
        let mut target = match started(&resolved) {
            Started::Package(source, args) => {
                let mut target = plain(source, Origin::User);
                target.args = args;
                target
            }
            Started::Program(argv) => plain(Source::Command(argv), Origin::User),
            Started::Image(image) => {
                return Err(self.skip(
                    Reason::Unsupported,
                    format!("starts a container image ({image})"),
                ));
            }
            Started::Refused(problem) => return Err(self.skip(Reason::Invalid, problem)),
        };
        for (name, value) in variables(entry) {
            let value = self.resolver.text(&value);
            target.env.insert(name, Secret::new(value));
        }
        // Names of variables that are handed on, and names of secrets that the client keeps.
        for key in ["env_vars", "env_keys"] {
            for node in entry.get(key).map(Node::list).unwrap_or_default() {
                let Some(name) = node.text().or_else(|| node.get("name")?.text()) else {
                    continue;
                };
                if !target.env.contains_key(name)
                    && let Some(value) = self.resolver.variable(name)
                {
                    target.env.insert(name.to_owned(), Secret::new(value));
                }
            }
        }
        Ok(target)
    }

    fn remote(&mut self, entry: &Node, written: &str) -> Result<Target, Skipped> {
        let kind = entry.any(&["type", "transport"]).and_then(Node::text);
        let transport = match kind {
            Some("sse") => Some(HttpTransport::Sse),
            Some("http" | "streamable-http" | "streamable_http" | "streamableHttp") => {
                Some(HttpTransport::StreamableHttp)
            }
            _ if entry.get("httpUrl").is_some() => Some(HttpTransport::StreamableHttp),
            _ => None,
        };
        let resolved = self.resolver.text(written);
        let (url, credentials) = if self.resolver.missing.is_empty() {
            let problem = |problem| self.skip(Reason::Invalid, problem);
            web_url(&resolved).map_err(problem)?;
            // The same text again: what was wrong with it was said above.
            parse_url(&resolved).map_err(|_| problem("the URL cannot be read".to_owned()))?
        } else {
            (resolved, None)
        };
        let mut target = plain(Source::Url { url, transport }, Origin::User);
        if let Some(credentials) = credentials {
            target
                .headers
                .insert("Authorization".to_owned(), credentials);
        }
        for (name, value) in headers(entry) {
            let value = self.resolver.text(&value);
            target.headers.insert(name, Secret::new(value));
        }
        for (header, node) in entry
            .get("env_http_headers")
            .map(Node::table)
            .unwrap_or_default()
        {
            if let Some(value) = node.text().and_then(|name| self.resolver.variable(name)) {
                target
                    .headers
                    .insert(header.name.clone(), Secret::new(value));
            }
        }
        if let Some(name) = entry.get("bearer_token_env_var").and_then(Node::text)
            && let Some(token) = self.resolver.variable(name)
        {
            let value = Secret::new(format!("Bearer {token}"));
            target.headers.insert("Authorization".to_owned(), value);
        }
        Ok(target)
    }
}

/// Program and arguments as written: `command` as a text, a list or `{path, args}`, or `cmd`, and
/// `args`.
fn command(entry: &Node) -> Vec<String> {
    let Some(node) = entry.any(&["command", "cmd"]) else {
        return Vec::new();
    };
    let words = |node: Option<&Node>| -> Vec<String> {
        let list = node.map(Node::list).unwrap_or_default();
        list.iter().filter_map(Node::scalar).collect()
    };
    let mut command = match &node.value {
        Value::Text(program) if program.is_empty() => return Vec::new(),
        Value::Text(program) => vec![program.clone()],
        Value::List(_) => words(Some(node)),
        Value::Table(_) => {
            let Some(path) = node.get("path").and_then(Node::text) else {
                return Vec::new();
            };
            let mut command = vec![path.to_owned()];
            command.extend(words(node.get("args")));
            command
        }
        _ => return Vec::new(),
    };
    command.extend(words(entry.get("args")));
    command
}

fn variables(entry: &Node) -> impl Iterator<Item = (String, String)> + '_ {
    let inner = entry.get("command").and_then(|command| command.get("env"));
    pairs([
        entry.get("env"),
        entry.get("envs"),
        entry.get("environment"),
        inner,
    ])
}

fn headers(entry: &Node) -> impl Iterator<Item = (String, String)> + '_ {
    let request = entry
        .get("requestInit")
        .and_then(|init| init.get("headers"));
    pairs([
        entry.get("headers"),
        entry.get("http_headers"),
        request,
        None,
    ])
}

fn pairs(tables: [Option<&Node>; 4]) -> impl Iterator<Item = (String, String)> + '_ {
    tables
        .into_iter()
        .flatten()
        .flat_map(Node::table)
        .filter_map(|(key, value)| Some((key.name.clone(), value.scalar()?)))
}

#[cfg(test)]
mod tests;
