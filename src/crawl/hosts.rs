//! Politeness: how many targets of one host are asked at once, how far apart, and whether the host
//! wants it.

use super::options::Options;
use super::robots::Robots;
use crate::mcp::http::{Call, Http};
use crate::model::target::Origin;
use crate::model::{Source, Target};
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};
use url::{Host as UrlHost, Url};

/// Every host of a run.
#[derive(Debug)]
pub(super) struct Hosts {
    per_host: Option<usize>,
    min_gap: Option<Duration>,
    known: Mutex<HashMap<String, Arc<Host>>>,
}

/// One host.
#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    gap: Duration,
    /// The earliest start of its next target.
    next: Mutex<Instant>,
    robots: OnceCell<Robots>,
}

/// Targets of one public host asked at once.
const PUBLIC_SLOTS: usize = 2;
/// Targets of one host of the user's own network asked at once.
const LOCAL_SLOTS: usize = 64;
/// Between the starts of two targets of one public host.
const PUBLIC_GAP: Duration = Duration::from_secs(1);
/// The longest time a host can make us wait, whatever it asks for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The most of a `robots.txt` that is read, in bytes; RFC 9309 asks for 500 KiB at least.
const ROBOTS_BYTES: usize = 512 << 10;
/// The longest wait for a `robots.txt`.
const ROBOTS_WAIT: Duration = Duration::from_secs(3);

impl Hosts {
    pub(super) fn new(options: &Options) -> Self {
        Hosts {
            per_host: options.per_host,
            min_gap: options.min_gap,
            known: Mutex::default(),
        }
    }

    fn host(&self, target: &Target) -> Option<(Arc<Host>, Url)> {
        let Source::Url { url, .. } = &target.source else {
            return None;
        };
        let url = Url::parse(url).ok()?;
        let local = is_local(&url);
        let slots = if local { LOCAL_SLOTS } else { PUBLIC_SLOTS };
        let gap = if local { Duration::ZERO } else { PUBLIC_GAP };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let host = known.entry(key(&url)).or_insert_with(|| {
            Arc::new(Host {
                slots: Arc::new(Semaphore::new(self.per_host.unwrap_or(slots).max(1))),
                gap: self.min_gap.unwrap_or(gap),
                next: Mutex::new(Instant::now()),
                robots: OnceCell::new(),
            })
        });
        Some((Arc::clone(host), url))
    }

    /// Waits until a target of this host may be asked; the permit frees its place.
    pub(super) async fn enter(&self, target: &Target) -> Option<OwnedSemaphorePermit> {
        let (host, _) = self.host(target)?;
        let permit = Arc::clone(&host.slots).acquire_owned().await.ok();
        self.turn(target).await;
        permit
    }

    /// Waits for this host's next turn.
    pub(super) async fn turn(&self, target: &Target) {
        let Some((host, _)) = self.host(target) else {
            return;
        };
        let start = {
            let mut next = host.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*next).max(Instant::now());
            *next = start + host.gap;
            start
        };
        sleep_until(start).await;
    }

    /// The host asked us to stay away for some time.
    pub(super) fn back_off(&self, target: &Target, wait: Duration) {
        if let Some((host, _)) = self.host(target) {
            let mut next = host.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(Instant::now() + wait.min(LONGEST_WAIT));
        }
    }

    /// Whether the host's `robots.txt` lets this target be asked. Only lists of others are held to
    /// it; a host without the file, or that does not answer, has said nothing.
    pub(super) async fn allows(&self, target: &Target, http: &Http) -> bool {
        if target.origin != Origin::List {
            return true;
        }
        let Some((host, url)) = self.host(target) else {
            return true;
        };
        let robots = host
            .robots
            .get_or_init(|| async {
                timeout(ROBOTS_WAIT, fetch_robots(http, &url))
                    .await
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            })
            .await;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        robots.allows(path)
    }
}

/// What counts as one host: name and port.
pub(super) fn key(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}

async fn fetch_robots(http: &Http, url: &Url) -> Option<Robots> {
    let place = url.join("/robots.txt").ok()?;
    let headers = HeaderMap::new();
    let call = Call {
        method: Method::GET,
        headers: &headers,
        body: None,
    };
    let (mut response, _) = http.send(&place, &call).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let body = http.body(&mut response, ROBOTS_BYTES).await.ok()?;
    Some(Robots::parse(&String::from_utf8_lossy(&body)))
}

/// Whether the host is an address that is not public, as written: only a flag or the user's own
/// typing lets such a target through, so it is the user's own.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Ipv4(v4)) => !crate::mcp::address::is_public(IpAddr::V4(v4)),
        Some(UrlHost::Ipv6(v6)) => !crate::mcp::address::is_public(IpAddr::V6(v6)),
        Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
