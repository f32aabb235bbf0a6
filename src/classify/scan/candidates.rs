//! Which text rules may find something in a text: those whose rarest parts stand in it.

use super::Hit;
use super::look::{View, Walk, look, matched};
use crate::classify::tokens::Tok;
use crate::rules::Compiled;
use crate::rules::compiled::{Role, User};
use crate::rules::fact::Places;
use crate::rules::guards::Guards;
use crate::rules::starts::rule_bits;
use std::mem;

/// Which text rules may find something in a text, since what guards them stands in it or nothing
/// does; whether there is one of the first sort. `places` says what the text may hold of what facts
/// that have a place are about. The words were asked before.
pub(in crate::classify) fn candidates(
    rules: &Compiled,
    toks: &[Tok],
    places: Places,
    _: Asked,
    walk: &mut Walk,
) -> bool {
    let guards = rules.guards();
    let mut stood = mem::take(&mut walk.stood);
    let wanted = mem::take(&mut walk.wanted);
    look(rules, toks, (guards, &wanted), walk, &mut stood);
    walk.wanted = wanted;
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

/// That the words of a text were asked what they may guard, for [`candidates`].
#[derive(Clone, Copy)]
pub(in crate::classify) struct Asked {
    /// Whether some text rule may find something in it, as far as single words tell.
    pub(in crate::classify) any: bool,
}

/// Asks single words, which need no marks, what rules they may guard: of most strings none.
pub(in crate::classify) fn ask(rules: &Compiled, toks: &[Tok], walk: &mut Walk) -> Asked {
    let Walk { guards, wanted, .. } = walk;
    guards.clear();
    wanted.clear();
    let mut of_text = Guards::default();
    let mut end = 0;
    for sentence in toks.chunk_by(|a, b| a.sentence == b.sentence) {
        end += sentence.len();
        let own = rules.guards_in(sentence.iter().map(|tok| tok.word));
        of_text.add(&own);
        guards.push((end, own));
    }
    let mut any = false;
    for (end, own) in guards {
        let bits = rules.guarded_by(own, &of_text);
        any |= bits != 0;
        wanted.push((*end, bits));
    }
    Asked { any }
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
    matched(
        rules,
        toks,
        view,
        (&[(toks.len(), bits)], wanted),
        walk,
        hits,
    );
}
