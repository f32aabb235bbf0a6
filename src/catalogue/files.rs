//! Writing files so that a crash leaves the old one or the new one, never half of one.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct StagedError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Writes a file beside its place and renames it there; missing folders are made.
///
/// # Errors
/// When the folder or the file cannot be written; the old file is then as it was.
pub fn write_staged(path: &Path, bytes: &[u8]) -> Result<(), StagedError> {
    let failed = |source: io::Error| StagedError {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".staged-");
    #[cfg(unix)]
    builder.permissions(permissions());
    let mut staged = builder.tempfile_in(folder).map_err(failed)?;
    io::Write::write_all(&mut staged, bytes).map_err(failed)?;
    staged.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Readable by all, as the files of a published catalogue have to be; the umask still applies.
#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        write_staged(&path, b"one").unwrap();
        write_staged(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn the_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let error = write_staged(&blocked.join("x.json"), b"").unwrap_err();
        assert!(error.to_string().contains("x.json"), "{error}");
    }
}
