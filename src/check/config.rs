//! What is wrong in a configuration itself, before any server is asked: unpinned packages, plain
//! http, secrets in the file, a shell as the command, names close to a known server's.

use super::{Issue, Location};
use crate::model::{Severity, Shown};

/// One server as it stands in a configuration, with nothing resolved.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// Its name there.
    pub name: String,
    /// Program and arguments; empty for a remote server.
    pub command: Vec<String>,
    /// The endpoint of a remote server.
    pub url: Option<String>,
    /// Names and values of variables and headers, as written.
    pub values: Vec<(String, String)>,
    /// Where it stands.
    pub location: Option<Location>,
}

/// Shells and the flag that makes them run a text.
const SHELLS: [&str; 9] = [
    "sh",
    "bash",
    "zsh",
    "dash",
    "fish",
    "ksh",
    "cmd",
    "powershell",
    "pwsh",
];

/// Words in the name of a variable or header whose value is a secret.
const SECRET_WORDS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "credential",
    "private_key",
];

/// Everything wrong with one server's entry. `known` are names of well-known packages, for names
/// that look like them.
pub fn faults(server: &Configured, known: &[&str]) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |rule: &str, severity: Severity, message: String, key: &str| {
        issues.push(
            Issue::new(rule, severity, &server.name, None, message, key)
                .at(server.location.clone()),
        );
    };
    if let Some(program) = server.command.first() {
        let program = program_name(program);
        if SHELLS.contains(&program.as_str()) {
            add(
                "shell-command",
                Severity::High,
                format!(
                    "the command is a shell ({}): name the program itself",
                    Shown(&program)
                ),
                &program,
            );
        }
    }
    if let Some(package) = package_of(&server.command) {
        if !package.pinned {
            add(
                "unpinned-package",
                Severity::Medium,
                format!(
                    "the package {} has no exact version: another one can run tomorrow",
                    Shown(&package.name)
                ),
                &package.name,
            );
        }
        if let Some(like) = lookalike(&package.name, known) {
            add(
                "lookalike-name",
                Severity::High,
                format!(
                    "the package {} is named almost like {}: is it the one that was meant?",
                    Shown(&package.name),
                    Shown(like)
                ),
                &package.name,
            );
        }
    }
    if let Some(url) = &server.url
        && let Ok(url) = url::Url::parse(url)
    {
        if url.scheme() == "http" && !is_local(&url) {
            add(
                "plain-http",
                Severity::High,
                format!(
                    "the endpoint {} is not encrypted",
                    Shown(url.host_str().unwrap_or(""))
                ),
                url.as_str(),
            );
        }
        let secret = url
            .query_pairs()
            .find(|(name, value)| is_secret(name, value));
        if let Some((name, _)) = secret {
            add(
                "secret-in-config",
                Severity::High,
                format!("a secret stands in the URL, in {}", Shown(&name)),
                &name,
            );
        }
        if url.password().is_some() {
            let message = "a password stands in the URL".to_owned();
            add("secret-in-config", Severity::High, message, "userinfo");
        }
    }
    for (name, value) in &server.values {
        if is_secret(name, value) {
            add(
                "secret-in-config",
                Severity::High,
                format!(
                    "a secret stands in the file, in {}: refer to the environment instead",
                    Shown(name)
                ),
                name,
            );
        }
    }
    for argument in &server.command {
        if let Some((name, value)) = argument.split_once('=')
            && is_secret(name, value)
        {
            add(
                "secret-in-config",
                Severity::High,
                format!("a secret stands in the arguments, in {}", Shown(name)),
                name,
            );
        }
    }
    issues
}

/// The last part of a program's path, lower-case, without `.exe`.
fn program_name(program: &str) -> String {
    let last = program
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(program)
        .to_lowercase();
    last.strip_suffix(".exe")
        .or_else(|| last.strip_suffix(".cmd"))
        .unwrap_or(&last)
        .to_owned()
}

struct Package {
    name: String,
    pinned: bool,
}

/// The package that a runner such as `npx` or `uvx` would fetch.
fn package_of(command: &[String]) -> Option<Package> {
    let program = program_name(command.first()?);
    let mut arguments = command[1..].iter().map(String::as_str);
    match program.as_str() {
        "npx" | "bunx" | "pnpx" => npm_package(arguments),
        "npm" | "pnpm" | "yarn" | "bun" => {
            let verb = arguments.next()?;
            matches!(verb, "exec" | "x" | "dlx").then(|| npm_package(arguments))?
        }
        "uvx" => python_package(arguments),
        "uv" => {
            let words: Vec<&str> = arguments.clone().take(2).collect();
            (words == ["tool", "run"]).then(|| python_package(arguments.skip(2)))?
        }
        "pipx" => (arguments.next()? == "run").then(|| python_package(arguments))?,
        "docker" | "podman" => (arguments.next()? == "run").then(|| image(arguments))?,
        _ => None,
    }
}

