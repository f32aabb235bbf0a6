//! Everything wrong with one entry of a configuration.

use super::lookalike::lookalike;
use super::secrets::is_secret;
use crate::check::issue::{Issue, Location};
use crate::model::{Severity, Shown};

/// One server as it stands in a configuration, with nothing resolved.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// Its name there.
    pub name: String,
    /// The program, by its name alone and lower-case; none for a remote server.
    pub program: Option<String>,
    /// Program and arguments; empty for a remote server.
    pub command: Vec<String>,
    /// What the command fetches before it starts it.
    pub fetches: Option<Fetched>,
    /// The endpoint of a remote server.
    pub url: Option<String>,
    /// Names and values of variables and headers, as written.
    pub values: Vec<(String, String)>,
    /// Where it stands.
    pub location: Option<Location>,
}

/// What a runner such as `npx`, `uvx` or `docker run` fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The package or image without its version; none for a repository or an archive.
    pub name: Option<String>,
    /// Whether it is one exact version.
    pub pinned: bool,
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
    if let Some(program) = &server.program
        && SHELLS.contains(&program.as_str())
    {
        add(
            "shell-command",
            Severity::High,
            format!(
                "the command is a shell ({}): name the program itself",
                Shown(program)
            ),
            program,
        );
    }
    if let Some(package) = &server.fetches {
        if !package.pinned {
            let message = match &package.name {
                Some(name) => format!(
                    "the package {} has no exact version: another one can run tomorrow",
                    Shown(name)
                ),
                None => "a repository or archive is fetched without its commit: another one can \
                         run tomorrow"
                    .to_owned(),
            };
            let key = package.name.as_deref().unwrap_or_default();
            add("unpinned-package", Severity::Medium, message, key);
        }
        if let Some(name) = &package.name
            && let Some(like) = lookalike(name, known)
        {
            add(
                "lookalike-name",
                Severity::High,
                format!(
                    "the package {} is named almost like {}: is it the one that was meant?",
                    Shown(name),
                    Shown(like)
                ),
                name,
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
    for name in secret_arguments(&server.command) {
        add(
            "secret-in-config",
            Severity::High,
            format!("a secret stands in the arguments, in {}", Shown(&name)),
            &name,
        );
    }
    issues
}

/// The names of arguments that hold a secret: `--token=x`, `--token x`, `Authorization: Bearer x`.
fn secret_arguments(command: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, argument) in command.iter().enumerate() {
        let joined = argument
            .split_once('=')
            .or_else(|| argument.split_once(':'));
        if let Some((name, value)) = joined
            && is_secret(name, value)
        {
            names.push(name.to_owned());
        } else if argument.starts_with('-')
            && let Some(value) = command.get(at + 1)
            && !value.starts_with('-')
            && !value.contains(['=', ':'])
            && is_secret(argument, value)
        {
            names.push(argument.clone());
        }
    }
    names
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    }
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

    fn command(words: &[&str], fetches: Option<(&str, bool)>) -> Configured {
        Configured {
            name: "s".to_owned(),
            program: words.first().map(|w| (*w).to_owned()),
            command: words.iter().map(|w| (*w).to_owned()).collect(),
            fetches: fetches.map(|(name, pinned)| Fetched {
                name: Some(name.to_owned()),
                pinned,
            }),
            ..Configured::default()
        }
    }

    #[test]
    fn packages_and_shells() {
        let npx = |name, pinned| rules(&command(&["npx"], Some((name, pinned))));
        assert_eq!(npx("@scope/pkg", true), Vec::<String>::new());
        assert_eq!(npx("@scope/pkg", false), ["unpinned-package"]);
        assert_eq!(npx("mcp-server-tine", true), ["lookalike-name"]);
        assert_eq!(
            rules(&command(&["bash", "-c", "x"], None)),
            ["shell-command"]
        );
        let mut fetched = command(&["uvx"], Some(("", false)));
        fetched.fetches = Some(Fetched {
            name: None,
            pinned: false,
        });
        assert_eq!(rules(&fetched), ["unpinned-package"]);
    }

    #[test]
    fn secrets_wherever_they_stand() {
        let mut server = command(&["node", "--api-key=c0ffee00c0ffee00"], None);
        server.values = vec![("API_TOKEN".to_owned(), "c0ffee00c0ffee00".to_owned())];
        assert_eq!(rules(&server), ["secret-in-config", "secret-in-config"]);
        for words in [
            &["node", "--token", "c0ffee00c0ffee00"][..],
            &["npx", "--header", "Authorization: Bearer c0ffee00c0ffee00"],
        ] {
            assert_eq!(
                rules(&command(words, None)),
                ["secret-in-config"],
                "{words:?}"
            );
        }
        let fine = command(
            &[
                "node",
                "--token-file",
                "${TOKEN_FILE}",
                "--token",
                "$T0KEN_HERE",
            ],
            None,
        );
        assert_eq!(rules(&fine), Vec::<String>::new());
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
            program: Some("node".to_owned()),
            command: vec!["node".to_owned(), "--token=c0ffee00c0ffee00".to_owned()],
            fetches: None,
            url: Some("https://u:c0ffee00c0ffee00@h.example/?token=c0ffee00c0ffee00".to_owned()),
            values: vec![("TOKEN".to_owned(), "c0ffee00c0ffee00".to_owned())],
            location: None,
        };
        let issues = faults(&server, &[]);
        assert_eq!(issues.len(), 4);
        assert!(issues.iter().all(|issue| !issue.message.contains("c0ffee")));
    }
}
