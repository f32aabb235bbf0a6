//! Packages: installed, started without network, and started again with false credentials when
//! they insist on some.

use super::context::Context;
use super::program::{Asked, ask_program, revealed, start_fault};
use crate::mcp::{Fault, Listing, missing_variables};
use crate::model::{Outcome, Source, Target};
use crate::sandbox::package::{InstallError, Installed, install_npm, install_pypi};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// How often one package is started at most: as it is, and twice with placeholders for what it
/// asked for.
pub(super) const STARTS: u32 = 3;

/// Installs the package of `target`, lists its tools and removes it.
pub(super) async fn ask_package(
    target: &Target,
    context: &Context,
    asked: &mut Asked,
) -> Result<(), Fault> {
    let options = &context.options;
    let installed = match &target.source {
        Source::Npm { package, version } => {
            install_npm(
                &options.sandbox,
                package,
                version.as_deref(),
                &options.install,
            )
            .await
        }
        Source::Pypi { package, version } => {
            install_pypi(
                &options.sandbox,
                package,
                version.as_deref(),
                &options.install,
            )
            .await
        }
        _ => return Err(Fault::new(Outcome::Deferred, "the target is no package")),
    };
    let installed = installed.map_err(|error| install_fault(&error))?;
    asked.package = Some(installed.info.clone());
    let ended = ask_installed(&installed, target, context, asked).await;
    installed.remove().await;
    ended
}

/// Starts what was installed, as often as it takes.
async fn ask_installed(
    installed: &Installed,
    target: &Target,
    context: &Context,
    asked: &mut Asked,
) -> Result<(), Fault> {
    let options = &context.options;
    let mut program = installed.program.clone();
    program.argv.extend(target.args.iter().cloned());
    program.env.extend(revealed(&target.env));
    program.network = options.network;
    program.visible.extend(options.binds.iter().cloned());
    let mut placeholders: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let deadline = Instant::now() + options.limits.total;
        let ended = ask_program(&program, context, deadline, asked).await;
        let Err(fault) = ended else { return Ok(()) };
        let mut wanted: Vec<String> = missing_variables(&fault.detail)
            .into_iter()
            .filter(|name| !program.env.contains_key(name))
            .collect();
        // `X_FILE` is another way to give what is wanted as `X`, and would be read.
        if wanted.iter().any(|name| !name.ends_with("_FILE")) {
            wanted.retain(|name| !name.ends_with("_FILE"));
        }
        let again = fault.outcome == Outcome::NeedsConfig
            && options.placeholders
            && !wanted.is_empty()
            && placeholders.len() < 20
            && asked.starts + 1 < STARTS;
        if !again {
            return Err(fault);
        }
        asked.starts += 1;
        asked.listing = Listing::default();
        asked.placeholder = true;
        for name in wanted {
            let value = placeholder(&name);
            program.env.insert(name.clone(), value.clone());
            placeholders.insert(name, value);
        }
    }
}

/// An obviously false value for a variable.
fn placeholder(name: &str) -> String {
    let is = |part: &str| name.contains(part);
    if is("URL") || is("ENDPOINT") || is("URI") {
        "https://placeholder.invalid".to_owned()
    } else if is("HOST") || is("DOMAIN") {
        "placeholder.invalid".to_owned()
    } else if ["DIR", "PATH", "FOLDER"].iter().any(|part| is(part)) {
        "/tmp".to_owned()
    } else if is("REGION") {
        "placeholder-1".to_owned()
    } else if is("PORT") {
        "9".to_owned()
    } else if is("EMAIL") {
        "placeholder@placeholder.invalid".to_owned()
    } else {
        "placeholder-not-a-credential".to_owned()
    }
}

/// The outcome of a package that could not be installed.
fn install_fault(error: &InstallError) -> Fault {
    let outcome = match error {
        InstallError::NoClient(_) | InstallError::NeedsBuild(_) | InstallError::OtherPython(..) => {
            Outcome::Deferred
        }
        InstallError::TooLarge(_) => Outcome::TooLarge,
        InstallError::Timeout(_) => Outcome::Timeout,
        InstallError::Unreachable(_) => Outcome::Refused,
        InstallError::Start(start) => return start_fault(start),
        InstallError::NoProgram(_) => Outcome::NotMcp,
        InstallError::NotFound(_)
        | InstallError::Needs(_)
        | InstallError::Elsewhere(_)
        | InstallError::Failed(_)
        | InstallError::Io(_) => Outcome::Crashed,
    };
    Fault::new(outcome, Fault::clip(&error.to_string()))
}
