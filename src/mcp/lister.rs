//! The conversation: find the era, introduce ourselves, read the list to its end.

use super::fault::Fault;
use super::limits::Limits;
use super::listing::{Listing, Next};
use super::message::{Members, RpcError};
use super::reply::Reply;
use super::stdio::Stdio;
use super::streamable::Streamable;
use crate::model::snapshot::Era;
use crate::model::{Outcome, Problem};
use serde_json::{Value, json};
use std::time::Duration;

/// The newest revision of the stateless era.
pub(super) const MODERN: &str = "2026-07-28";
/// The newest revision of the session era, which is offered first.
pub(super) const LEGACY: &str = "2025-11-25";
/// Every revision of the session era, newest first.
pub(super) const LEGACY_REVISIONS: [&str; 4] =
    ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// A way to talk to one server.
#[derive(Debug)]
pub enum Channel {
    /// A started process.
    Stdio(Box<Stdio>),
    /// An HTTP endpoint.
    Streamable(Box<Streamable>),
    /// An HTTP endpoint of the first revision, with its stream of events.
    Sse(Box<super::LegacySse>),
}

impl Channel {
    async fn request(
        &mut self,
        method: &str,
        params: Value,
        wait: Duration,
        listing: &mut Listing,
    ) -> Result<Reply, Fault> {
        match self {
            Channel::Stdio(stdio) => stdio.request(method, params, wait, listing).await,
            Channel::Streamable(http) => http.request(method, params, wait, listing).await,
            Channel::Sse(sse) => sse.request(method, params, wait, listing).await,
        }
    }

    async fn initialized(&mut self, listing: &mut Listing) -> Result<(), Fault> {
        let method = "notifications/initialized";
        match self {
            Channel::Stdio(stdio) => stdio.notify(method).await,
            Channel::Streamable(http) => http.notify(method, listing).await,
            Channel::Sse(sse) => sse.notify(method).await,
        }
    }

    /// From now on this era and revision are spoken.
    fn speak(&mut self, era: Era, version: &str) {
        if let Channel::Streamable(http) = self {
            http.speak(era, version);
        }
    }

    /// Says goodbye where the transport has a way to: the session is deleted, the process ended.
    pub async fn close(self) {
        match self {
            Channel::Stdio(stdio) => stdio.close().await,
            Channel::Streamable(http) => http.close().await,
            Channel::Sse(_) => {}
        }
    }
}

/// Lists the tools of the server behind `channel` into `listing`. What was read before an error
/// stays in it.
pub async fn list(
    channel: &mut Channel,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    let mut modern = match channel {
        // The first revision has no stateless form.
        Channel::Sse(_) => None,
        _ => discover(channel, limits.discover, listing).await?,
    };
    if modern.is_none()
        && let Err(fault) = initialize(channel, limits, listing).await
    {
        // A program that takes long to start answers the first question after we gave up on it.
        if fault.stateless {
            modern = discover(channel, limits.total, listing).await?;
        }
        if modern.is_none() {
            return Err(fault);
        }
    }
    if let Some(version) = &modern {
        listing.era = Some(Era::Modern);
        listing.protocol_version = Some(version.clone());
    }
    match pages(channel, modern.as_deref(), limits, listing).await {
        Err(fault) if fault.session_gone => reopened(channel, limits, listing).await?,
        read => read?,
    }
    if listing.cut.is_none() && listing.pages <= CHEAP_PAGES && !listing.tools.is_empty() {
        again(channel, modern.as_deref(), limits, listing).await;
    }
    Ok(())
}

/// Lists of so many pages are asked for twice.
const CHEAP_PAGES: usize = 3;

/// Asks for the list once more, to see whether it holds still. Some servers have more tools once
/// they are told that the session is open: the longer answer counts.
async fn again(
    channel: &mut Channel,
    modern: Option<&str>,
    limits: &Limits,
    listing: &mut Listing,
) {
    let mut second = Listing {
        has_tools_capability: true,
        bytes: listing.bytes,
        ..Listing::default()
    };
    let wait = limits.discover.min(Duration::from_secs(3));
    let asking = pages(channel, modern, limits, &mut second);
    let ended = tokio::time::timeout(wait, asking).await;
    listing.bytes = second.bytes;
    if !matches!(ended, Ok(Ok(()))) || second.cut.is_some() {
        // One whole answer was had; that the next one failed says nothing about it.
        return;
    }
    listing.unstable = super::twice::moved(&listing.tools, &second.tools);
    if second.tools.len() > listing.tools.len() {
        listing.tools = second.tools;
    }
}

/// Opens one more session after the server has forgotten the first, and reads the list from its
/// start: a cursor belongs to its session. What was read before stays unless more is read now.
async fn reopened(
    channel: &mut Channel,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    listing.problem(Problem::new(
        "session_expired",
        "the server ended the session while its list was read; a new one was opened",
    ));
    initialize(channel, limits, listing).await?;
    let mut second = Listing {
        has_tools_capability: listing.has_tools_capability,
        bytes: listing.bytes,
        ..Listing::default()
    };
    let read = pages(channel, None, limits, &mut second).await;
    listing.bytes = second.bytes;
    if read.is_ok() || second.tools.len() > listing.tools.len() {
        listing.tools = second.tools;
        listing.pages = second.pages;
        listing.cut = second.cut;
    }
    for problem in second.problems {
        listing.problem(problem);
    }
    read
}

/// What every stateless request says about us. No capability is declared.
fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": client_info(),
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

fn client_info() -> Value {
    json!({"name": "toolrisk", "version": env!("CARGO_PKG_VERSION")})
}

