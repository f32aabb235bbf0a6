//! Command lines and what they fetch.

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

fn of_line(line: &str) -> Option<Fetched> {
    fetched(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
}

#[test]
fn what_is_fetched_is_known_whatever_the_options() {
    for (line, name, pinned) in [
        ("npx -y @scope/pkg@1.2.3", "@scope/pkg", true),
        ("npx -y @scope/pkg", "@scope/pkg", false),
        ("npx pkg@latest", "pkg", false),
        ("npx pkg@1.2", "pkg", false),
        ("npx.cmd pkg@^1.2.0", "pkg", false),
        ("npx --registry https://r.example pkg", "pkg", false),
        ("npx -p pkg@1.2.3 program", "pkg", true),
        ("npm exec -- pkg", "pkg", false),
        ("cmd /c npx -y pkg@1.2.3", "pkg", true),
        ("uvx mcp-server-time==2026.10.19", "mcp-server-time", true),
        ("uvx mcp-server-time", "mcp-server-time", false),
        ("uvx pkg[all]>=1.0", "pkg", false),
        ("uvx --from pkg==1.0 cmd", "pkg", true),
        ("uvx --with other --python 3.12 pkg@1.0", "pkg", true),
        ("uv tool run pkg", "pkg", false),
        ("pipx run pkg==1.*", "pkg", false),
        ("docker run -i -e X=y mcp/time@sha256:00", "mcp/time", true),
        (
            "docker run -i host:5000/mcp/time:latest",
            "host:5000/mcp/time",
            false,
        ),
    ] {
        let expected = Fetched {
            name: Some(name.to_owned()),
            pinned,
        };
        assert_eq!(of_line(line), Some(expected), "{line}");
    }
    for line in ["node server.js", "npx ./server", "docker ps", "npx"] {
        assert_eq!(of_line(line), None, "{line}");
    }
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let from = |rest: &str| of_line(&format!("uvx --from git+https://u:t@h.example/r{rest} x"));
    let nameless = |pinned| Some(Fetched { name: None, pinned });
    assert_eq!(from(""), nameless(false));
    assert_eq!(from(&format!("@{commit}")), nameless(true));
}

#[test]
fn a_runner_behind_cmd_is_no_shell() {
    let program = |line: &str| program_of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(program("cmd.exe /c npx pkg").as_deref(), Some("npx"));
    assert_eq!(program("cmd /c del").as_deref(), Some("cmd"));
    assert_eq!(program("/bin/Bash -c x").as_deref(), Some("bash"));
    assert_eq!(program_of(&[]), None);
}
