//! Packages as lists and configurations name them: with ranges for versions, or as the argument of
//! a runner such as `npx` or `uvx`. Nothing here is ever given to a shell.

use super::package::{parse_npm, parse_pypi};
use crate::model::{Shown, Source};

/// A package of the npm registry as a list names it; the name may carry a version.
pub(super) fn npm_package(name: &str, wanted: &str) -> Result<Source, String> {
    let (name, attached) = npm_spec(name);
    let (package, _) = parse_npm(name).map_err(|error| error.message)?;
    Ok(Source::Npm {
        package,
        version: version(attached.unwrap_or(wanted))?,
    })
}

/// A package of the Python index as a list names it; the name may carry a version.
pub(super) fn pypi_package(name: &str, wanted: &str) -> Result<Source, String> {
    let (name, attached) = pypi_spec(name);
    let (package, _) = parse_pypi(name).map_err(|error| error.message)?;
    Ok(Source::Pypi {
        package,
        version: version(attached.unwrap_or(wanted))?,
    })
}

/// A version as a list gives it: `None` for the newest (`latest`, a range, nothing), an error for
/// what could not be a version of any registry.
fn version(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() || text == "latest" {
        return Ok(None);
    }
    let range = text.contains(['^', '~', '*', '>', '<', '|', ' ', ','])
        || text.split('.').any(|part| part == "x");
    let sane = |c: char| c.is_ascii_alphanumeric() || "^~*><=|,.+-_! ".contains(c);
    if text.len() > 128 || !text.chars().all(sane) || text.starts_with('-') {
        return Err(format!("`{}` is no version", clipped(text)));
    }
    let text = text.strip_prefix("==").unwrap_or(text);
    let text = match text.strip_prefix('v') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    };
    Ok((!range).then(|| text.to_owned()))
}

/// Foreign text short enough for a message.
pub(super) fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Shown(&shown).to_string()
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
    let Some((first, rest)) = words.split_first() else {
        return program();
    };
    match (program_name(first).as_str(), rest) {
        // `cmd /c npx …` is how Windows starts npx.
        ("cmd", [flag, inner @ ..]) if flag.eq_ignore_ascii_case("/c") && !inner.is_empty() => {
            let inner: Vec<String> = inner.iter().map(|&word| word.to_owned()).collect();
            match started(&inner) {
                Started::Program(_) => program(),
                found => found,
            }
        }
        ("npx" | "bunx" | "pnpx", rest)
        | ("npm", ["exec", rest @ ..])
        | ("pnpm" | "yarn", ["dlx", rest @ ..])
        | ("bun", ["x", rest @ ..]) => npm(rest).unwrap_or_else(program),
        ("uvx", rest) | ("uv", ["tool", "run", rest @ ..]) | ("pipx", ["run", rest @ ..]) => {
            python(rest).unwrap_or_else(program)
        }
        ("docker" | "podman" | "nerdctl", rest) => Started::Image(image(rest)),
        _ => program(),
    }
}

/// The last part of a program's path, lower-case, without `.exe` or `.cmd`.
fn program_name(program: &str) -> String {
    let last = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let last = last.to_lowercase();
    let stem = [".exe", ".cmd", ".bat"]
        .iter()
        .find_map(|end| last.strip_suffix(end));
    stem.unwrap_or(&last).to_owned()
}

fn npm(words: &[&str]) -> Option<Started> {
    let mut package = None;
    let mut rest = words;
    loop {
        let (&word, after) = rest.split_first()?;
        rest = after;
        match word {
            "-y" | "--yes" | "-q" | "--quiet" | "--silent" | "--prefer-online"
            | "--prefer-offline" | "--" => {}
            "-p" | "--package" => {
                let (&name, after) = rest.split_first()?;
                // More than one package: which of them serves cannot be told.
                if package.replace(name).is_some() {
                    return None;
                }
                rest = after;
            }
            _ if word.starts_with("--package=") => {
                if package.replace(&word["--package=".len()..]).is_some() {
                    return None;
                }
            }
            _ if word.starts_with('-') => return None,
            _ => {
                let spec = package.unwrap_or(word);
                let (name, version) = npm_spec(spec);
                // With -p the word is a program of the package: only its usual one is known.
                let usual = name.rsplit('/').next().unwrap_or(name);
                if package.is_some() && word != usual && word != name {
                    return None;
                }
                let source = npm_source(name, version);
                return Some(named(source, rest));
            }
        }
    }
}

/// `name@version` of the npm registry, taken apart.
fn npm_spec(spec: &str) -> (&str, Option<&str>) {
    match spec.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&spec[..at], Some(&spec[at + 1..])),
        None => (spec, None),
    }
}

fn npm_source(name: &str, wanted: Option<&str>) -> Result<Source, String> {
    // A path, a tarball or a repository is no package of the registry.
    let elsewhere = name.starts_with(['.', '/', '~'])
        || name.contains(':')
        || (!name.starts_with('@') && name.contains('/') && !name.contains(".."));
    if elsewhere {
        // A repository's address may hold a token: only paths are quoted.
        let quoted = if name.contains([':', '@']) {
            String::new()
        } else {
            format!(" (`{}`)", clipped(name))
        };
        return Err(format!(
            "the runner is given a path, a repository or an archive{quoted}, not a package"
        ));
    }
    npm_package(name, wanted.unwrap_or_default())
}

