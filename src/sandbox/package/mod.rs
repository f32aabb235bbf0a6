//! Packages of the npm registry and of the Python package index: installed in one sandbox that has
//! the network but runs none of the package's code, to be started in another that has none.

mod npm;
mod pypi;

use super::{Program, ProgramLimits, Sandbox, StartError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// How packages are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallOptions {
    /// Run the package's own build code where no built form is offered.
    pub allow_build: bool,
    /// Where downloads are kept between runs.
    pub cache: PathBuf,
    /// Keep installed trees in this folder instead of removing them.
    pub keep: Option<PathBuf>,
    /// For one installation.
    pub timeout: Duration,
    /// Files of one installation.
    pub max_files: u64,
    /// Bytes of one installation.
    pub max_bytes: u64,
}

impl Default for InstallOptions {
    fn default() -> Self {
        InstallOptions {
            allow_build: false,
            cache: default_cache(),
            keep: None,
            timeout: Duration::from_mins(2),
            max_files: 50_000,
            max_bytes: 500 << 20,
        }
    }
}

/// `toolrisk` in the user's folder of caches.
fn default_cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("toolrisk")
}

/// An installed package, ready to be started. Its tree is removed when this is dropped.
#[derive(Debug)]
pub struct Installed {
    /// How to start it, without network and without the target's own arguments.
    pub program: Program,
    /// Version, integrity and size, for the record.
    pub info: Value,
    _tree: Option<TempDir>,
}

/// Why a package could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The client of the registry is missing on this machine.
    #[error("{0} is not installed here")]
    NoClient(&'static str),
    /// The registry has no such package or version.
    #[error("the registry has no {0}")]
    NotFound(String),
    /// Only a form that runs code to be built is offered.
    #[error("{0} has no built form for this machine; --allow-build runs its build code")]
    NeedsBuild(String),
    /// The package starts no program.
    #[error("{0} offers no program to start")]
    NoProgram(String),
    /// It is larger than the limits.
    #[error("the installation is larger than {0}")]
    TooLarge(String),
    /// It took too long.
    #[error("the installation was not done within {0} s")]
    Timeout(u64),
    /// The registry cannot be reached.
    #[error("the registry cannot be reached: {0}")]
    Unreachable(String),
    /// The client failed otherwise.
    #[error("the installation failed: {0}")]
    Failed(String),
    /// The sandbox could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A folder could not be made or read.
    #[error("the installation failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Installs a package of the npm registry.
pub async fn install_npm(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    npm::install(sandbox, package, version, options).await
}

/// Installs a package of the Python package index.
pub async fn install_pypi(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    pypi::install(sandbox, package, version, options).await
}

/// The tree of one installation.
struct Tree {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl Tree {
    /// A new folder: a kept one of that name, or a temporary one.
    fn make(options: &InstallOptions, name: &str) -> Result<Tree, InstallError> {
        if let Some(keep) = &options.keep {
            let path = std::path::absolute(keep.join(name))?;
            if path.exists() {
                std::fs::remove_dir_all(&path)?;
            }
            std::fs::create_dir_all(&path)?;
            return Ok(Tree {
                path,
                temporary: None,
            });
        }
        let folder = tempfile::Builder::new()
            .prefix("toolrisk-package-")
            .tempdir()?;
        Ok(Tree {
            path: folder.path().to_owned(),
            temporary: Some(folder),
        })
    }

    /// Counts files and bytes; links are not followed.
    fn measure(&self, options: &InstallOptions) -> Result<(u64, u64), InstallError> {
        let (mut files, mut bytes) = (0, 0);
        for entry in walkdir::WalkDir::new(&self.path).into_iter().flatten() {
            if entry.file_type().is_file() {
                files += 1;
                bytes += entry.metadata().map_or(0, |data| data.len());
            }
            if files > options.max_files {
                return Err(InstallError::TooLarge(format!(
                    "{} files",
                    options.max_files
                )));
            }
            if bytes > options.max_bytes {
                return Err(InstallError::TooLarge(format!(
                    "{} bytes",
                    options.max_bytes
                )));
            }
        }
        Ok((files, bytes))
    }
}

/// Limits while a package is installed: the client of the registry is a program we trust, but its
/// work is as large as the package makes it.
fn install_limits(options: &InstallOptions) -> ProgramLimits {
    ProgramLimits {
        processes: 256,
        memory_mib: 2048,
        disk_mib: 512,
        file_mib: options.max_bytes >> 20,
        descriptors: 4096,
    }
}

/// Runs an installer to its end; gives what it said on both streams and whether it ended well.
async fn run(
    sandbox: &Sandbox,
    program: &Program,
    options: &InstallOptions,
) -> Result<(bool, String), InstallError> {
    let mut started = sandbox.start(program, &install_limits(options)).await?;
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
    let Ok(said) = tokio::time::timeout(options.timeout, reading).await else {
        started.kill().await;
        return Err(InstallError::Timeout(options.timeout.as_secs()));
    };
    let done = started.succeeded(Duration::from_secs(10)).await;
    started.kill().await;
    Ok((
        done == Some(true),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

/// Runs a program of the host that only prints its settings, such as where Python is.
async fn ask_host(program: &str, args: &[&str]) -> Option<String> {
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
    (output.status.success() && !text.is_empty() && text != "undefined" && text != "null")
        .then(|| text.to_owned())
}

/// The certificates of this machine, for a client that brings its own and knows no others.
fn system_certificates() -> Option<PathBuf> {
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|file| file.is_file())
}

/// A line of an installer's output that holds the reason, neutralised and short.
fn reason(said: &str) -> String {
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
