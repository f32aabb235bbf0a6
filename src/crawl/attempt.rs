//! One target asked once: from contact to a record.

use super::options::Options;
use super::saved::read_saved;
use crate::digest::{server_digest, without};
use crate::mcp::address::AddressRule;
use crate::mcp::http::Http;
use crate::mcp::message::Members;
use crate::mcp::{Channel, Fault, Listing, Stdio, list, list_url};
use crate::model::snapshot::RECORD_SCHEMA;
use crate::model::target::{Origin, REDACTED, Secret};
use crate::model::{Outcome, Problem, Record, Source, Target, ToolEntry};
use crate::sandbox::{Program, StartError};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tokio::time::{Instant, timeout_at};

/// What all targets of a run share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) options: Options,
    /// For targets the user typed; made when first needed.
    user: OnceLock<Result<Http, Fault>>,
    /// For targets of lists.
    list: OnceLock<Result<Http, Fault>>,
}

impl Context {
    pub(super) fn new(options: Options) -> Self {
        Context {
            options,
            user: OnceLock::new(),
            list: OnceLock::new(),
        }
    }

    pub(super) fn http(&self, origin: Origin) -> Result<Http, Fault> {
        let make = |rule| Http::new(self.options.lookup.clone(), rule, &self.options.limits);
        match origin {
            Origin::User => self.user.get_or_init(|| make(AddressRule::everything())),
            Origin::List => self
                .list
                .get_or_init(|| make(AddressRule::public_and(&self.options.allow_net))),
        }
        .clone()
    }
}

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

