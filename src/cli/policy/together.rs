//! `toolrisk policy generate --together`

use super::super::{Exit, Failure, output};
use super::generate::{Args, summary, write};
use super::server::{Made, Server, bad_catalogue};
use crate::catalogue::{Catalogue, Overrides};
use crate::classify::{Classifier, together as trifecta_of};
use crate::model::policy::Window;
use crate::model::{Shown, Verdict};
use crate::policy::preset::Quota;
use crate::policy::together::{Bundle, is_allowed, together};
use crate::policy::{Preset, pretty_json, to_json};
use std::collections::BTreeSet;
use std::io::Write as _;

/// The most servers of one client.
const MAX_SERVERS: usize = 256;

pub(super) fn run(
    args: &Args,
    preset: &Preset,
    classifier: &Classifier,
    overrides: &Overrides,
) -> Result<Exit, Failure> {
    let mut servers = servers(args)?
        .iter()
        .map(|server| {
            server.notes();
            server.make(classifier, preset, overrides)
        })
        .collect::<Vec<Made>>();
    tell_apart(&mut servers);
    // Only what the policies alone would allow can leak.
    let allowed: Vec<(&str, Vec<Verdict>)> = servers
        .iter()
        .map(|made| {
            let verdicts = made.verdicts.iter();
            let verdicts = verdicts.filter(|v| is_allowed(&made.generated, &v.name));
            (made.name.as_str(), verdicts.cloned().collect())
        })
        .collect();
    let trifecta = trifecta_of(
        allowed
            .iter()
            .map(|(name, verdicts)| (*name, &verdicts[..])),
    );
    for made in &servers {
        summary(&made.name, &made.generated.summary());
    }
    let budget = Quota {
        window: Window::Minute,
        max: args.budget,
    };
    let parts: Vec<_> = servers
        .into_iter()
        .map(|made| (made.name, made.generated))
        .collect();
    let bundle = together(&parts, &trifecta, budget);
    tell(&bundle);
    if let Some(out) = &args.out {
        write(&out.join("bundle.json"), &pretty_json(&bundle))?;
        for (name, document) in &bundle.servers {
            let slug = crate::model::Slug::readable(name);
            write(&out.join(format!("{slug}.policy.json")), &to_json(document))?;
        }
    } else {
        let mut out = output::stdout();
        out.write_all(pretty_json(&bundle).as_bytes())?;
        out.flush()?;
    }
    Ok(Exit::Done)
}

/// The servers that were named, or all of the catalogue.
fn servers(args: &Args) -> Result<Vec<Server>, Failure> {
    let named = args.servers.iter();
    let servers: Vec<Server> = if args.servers.is_empty() {
        let catalogue = Catalogue::open(&args.catalogue).map_err(|e| bad_catalogue(&e))?;
        catalogue
            .records()
            .take(MAX_SERVERS + 1)
            .map(|record| record.map(Server::of).map_err(|e| bad_catalogue(&e)))
            .collect::<Result<_, _>>()?
    } else {
        named
            .map(|subject| Server::find(subject, &args.catalogue, None))
            .collect::<Result<_, _>>()?
    };
    if servers.len() > MAX_SERVERS {
        return Err(Failure::bad_input(
            format!("there are more than {MAX_SERVERS} servers"),
            "name those that one client uses",
        ));
    }
    Ok(servers)
}

/// Gives servers of the same name, or of the same file name, different ones.
fn tell_apart(servers: &mut [Made]) {
    let mut taken = BTreeSet::new();
    for made in servers {
        let name = made.name.clone();
        let mut number = 2;
        while !taken.insert(crate::model::Slug::readable(&made.name)) {
            made.name = format!("{name} {number}");
            number += 1;
        }
    }
}

fn tell(bundle: &Bundle) {
    if !bundle.trifecta.complete {
        output::note("together: no trifecta in what is allowed");
        return;
    }
    output::note(
        "together: what is allowed could return private data, take in outsiders' text and carry \
         data out; denied to break this:",
    );
    for cut in &bundle.trifecta.cut {
        let server = cut.server.as_deref().unwrap_or_default();
        output::note(&format!("  {}: {}", Shown(server), Shown(&cut.tool)));
    }
}
