//! One server of a registry: its packages and remotes to targets, in every spelling of the schema
//! (`registryType`, `registry_type`, `registry_name` …).
//!
//! Source: the schema's revisions 2025-05-16 to 2025-12-11 and the registry's changelog: snake_case
//! before 2025-09-16, `status` in the server itself before 2025-09-29.

use super::input::{Input, arguments, fill, is_variable, own_arguments};
use super::moment::Moment;
use crate::model::target::{HttpTransport, Origin, Secret};
use crate::model::{Source, Target};
use crate::targets::document::{Lines, Node};
use crate::targets::packages::{clipped, npm_package, pypi_package};
use crate::targets::reading::{Place, Reason, Skipped, endpoint, link, plain};

/// One entry of a list, read.
pub(in crate::targets) struct Entry {
    pub(super) name: String,
    pub(super) place: Place,
    /// `active`, `deprecated` or `deleted`.
    pub(super) status: Option<String>,
    pub(super) updated: Option<Moment>,
    published: Option<Moment>,
    latest: Option<bool>,
    targets: Vec<Target>,
    skipped: Vec<Skipped>,
}

impl Entry {
    /// Reads an entry: a server, or `{server, _meta}`. What is no server is an entry too, named by
    /// its `number` in the list (from 1), so that it is told.
    pub(super) fn read(node: &Node, lines: &Lines<'_>, number: usize) -> Entry {
        let server = node.get("server").unwrap_or(node);
        let unusable = |at: usize, problem: String| {
            let mut entry = Entry {
                name: format!("entry {number}"),
                place: lines.place(at),
                status: None,
                updated: None,
                published: None,
                latest: None,
                targets: Vec::new(),
                skipped: Vec::new(),
            };
            entry.skip(Reason::Invalid, problem);
            entry
        };
        if !server.is_table() {
            let found = server.kind();
            return unusable(server.at, format!("expected a server, found {found}"));
        }
        let Some((key, name)) = server.entry("name") else {
            return unusable(server.at, "the server has no `name`".to_owned());
        };
        let Some(name) = name.text().map(str::trim).filter(|name| !name.is_empty()) else {
            return unusable(
                key.at,
                "the server's `name` is no text, or empty".to_owned(),
            );
        };
        let said = said(node, server);
        let first = |names: &[&str]| said.iter().find_map(|node| node.any(names));
        let moment = |names: &[&str]| Moment::parse(first(names)?.text()?);
        let published = moment(&["publishedAt", "published_at", "release_date"]);
        let mut entry = Entry {
            name: name.to_owned(),
            place: lines.place(key.at),
            status: first(&["status"]).and_then(Node::text).map(str::to_owned),
            updated: moment(&["updatedAt", "updated_at"]).or(published),
            published,
            latest: first(&["isLatest", "is_latest"]).and_then(Node::boolean),
            targets: Vec::new(),
            skipped: Vec::new(),
        };
        entry.ways(server);
        entry
    }

    /// Whether this version is newer than another one of the same server.
    pub(super) fn is_newer_than(&self, other: &Entry) -> bool {
        let rank = |entry: &Entry| {
            let flag = match entry.latest {
                Some(true) => 2,
                None => 1,
                Some(false) => 0,
            };
            (flag, entry.published.or(entry.updated))
        };
        rank(self) > rank(other)
    }

    /// What it became.
    pub(super) fn into_targets(self) -> (Vec<Target>, Vec<Skipped>) {
        (self.targets, self.skipped)
    }

    fn ways(&mut self, server: &Node) {
        let homepage = server.any(&["websiteUrl", "website_url"]);
        let homepage = homepage.and_then(Node::text).and_then(link);
        let repository = server.get("repository").and_then(|repository| {
            let url = repository.get("url").unwrap_or(repository);
            link(url.text()?)
        });
        let packages = server.get("packages").map(Node::list).unwrap_or_default();
        let remotes = server.get("remotes").map(Node::list).unwrap_or_default();
        let ways = packages
            .iter()
            .map(package)
            .chain(remotes.iter().map(remote));
        for way in ways {
            match way {
                Ok(mut target) => {
                    target.name = Some(self.name.clone());
                    target.homepage.clone_from(&homepage);
                    target.repository.clone_from(&repository);
                    let same =
                        |other: &Target| other.source == target.source && other.args == target.args;
                    if !self.targets.iter().any(same) {
                        self.targets.push(target);
                    }
                }
                Err((reason, detail)) => self.skip(reason, detail),
            }
        }
        if self.targets.is_empty() && self.skipped.is_empty() {
            let detail = "the list names neither a package nor a remote".to_owned();
            self.skip(Reason::Nothing, detail);
        }
    }

    fn skip(&mut self, reason: Reason, detail: String) {
        self.skipped.push(Skipped {
            name: self.name.clone(),
            reason,
            detail,
            place: self.place,
            covered: false,
            after: 0,
        });
    }
}

/// Where the registry itself says something of a server, in the order in which it counts.
fn said<'n>(node: &'n Node, server: &'n Node) -> Vec<&'n Node> {
    const OFFICIAL: &str = "io.modelcontextprotocol.registry/official";
    let mut places = Vec::new();
    for outer in [node, server] {
        if let Some(meta) = outer.get("_meta") {
            places.extend(meta.get(OFFICIAL));
        }
        places.extend(outer.get("x-io.modelcontextprotocol.registry"));
    }
    places.extend(server.get("version_detail"));
    places.push(server);
    places
}

