//! Reads a live registry page by page: politely, with limits, and without ever trusting its cursors.

use super::Options;
use crate::mcp::Fault;
use crate::mcp::address::AddressRule;
use crate::mcp::http::{Call, Http, insert, retry_after};
use crate::model::Outcome;
use crate::targets::document::MAX_BYTES;
use crate::targets::reading::Reading;
use crate::targets::registry::Wanted;
use crate::targets::registry::pages::{End, Pager};
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::time::Duration;
use tokio::time::sleep;
use url::{Host, Url};

/// Between two pages of a public registry.
const GAP: Duration = Duration::from_millis(250);

/// How often one page is asked for.
const TRIES: u32 = 4;

/// The longest time a registry can make us wait.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Reads all pages. `Err` says why not even the first page could be read; later trouble ends the
/// reading and is told by [`End`] and a note. `on_page` is told how many pages and servers there
/// are so far.
pub fn read_registry(
    mut pager: Pager,
    wanted: &Wanted,
    options: &Options,
    mut on_page: impl FnMut(usize, usize),
) -> Result<(Reading, End), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the run cannot be started: {error}"))?;
    runtime.block_on(async {
        // The address was typed by the user.
        let rule = AddressRule::everything();
        let http = Http::new(options.lookup.clone(), rule, &options.limits)
            .map_err(|fault| fault.detail)?;
        while let Some(url) = pager.next().cloned() {
            let trouble = match fetch(&http, &url).await {
                Ok(Page::Text(text)) => pager.take(&text).err().map(|error| error.to_string()),
                Ok(Page::Missing) if pager.try_older() => continue,
                Ok(Page::Missing) => {
                    pager.fail();
                    Some(format!("{url}: there is no list of servers (404)"))
                }
                Err(fault) => {
                    pager.fail();
                    Some(format!("{url}: {}", fault.detail))
                }
            };
            let (read, servers) = pager.read();
            match trouble {
                Some(trouble) if read == 0 => return Err(trouble),
                Some(_) => break,
                None => on_page(read, servers),
            }
            if pager.next().is_some() && !is_loopback(&url) {
                sleep(GAP).await;
            }
        }
        Ok(pager.finish(wanted))
    })
}

enum Page {
    Text(String),
    Missing,
}

async fn fetch(http: &Http, url: &Url) -> Result<Page, Fault> {
    let mut headers = HeaderMap::new();
    insert(&mut headers, "accept", "application/json")?;
    let call = Call {
        method: Method::GET,
        headers: &headers,
        body: None,
    };
    let mut tries = 1;
    loop {
        let (fault, wait) = match http.send(url, &call).await {
            Ok((mut response, _)) => {
                let status = response.status();
                if status.is_success() {
                    let body = http.body(&mut response, MAX_BYTES).await?;
                    return Ok(Page::Text(String::from_utf8_lossy(&body).into_owned()));
                }
                let fault = Fault::new(
                    Outcome::Refused,
                    format!("the registry answered {}", status.as_u16()),
                );
                match status.as_u16() {
                    404 => return Ok(Page::Missing),
                    429 | 500 | 502..=504 => (fault, retry_after(&response)),
                    _ => return Err(fault),
                }
            }
            Err(fault) => match fault.outcome {
                Outcome::Refused | Outcome::Timeout | Outcome::Dns => (fault, None),
                _ => return Err(fault),
            },
        };
        if tries >= TRIES {
            return Err(fault);
        }
        let wait = wait.map_or(
            Duration::from_millis(500) * 2_u32.pow(tries),
            Duration::from_secs,
        );
        sleep(wait.min(LONGEST_WAIT)).await;
        tries += 1;
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
