//! npm packages: `npm install --ignore-scripts`, then the program that `package.json` names.

use super::{
    InstallError, InstallOptions, Installed, Tree, ask_host, reason, run, system_certificates,
};
use crate::sandbox::{Program, Sandbox, reach};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// Settings of npm on this machine that the installation needs; none of them is a credential.
#[derive(Debug, Clone, Default)]
struct Settings {
    registry: Option<String>,
    ca_file: Option<String>,
}

async fn settings() -> Settings {
    static SETTINGS: OnceCell<Settings> = OnceCell::const_new();
    SETTINGS
        .get_or_init(|| async {
            let (registry, ca_file) = tokio::join!(
                ask_host("npm", &["config", "get", "registry"]),
                ask_host("npm", &["config", "get", "cafile"])
            );
            Settings { registry, ca_file }
        })
        .await
        .clone()
}

pub(super) async fn install(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    let path = std::env::var("PATH").unwrap_or_default();
    let node = reach::find_program("node", &path).ok_or(InstallError::NoClient("node"))?;
    reach::find_program("npm", &path).ok_or(InstallError::NoClient("npm"))?;
    let cache = options.cache.join("npm");
    std::fs::create_dir_all(&cache)?;
    let tree = Tree::make(options, &format!("npm-{}", package.replace('/', "-")))?;
    let wanted = format!("{package}@{}", version.unwrap_or("latest"));
    let settings = settings().await;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut argv: Vec<String> = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--omit=dev",
        "--loglevel=error",
        "--fetch-retries=1",
    ]
    .map(str::to_owned)
    .to_vec();
    if !options.allow_build {
        argv.push("--ignore-scripts".to_owned());
    }
    argv.extend(["--prefix".to_owned(), text(&tree.path)]);
    argv.extend(["--cache".to_owned(), text(&cache)]);
    let mut visible = Vec::new();
    if let Some(registry) = settings.registry {
        argv.extend(["--registry".to_owned(), registry]);
    }
    if let Some(ca_file) = settings.ca_file {
        visible.push(PathBuf::from(&ca_file));
        argv.extend(["--cafile".to_owned(), ca_file]);
    }
    argv.extend(["--".to_owned(), wanted.clone()]);
    let mut env = BTreeMap::new();
    if let Some(file) = system_certificates() {
        env.insert("NODE_EXTRA_CA_CERTS".to_owned(), text(&file));
    }
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
    let modules = tree.path.join("node_modules");
    let folder = modules.join(package);
    let manifest = read_json(&folder.join("package.json"))
        .ok_or_else(|| InstallError::Failed("the package is not where npm puts it".to_owned()))?;
    let script = program_of(&manifest, package)
        .map(|relative| folder.join(relative))
        .filter(|script| is_inside(script, &tree.path))
        .ok_or_else(|| InstallError::NoProgram(package.to_owned()))?;
    let lock = read_json(&modules.join(".package-lock.json")).unwrap_or_default();
    let locked = &lock["packages"][format!("node_modules/{package}")];
    let info = json!({
        "registry": "npm",
        "name": package,
        "version": manifest["version"],
        "integrity": locked["integrity"],
        "files": files,
        "bytes": bytes,
    });
    Ok(Installed {
        program: Program {
            argv: vec![
                text(&node),
                "--max-old-space-size=384".to_owned(),
                text(&script),
            ],
            visible: vec![tree.path.clone()],
            find_needs: true,
            ..Program::default()
        },
        info,
        _tree: tree.temporary,
    })
}

/// Says from npm's codes why an installation failed.
fn failure(said: &str, wanted: &str) -> InstallError {
    let has = |code: &str| said.contains(code);
    if has("E404") || has("ETARGET") || has("ENOVERSIONS") || has("EINVALIDPACKAGENAME") {
        InstallError::NotFound(format!("{wanted} at npm"))
    } else if has("ENOTFOUND") || has("EAI_AGAIN") || has("ECONNREFUSED") || has("ETIMEDOUT") {
        InstallError::Unreachable(reason(said))
    } else {
        InstallError::Failed(reason(said))
    }
}

/// The script of the program that a package offers: the one named like the package, else the
/// only one, else the first one.
fn program_of(manifest: &Value, package: &str) -> Option<String> {
    let base = package.rsplit('/').next().unwrap_or(package);
    let script = match &manifest["bin"] {
        Value::String(script) => Some(script.clone()),
        Value::Object(programs) => programs
            .get(base)
            .or_else(|| {
                programs
                    .iter()
                    .find(|(name, _)| name.contains("mcp"))
                    .map(|(_, script)| script)
            })
            .or_else(|| programs.values().next())
            .and_then(Value::as_str)
            .map(str::to_owned),
        _ => None,
    };
    script.or_else(|| manifest["main"].as_str().map(str::to_owned))
}

/// Whether a file, its links resolved, lies in the tree.
fn is_inside(file: &Path, tree: &Path) -> bool {
    match (std::fs::canonicalize(file), std::fs::canonicalize(tree)) {
        (Ok(file), Ok(tree)) => file.starts_with(tree) && file.is_file(),
        _ => false,
    }
}

fn read_json(path: &Path) -> Option<Value> {
    if std::fs::symlink_metadata(path).ok()?.len() > 64 << 20 {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_chosen_by_name() {
        let choose = |manifest: Value| program_of(&manifest, "@s/x-mcp");
        assert_eq!(choose(json!({"bin": "a.js"})).as_deref(), Some("a.js"));
        let two = json!({"bin": {"other": "o.js", "x-mcp": "x.js"}});
        assert_eq!(choose(two).as_deref(), Some("x.js"));
        let mcp = json!({"bin": {"other": "o.js", "the-mcp": "m.js"}});
        assert_eq!(choose(mcp).as_deref(), Some("m.js"));
        assert_eq!(choose(json!({})), None);
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(
            failure("npm error code ETARGET", "x@9"),
            InstallError::NotFound(_)
        ));
        assert!(matches!(
            failure("npm error code EAI_AGAIN", "x"),
            InstallError::Unreachable(_)
        ));
        assert!(matches!(
            failure("npm error odd", "x"),
            InstallError::Failed(_)
        ));
    }
}