fn npm_package<'a>(mut arguments: impl Iterator<Item = &'a str>) -> Option<Package> {
    let mut package = None;
    while let Some(argument) = arguments.next() {
        if let Some(value) = argument.strip_prefix("--package=") {
            package = Some(value);
        } else if matches!(argument, "--package" | "-p") {
            package = arguments.next();
        } else if !argument.starts_with('-') {
            package = package.or(Some(argument));
            break;
        }
    }
    let package = package?;
    let (name, version) = match package.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&package[..at], Some(&package[at + 1..])),
        None => (package, None),
    };
    let pinned = version.is_some_and(|version| {
        version.starts_with(|c: char| c.is_ascii_digit())
            && version.contains('.')
            && !version.contains(['x', '*', ' '])
    });
    Some(Package {
        name: name.to_owned(),
        pinned,
    })
}

fn python_package<'a>(mut arguments: impl Iterator<Item = &'a str>) -> Option<Package> {
    let mut package = None;
    while let Some(argument) = arguments.next() {
        if let Some(value) = argument.strip_prefix("--from=") {
            package = Some(value);
        } else if argument == "--from" {
            package = arguments.next();
        } else if matches!(argument, "--python" | "-p" | "--with" | "--index-url") {
            arguments.next();
        } else if !argument.starts_with('-') {
            package = package.or(Some(argument));
            break;
        }
    }
    let package = package?;
    let (name, version) = match package.split_once("==") {
        Some((name, version)) => (name, Some(version)),
        None => match package.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (package, None),
        },
    };
    let pinned = version.is_some_and(|version| {
        version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('*')
    });
    Some(Package {
        name: name.to_owned(),
        pinned,
    })
}

/// Options of `docker run` that take a value of their own.
const DOCKER_VALUES: [&str; 16] = [
    "-e",
    "--env",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--name",
    "--mount",
    "--network",
    "--net",
    "-w",
    "--workdir",
    "--env-file",
    "-u",
    "--user",
    "--entrypoint",
];

fn image<'a>(mut arguments: impl Iterator<Item = &'a str>) -> Option<Package> {
    while let Some(argument) = arguments.next() {
        if DOCKER_VALUES.contains(&argument) {
            arguments.next();
        } else if !argument.starts_with('-') {
            let (name, _) = argument.split_once('@').unwrap_or((argument, ""));
            let last = name.rsplit('/').next().unwrap_or(name);
            let bare = match last.split_once(':') {
                Some((image, _)) => &name[..name.len() - last.len() + image.len()],
                None => name,
            };
            let pinned = argument.contains("@sha256:");
            return Some(Package {
                name: bare.to_owned(),
                pinned,
            });
        }
    }
    None
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    }
}

/// Whether a value stands in the open where a reference should be.
fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    let value = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("bearer "))
        .or_else(|| value.strip_prefix("Basic "))
        .unwrap_or(value)
        .trim();
    if value.len() < 8 || is_reference(value) || is_placeholder(value) {
        return false;
    }
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || has_token_prefix(value)
}

/// `${VAR}`, `$VAR`, `{env:VAR}`, `${input:x}`, `%VAR%` and the like.
fn is_reference(value: &str) -> bool {
    value.starts_with('$')
        || value.starts_with('{')
        || value.contains("${")
        || (value.starts_with('%') && value.ends_with('%'))
        || value.starts_with("op://")
        || value.starts_with("env:")
}

fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    value.starts_with('<')
        || [
            "your",
            "example",
            "placeholder",
            "changeme",
            "xxx",
            "insert",
            "replace",
            "todo",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Prefixes by which well-known services mark their tokens.
fn has_token_prefix(value: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "sk-",
        "sk_live_",
        "rk_live_",
        "xoxb-",
        "xoxp-",
        "AKIA",
        "AIza",
    ];
    value.len() >= 16 && PREFIXES.iter().any(|prefix| value.starts_with(prefix))
}

/// The known name that a name is one or two edits away from, without being it.
fn lookalike<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if known.contains(&name) {
        return None;
    }
    let allowed = if name.len() >= 12 { 2 } else { 1 };
    let near = |other: &&&str| {
        other.len() >= 6 && other.len().abs_diff(name.len()) <= allowed && {
            let distance = edits(&folded(name), &folded(other));
            distance <= allowed
        }
    };
    known.iter().find(near).copied()
}

/// Letters that look alike are the same, so that `1` for `l` counts as no edit at all.
fn folded(name: &str) -> Vec<char> {
    name.chars()
        .map(|c| match c.to_ascii_lowercase() {
            '1' | 'i' | '|' => 'l',
            '0' => 'o',
            '_' | '.' => '-',
            other => other,
        })
        .collect()
}

