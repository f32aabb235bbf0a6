//! Asking one HTTP endpoint, by whichever of the two transports it speaks.

use super::fault::Fault;
use super::http::{Http, insert};
use super::limits::Limits;
use super::lister::{Channel, list};
use super::listing::Listing;
use super::{LegacySse, Streamable};
use crate::model::Outcome;
use crate::model::target::{HttpTransport, Secret};
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use url::Url;

/// Lists the tools of the endpoint `url` into `listing`, by the transport of `hint` first.
pub async fn list_url(
    http: &Http,
    url: &str,
    hint: Option<HttpTransport>,
    headers: &BTreeMap<String, Secret>,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    let url = Url::parse(url)
        .map_err(|error| Fault::new(Outcome::NotMcp, format!("the URL is odd: {error}")))?;
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        insert(&mut map, name, value.reveal())?;
    }
    if hint == Some(HttpTransport::Sse) {
        match legacy(http, &url, &map, limits, listing).await {
            Err(fault) if fault.outcome == Outcome::NotMcp => {
                streamable(http, &url, &map, limits, listing).await
            }
            ended => ended,
        }
    } else {
        match streamable(http, &url, &map, limits, listing).await {
            // A server of the first revision knows no POST at the address of its stream.
            Err(fault) if matches!(fault.status, Some(400 | 404 | 405 | 406)) => {
                match legacy(http, &url, &map, limits, listing).await {
                    Err(second) if !has_spoken(&second) => Err(fault),
                    ended => ended,
                }
            }
            ended => ended,
        }
    }
}

/// Whether the second attempt says more than the first.
fn has_spoken(fault: &Fault) -> bool {
    matches!(
        fault.outcome,
        Outcome::AuthRequired | Outcome::ProtocolError | Outcome::TooLarge
    )
}

async fn streamable(
    http: &Http,
    url: &Url,
    headers: &HeaderMap,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    listing.transport = Some("streamable-http");
    let endpoint = Streamable::new(http.clone(), limits, url.clone(), headers.clone());
    let mut channel = Channel::Streamable(Box::new(endpoint));
    let ended = list(&mut channel, limits, listing).await;
    channel.close().await;
    ended
}

async fn legacy(
    http: &Http,
    url: &Url,
    headers: &HeaderMap,
    limits: &Limits,
    listing: &mut Listing,
) -> Result<(), Fault> {
    listing.transport = Some("sse");
    let sse = LegacySse::open(http.clone(), limits, url, headers.clone(), listing).await?;
    let mut channel = Channel::Sse(Box::new(sse));
    list(&mut channel, limits, listing).await
}