type Way = Result<Target, (Reason, String)>;

fn invalid(detail: String) -> (Reason, String) {
    (Reason::Invalid, detail)
}

fn package(node: &Node) -> Way {
    let text = |names: &[&str]| node.any(names).and_then(Node::text).unwrap_or_default();
    let kind = text(&["registryType", "registry_type", "registry_name"]);
    let name = text(&["identifier", "name"]);
    let unsupported = |what: &str| {
        let shown = clipped(name);
        Err((Reason::Unsupported, format!("{what} `{shown}`")))
    };
    match kind {
        "npm" | "pypi" => {}
        "oci" | "docker" => return unsupported("container image"),
        "nuget" => return unsupported("NuGet package"),
        "mcpb" => return unsupported("MCPB bundle"),
        "cargo" => return unsupported("Cargo package"),
        "" | "unknown" => return unsupported("package of an unnamed registry:"),
        other => return unsupported(&format!("package of the registry `{}`:", clipped(other))),
    }
    let transport = node.get("transport");
    let transport = transport.and_then(|node| node.get("type").or(Some(node)));
    let transport = transport.and_then(Node::text).unwrap_or("stdio");
    if transport != "stdio" {
        let shown = clipped(transport);
        return unsupported(&format!("package that serves {shown} instead of stdio:"));
    }
    let base = text(&["registryBaseUrl", "registry_base_url"]);
    if !base.is_empty() && !is_default_registry(kind, base) {
        return unsupported("package of another registry than the public one:");
    }
    let wanted = text(&["version"]);
    let source = match kind {
        "npm" => npm_package(name, wanted),
        _ => pypi_package(name, wanted),
    };
    let mut target = plain(source.map_err(invalid)?, Origin::List);
    let list = |names: &[&str]| node.any(names).map(Node::list).unwrap_or_default();
    // Arguments for npx, uvx or docker themselves are never used: we install and start ourselves.
    let given = list(&["packageArguments", "package_arguments"]);
    if node.get("registry_name").is_some() {
        arguments(own_arguments(given, name), &mut target).map_err(invalid)?;
    } else {
        arguments(given, &mut target).map_err(invalid)?;
    }
    for variable in list(&["environmentVariables", "environment_variables"]) {
        let Some(name) = variable.get("name").and_then(Node::text) else {
            continue;
        };
        if !is_variable(name) {
            return Err(invalid(format!(
                "`{}` is no name of a variable",
                clipped(name)
            )));
        }
        if let Some(value) = Input::of(variable).value(name, &mut target.missing) {
            target.env.insert(name.to_owned(), Secret::new(value));
        }
    }
    Ok(finished(target))
}

fn is_default_registry(kind: &str, base: &str) -> bool {
    let host = url::Url::parse(base)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    match kind {
        "npm" => {
            host.is_some_and(|host| host == "registry.npmjs.org" || host.ends_with("npmjs.com"))
        }
        _ => host.is_some_and(|host| host == "pypi.org"),
    }
}

fn remote(node: &Node) -> Way {
    let kind = node.any(&["type", "transport_type", "transportType"]);
    let transport = match kind.and_then(Node::text) {
        Some("sse") => Some(HttpTransport::Sse),
        Some("streamable-http" | "streamable" | "http") => Some(HttpTransport::StreamableHttp),
        _ => None,
    };
    let written = node.get("url").and_then(Node::text).unwrap_or_default();
    let mut missing = Vec::new();
    let filled = fill(written, node.get("variables"), &mut missing);
    let url = if missing.is_empty() {
        let mut url = endpoint(&filled).map_err(invalid)?;
        url.set_fragment(None);
        url.into()
    } else {
        // It is never contacted: the user is told what is missing.
        let probe = filled.replace(['{', '}'], "x");
        endpoint(&probe).map_err(invalid)?;
        filled
    };
    let mut target = plain(Source::Url { url, transport }, Origin::List);
    target.missing = missing;
    for header in node.get("headers").map(Node::list).unwrap_or_default() {
        let Some(name) = header.get("name").and_then(Node::text) else {
            continue;
        };
        if !is_header(name) {
            return Err(invalid(format!(
                "the header `{}` may not be set",
                clipped(name)
            )));
        }
        if let Some(value) = Input::of(header).value(name, &mut target.missing) {
            if value.contains(['\r', '\n', '\0']) {
                return Err(invalid(format!(
                    "the header `{}` has line breaks",
                    clipped(name)
                )));
            }
            target.headers.insert(name.to_owned(), Secret::new(value));
        }
    }
    Ok(finished(target))
}

fn finished(mut target: Target) -> Target {
    target.missing.sort();
    target.missing.dedup();
    target
}

/// Whether a list may set a header: a token of RFC 9110 that does not steer the connection.
fn is_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let token = !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let steers = [
        "host",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "accept",
        "cookie",
        "origin",
        "user-agent",
        "expect",
    ];
    token
        && !steers.contains(&lower.as_str())
        && !lower.starts_with("proxy-")
        && !lower.starts_with("mcp-")
}
