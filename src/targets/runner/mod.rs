//! Programs that fetch a package and start it: `npx`, `uvx`, `docker run` and their like. What is
//! read of their arguments is read here, for asking a server and for judging a configuration.

use super::packages::{clipped, npm_source, npm_spec, pypi_package, pypi_spec};
use crate::model::Source;

/// Options of npm's runners that take a value of their own and change nothing of what is fetched.
const NPM_VALUES: [&str; 9] = [
    "--registry",
    "--cache",
    "--userconfig",
    "--prefix",
    "--node-options",
    "-w",
    "--workspace",
    "-c",
    "--call",
];

/// The same of Python's runners.
const PYTHON_VALUES: [&str; 17] = [
    "--with",
    "--with-editable",
    "--with-requirements",
    "--index-url",
    "-i",
    "--index",
    "--default-index",
    "--extra-index-url",
    "--pip-args",
    "--find-links",
    "-f",
    "--directory",
    "--project",
    "--constraints",
    "-c",
    "--cache-dir",
    "--config-file",
];

/// Options of `docker run` that take a value of their own.
const IMAGE_VALUES: [&str; 24] = [
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
    "-l",
    "--label",
    "--platform",
    "-m",
    "--memory",
    "--cpus",
    "--add-host",
    "--pull",
];

/// What a runner fetches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Npm,
    Python,
    Image,
}

/// The arguments of a runner, taken apart.
#[derive(Debug, Clone, Copy)]
struct Call<'a> {
    kind: Kind,
    /// The package as an option names it.
    package: Option<&'a str>,
    /// The first word that is no option: the package, or with an option a program of it.
    word: Option<&'a str>,
    /// The arguments for the program that is started.
    rest: &'a [&'a str],
    /// Whether nothing stands there but options that are known to change nothing.
    plain: bool,
}

impl<'a> Call<'a> {
    /// Takes a command line apart; `None` when it starts no runner.
    fn of(words: &'a [&'a str]) -> Option<Call<'a>> {
        let (first, rest) = words.split_first()?;
        match (program_name(first).as_str(), rest) {
            ("npx" | "bunx" | "pnpx", rest)
            | ("npm", ["exec" | "x", rest @ ..])
            | ("pnpm" | "yarn", ["dlx", rest @ ..])
            | ("bun", ["x", rest @ ..]) => Some(Call::read(Kind::Npm, rest)),
            ("uvx", rest) | ("uv", ["tool", "run", rest @ ..]) | ("pipx", ["run", rest @ ..]) => {
                Some(Call::read(Kind::Python, rest))
            }
            ("docker" | "podman" | "nerdctl", rest) => {
                let run = rest.iter().position(|word| *word == "run");
                let rest = run.map_or(&[][..], |at| &rest[at + 1..]);
                Some(Call::read(Kind::Image, rest))
            }
            _ => None,
        }
    }

    fn read(kind: Kind, words: &'a [&'a str]) -> Call<'a> {
        let mut call = Call {
            kind,
            package: None,
            word: None,
            rest: &[],
            plain: true,
        };
        let (named, silent, values): (&[&str], &[&str], &[&str]) = match kind {
            Kind::Npm => (
                &["-p", "--package"],
                &[
                    "-y",
                    "--yes",
                    "-q",
                    "--quiet",
                    "--silent",
                    "--prefer-online",
                    "--prefer-offline",
                    "--",
                ],
                &NPM_VALUES,
            ),
            Kind::Python => (
                &["--from", "--spec"],
                &["-q", "--quiet", "--isolated", "--no-cache", "--refresh"],
                &PYTHON_VALUES,
            ),
            Kind::Image => (&[], &[], &IMAGE_VALUES),
        };
        let mut rest = words;
        while let Some((&word, after)) = rest.split_first() {
            rest = after;
            let joined = word
                .split_once('=')
                .filter(|(option, _)| named.contains(option));
            if let Some((_, package)) = joined {
                // More than one package: which of them serves cannot be told.
                call.plain &= call.package.replace(package).is_none();
            } else if named.contains(&word) {
                let next = rest.split_first();
                call.plain &= next.is_some() && call.package.is_none();
                call.package = next.map(|(&package, _)| package).or(call.package);
                rest = rest.get(1..).unwrap_or_default();
            } else if kind == Kind::Python && matches!(word, "--python" | "-p") {
                call.plain &= !rest.is_empty();
                rest = rest.get(1..).unwrap_or_default();
            } else if values.contains(&word) {
                call.plain = false;
                rest = rest.get(1..).unwrap_or_default();
            } else if silent.contains(&word) {
            } else if word.starts_with('-') {
                call.plain = false;
            } else {
                call.word = Some(word);
                call.rest = rest;
                break;
            }
        }
        call
    }
}

/// What a configured command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Started {
    /// A package of a registry, with the arguments for its own program.
    Package(Source, Vec<String>),
    /// Any other program.
    Program(Vec<String>),
    /// A container image; the name of it as far as it could be told.
    Image(String),
    /// A runner with a package name that may not be asked for.
    Refused(String),
}

