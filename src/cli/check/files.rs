//! The files beside a configuration: lock, baseline, suppressions.

use super::subject::shown;
use crate::catalogue::write_staged;
use crate::check::baseline::{Baseline, BaselineError, config_id};
use crate::check::lock::LockError;
use crate::check::{Lock, Suppression, suppress};
use crate::cli::{Failure, output};
use crate::model::Shown;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Reads the lock; without one that was asked for by name, there need not be any.
pub(super) fn read_lock(path: &Path, asked: bool) -> Result<Option<Lock>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !asked => return Ok(None),
        Err(error) => {
            return Err(Failure::bad_input(
                format!("cannot read the lock {}: {error}", shown(path)),
                "`toolrisk lock` writes one",
            ));
        }
    };
    let lock = Lock::read(&text).map_err(|error| {
        let help = match error {
            LockError::Newer(_) => "use the newer toolrisk that wrote it",
            _ => "look at the servers again and write it anew with `toolrisk lock`",
        };
        Failure::bad_input(
            format!(
                "the lock {} cannot be used: {}",
                shown(path),
                Shown(&error.to_string())
            ),
            help,
        )
    })?;
    Ok(Some(lock))
}

pub(super) fn read_baseline(path: &Path, config: &str) -> Result<Baseline, Failure> {
    let bad = |message: String| {
        Failure::bad_input(
            format!("the baseline {} cannot be used: {message}", shown(path)),
            "write one with --write-baseline FILE",
        )
    };
    let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    Baseline::read(&text, &config_id(config)).map_err(|error: BaselineError| bad(error.to_string()))
}

pub(super) fn read_suppressions(
    named: Option<&Path>,
    config: &Path,
    day: &str,
) -> Result<Vec<Suppression>, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => config.with_file_name(".toolrisk.toml"),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
            return Ok(Vec::new());
        }
        Err(error) => {
            return Err(Failure::bad_input(
                format!("cannot read the suppressions {}: {error}", shown(&path)),
                "name a file with --suppressions",
            ));
        }
    };
    let suppressions = suppress::read(&text).map_err(|error| {
        Failure::bad_input(
            format!("the suppressions {} cannot be used: {error}", shown(&path)),
            "an entry is [[suppress]] with rule, reason and until = \"YYYY-MM-DD\"",
        )
    })?;
    for suppression in suppress::expired(&suppressions, day) {
        output::note(&format!(
            "the suppression of {} ended on {} and does not hold any more",
            Shown(&suppression.rule),
            suppression.until
        ));
    }
    Ok(suppressions)
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_staged(path, text.as_bytes())
        .map_err(|error| Failure::bad_input(error.to_string(), "choose a file that can be written"))
}

/// The lock that stands where a new one is to be written. One that cannot be trusted is put aside,
/// never written over; one of a newer program is left alone.
pub(super) fn lock_before(path: &Path) -> Result<Option<Lock>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::bad_input(
                format!("cannot read the lock {}: {error}", shown(path)),
                "choose another place with --lock FILE",
            ));
        }
    };
    match Lock::read(&text) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ LockError::Newer(_)) => Err(Failure::bad_input(
            format!("the lock {} is not written over: {error}", shown(path)),
            "use the newer toolrisk that wrote it, or choose another place with --lock FILE",
        )),
        Err(error) => {
            let aside = aside(path);
            fs::rename(path, &aside).map_err(|error| {
                Failure::bad_input(
                    format!("cannot put {} aside: {error}", shown(path)),
                    "choose another place with --lock FILE",
                )
            })?;
            output::note(&format!(
                "the lock that stood here could not be trusted ({}); it is kept as {}, and nothing \
                 that was accepted in it is taken over",
                Shown(&error.to_string()),
                shown(&aside)
            ));
            Ok(None)
        }
    }
}

/// A name beside a file that is free.
fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 1;
    loop {
        let free = path.with_file_name(format!("{name}.untrusted-{number}"));
        if !free.exists() {
            return free;
        }
        number += 1;
    }
}
