//! The folder that one installation fills, and how large it may become.

use super::{InstallError, InstallOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How often a growing tree is measured.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The tree of one installation.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) path: PathBuf,
    pub(super) temporary: Option<TempDir>,
}

/// Files and bytes of a tree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Tree {
    /// A new folder: a kept one of that name, or a temporary one.
    pub(super) fn make(options: &InstallOptions, name: &str) -> Result<Tree, InstallError> {
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

    /// Removes it, which takes a while, beside the work of others.
    pub(super) async fn discard(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    /// Counts files and bytes.
    pub(super) fn measure(&self, options: &InstallOptions) -> Result<Size, InstallError> {
        measure(&self.path, options)
    }

    /// Where the client works while it installs: on the disk, for packages that are large, and
    /// measured with the rest.
    pub(super) fn work(&self) -> PathBuf {
        self.path.join(".work")
    }

    /// Ends when the tree has become larger than the limits; while it does not, never. What is
    /// unpacked lies beside what was packed for a while: that much more is let through.
    pub(super) async fn outgrown(&self, options: &InstallOptions) -> InstallError {
        let mut growing = options.clone();
        growing.max_files *= 2;
        growing.max_bytes *= 2;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let (path, options) = (self.path.clone(), growing.clone());
            let measured = tokio::task::spawn_blocking(move || measure(&path, &options)).await;
            if let Ok(Err(error)) = measured {
                return error;
            }
        }
    }
}

/// Counts until a limit is passed; links are not followed.
fn measure(path: &Path, options: &InstallOptions) -> Result<Size, InstallError> {
    let mut size = Size::default();
    for entry in walkdir::WalkDir::new(path).into_iter().flatten() {
        if entry.file_type().is_file() {
            size.files += 1;
            size.bytes += entry.metadata().map_or(0, |data| data.len());
        }
        if size.files > options.max_files {
            let limit = format!("{} files", options.max_files);
            return Err(InstallError::TooLarge(limit));
        }
        if size.bytes > options.max_bytes {
            let limit = format!("{} bytes", options.max_bytes);
            return Err(InstallError::TooLarge(limit));
        }
    }
    Ok(size)
}
