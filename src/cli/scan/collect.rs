//! Turns the arguments into targets. Everything that is bad input is found here, before anything
//! is contacted or written.

use super::Args;
use crate::cli::Failure;
use crate::crawl::read_saved;
use crate::mcp::Limits;
use crate::model::target::{Origin, Secret};
use crate::model::{Source, Target};
use crate::targets::{Environment, TargetsError, expand, parse_argument, read_file};

/// The targets of this call, in the order given.
pub(super) fn targets(args: &Args) -> Result<Vec<Target>, Failure> {
    let environment = Environment::of_process();
    let mut targets = Vec::new();
    for text in &args.targets {
        targets.push(parse_argument(text).map_err(bad)?);
    }
    if !args.command.is_empty() {
        targets.push(Target::new(Source::Command(args.command.clone())));
    }
    add_headers(args, &mut targets, &environment)?;
    if let Some(name) = &args.name {
        match targets.as_mut_slice() {
            [only] if args.from.is_empty() => only.name = Some(name.clone()),
            _ => {
                return Err(Failure::bad_input(
                    "--name is given with more or less than one target",
                    "name one target, or write names into a targets file",
                ));
            }
        }
    }
    for path in &args.from {
        targets.extend(read_file(path, &environment).map_err(bad)?);
    }
    if targets.is_empty() {
        return Err(Failure::bad_input(
            "there is no target",
            "give a target, --from FILE, or -- COMMAND ARGS; toolrisk scan --help shows examples",
        ));
    }
    for target in &targets {
        if let Source::File(path) = &target.source {
            read_saved(path, &Limits::default()).map_err(|error| {
                Failure::bad_input(
                    error.to_string(),
                    "a saved list is the answer of tools/list, or a bare array of tools",
                )
            })?;
        }
    }
    Ok(targets)
}

/// Adds the headers of `--header` to the URLs that were typed.
fn add_headers(
    args: &Args,
    targets: &mut [Target],
    environment: &Environment,
) -> Result<(), Failure> {
    for header in &args.header {
        let help = "write it like --header 'Authorization: Bearer ${TOKEN}'";
        // The text may hold a credential: it is not repeated.
        let Some((name, value)) = header.split_once(':') else {
            return Err(Failure::bad_input("a --header has no colon", help));
        };
        let value = expand(value.trim(), environment).map_err(|variable| {
            Failure::bad_input(
                format!("--header wants the variable {variable}, which is not set"),
                help,
            )
        })?;
        for target in targets.iter_mut() {
            if matches!(target.source, Source::Url { .. }) && target.origin == Origin::User {
                target
                    .headers
                    .insert(name.trim().to_owned(), Secret::new(value.clone()));
            }
        }
    }
    Ok(())
}

fn bad(error: TargetsError) -> Failure {
    Failure::bad_input(error.message, error.help)
}
