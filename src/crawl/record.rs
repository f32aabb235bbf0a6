//! A record made of what was asked, without anything secret.

use super::program::Asked;
use crate::digest::{server_digest, without};
use crate::mcp::message::Members;
use crate::mcp::{Fault, Listing};
use crate::model::snapshot::RECORD_SCHEMA;
use crate::model::target::REDACTED;
use crate::model::{Outcome, Problem, Record, Target, ToolEntry};

/// Makes the record of what was read.
pub(super) fn record(target: &Target, mut asked: Asked, ended: Result<(), Fault>) -> Record {
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
