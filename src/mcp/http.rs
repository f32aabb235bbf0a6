//! HTTP with every limit: own redirect loop, checked addresses, bounded decoded bodies, and
//! credentials that never leave their origin.

use super::address::{AddressRule, Blocked, GuardedResolver, Lookup, NoAddress};
use super::fault::Fault;
use super::limits::Limits;
use super::room::{Room, append};
use crate::model::Outcome;
use crate::model::target::redacted_url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::timeout;
use url::{Host, Url};

/// What every request says about us.
pub const USER_AGENT: &str = concat!(
    "toolrisk/",
    env!("CARGO_PKG_VERSION"),
    " (+https://github.com/toolrisk/toolrisk/blob/main/docs/crawling.md)"
);

/// A client that contacts only what a rule allows.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    rule: AddressRule,
    limits: Limits,
}

/// The request, apart from its address.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// Headers of the protocol and credentials, sent to the first origin only.
    pub headers: &'a HeaderMap,
    /// The body, JSON.
    pub body: Option<String>,
}

impl Http {
    /// Makes a client. Nothing is contacted yet.
    pub fn new(lookup: Arc<dyn Lookup>, rule: AddressRule, limits: &Limits) -> Result<Self, Fault> {
        // A second call finds the provider installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(limits.connect)
            .http1_max_headers(100)
            .http2_max_header_list_size(64 << 10)
            .pool_max_idle_per_host(8)
            .tcp_nodelay(true)
            .dns_resolver(GuardedResolver::new(lookup, rule.clone()))
            .build()
            .map_err(|error| {
                Fault::new(
                    Outcome::Refused,
                    format!("the HTTP client cannot be made: {error}"),
                )
            })?;
        Ok(Http {
            client,
            rule,
            limits: limits.clone(),
        })
    }

    /// Sends a request, following redirects within the limits, and gives the answer's head and
    /// where it came from.
    pub async fn send(&self, url: &Url, call: &Call<'_>) -> Result<(Response, Url), Fault> {
        let mut url = url.clone();
        let origin = url.origin();
        let mut method = call.method.clone();
        let mut body = call.body.clone();
        for _ in 0..=self.limits.redirects {
            self.check(&url)?;
            let mut request = self.client.request(method.clone(), url.clone());
            let headers = if url.origin() == origin {
                call.headers.clone()
            } else {
                only_harmless(call.headers)
            };
            request = request.headers(headers);
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let response = match timeout(self.limits.first_byte, request.send()).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(network_fault(&error)),
                Err(_) => {
                    return Err(Fault::new(
                        Outcome::Timeout,
                        format!(
                            "no answer within {} of the request",
                            seconds(self.limits.first_byte)
                        ),
                    ));
                }
            };
            if let Some(peer) = response.remote_addr()
                && !self.rule.allows(peer.ip())
            {
                return Err(blocked(url.host_str().unwrap_or_default(), peer.ip()));
            }
            let status = response.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return Ok((response, url));
            }
            let Some(next) = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| url.join(value).ok())
            else {
                return Ok((response, url));
            };
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Fault::new(
                    Outcome::BlockedAddress,
                    "a redirect from https to http was refused",
                ));
            }
            if status == StatusCode::SEE_OTHER
                || (method == Method::POST
                    && matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND))
            {
                // Browsers turn these into GET; an endpoint that moved wants the POST again, and
                // a page for people answers neither.
                if status == StatusCode::SEE_OTHER {
                    method = Method::GET;
                    body = None;
                }
            }
            url = next;
        }
        Err(Fault::new(
            Outcome::NotMcp,
            format!("more than {} redirects", self.limits.redirects),
        ))
    }

    /// Refuses what is neither http nor https, and literal addresses that the rule forbids: those
    /// never reach the resolver.
    fn check(&self, url: &Url) -> Result<(), Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault::new(
                Outcome::BlockedAddress,
                format!("a redirect to {} was refused", Fault::clip(url.scheme())),
            ));
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            _ => return Ok(()),
        };
        if self.rule.allows(address) {
            Ok(())
        } else {
            Err(blocked(&redacted_url(url.as_str()), address))
        }
    }

    /// Reads the next piece of a body, decoded, within the idle limit.
    pub async fn chunk(&self, response: &mut Response) -> Result<Option<Vec<u8>>, Fault> {
        match timeout(self.limits.idle, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk.map(|bytes| bytes.to_vec())),
            Ok(Err(error)) => Err(network_fault(&error)),
            Err(_) => Err(Fault::new(
                Outcome::Timeout,
                format!("the answer stopped for {}", seconds(self.limits.idle)),
            )),
        }
    }

    /// Reads a whole body, at most `limit` decoded bytes.
    pub async fn body(&self, response: &mut Response, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        let mut room = Room::default();
        while let Some(chunk) = self.chunk(response).await? {
            if body.len() + chunk.len() > limit {
                return Err(Fault::new(
                    Outcome::TooLarge,
                    format!("the answer is larger than {limit} bytes"),
                ));
            }
            room.grow(body.len() + chunk.len()).await;
            append(&mut body, &chunk, limit);
            // A fast sender must not keep the clock from being looked at.
            tokio::task::yield_now().await;
        }
        Ok(body)
    }
}

