//! Politeness: how many targets of one host are asked at once, and how far apart.

use super::options::Options;
use crate::model::{Source, Target};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use url::{Host as UrlHost, Url};

/// Every host of a run.
#[derive(Debug)]
pub(super) struct Hosts {
    per_host: usize,
    min_gap: Duration,
    known: Mutex<HashMap<String, Arc<Host>>>,
}

/// One host.
#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    gap: Duration,
    /// The earliest start of its next target.
    next: Mutex<Instant>,
}

/// The longest time a host can make us wait, whatever it asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

impl Hosts {
    pub(super) fn new(options: &Options) -> Self {
        Hosts {
            per_host: options.per_host.max(1),
            min_gap: options.min_gap,
            known: Mutex::default(),
        }
    }

    fn host(&self, target: &Target) -> Option<Arc<Host>> {
        let Source::Url { url, .. } = &target.source else {
            return None;
        };
        let url = Url::parse(url).ok()?;
        let key = format!(
            "{}:{}",
            url.host_str().unwrap_or_default(),
            url.port_or_known_default().unwrap_or_default()
        );
        let gap = if is_local(&url) {
            Duration::ZERO
        } else {
            self.min_gap
        };
        let mut hosts = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.entry(key).or_insert_with(|| {
            Arc::new(Host {
                slots: Arc::new(Semaphore::new(self.per_host)),
                gap,
                next: Mutex::new(Instant::now()),
            })
        });
        Some(Arc::clone(host))
    }

    /// Waits until a target of this host may be asked; the permit frees its place.
    pub(super) async fn enter(&self, target: &Target) -> Option<OwnedSemaphorePermit> {
        let host = self.host(target)?;
        let permit = Arc::clone(&host.slots).acquire_owned().await.ok();
        let start = {
            let mut next = host.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*next).max(Instant::now());
            *next = start + host.gap;
            start
        };
        sleep_until(start).await;
        permit
    }

    /// The host asked us to stay away for some seconds.
    pub(super) fn back_off(&self, target: &Target, seconds: u64) {
        if let Some(host) = self.host(target) {
            let wait = Duration::from_secs(seconds).min(LONGEST_WAIT);
            let mut next = host.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(Instant::now() + wait);
        }
    }
}

/// Whether the host is an address that is not public, as written: only a flag or the user's own
/// typing lets such a target through, so it is the user's own.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Ipv4(v4)) => !crate::mcp::address::is_public(IpAddr::V4(v4)),
        Some(UrlHost::Ipv6(v6)) => !crate::mcp::address::is_public(IpAddr::V6(v6)),
        Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
