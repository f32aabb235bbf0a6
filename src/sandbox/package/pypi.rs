//! Python packages: wheels alone, installed by `pip`, then the console script they declare.

use super::client::{Recipe, ask_host, behind, cache, install, reason, through_proxy};
use super::tree::Tree;
use super::{InstallError, InstallOptions, Installed};
use crate::model::Shown;
use crate::sandbox::egress::Destinations;
use crate::sandbox::{Program, Sandbox};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// Prints where Python is, its wrappers resolved, and which index its pip uses unless it is told
/// another: the index itself, and the host of its files.
const ASK_PYTHON: &str = "\
import json, sys
from pip._internal.models.index import PyPI
print(json.dumps([sys.executable, PyPI.simple_url, PyPI.file_storage_domain]))";

/// Settings of pip that are handed on.
const HANDED_ON: [&str; 9] = [
    "cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "prefer-binary",
    "timeout",
    "trusted-host",
];

/// The Python of this machine and the settings of its pip.
#[derive(Debug, Clone, Default)]
struct Settings {
    python: String,
    default_index: String,
    default_files: String,
    /// By their long names.
    pip: BTreeMap<String, String>,
}

impl Settings {
    async fn ask() -> Option<Settings> {
        let said = ask_host("python3", &["-c", ASK_PYTHON]).await?;
        let [python, default_index, default_files]: [String; 3] =
            serde_json::from_str(&said).ok()?;
        let pip = ask_host(&python, &["-m", "pip", "config", "list"]).await;
        Some(Settings {
            python,
            default_index,
            default_files,
            pip: read_config(&pip.unwrap_or_default()),
        })
    }

    /// The index, its further ones, and where the default one keeps its files.
    fn destinations(&self) -> Destinations {
        let mut destinations = Destinations::default();
        if !self.pip.contains_key("index-url") && !self.pip.contains_key("no-index") {
            destinations.open(&self.default_index);
            destinations.open(&format!("https://{}/", self.default_files));
        }
        for name in ["index-url", "extra-index-url", "find-links"] {
            let addresses = self.pip.get(name).map(String::as_str).unwrap_or_default();
            for address in addresses.split_whitespace() {
                destinations.open(address);
            }
        }
        through_proxy(&mut destinations, self.pip.get("proxy").map(String::as_str));
        destinations
    }

    /// The settings as variables, so that no file with more in it has to be shown.
    fn env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::from([("PIP_CONFIG_FILE".to_owned(), "/dev/null".to_owned())]);
        for name in HANDED_ON {
            if let Some(value) = self.pip.get(name) {
                let name = name.replace('-', "_").to_ascii_uppercase();
                env.insert(format!("PIP_{name}"), value.clone());
            }
        }
        env
    }
}

/// Reads what `pip config list` prints: `section.name='value'`, a section `:env:` being the
/// environment. What is said for `install` counts more than what is said for all commands, and the
/// environment more than both.
fn read_config(text: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for section in ["global.", "install.", ":env:."] {
        for line in text.lines() {
            let Some((name, value)) = line
                .strip_prefix(section)
                .and_then(|line| line.split_once('='))
            else {
                continue;
            };
            let quoted = value.trim();
            let value = ['\'', '"']
                .into_iter()
                .find_map(|quote| quoted.strip_prefix(quote)?.strip_suffix(quote))
                .unwrap_or(quoted);
            settings.insert(name.replace('_', "-"), value.replace("\\n", " "));
        }
    }
    settings
}

async fn settings() -> Option<Settings> {
    static SETTINGS: OnceCell<Option<Settings>> = OnceCell::const_new();
    SETTINGS.get_or_init(Settings::ask).await.clone()
}

