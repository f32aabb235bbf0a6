//! Turns the arguments into targets. Everything that is bad input is found here, before anything
//! is contacted or written.

use super::Args;
use super::lists::{self, bad};
use crate::cli::Failure;
use crate::crawl::read_saved;
use crate::mcp::Limits;
use crate::model::target::{Origin, Secret};
use crate::model::{Source, Target};
use crate::targets::optout::OptOut;
use crate::targets::{Environment, TargetsError, expand, parse_argument};

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
            [only] if !lists::any(args) => only.name = Some(name.clone()),
            _ => {
                return Err(Failure::bad_input(
                    "--name is given with more or less than one target",
                    "name one target, or write names into a targets file",
                ));
            }
        }
    }
    lists::add(args, environment, &mut targets)?;
    if targets.is_empty() {
        let (message, help) = if lists::any(args) {
            (
                "the lists hold no server that could be scanned",
                "see the notes above",
            )
        } else {
            (
                "there is no target",
                "give a target, --from FILE, --clients, --registry URL, or -- COMMAND ARGS; \
                 toolrisk scan --help shows examples",
            )
        };
        return Err(Failure::bad_input(message, help));
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

/// Who asked not to be crawled: the program's own list and those given.
pub(super) fn opt_out(args: &Args) -> Result<OptOut, Failure> {
    let problem = |error| bad(TargetsError::from(error));
    let mut list = OptOut::own().map_err(problem)?;
    for path in &args.opt_out {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::bad_input(
                format!("cannot read {}: {error}", crate::model::Shown(path)),
                "give a text file with one host or package a line",
            )
        })?;
        list.extend(OptOut::parse(path, &text).map_err(problem)?);
    }
    Ok(list)
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