/// Asks `server/discover`; gives the revision to speak, or `None` for a server of the session era.
async fn discover(
    channel: &mut Channel,
    wait: Duration,
    listing: &mut Listing,
) -> Result<Option<String>, Fault> {
    let mut version = MODERN.to_owned();
    for attempt in 0..2 {
        channel.speak(Era::Modern, &version);
        let params = json!({"_meta": meta(&version)});
        let reply = channel
            .request("server/discover", params, wait, listing)
            .await;
        let reply = match reply {
            Ok(reply) => reply,
            // Some servers never answer what they do not know.
            Err(fault) if fault.outcome == Outcome::Timeout => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let supported = match reply {
            Reply::Result(result) => {
                let Ok(members) = Members::parse(result.get()) else {
                    return Ok(None);
                };
                let supported: Option<Vec<String>> = members
                    .get("supportedVersions")
                    .and_then(|raw| serde_json::from_str(raw.get()).ok());
                match supported {
                    // Only a server that knows the question names its revisions.
                    None => return Ok(None),
                    Some(supported) if supported.contains(&version) => {
                        listing.introduce(&members);
                        return Ok(Some(version));
                    }
                    Some(supported) => supported,
                }
            }
            Reply::Error(error) if error.is_modern() => error.supported(),
            Reply::Error(_) | Reply::Other { .. } => return Ok(None),
        };
        // Revisions are dates, so the newest sorts last.
        let newest = supported
            .into_iter()
            .filter(|v| v.as_str() >= MODERN && v.len() == MODERN.len())
            .filter(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
            .max();
        match newest {
            Some(newest) if attempt == 0 => version = newest,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Opens a session: `initialize`, then the notification that it was understood.
async fn initialize(
    channel: &mut Channel,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    listing.era = Some(Era::Legacy);
    let mut offer = match channel {
        Channel::Sse(_) => "2024-11-05",
        _ => LEGACY,
    };
    for attempt in 0..2 {
        channel.speak(Era::Legacy, "");
        let params = json!({
            "protocolVersion": offer,
            "capabilities": {},
            "clientInfo": client_info(),
        });
        let reply = channel
            .request("initialize", params, limits.total, listing)
            .await
            .inspect_err(|_| listing.era = None)?;
        match reply {
            Reply::Result(result) => {
                let members = Members::parse(result.get()).map_err(|_| {
                    Fault::new(
                        Outcome::ProtocolError,
                        "the result of initialize is no object",
                    )
                })?;
                listing.introduce(&members);
                let version = members.text("protocolVersion").unwrap_or_default();
                if !LEGACY_REVISIONS.contains(&version.as_str()) {
                    listing.problem(Problem::new(
                        "unknown_protocol_version",
                        format!(
                            "initialize answered with the revision {:?}",
                            Fault::clip(&version)
                        ),
                    ));
                }
                channel.speak(Era::Legacy, &version);
                listing.protocol_version = (!version.is_empty()).then_some(version);
                return channel.initialized(listing).await;
            }
            Reply::Error(error) => {
                let known = error
                    .supported()
                    .into_iter()
                    .find_map(|v| LEGACY_REVISIONS.into_iter().find(|known| *known == v));
                match known {
                    Some(known) if attempt == 0 && known != offer => offer = known,
                    _ => {
                        let reason = format!("initialize was refused: {}", said(&error));
                        let mut fault = Fault::new(Outcome::ProtocolError, reason);
                        fault.stateless = error.is_modern();
                        return Err(fault);
                    }
                }
            }
            Reply::Other { status, detail } => {
                listing.era = None;
                return Err(not_mcp(status, &detail));
            }
        }
    }
    Err(Fault::new(
        Outcome::ProtocolError,
        "initialize was refused twice",
    ))
}

/// Reads the list to its end.
async fn pages(
    channel: &mut Channel,
    modern: Option<&str>,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    let mut cursor: Option<String> = None;
    loop {
        let mut params = json!({});
        if let Some(version) = modern {
            params["_meta"] = meta(version);
        }
        if let Some(cursor) = &cursor {
            params["cursor"] = json!(cursor);
        }
        let reply = channel
            .request("tools/list", params, limits.total, listing)
            .await?;
        let fault = match reply {
            Reply::Result(result) => match listing.page(&result, limits) {
                Ok(Next::Page(next)) => {
                    cursor = Some(next);
                    continue;
                }
                Ok(Next::Done) => return Ok(()),
                Err(reason) => Fault::new(Outcome::ProtocolError, reason),
            },
            Reply::Error(error)
                if error.code == Some(-32601)
                    && cursor.is_none()
                    && !listing.has_tools_capability =>
            {
                listing.problem(Problem::new(
                    "no_tools",
                    "the server declares no tools and knows no tools/list",
                ));
                return Ok(());
            }
            Reply::Error(error) => Fault::new(
                Outcome::ProtocolError,
                format!("tools/list was refused: {}", said(&error)),
            ),
            Reply::Other { status, detail } => Fault::new(
                Outcome::ProtocolError,
                format!("tools/list was answered with status {status}, {detail}"),
            ),
        };
        return Err(fault);
    }
}

/// An answer that is no JSON-RPC message at all.
fn not_mcp(status: u16, detail: &str) -> Fault {
    let mut fault = Fault::new(Outcome::NotMcp, format!("status {status}, {detail}"));
    fault.status = Some(status);
    fault
}

/// A JSON-RPC error for people.
fn said(error: &RpcError) -> String {
    let code = error.code.map_or("no code".to_owned(), |c| c.to_string());
    format!("{code} {}", Fault::clip(&error.message))
}