pub(super) async fn install_pypi(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    let settings = settings()
        .await
        .ok_or(InstallError::NoClient("python3 with pip"))?;
    let tree = Tree::make(options, &format!("pypi-{package}"))?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let packages = tree.path.join("packages");
    let report = tree.path.join("report.json");
    let wanted = match version {
        Some(version) => format!("{package}=={version}"),
        None => package.to_owned(),
    };
    let cache = cache(options, &tree, "pip")?;
    let python = settings.python.clone();
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
    let mut env = settings.env();
    if let Ok(file) = std::env::var("SSL_CERT_FILE") {
        env.insert("SSL_CERT_FILE".to_owned(), file);
    }
    let files = ["PIP_CERT", "PIP_FIND_LINKS", "SSL_CERT_FILE"];
    let visible = files
        .iter()
        .filter_map(|name| env.get(*name))
        .flat_map(|value| value.split_whitespace())
        .filter(|value| value.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    let recipe = Recipe {
        argv,
        proxy: &["--proxy={}"],
        env,
        visible,
        cache,
        destinations: settings.destinations(),
        last: vec!["--".to_owned(), wanted.clone()],
    };
    let failed = |said: &str| failure(said, &wanted);
    let (tree, size) = install(sandbox, recipe, tree, options, failed).await?;
    let script = script_of(&packages, package)
        .map(|name| packages.join("bin").join(name))
        .filter(|script| script.is_file())
        .map(|script| vec![text(&script)]);
    let start = script
        .or_else(|| module_of(&packages, package).map(|name| vec!["-m".to_owned(), name]))
        .ok_or_else(|| InstallError::NoProgram(package.to_owned()))?;
    let mut info = json!({
        "registry": "pypi",
        "name": package,
        "version": null,
        "integrity": null,
        "files": size.files,
        "bytes": size.bytes,
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
            argv: std::iter::once(python).chain(start).collect(),
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
    let name = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        normal(&text[..end.unwrap_or(text.len())])
    };
    let missing = behind(said, "No matching distribution found for ");
    if let Some(missing) = missing.filter(|missing| name(missing) != name(wanted)) {
        return InstallError::NeedsBuild(format!("{missing}, which it needs,"));
    }
    if has("No matching distribution found") {
        if has("from versions: none")
            && let Some(python) = other_python(said)
        {
            return InstallError::OtherPython(wanted.to_owned(), python);
        }
        // pip lists the versions it knows; with none left out there is no wheel at all.
        if has("from versions: none") || !wanted.contains("==") {
            InstallError::NeedsBuild(format!("{wanted} (if it exists at all)"))
        } else {
            InstallError::NotFound(format!("{wanted} at PyPI, as a wheel"))
        }
    } else if has("NewConnectionError") || has("Temporary failure in name resolution") {
        InstallError::Unreachable(reason(said))
    } else if let Some(conflict) = conflict(said) {
        InstallError::Failed(format!("what it needs does not go together: {conflict}"))
    } else {
        InstallError::Failed(reason(said))
    }
}

/// The first two requirements that pip could not bring together.
fn conflict(said: &str) -> Option<String> {
    let (_, caused) = said.split_once("The conflict is caused by:")?;
    let lines: Vec<&str> = caused
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .take(2)
        .collect();
    let short: String = lines.join("; ").chars().take(200).collect();
    (!short.is_empty()).then(|| Shown(&short).to_string())
}

/// What the newest of the versions that pip left out asks of Python, as a version specifier.
fn other_python(said: &str) -> Option<String> {
    let (_, left_out) = said
        .split_once("Ignored the following versions that require a different python version: ")?;
    let (_, newest) = left_out.lines().next()?.rsplit_once("Requires-Python ")?;
    let short: String = newest.trim().chars().take(40).collect();
    Some(Shown(&short).to_string())
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

/// The module that a distribution without a console script can be started by: the one named like it.
fn module_of(packages: &Path, package: &str) -> Option<String> {
    let name = normal(package).replace('-', "_");
    let main = packages.join(&name).join("__main__.py");
    main.is_file().then_some(name)
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
        assert_eq!(module_of(folder.path(), "mcp-server-x"), None);
        let module = folder.path().join("mcp_server_x");
        std::fs::create_dir(&module).unwrap();
        std::fs::write(module.join("__main__.py"), "").unwrap();
        assert_eq!(
            module_of(folder.path(), "mcp-server-x").as_deref(),
            Some("mcp_server_x")
        );
    }

    #[test]
    fn settings_of_pip_are_read_and_open_their_hosts() {
        let said = "\
:env:.find-links='/opt/wheels'
global.cert='/etc/ssl/x.crt'
global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'
global.index-url='https://other.example/simple'
install.index-url='https://token@index.example/simple'
search.index-url='https://search.example/'
";
        let mut settings = Settings {
            default_index: "https://default.example/simple".to_owned(),
            default_files: "files.example".to_owned(),
            pip: read_config(said),
            ..Settings::default()
        };
        let open = |hosts: &[&str]| {
            let mut open = Destinations::default();
            for host in hosts {
                open.open(&format!("https://{host}/"));
            }
            through_proxy(&mut open, None);
            open
        };
        let hosts = ["index.example", "a.example", "b.example"];
        assert_eq!(settings.destinations(), open(&hosts));
        let env = settings.env();
        assert_eq!(env["PIP_INDEX_URL"], "https://token@index.example/simple");
        assert_eq!(env["PIP_FIND_LINKS"], "/opt/wheels");
        assert_eq!(env["PIP_CONFIG_FILE"], "/dev/null");
        settings.pip.clear();
        let hosts = ["default.example", "files.example"];
        assert_eq!(settings.destinations(), open(&hosts));
    }

    #[test]
    fn failures_are_told_apart() {
        let none = "ERROR: No matching distribution found for x==9 (from versions: 1.0, 2.0)";
        assert!(matches!(failure(none, "x==9"), InstallError::NotFound(_)));
        let other = "ERROR: Could not find a version that satisfies the requirement y>=2 (from x) (from versions: 1.0)\nERROR: No matching distribution found for y>=2";
        assert!(
            matches!(failure(other, "x==9"), InstallError::NeedsBuild(what) if what.starts_with("y>=2, which"))
        );
        let sdist = "(from versions: none)\nERROR: No matching distribution found for x";
        assert!(matches!(failure(sdist, "x"), InstallError::NeedsBuild(_)));
        let python = "ERROR: Ignored the following versions that require a different python version: 0.1 Requires-Python >=3.12; 0.2 Requires-Python ~=3.13.0\nERROR: Could not find a version that satisfies the requirement x (from versions: none)\nERROR: No matching distribution found for x";
        let InstallError::OtherPython(what, python) = failure(python, "x") else {
            panic!("it is the Python that does not fit");
        };
        assert_eq!((what.as_str(), python.as_str()), ("x", "~=3.13.0"));
        let conflict = "The conflict is caused by:\n    x 1 depends on y>=2\n    z 3 depends on y<2\n\nTo fix this you could try to:\nERROR: ResolutionImpossible: for help visit a page";
        assert_eq!(
            failure(conflict, "x").to_string(),
            "the installation failed: what it needs does not go together: x 1 depends on y>=2; z 3 depends on y<2"
        );
    }
}
