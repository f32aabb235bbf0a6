//! `toolrisk check` and `toolrisk lock`: a project's servers against what was looked at.

mod files;
mod gather;
mod lock;
mod run;
mod subject;

pub(super) use lock::{Args as LockArgs, run as run_lock};
pub(super) use run::{Args, run};