/// What may be sent to another origin: nothing that could be a credential or a session.
fn only_harmless(headers: &HeaderMap) -> HeaderMap {
    let harmless = |name: &HeaderName| {
        matches!(
            name.as_str(),
            "accept" | "content-type" | "mcp-protocol-version" | "mcp-method"
        )
    };
    headers
        .iter()
        .filter(|(name, _)| harmless(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Adds a header; a value that no header can hold is an error of the configuration.
pub fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Fault> {
    let bad = |what: &str| {
        Fault::new(
            Outcome::NeedsConfig,
            format!("the header {} {what}", Fault::clip(name)),
        )
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("has no valid name"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| bad("has no valid value"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// The wait that `Retry-After` asks for, in seconds; dates count as one minute.
pub fn retry_after(response: &Response) -> Option<u64> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(value.trim().parse().unwrap_or(60))
}

fn blocked(host: &str, address: IpAddr) -> Fault {
    Fault::new(
        Outcome::BlockedAddress,
        format!(
            "{} is {address}, which is no public address; --allow-net opens it",
            Fault::clip(host)
        ),
    )
}

/// `15 s`, `0.5 s`.
pub(super) fn seconds(duration: std::time::Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// The TLS error that an error is, or that an I/O error wraps without naming it as its source.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let wrapped = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    tls_error(wrapped)
}

/// The outcome of a request that failed below HTTP.
fn network_fault(error: &reqwest::Error) -> Fault {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    let mut last = String::new();
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref::<Blocked>() {
            return blocked(&found.host, found.address);
        }
        if let Some(found) = inner.downcast_ref::<NoAddress>() {
            return Fault::new(Outcome::Dns, Fault::clip(&found.to_string()));
        }
        if let Some(found) = tls_error(inner) {
            return Fault::new(Outcome::TlsError, Fault::clip(&found.to_string()));
        }
        if let Some(found) = inner.downcast_ref::<hyper::Error>() {
            if found.is_parse_too_large() {
                return Fault::new(Outcome::TooLarge, "the head of the answer is too large");
            }
            if found.is_parse() {
                return Fault::new(Outcome::NotMcp, "what answers does not speak HTTP");
            }
        }
        last = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        return Fault::new(Outcome::Timeout, "no connection within the limit");
    }
    let outcome = if error.is_connect() || error.is_request() {
        Outcome::Refused
    } else {
        Outcome::ProtocolError
    };
    if last.is_empty() {
        last = error.to_string();
    }
    Fault::new(outcome, Fault::clip(&last))
}
