//! What is asked at all: who opted out, and hosts that a list names too often.

use super::hosts::{is_local, key};
use super::options::Options;
use crate::model::target::Origin;
use crate::model::{Outcome, Source, Target};
use std::collections::HashMap;
use url::Url;

/// A host of the user's own network may be named this often in a list. More than that is a mistake
/// or a weapon whoever owns the host, and [`Options::host_cap`] counts for it too.
const LOCAL_TARGETS: usize = 2_500;

/// For each target why it is not asked, or `None`.
pub(super) fn refusals(targets: &[Target], options: &Options) -> Vec<Option<(Outcome, String)>> {
    let hosts: Vec<Option<(String, bool)>> = targets.iter().map(capped_host).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (host, _) in hosts.iter().flatten() {
        *counts.entry(host).or_default() += 1;
    }
    let mut asked: HashMap<&str, usize> = HashMap::new();
    targets
        .iter()
        .zip(&hosts)
        .map(|(target, host)| {
            if target.origin == Origin::List && options.opt_out.covers(target) {
                let reason = "on the list of who asked not to be crawled".to_owned();
                return Some((Outcome::OptedOut, reason));
            }
            let (host, local) = host.as_ref()?;
            if *local
                && counts
                    .get(host.as_str())
                    .is_none_or(|n| *n <= LOCAL_TARGETS)
            {
                return None;
            }
            let asked = asked.entry(host).or_default();
            *asked += 1;
            (*asked > options.host_cap).then(|| {
                let reason = format!(
                    "host_cap: the list names this host more than {} times",
                    options.host_cap
                );
                (Outcome::Deferred, reason)
            })
        })
        .collect()
}

/// The host of a target that is counted, and whether it is of the user's own network.
fn capped_host(target: &Target) -> Option<(String, bool)> {
    match (&target.source, target.origin) {
        (Source::Url { url, .. }, Origin::List) => {
            let url = Url::parse(url).ok()?;
            Some((key(&url), is_local(&url)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::parse_argument;

    fn list(host: &str, count: usize) -> Vec<Target> {
        (0..count)
            .map(|n| {
                let mut target = parse_argument(&format!("https://{host}/{n}")).unwrap();
                target.origin = Origin::List;
                target
            })
            .collect()
    }

    fn asked(targets: &[Target]) -> usize {
        let refusals = refusals(targets, &Options::default());
        refusals.iter().filter(|refusal| refusal.is_none()).count()
    }

    #[test]
    fn a_list_cannot_be_a_weapon() {
        assert_eq!(asked(&list("h.example", 10_000)), 100);
        assert_eq!(asked(&list("127.0.0.1", 10_000)), 100);
        assert_eq!(asked(&list("127.0.0.1", 2_000)), 2_000);
        let mut typed = list("h.example", 300);
        for target in &mut typed {
            target.origin = Origin::User;
        }
        assert_eq!(asked(&typed), 300);
    }
}
