//! npm packages: `npm install --ignore-scripts`, then the program that `package.json` names.

use super::client::{
    Recipe, ask_host, behind, cache, install, reason, system_certificates, through_proxy,
};
use super::tree::Tree;
use super::{InstallError, InstallOptions, Installed};
use crate::sandbox::egress::Destinations;
use crate::sandbox::{Program, Sandbox, reach};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// Settings of npm on this machine that the installation needs; none of them is a credential.
#[derive(Debug, Clone, Default)]
struct Settings {
    /// Settings that are handed on by name.
    handed_on: Vec<(String, String)>,
    ca_file: Option<String>,
    proxy: Option<String>,
}

impl Settings {
    /// Picks from what `npm config list --json` prints.
    fn of(all: &Value) -> Settings {
        let text = |value: &Value| {
            let text = value.as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let mut settings = Settings {
            ca_file: text(&all["cafile"]),
            proxy: text(&all["https-proxy"]).or_else(|| text(&all["proxy"])),
            ..Settings::default()
        };
        for (name, value) in all.as_object().into_iter().flatten() {
            // `registry`, and `@scope:registry` for the packages of a scope.
            let is_registry = name == "registry" || name.ends_with(":registry");
            if let Some(value) = text(value).filter(|_| is_registry) {
                settings.handed_on.push((name.clone(), value));
            }
        }
        settings
    }

    fn destinations(&self) -> Destinations {
        let mut destinations = Destinations::default();
        for (_, registry) in &self.handed_on {
            destinations.open(registry);
        }
        through_proxy(&mut destinations, self.proxy.as_deref());
        destinations
    }
}

async fn settings() -> Settings {
    static SETTINGS: OnceCell<Settings> = OnceCell::const_new();
    SETTINGS
        .get_or_init(|| async {
            let all = ask_host("npm", &["config", "list", "--json"]).await;
            let all = all.and_then(|text| serde_json::from_str(&text).ok());
            Settings::of(&all.unwrap_or_default())
        })
        .await
        .clone()
}

pub(super) async fn install_npm(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    let path = std::env::var("PATH").unwrap_or_default();
    let node = reach::find_program("node", &path).ok_or(InstallError::NoClient("node"))?;
    reach::find_program("npm", &path).ok_or(InstallError::NoClient("npm"))?;
    let tree = Tree::make(options, &format!("npm-{}", package.replace('/', "-")))?;
    let wanted = format!("{package}@{}", version.unwrap_or("latest"));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let recipe = recipe(settings().await, &tree, &wanted, options)?;
    let failed = |said: &str| failure(said, &wanted);
    let (tree, size) = install(sandbox, recipe, tree, options, failed).await?;
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
        "files": size.files,
        "bytes": size.bytes,
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

/// How npm is told to install `wanted` into the tree.
fn recipe(
    settings: Settings,
    tree: &Tree,
    wanted: &str,
    options: &InstallOptions,
) -> Result<Recipe, InstallError> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let cache = cache(options, tree, "npm")?;
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
    for (name, value) in &settings.handed_on {
        argv.push(format!("--{name}={value}"));
    }
    let mut visible = Vec::new();
    if let Some(ca_file) = &settings.ca_file {
        visible.push(PathBuf::from(ca_file));
        argv.extend(["--cafile".to_owned(), ca_file.clone()]);
    }
    let mut env = BTreeMap::new();
    if let Some(file) = system_certificates() {
        env.insert("NODE_EXTRA_CA_CERTS".to_owned(), text(&file));
    }
    Ok(Recipe {
        argv,
        proxy: &["--https-proxy={}", "--proxy={}"],
        env,
        visible,
        cache,
        destinations: settings.destinations(),
        last: vec!["--".to_owned(), wanted.to_owned()],
    })
}

/// Says from npm's codes why an installation failed.
fn failure(said: &str, wanted: &str) -> InstallError {
    let has = |code: &str| said.contains(code);
    // npm 10 and 11 word it in two ways.
    let quoted = |before: &str| {
        behind(said, before).map(|rest| rest.split('\'').next().unwrap_or("").to_owned())
    };
    let missing = behind(said, "No matching version found for ")
        .or_else(|| quoted("404  '"))
        .or_else(|| quoted("404  The requested resource '"));
    // `@scope/name@range`: the name ends at the last `@` that is not the first character.
    let name = |text: &str| {
        text.rfind('@')
            .filter(|at| *at > 0)
            .map(|at| text[..at].to_owned())
    };
    if let Some(missing) = missing.filter(|missing| name(missing) != name(wanted)) {
        return InstallError::Needs(missing);
    }
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
    fn registries_of_scopes_are_open_too_and_credentials_are_left() {
        let all = json!({
            "registry": "https://one.example/", "@s:registry": "https://two.example/npm/",
            "cafile": null, "https-proxy": "", "proxy": "http://proxy.example:3128",
            "//one.example/:_authToken": "hunter2", "audit": false,
        });
        let settings = Settings::of(&all);
        let names: Vec<&str> = settings
            .handed_on
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["registry", "@s:registry"]);
        assert_eq!(settings.proxy.as_deref(), Some("http://proxy.example:3128"));
        let mut open = Destinations::default();
        open.open("https://one.example");
        open.open("https://two.example");
        through_proxy(&mut open, settings.proxy.as_deref());
        assert_eq!(settings.destinations(), open);
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(
            failure("npm error code ETARGET", "x@9"),
            InstallError::NotFound(_)
        ));
        let own =
            "npm error code ETARGET\nnpm error notarget No matching version found for @s/x@9.\n";
        assert!(matches!(failure(own, "@s/x@9"), InstallError::NotFound(_)));
        let other =
            "npm error code ETARGET\nnpm error notarget No matching version found for y@^1.\n";
        assert!(matches!(failure(other, "@s/x@9"), InstallError::Needs(what) if what == "y@^1"));
        for (missing, wanted, needed) in [
            ("@t/y@*", "x@latest", true),
            ("x@latest", "x@latest", false),
        ] {
            let said = format!(
                "npm error code E404\nnpm error 404  The requested resource '{missing}' could not be found or you do not have permission to access it.\n"
            );
            assert_eq!(
                matches!(failure(&said, wanted), InstallError::Needs(what) if what == missing),
                needed
            );
        }
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
