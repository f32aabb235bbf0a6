//! Running the client of a registry, `npm` or `pip`: in a sandbox whose only way out is the registry.

use super::tree::{Size, Tree};
use super::{InstallError, InstallOptions};
use crate::sandbox::egress::{Destinations, Egress, PORT, Upstream, wrapped};
use crate::sandbox::{Program, ProgramLimits, Sandbox, reach};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How one package is installed.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    /// The client and its arguments, without those that name the proxy.
    pub(super) argv: Vec<String>,
    /// The arguments that name a proxy, `{}` for its address.
    pub(super) proxy: &'static [&'static str],
    pub(super) env: BTreeMap<String, String>,
    /// Files of the host that the client reads.
    pub(super) visible: Vec<PathBuf>,
    /// Where downloads are kept.
    pub(super) cache: PathBuf,
    /// Where it may go.
    pub(super) destinations: Destinations,
    /// The arguments that come last.
    pub(super) last: Vec<String>,
}

/// The cache of a client. Where the code of packages may run, it could spoil what others find
/// there: then the cache is part of the tree.
pub(super) fn cache(
    options: &InstallOptions,
    tree: &Tree,
    client: &str,
) -> Result<PathBuf, InstallError> {
    let cache = if options.allow_build {
        tree.path.join(".cache")
    } else {
        options.cache.join(client)
    };
    std::fs::create_dir_all(&cache)?;
    Ok(cache)
}

/// Runs the client to its end; gives the tree and its size, or what `failure` makes of its words.
pub(super) async fn install(
    sandbox: &Sandbox,
    recipe: Recipe,
    tree: Tree,
    options: &InstallOptions,
    failure: impl FnOnce(&str) -> InstallError,
) -> Result<(Tree, Size), InstallError> {
    match fill(sandbox, recipe, &tree, options, failure).await {
        Ok(size) => Ok((tree, size)),
        Err(error) => {
            tree.discard().await;
            Err(error)
        }
    }
}

async fn fill(
    sandbox: &Sandbox,
    recipe: Recipe,
    tree: &Tree,
    options: &InstallOptions,
    failure: impl FnOnce(&str) -> InstallError,
) -> Result<Size, InstallError> {
    let confined = !matches!(sandbox, Sandbox::None);
    let mut argv = recipe.argv;
    let mut visible = recipe.visible;
    let mut egress = None;
    if confined {
        if recipe.destinations.is_empty() {
            return Err(InstallError::Failed(
                "this machine's settings name no registry over HTTP".to_owned(),
            ));
        }
        let address = format!("http://127.0.0.1:{PORT}");
        let words = recipe.proxy.iter().map(|word| word.replace("{}", &address));
        argv.extend(words);
        argv.extend(recipe.last);
        // What comes in is packed; several times the limit is no honest package.
        let open = Egress::open(recipe.destinations, options.max_bytes.saturating_mul(2))?;
        let path = std::env::var("PATH").unwrap_or_default();
        visible.extend(reach::needs(&argv, &path));
        let ourselves = match &options.ourselves {
            Some(program) => program.clone(),
            None => std::env::current_exe()?,
        };
        argv = wrapped(&ourselves, &open.socket(), argv);
        visible.extend([ourselves, open.socket()]);
        egress = Some(open);
    } else {
        argv.extend(recipe.last);
    }
    let mut env = recipe.env;
    std::fs::create_dir_all(tree.work())?;
    let work = tree.work().to_string_lossy().into_owned();
    env.insert("TMPDIR".to_owned(), work);
    let program = Program {
        argv,
        env,
        folder: Some(tree.path.clone()),
        visible,
        writable: vec![tree.path.clone(), recipe.cache],
        find_needs: false,
        network: false,
    };
    let (done, said) = run(sandbox, &program, tree, options).await?;
    if !done {
        if let Some(egress) = &egress {
            if egress.is_used_up() {
                let limit = format!("{} bytes, packed", options.max_bytes.saturating_mul(2));
                return Err(InstallError::TooLarge(limit));
            }
            let refused = egress.refused();
            if !refused.is_empty() {
                return Err(InstallError::Elsewhere(refused.join(", ")));
            }
        }
        // The limit on one file, as Python and Node name it.
        if said.contains("File too large") || said.contains("EFBIG") {
            let limit = format!("{} bytes in one file", options.max_bytes);
            return Err(InstallError::TooLarge(limit));
        }
        return Err(failure(&said));
    }
    std::fs::remove_dir_all(tree.work())?;
    tree.measure(options)
}

