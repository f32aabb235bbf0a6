//! Which text rules may find something in a text: those whose rarest parts stand in it.

use super::Hit;
use super::look::{EVERY, View, Walk, look, matched};
use crate::classify::tokens::Tok;
use crate::rules::Compiled;
use crate::rules::compiled::{Role, User};
use crate::rules::fact::Places;
use crate::rules::starts::rule_bits;
use std::mem;

/// Which text rules may find something in a text, since what guards them stands in it or nothing
/// does; whether there is one of the first sort. `places` says what the text may hold of what facts
/// that have a place are about.
pub(in crate::classify) fn candidates(
    rules: &Compiled,
    toks: &[Tok],
    places: Places,
    walk: &mut Walk,
) -> bool {
    let guards = rules.guards();
    let mut stood = mem::take(&mut walk.stood);
    look(rules, toks, (guards, EVERY), walk, &mut stood);
    let Walk {
        guarded,
        candidates,
        ..
    } = walk;
    guarded.clear();
    let mut meet = |user: &User| {
        let (rule, bit) = (user.asks.rule, user.asks.role.bit());
        if let Some((_, bits)) = guarded.iter_mut().find(|(other, _)| *other == rule) {
            *bits |= bit;
        } else {
            let facts = rules.rules[rule as usize].facts;
            let given = Role::Any.bit() * u64::from(!places.is_none() && facts.any);
            guarded.push((rule, bit | given & rules.guard_of(rule)));
        }
    };
    for stood in &stood {
        guards.users(stood.users).iter().for_each(&mut meet);
    }
    for tok in toks {
        guards.alone(tok.word).iter().for_each(&mut meet);
    }
    walk.stood = stood;
    candidates.clear();
    let complete = guarded
        .iter()
        .filter(|(rule, bits)| *bits == rules.guard_of(*rule))
        .filter(|(rule, _)| rules.rules[*rule as usize].facts.may_stand(places));
    candidates.extend(complete.map(|(rule, _)| *rule));
    let any = !candidates.is_empty();
    candidates.extend_from_slice(rules.unguarded());
    candidates.sort_unstable();
    any
}

/// Matches the sequences of the text rules that [`candidates`] left against the same text.
pub(in crate::classify) fn of_candidates(
    rules: &Compiled,
    toks: &[Tok],
    view: View,
    walk: &mut Walk,
    hits: &mut Vec<Hit>,
) {
    let bits = rule_bits(walk.candidates.iter().copied());
    let wanted = |walk: &Walk, rule| walk.candidates.contains(&rule);
    matched(rules, toks, view, (bits, wanted), walk, hits);
}