/// The Damerau-Levenshtein distance (adjacent swaps count once) of two short names.
fn edits(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut rows = vec![0; (a.len() + 1) * width];
    for (j, cell) in rows.iter_mut().take(width).enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        rows[i * width] = i;
        for j in 1..=b.len() {
            let change = rows[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change
                .min(rows[(i - 1) * width + j] + 1)
                .min(rows[i * width + j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[(i - 2) * width + j - 2] + 1);
            }
            rows[i * width + j] = best;
        }
    }
    rows[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(server: &Configured) -> Vec<String> {
        let known = ["@modelcontextprotocol/server-filesystem", "mcp-server-time"];
        faults(server, &known)
            .into_iter()
            .map(|issue| issue.rule)
            .collect()
    }

    fn command(words: &[&str]) -> Configured {
        Configured {
            name: "s".to_owned(),
            command: words.iter().map(|w| (*w).to_owned()).collect(),
            ..Configured::default()
        }
    }

    #[test]
    fn pinned_packages_pass_and_others_do_not() {
        for good in [
            &["npx", "-y", "@scope/pkg@1.2.3"][..],
            &["uvx", "mcp-server-time==2026.10.19"],
            &["uvx", "--from", "pkg==1.0", "cmd"],
            &["node", "server.js"],
            &["docker", "run", "-i", "-e", "X=y", "mcp/time@sha256:00"],
        ] {
            assert_eq!(rules(&command(good)), Vec::<String>::new(), "{good:?}");
        }
        for bad in [
            &["npx", "-y", "@scope/pkg"][..],
            &["npx", "pkg@latest"],
            &["npx.cmd", "pkg@^1.2.0"],
            &["npm", "exec", "--", "pkg"],
            &["uvx", "mcp-server-time"],
            &["uv", "tool", "run", "pkg"],
            &["pipx", "run", "pkg"],
            &["docker", "run", "-i", "mcp/time:latest"],
        ] {
            assert_eq!(rules(&command(bad)), ["unpinned-package"], "{bad:?}");
        }
    }

    #[test]
    fn shells_and_lookalikes() {
        assert_eq!(
            rules(&command(&["/bin/bash", "-c", "x"])),
            ["shell-command"]
        );
        for name in [
            "@modelcontextprotocol/server-fllesystem@1.0.0",
            "@modelcontextprotoco1/server-filesystem@1.0.0",
        ] {
            assert_eq!(
                rules(&command(&["npx", name])),
                ["lookalike-name"],
                "{name}"
            );
        }
        assert_eq!(
            rules(&command(&[
                "npx",
                "@modelcontextprotocol/server-filesystem@1.0.0"
            ])),
            Vec::<String>::new()
        );
    }

    #[test]
    fn secrets_and_references() {
        let with = |name: &str, value: &str| {
            let mut server = command(&["node"]);
            server.values.push((name.to_owned(), value.to_owned()));
            rules(&server)
        };
        assert_eq!(with("API_TOKEN", "c0ffee00c0ffee00"), ["secret-in-config"]);
        assert_eq!(
            with("Authorization", "Bearer c0ffee00c0ffee00"),
            ["secret-in-config"]
        );
        assert_eq!(with("X", "ghp_0123456789abcdef0123"), ["secret-in-config"]);
        for fine in [
            "${API_TOKEN}",
            "$TOKEN_VALUE",
            "<your token>",
            "your-token-here",
            "short",
        ] {
            assert_eq!(with("API_TOKEN", fine), Vec::<String>::new(), "{fine}");
        }
        assert_eq!(with("LOG_LEVEL", "debug-verbose"), Vec::<String>::new());
    }

    #[test]
    fn endpoints() {
        let at = |url: &str| {
            rules(&Configured {
                url: Some(url.to_owned()),
                ..Configured::default()
            })
        };
        assert_eq!(at("http://host.example/mcp"), ["plain-http"]);
        assert_eq!(at("https://host.example/mcp"), Vec::<String>::new());
        assert_eq!(at("http://127.0.0.1:8080/mcp"), Vec::<String>::new());
        assert_eq!(
            at("https://u:hunter2hunter2@host.example/"),
            ["secret-in-config"]
        );
        assert_eq!(
            at("https://host.example/?api_key=c0ffee00c0ffee00"),
            ["secret-in-config"]
        );
    }

    #[test]
    fn no_secret_in_any_message() {
        let server = Configured {
            name: "s".to_owned(),
            command: vec!["node".to_owned(), "--token=c0ffee00c0ffee00".to_owned()],
            url: Some("https://u:c0ffee00c0ffee00@h.example/?token=c0ffee00c0ffee00".to_owned()),
            values: vec![("TOKEN".to_owned(), "c0ffee00c0ffee00".to_owned())],
            location: None,
        };
        let issues = faults(&server, &[]);
        assert_eq!(issues.len(), 4);
        assert!(issues.iter().all(|issue| !issue.message.contains("c0ffee")));
    }
}