fn python(words: &[&str]) -> Option<Started> {
    let mut from = None;
    let mut rest = words;
    loop {
        let (&word, after) = rest.split_first()?;
        rest = after;
        match word {
            "-q" | "--quiet" | "--isolated" | "--no-cache" | "--refresh" => {}
            "--from" | "--spec" => {
                let (&spec, after) = rest.split_first()?;
                from = Some(spec);
                rest = after;
            }
            "--python" | "-p" => rest = rest.get(1..)?,
            _ if word.starts_with("--from=") => from = Some(&word["--from=".len()..]),
            _ if word.starts_with('-') => return None,
            _ => {
                let spec = from.unwrap_or(word);
                let (name, version) = pypi_spec(spec);
                // Another program than the package's own, extras, a repository: not a plain name.
                let other = from.is_some() && folded(word) != folded(name);
                if other || name.contains(['[', ':', '/', ' ']) && !name.contains("..") {
                    return None;
                }
                let source = pypi_package(name, version.unwrap_or_default());
                return Some(named(source, rest));
            }
        }
    }
}

/// `name==version` or `name@version`, taken apart.
fn pypi_spec(spec: &str) -> (&str, Option<&str>) {
    match spec.split_once("==").or_else(|| spec.split_once('@')) {
        Some((name, version)) => (name.trim(), Some(version.trim())),
        None => (spec, None),
    }
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

/// The image of `docker run`, as far as it can be told without knowing every option.
fn image(words: &[&str]) -> String {
    const WITH_VALUE: [&str; 19] = [
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
    ];
    let mut words = words.iter().skip_while(|word| **word != "run").skip(1);
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            return clipped(word);
        }
    }
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Started {
        started(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    fn npm(package: &str, version: Option<&str>, args: &[&str]) -> Started {
        Started::Package(
            Source::Npm {
                package: package.to_owned(),
                version: version.map(str::to_owned),
            },
            args.iter().map(|&arg| arg.to_owned()).collect(),
        )
    }

    fn pypi(package: &str, version: Option<&str>, args: &[&str]) -> Started {
        Started::Package(
            Source::Pypi {
                package: package.to_owned(),
                version: version.map(str::to_owned),
            },
            args.iter().map(|&arg| arg.to_owned()).collect(),
        )
    }

    #[test]
    fn runners_name_their_package() {
        assert_eq!(
            of("npx -y @s/p@1.2.3 /data -v"),
            npm("@s/p", Some("1.2.3"), &["/data", "-v"])
        );
        assert_eq!(of("/usr/bin/npx p"), npm("p", None, &[]));
        assert_eq!(of("npx p@latest"), npm("p", None, &[]));
        assert_eq!(
            of("npx.cmd -p @s/p@2.0.0 p"),
            npm("@s/p", Some("2.0.0"), &[])
        );
        assert_eq!(of("cmd /c npx -y p a"), npm("p", None, &["a"]));
        assert_eq!(of("npm exec --yes -- p x"), npm("p", None, &["x"]));
        assert_eq!(of("pnpm dlx p"), npm("p", None, &[]));
        assert_eq!(
            of("uvx p@1.0 --root /x"),
            pypi("p", Some("1.0"), &["--root", "/x"])
        );
        assert_eq!(
            of("uvx --from My_Pkg==2 my-pkg"),
            pypi("My_Pkg", Some("2"), &[])
        );
        assert_eq!(of("uv tool run p"), pypi("p", None, &[]));
        assert_eq!(of("pipx run p==1.1"), pypi("p", Some("1.1"), &[]));
    }

    #[test]
    fn what_is_not_plain_stays_a_program() {
        for line in [
            "node server.js",
            "npx --registry https://r.example p",
            "npx -p a -p b c",
            "npx -p @s/p other-program",
            "uvx --from p other",
            "uvx p[extra]",
            "uvx git+https://h.example/r",
            "python -m p",
            "npx",
            "cmd /c dir",
            "uv --directory /x run y",
        ] {
            assert!(
                matches!(of(line), Started::Program(_)),
                "{line}: {:?}",
                of(line)
            );
        }
        assert_eq!(
            of("docker run -i --rm -e K mcp/x:1"),
            Started::Image("mcp/x:1".to_owned())
        );
    }

    #[test]
    fn hostile_names_are_refused_and_named() {
        for line in [
            "npx ../../etc",
            "npx a;rm",
            "npx $(id)",
            "uvx a;b",
            "uvx ../x",
            "npx -y @../x/y",
        ] {
            let Started::Refused(problem) = of(line) else {
                panic!("{line}: {:?}", of(line));
            };
            assert!(!problem.is_empty());
        }
    }

    #[test]
    fn versions() {
        for (text, expected) in [
            ("1.2.3", Some("1.2.3")),
            ("v1.2.3", Some("1.2.3")),
            ("2026.10.19", Some("2026.10.19")),
            ("1.0.0-rc.1+b", Some("1.0.0-rc.1+b")),
            ("next", Some("next")),
            ("", None),
            ("latest", None),
            ("^1.2", None),
            (">=1,<2", None),
            ("1.x", None),
        ] {
            assert_eq!(version(text), Ok(expected.map(str::to_owned)), "{text}");
        }
        for text in ["../x", "1;rm", "$(id)", "-r", "1\n2", "a/b"] {
            assert!(version(text).is_err(), "{text}");
        }
    }
}