/// Limits while a package is installed: the client of the registry is a program we trust, but its
/// work is as large as the package makes it.
fn limits(options: &InstallOptions) -> ProgramLimits {
    ProgramLimits {
        processes: 256,
        memory_mib: 2048,
        disk_mib: 512,
        file_mib: options.max_bytes >> 20,
        descriptors: 4096,
    }
}

/// Runs an installer to its end; gives whether it ended well, and what it said on both streams.
async fn run(
    sandbox: &Sandbox,
    program: &Program,
    tree: &Tree,
    options: &InstallOptions,
) -> Result<(bool, String), InstallError> {
    let mut started = sandbox.start(program, &limits(options)).await?;
    let streams = started.take_streams();
    let Some((stdin, stdout, stderr)) = streams else {
        return Err(InstallError::Failed("no streams".to_owned()));
    };
    drop(stdin);
    let reading = async {
        let (mut said, mut errors) = (Vec::new(), Vec::new());
        // What is said beyond the limit is not read; the client then ends on a closed pipe.
        let (mut stdout, mut stderr) = (stdout.take(1 << 20), stderr.take(1 << 20));
        let _ = tokio::join!(
            stdout.read_to_end(&mut said),
            stderr.read_to_end(&mut errors)
        );
        said.extend(errors);
        said
    };
    let given_up = tokio::select! {
        said = reading => Ok(said),
        error = tree.outgrown(options) => Err(error),
        () = tokio::time::sleep(options.timeout) => {
            Err(InstallError::Timeout(options.timeout.as_secs()))
        }
    };
    let said = match given_up {
        Ok(said) => said,
        Err(error) => {
            started.kill().await;
            return Err(error);
        }
    };
    let done = started.succeeded(Duration::from_secs(10)).await;
    started.kill().await;
    Ok((
        done == Some(true),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

/// Runs a program of the host that only prints its settings, such as where Python is.
pub(super) async fn ask_host(program: &str, args: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new(program);
    command
        .args(args)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(20), command.output())
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// Puts the proxy of this machine on the way to the registry: the one of the client's own settings,
/// else the one of the environment.
pub(super) fn through_proxy(destinations: &mut Destinations, of_client: Option<&str>) {
    let variable = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.trim().is_empty())
    };
    let of_environment = variable(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]);
    let upstream = of_client
        .map(str::to_owned)
        .or(of_environment)
        .and_then(|address| Upstream::parse(&address));
    let direct = variable(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    destinations.through(upstream, &direct);
}

/// The certificates of this machine, for a client that brings its own and knows no others.
pub(super) fn system_certificates() -> Option<PathBuf> {
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|file| file.is_file())
}

/// What stands behind these words in an installer's output, up to the end of the line; neutralised
/// and short.
pub(super) fn behind(said: &str, words: &str) -> Option<String> {
    let rest = said.split_once(words)?.1.lines().next()?;
    let short: String = rest
        .trim()
        .trim_end_matches('.')
        .chars()
        .take(100)
        .collect();
    Some(crate::model::Shown(&short).to_string())
}

/// A line of an installer's output that holds the reason, neutralised and short.
pub(super) fn reason(said: &str) -> String {
    let line = said
        .lines()
        .rev()
        .filter(|line| !line.contains("complete log") && line.len() > 12)
        .find(|line| line.to_ascii_lowercase().contains("error"))
        .or_else(|| said.lines().rev().find(|line| !line.trim().is_empty()))
        .unwrap_or("it said nothing");
    let short: String = line.chars().take(200).collect();
    crate::model::Shown(&short).to_string()
}
