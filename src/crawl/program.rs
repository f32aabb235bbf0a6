//! A program asked once: started, listed, ended.

use super::context::Context;
use crate::mcp::{Channel, Fault, Listing, Stdio, list};
use crate::model::Outcome;
use crate::model::target::Secret;
use crate::sandbox::{Program, StartError};
use std::collections::BTreeMap;
use tokio::time::{Instant, timeout_at};

/// What asking gave, before it is made a record.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) listing: Listing,
    pub(super) name: Option<String>,
    /// How its program was confined.
    pub(super) sandbox: Option<serde_json::Value>,
    /// Version and integrity of its package.
    pub(super) package: Option<serde_json::Value>,
    /// Whether obviously false credentials were given.
    pub(super) placeholder: bool,
    /// How often it was started again.
    pub(super) starts: u32,
}

pub(super) fn revealed(env: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    env.iter()
        .map(|(key, value)| (key.clone(), value.reveal().to_owned()))
        .collect()
}

/// Starts a program, lists its tools and ends it.
pub(super) async fn ask_program(
    program: &Program,
    context: &Context,
    deadline: Instant,
    asked: &mut Asked,
) -> Result<(), Fault> {
    let options = &context.options;
    let limits = &options.limits;
    let listing = &mut asked.listing;
    listing.transport = Some("stdio");
    let started = options
        .sandbox
        .start(program, &options.program_limits)
        .await
        .map_err(|error| start_fault(&error))?;
    asked.sandbox = serde_json::to_value(started.confinement()).ok();
    let stdio = Stdio::new(started, limits)?;
    let mut channel = Channel::Stdio(Box::new(stdio));
    let ended = timeout_at(deadline, list(&mut channel, limits, listing))
        .await
        .unwrap_or_else(|_| Err(overran(limits.total)));
    let ended = ended.map_err(|fault| match &channel {
        Channel::Stdio(stdio) => stdio.explained(fault),
        _ => fault,
    });
    channel.close().await;
    ended
}

/// The outcome of a program that could not be started.
pub(super) fn start_fault(error: &StartError) -> Fault {
    let outcome = match error {
        StartError::NoSandbox => Outcome::Deferred,
        _ => Outcome::Crashed,
    };
    Fault::new(outcome, Fault::clip(&error.to_string()))
}

/// The fault of a target that used up its time.
pub(super) fn overran(total: std::time::Duration) -> Fault {
    Fault::new(
        Outcome::Timeout,
        format!("not done within {} s", total.as_secs_f64()),
    )
}