/// Which package a command line would fetch and start, when it is started by a runner in a form
/// that says so plainly. Anything else stays a program.
pub(super) fn started(command: &[String]) -> Started {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let program = || Started::Program(command.to_vec());
    if let Some(inner) = in_cmd(&words) {
        let inner: Vec<String> = inner.iter().map(|&word| word.to_owned()).collect();
        return match started(&inner) {
            Started::Program(_) => program(),
            found => found,
        };
    }
    let Some(call) = Call::of(&words) else {
        return program();
    };
    match call.kind {
        Kind::Image => Started::Image(call.word.map_or("unknown".to_owned(), clipped)),
        Kind::Npm if call.plain => npm(call).unwrap_or_else(program),
        Kind::Python if call.plain => python(call).unwrap_or_else(program),
        Kind::Npm | Kind::Python => program(),
    }
}

fn npm(call: Call<'_>) -> Option<Started> {
    let word = call.word?;
    let (name, version) = npm_spec(call.package.unwrap_or(word));
    // With -p the word is a program of the package: only its usual one is known.
    let usual = name.rsplit('/').next().unwrap_or(name);
    if call.package.is_some() && word != usual && word != name {
        return None;
    }
    Some(named(npm_source(name, version), call.rest))
}

fn python(call: Call<'_>) -> Option<Started> {
    let word = call.word?;
    let (name, version) = pypi_spec(call.package.unwrap_or(word));
    // Another program than the package's own, extras, a repository: not a plain name.
    let other = call.package.is_some() && folded(word) != folded(name);
    if other || name.contains(['[', ':', '/', ' ']) && !name.contains("..") {
        return None;
    }
    let source = pypi_package(name, version.unwrap_or_default());
    Some(named(source, call.rest))
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn named(source: Result<Source, String>, rest: &[&str]) -> Started {
    let arguments = rest.iter().map(|&word| word.to_owned()).collect();
    match source {
        Ok(source) => Started::Package(source, arguments),
        Err(problem) => Started::Refused(problem),
    }
}

/// What a runner would fetch, whatever its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The package or image without its version; none for a repository or an archive, whose address
    /// may hold a credential.
    pub name: Option<String>,
    /// Whether it is one exact version, which cannot be another tomorrow.
    pub pinned: bool,
}

/// What the command of a configuration would fetch; `None` when it starts no runner, or a runner
/// that is given a file of this machine.
pub fn fetched(command: &[String]) -> Option<Fetched> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let call = Call::of(in_cmd(&words).unwrap_or(&words))?;
    let spec = call.package.or(call.word)?;
    if spec.starts_with(['.', '/', '~']) {
        return None;
    }
    if call.kind != Kind::Image && spec.contains(':') {
        let commit = spec.rsplit(['@', '#']).next().unwrap_or_default();
        let pinned = commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        return Some(Fetched { name: None, pinned });
    }
    let (name, pinned) = match call.kind {
        Kind::Npm => {
            let (name, version) = npm_spec(spec);
            (name, version.is_some_and(is_exact_npm))
        }
        Kind::Python => {
            let (name, version) = pypi_spec(spec);
            let exact = |version: &str| {
                version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ','])
            };
            let name = name.split(['[', '<', '>', '~', '!', '=', ' ']).next();
            (name.unwrap_or_default(), version.is_some_and(exact))
        }
        Kind::Image => {
            let (tagged, _) = spec.split_once('@').unwrap_or((spec, ""));
            let last = tagged.rsplit('/').next().unwrap_or(tagged);
            let tag = last.find(':').map_or(0, |at| last.len() - at);
            (&tagged[..tagged.len() - tag], spec.contains("@sha256:"))
        }
    };
    Some(Fetched {
        name: Some(name.to_owned()),
        pinned,
    })
}

/// Three numbers, and nothing that leaves a choice: npm takes `1.2` for a range.
fn is_exact_npm(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(number) && !version.contains([' ', '|'])
}

/// The command in `cmd /c npx …`, which is how Windows starts a runner.
fn in_cmd<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    match words {
        [first, flag, inner @ ..]
            if program_name(first) == "cmd"
                && flag.eq_ignore_ascii_case("/c")
                && !inner.is_empty() =>
        {
            Some(inner)
        }
        _ => None,
    }
}

/// The program that a command line starts: the last part of its path, lower-case, without `.exe` or
/// `.cmd`. In `cmd /c npx …` that is the runner.
pub fn program_of(command: &[String]) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    match in_cmd(&words) {
        Some(inner) if Call::of(inner).is_some() => inner.first(),
        _ => words.first(),
    }
    .map(|word| program_name(word))
}

fn program_name(program: &str) -> String {
    let last = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let last = last.to_lowercase();
    let stem = [".exe", ".cmd", ".bat"]
        .iter()
        .find_map(|end| last.strip_suffix(end));
    stem.unwrap_or(&last).to_owned()
}

#[cfg(test)]
mod tests;
