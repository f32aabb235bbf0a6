//! Python packages: wheels alone, installed by `pip`, then the console script they declare.

use super::{InstallError, InstallOptions, Installed, Tree, ask_host, reason, run};
use crate::sandbox::{Program, Sandbox};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// The Python of this machine, its wrappers resolved.
async fn python() -> Option<String> {
    static PYTHON: OnceCell<Option<String>> = OnceCell::const_new();
    PYTHON
        .get_or_init(|| ask_host("python3", &["-c", "import sys; print(sys.executable)"]))
        .await
        .clone()
}

pub(super) async fn install(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    let python = python().await.ok_or(InstallError::NoClient("python3"))?;
    let cache = options.cache.join("pip");
    std::fs::create_dir_all(&cache)?;
    let tree = Tree::make(options, &format!("pypi-{package}"))?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let packages = tree.path.join("packages");
    let report = tree.path.join("report.json");
    let wanted = match version {
        Some(version) => format!("{package}=={version}"),
        None => package.to_owned(),
    };
    let mut argv: Vec<String> = [
        python.as_str(),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "--retries=1",
        "--root-user-action=ignore",
    ]
    .map(str::to_owned)
    .to_vec();
    if !options.allow_build {
        argv.push("--only-binary=:all:".to_owned());
    }
    argv.extend(["--target".to_owned(), text(&packages)]);
    argv.extend(["--cache-dir".to_owned(), text(&cache)]);
    argv.extend(["--report".to_owned(), text(&report)]);
    argv.extend(["--".to_owned(), wanted.clone()]);
    // Settings of pip on this machine, such as an index or a certificate.
    let env: BTreeMap<String, String> = std::env::vars()
        .filter(|(name, _)| name.starts_with("PIP_") || name == "SSL_CERT_FILE")
        .collect();
    let mut visible = vec![PathBuf::from("/etc/pip.conf")];
    visible.extend(
        env.values()
            .filter(|value| value.starts_with('/'))
            .map(PathBuf::from),
    );
    let program = Program {
        argv,
        env,
        folder: Some(tree.path.clone()),
        visible,
        writable: vec![tree.path.clone(), cache],
        find_needs: true,
        network: true,
    };
    let (done, said) = run(sandbox, &program, options).await?;
    if !done {
        return Err(failure(&said, &wanted));
    }
    let (files, bytes) = tree.measure(options)?;
    let script = script_of(&packages, package)
        .map(|name| packages.join("bin").join(name))
        .filter(|script| script.is_file())
        .ok_or_else(|| InstallError::NoProgram(package.to_owned()))?;
    let mut info = json!({
        "registry": "pypi",
        "name": package,
        "version": null,
        "integrity": null,
        "files": files,
        "bytes": bytes,
    });
    if let Some((version, integrity)) = reported(&report, package) {
        info["version"] = version;
        info["integrity"] = integrity;
    }
    let env = [
        ("PYTHONPATH", text(&packages)),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("PYTHONNOUSERSITE", "1".to_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
    ];
    Ok(Installed {
        program: Program {
            argv: vec![python, text(&script)],
            env: env.map(|(key, value)| (key.to_owned(), value)).into(),
            visible: vec![tree.path.clone()],
            find_needs: true,
            ..Program::default()
        },
        info,
        _tree: tree.temporary,
    })
}

/// Says from pip's words why an installation failed.
fn failure(said: &str, wanted: &str) -> InstallError {
    let has = |words: &str| said.contains(words);
    if has("No matching distribution found") {
        // pip lists the versions it knows; with none left out there is no wheel at all.
        if has("from versions: none") || !wanted.contains("==") {
            InstallError::NeedsBuild(format!("{wanted} (if it exists at all)"))
        } else {
            InstallError::NotFound(format!("{wanted} at PyPI, as a wheel"))
        }
    } else if has("NewConnectionError") || has("Temporary failure in name resolution") {
        InstallError::Unreachable(reason(said))
    } else {
        InstallError::Failed(reason(said))
    }
}

/// Version and hash of the package itself, from pip's report.
fn reported(report: &Path, package: &str) -> Option<(Value, Value)> {
    let report: Value = serde_json::from_slice(&std::fs::read(report).ok()?).ok()?;
    let installed = report["install"].as_array()?;
    let own = installed.iter().find(|item| {
        let name = item["metadata"]["name"].as_str().unwrap_or_default();
        normal(name) == normal(package)
    })?;
    let hash = own["download_info"]["archive_info"]["hashes"]["sha256"].as_str();
    Some((
        own["metadata"]["version"].clone(),
        hash.map_or(Value::Null, |hash| json!(format!("sha256:{hash}"))),
    ))
}

/// A distribution's name as compared: PEP 503.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.push(character.to_ascii_lowercase());
        }
    }
    normal
}

/// The console script that a distribution declares: the one named like it, else one that speaks
/// of MCP, else the first.
fn script_of(packages: &Path, package: &str) -> Option<String> {
    let folder = std::fs::read_dir(packages).ok()?.flatten().find(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.strip_suffix(".dist-info")
            .and_then(|stem| stem.split('-').next())
            .is_some_and(|name| normal(name) == normal(package))
    })?;
    let text = std::fs::read_to_string(folder.path().join("entry_points.txt")).ok()?;
    let scripts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[console_scripts]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.is_empty() && !name.contains(['/', '\\']) && *name != "..")
        .collect();
    let named = scripts.iter().find(|name| normal(name) == normal(package));
    let mcp = scripts.iter().find(|name| name.contains("mcp"));
    named
        .or(mcp)
        .or_else(|| scripts.first())
        .map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_chosen_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let info = folder.path().join("Mcp_Server_X-1.0.dist-info");
        std::fs::create_dir(&info).unwrap();
        let write = |text: &str| std::fs::write(info.join("entry_points.txt"), text).unwrap();
        write(
            "[other]\na = b\n[console_scripts]\nzzz = z:main\nmcp-server-x = x:main\n\n[gui]\nq = r\n",
        );
        assert_eq!(
            script_of(folder.path(), "mcp-server-x").as_deref(),
            Some("mcp-server-x")
        );
        write("[console_scripts]\nzzz = z:main\nthe-mcp = x:main\n");
        assert_eq!(
            script_of(folder.path(), "mcp.server.x").as_deref(),
            Some("the-mcp")
        );
        write("[console_scripts]\n../x = z:main\n");
        assert_eq!(script_of(folder.path(), "mcp-server-x"), None);
    }

    #[test]
    fn failures_are_told_apart() {
        let none = "ERROR: No matching distribution found for x==9 (from versions: 1.0, 2.0)";
        assert!(matches!(failure(none, "x==9"), InstallError::NotFound(_)));
        let sdist = "(from versions: none)\nERROR: No matching distribution found for x";
        assert!(matches!(failure(sdist, "x"), InstallError::NeedsBuild(_)));
    }
}
