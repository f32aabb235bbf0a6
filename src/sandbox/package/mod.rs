//! Packages of the npm registry and of the Python package index: installed in one sandbox that
//! reaches the registry alone and runs none of the package's code, to be started in another that
//! reaches nothing.

mod client;
mod npm;
mod pypi;
mod tree;

use super::{Program, Sandbox, StartError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

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
    /// The `toolrisk` program, which opens the way to the registry inside the sandbox; `None`: the
    /// one that is running.
    pub ourselves: Option<PathBuf>,
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
            ourselves: None,
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

impl Installed {
    /// Removes the tree, which takes a while, beside the work of others.
    pub async fn remove(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
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
    /// The registry has the package, but not what it needs.
    #[error("it needs {0}, which the registry does not have")]
    Needs(String),
    /// Only a form that runs code to be built is offered.
    #[error("{0} has no built form for this machine; --allow-build runs its build code")]
    NeedsBuild(String),
    /// All its versions are for another Python: what it is and what it asks for.
    #[error("{0} is for Python {1}, and this machine has another")]
    OtherPython(String, String),
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
    /// It wanted something from a host that is not the registry.
    #[error(
        "the installation wanted {0}, which is not the registry that this machine is set up for"
    )]
    Elsewhere(String),
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
    npm::install_npm(sandbox, package, version, options).await
}

/// Installs a package of the Python package index.
pub async fn install_pypi(
    sandbox: &Sandbox,
    package: &str,
    version: Option<&str>,
    options: &InstallOptions,
) -> Result<Installed, InstallError> {
    pypi::install_pypi(sandbox, package, version, options).await
}