/// Asks one target and gives its record and, if the server asked for it, how many seconds to stay
/// away. Never fails: what went wrong is in the record.
pub(super) async fn ask(
    target: &Target,
    context: &Context,
    begin: Instant,
) -> (Record, Option<u64>) {
    let limits = &context.options.limits;
    let mut asked = Asked::default();
    if !target.missing.is_empty() {
        let fault = Fault::new(
            Outcome::NeedsConfig,
            format!("no value for {}", Fault::clip(&target.missing.join(", "))),
        );
        return (record(target, asked, Err(fault)), None);
    }
    let deadline = begin + limits.total;
    let ended = match &target.source {
        Source::Other(what) => Err(Fault::new(Outcome::Deferred, Fault::clip(what))),
        Source::File(path) => match read_saved(path, limits) {
            Ok(saved) => {
                asked.listing = saved.listing;
                asked.name = saved.name;
                Ok(())
            }
            Err(error) => Err(Fault::new(Outcome::NotMcp, error.to_string())),
        },
        Source::Url { url, transport } => match context.http(target.origin) {
            Ok(http) => {
                let listing = &mut asked.listing;
                let asking = list_url(&http, url, *transport, &target.headers, limits, listing);
                timeout_at(deadline, asking)
                    .await
                    .unwrap_or_else(|_| Err(overran(limits.total)))
            }
            Err(fault) => Err(fault),
        },
        Source::Command(argv) => {
            let options = &context.options;
            let program = Program {
                argv: argv.iter().chain(&target.args).cloned().collect(),
                env: revealed(&target.env),
                visible: options.binds.clone(),
                find_needs: true,
                network: options.network,
                ..Program::default()
            };
            ask_program(&program, context, deadline, &mut asked).await
        }
        Source::Npm { .. } | Source::Pypi { .. } => {
            super::packages::ask_package(target, context, &mut asked).await
        }
    };
    let retry_after = ended.as_ref().err().and_then(|fault| fault.retry_after);
    (record(target, asked, ended), retry_after)
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

fn overran(total: std::time::Duration) -> Fault {
    Fault::new(
        Outcome::Timeout,
        format!("not done within {} s", total.as_secs_f64()),
    )
}

/// Makes the record of what was read.
fn record(target: &Target, mut asked: Asked, ended: Result<(), Fault>) -> Record {
    let mut listing = std::mem::take(&mut asked.listing);
    listing.finish();
    let (outcome, detail, auth) = match ended {
        Ok(()) => match listing.cut.take() {
            None => (Outcome::Listed, None, None),
            Some(reason) => (Outcome::Partial, Some(reason), None),
        },
        // What was read before it went wrong is worth having.
        Err(fault) if !listing.tools.is_empty() => (
            Outcome::Partial,
            Some(format!("{}: {}", fault.outcome, fault.detail)),
            fault.auth,
        ),
        Err(fault) => (fault.outcome, Some(fault.detail), fault.auth),
    };
    let digest = outcome.has_tools().then(|| digest_of(&listing));
    let name = target
        .name
        .clone()
        .or(asked.name.take())
        .or_else(|| said_name(&listing))
        .unwrap_or_else(|| target.fallback_name());
    let mut record = Record {
        schema: RECORD_SCHEMA,
        name,
        slug: target.slug(),
        target: target.public(),
        outcome,
        detail,
        transport: listing.transport.map(str::to_owned),
        era: listing.era,
        protocol_version: listing.protocol_version,
        server_info: listing.server_info,
        instructions: listing.instructions,
        tools: listing.tools,
        problems: listing.problems,
        auth,
        sandbox: asked.sandbox,
        package: asked.package,
        listed_with: asked.placeholder.then(|| "placeholder".to_owned()),
        unstable: listing.unstable,
        ttl_ms: listing.ttl_ms,
        digest,
    };
    scrub(target, &mut record);
    record
}

/// The digest of a listing without the spots that do not hold still.
fn digest_of(listing: &Listing) -> String {
    let instructions = listing.instructions.as_deref();
    if listing.unstable.is_empty() {
        server_digest(&listing.tools, instructions)
    } else {
        server_digest(&without(&listing.tools, &listing.unstable), instructions)
    }
}

/// The name that the server gives itself.
fn said_name(listing: &Listing) -> Option<String> {
    let info = Members::parse(listing.server_info.as_ref()?.get()).ok()?;
    let name = info.text("title").or_else(|| info.text("name"))?;
    let name = name.trim();
    (!name.is_empty() && name.len() <= 200).then(|| name.to_owned())
}

/// Takes the values of the target's variables and headers out of everything that the server said:
/// some servers repeat them in errors or descriptions.
fn scrub(target: &Target, record: &mut Record) {
    let mut secrets: Vec<String> = Vec::new();
    for value in target.env.values().chain(target.headers.values()) {
        let value = value.reveal();
        // The credential itself, after a scheme such as `Bearer`.
        let tail = value.rsplit(' ').next().unwrap_or(value);
        for secret in [value, tail] {
            // Short values are words that occur anyway.
            if secret.len() >= 6 {
                secrets.push(secret.to_owned());
            }
        }
    }
    if secrets.is_empty() {
        return;
    }
    let clean = |text: &str| {
        let mut text = text.to_owned();
        for secret in &secrets {
            text = text.replace(secret.as_str(), REDACTED);
        }
        text
    };
    let Ok(before) = serde_json::to_string(record) else {
        return;
    };
    let escaped: Vec<String> = secrets
        .iter()
        .filter_map(|s| serde_json::to_string(s).ok())
        .map(|s| s.trim_matches('"').to_owned())
        .collect();
    let repeats = |text: &str| {
        secrets.iter().any(|s| text.contains(s.as_str()))
            || escaped.iter().any(|s| text.contains(s.as_str()))
    };
    if !repeats(&before) {
        return;
    }
    let mut after = clean(&before);
    for secret in &escaped {
        after = after.replace(secret.as_str(), REDACTED);
    }
    if let Ok(cleaned) = serde_json::from_str::<Record>(&after) {
        *record = cleaned;
    } else {
        record.tools = Vec::new();
        record.server_info = None;
        record.instructions = None;
        record.detail = None;
    }
    record.problems.push(Problem::new(
        "repeats_credential",
        "the server repeats a credential it was given; it was taken out",
    ));
    record.problems.sort();
    if record.digest.is_some() {
        let tools = without(&record.tools, &record.unstable);
        record.digest = Some(server_digest(&tools, record.instructions.as_deref()));
    }
    debug_assert!(record.tools.iter().all(|tool| match tool {
        ToolEntry::Listed(raw) => !repeats(raw.get()),
        ToolEntry::Malformed(text) => !repeats(&text.malformed),
    }));
}
