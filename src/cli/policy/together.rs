//! `toolrisk policy generate --together`

use super::super::{Exit, Failure, output};
use super::args::Args;
use super::files::write;
use super::server::{Made, Server};
use super::{emitted, tell};
use crate::catalogue::{Catalogue, Overrides};
use crate::classify::{Classifier, together as trifecta_of};
use crate::model::policy::Window;
use crate::model::{Shown, Slug, Verdict};
use crate::policy::emit::{Emitted, Emitter, Source};
use crate::policy::preset::Quota;
use crate::policy::together::{Bundle, is_allowed, together};
use crate::policy::{Preset, pretty_json, to_json};
use std::collections::{BTreeMap, BTreeSet};
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
    let unlisted: BTreeMap<String, Vec<String>> = servers
        .iter()
        .map(|made| (made.name.clone(), emitted::unlisted(&made.generated)))
        .collect();
    for made in &servers {
        tell::summary(&made.name, &made.generated.summary());
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
    // An emitter that refuses leaves nothing half-written.
    let other = args
        .emitter()
        .map(|emitter| emit(emitter, &bundle, &unlisted, args.allow_open).map(|o| (emitter, o)))
        .transpose()?;
    if let Some(out) = &args.out {
        let mut files = usize::from(write(&out.join("bundle.json"), &pretty_json(&bundle))?);
        for (name, document) in &bundle.servers {
            let path = out.join(format!("{}.policy.json", Slug::readable(name)));
            files += usize::from(write(&path, &to_json(document))?);
        }
        if let Some((emitter, other)) = &other {
            let path = out.join(format!("bundle.{}", emitter.extension));
            files += usize::from(write(&path, &other.text)?);
        }
        tell::written(out, files);
    } else {
        let mut out = output::stdout();
        match &other {
            Some((_, other)) => out.write_all(other.text.as_bytes())?,
            None => out.write_all(pretty_json(&bundle).as_bytes())?,
        }
        out.flush()?;
    }
    tell_cut(&bundle);
    if let Some((emitter, other)) = &other {
        tell::emitted(emitter, other);
    }
    Ok(Exit::Done)
}

/// The whole bundle as one document of another format.
fn emit(
    emitter: &Emitter,
    bundle: &Bundle,
    unlisted: &BTreeMap<String, Vec<String>>,
    allow_open: bool,
) -> Result<Emitted, Failure> {
    let sources: Vec<Source<'_>> = bundle
        .servers
        .iter()
        .map(|(server, document)| Source {
            server,
            document,
            unlisted: unlisted.get(server).map_or(&[][..], Vec::as_slice),
        })
        .collect();
    emitter
        .emit_together(&sources, allow_open)
        .map_err(|error| emitted::refused(&error))
}

/// The servers that were named, or all of the catalogue.
fn servers(args: &Args) -> Result<Vec<Server>, Failure> {
    let named = args.servers.iter();
    let servers: Vec<Server> = if args.servers.is_empty() {
        let catalogue = Catalogue::open(&args.catalogue).map_err(|e| Failure::catalogue(&e))?;
        catalogue
            .records()
            .take(MAX_SERVERS + 1)
            .map(|record| record.map(Server::of).map_err(|e| Failure::catalogue(&e)))
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
        while !taken.insert(Slug::readable(&made.name)) {
            made.name = format!("{name} {number}");
            number += 1;
        }
    }
}

fn tell_cut(bundle: &Bundle) {
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
