//! Whether a text rule fires in one string, and which hit is its witness: what it asks for has to
//! stand together, and what speaks against it speaks in its own sentence.

use crate::rules::compiled::{ReadyRule, Role};

/// One hit of a rule: its index, its part in the rule, and its sentence. A fact of the whole string
/// has no sentence and stands in each.
pub(super) type Said = (usize, Role, Option<u16>);

/// The parts of a rule that stand together, and the first hit of each sort.
#[derive(Clone, Copy, Default)]
struct Found {
    any: Option<(usize, Option<u16>)>,
    all: Option<(usize, Option<u16>)>,
    parts: u64,
}

impl Found {
    fn add(&mut self, (at, role, sentence): Said) {
        match role {
            Role::Any => self.any = self.any.or(Some((at, sentence))),
            Role::All(part) => {
                self.all = self.all.or(Some((at, sentence)));
                self.parts |= 1 << part;
            }
            Role::None => {}
        }
    }

    /// The hit that shows it, where it is all that the rule asks for.
    fn shows(self, rule: &ReadyRule) -> Option<(usize, Option<u16>)> {
        let complete = self.parts.count_ones() == u32::from(rule.all);
        (complete && (self.any.is_some() || !rule.has_any))
            .then(|| self.any.or(self.all))
            .flatten()
    }
}

/// The first hit that shows what the rule found; none where the rule does not fire. `hits` are the
/// rule's own, in the order of the text; they are left in the order of their sentences.
///
/// A text can have thousands of hits in as many sentences, so that each is looked at once for each
/// sentence that it is near to, and not once for each other hit.
pub(super) fn of(rule: &ReadyRule, hits: &mut [Said]) -> Option<usize> {
    hits.sort_by_key(|(_, _, sentence)| *sentence);
    let against: Vec<Option<u16>> = hits
        .iter()
        .filter(|(_, role, _)| *role == Role::None)
        .map(|(_, _, sentence)| *sentence)
        .collect();
    // Facts of the whole string, which stand in each sentence, come first.
    if against.first() == Some(&None) {
        return None;
    }
    let placed = hits.partition_point(|(_, _, sentence)| sentence.is_none());
    let (whole, placed) = hits.split_at(placed);
    // A sentence that is spoken against holds nothing.
    let counted = |(_, role, sentence): &&Said| {
        *role != Role::None && against.binary_search(sentence).is_err()
    };
    let mut from = 0;
    loop {
        let first = placed.get(from).and_then(|(_, _, sentence)| *sentence);
        let last = first.map(|first| first.saturating_add(rule.within.saturating_sub(1)));
        let within = |(_, _, sentence): &&Said| rule.within == u16::MAX || *sentence <= last;
        let mut found = Found::default();
        let near = placed[from..].iter().take_while(within).filter(counted);
        near.chain(whole).for_each(|said| found.add(*said));
        if let Some((at, sentence)) = found.shows(rule) {
            // A witness that is the whole string is spoken against by any of its sentences.
            return (sentence.is_some() || against.is_empty()).then_some(at);
        }
        from += placed[from..]
            .iter()
            .take_while(|(_, _, sentence)| *sentence == first)
            .count();
        if from >= placed.len() || rule.within == u16::MAX {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Compiled, RuleSet};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn rule(within: u16, all: u8, has_any: bool) -> ReadyRule {
        static ANY: LazyLock<ReadyRule> = LazyLock::new(|| {
            let set = RuleSet::embedded().unwrap();
            Compiled::new(&set).unwrap().rules[0].clone()
        });
        let mut rule = ANY.clone();
        (rule.within, rule.all, rule.has_any) = (within, all, has_any);
        rule
    }

    #[test]
    fn what_speaks_against_speaks_in_its_own_sentence() {
        let rule = rule(u16::MAX, 0, true);
        let said = |hits: &[Said]| of(&rule, &mut hits.to_vec());
        let any = |at, sentence| (at, Role::Any, Some(sentence));
        assert_eq!(said(&[any(0, 0)]), Some(0));
        assert_eq!(said(&[any(0, 0), (1, Role::None, Some(0))]), None);
        assert_eq!(said(&[any(0, 0), (1, Role::None, Some(1))]), Some(0));
        assert_eq!(
            said(&[any(0, 0), any(1, 1), (2, Role::None, Some(0))]),
            Some(1)
        );
        assert_eq!(said(&[any(0, 0), (1, Role::None, None)]), None);
        assert_eq!(
            said(&[(0, Role::Any, None), (1, Role::None, Some(1))]),
            None
        );
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn parts_stand_within_the_sentences_that_are_asked_for() {
        let apart = [
            (0, Role::All(0), Some(0)),
            (1, Role::All(0), Some(3)),
            (2, Role::All(1), Some(4)),
        ];
        let said = |within| of(&rule(within, 2, false), &mut apart.to_vec());
        assert_eq!(said(1), None);
        assert_eq!(said(2), Some(1));
        assert_eq!(said(u16::MAX), Some(0));
        let both = [(0, Role::All(0), Some(7)), (1, Role::Any, Some(7))];
        assert_eq!(of(&rule(1, 1, true), &mut both.to_vec()), Some(1));
        assert_eq!(of(&rule(1, 1, true), &mut both[..1].to_vec()), None);
        let with_fact = [(0, Role::All(0), Some(7)), (1, Role::Any, None)];
        assert_eq!(of(&rule(1, 1, true), &mut with_fact.to_vec()), Some(1));
    }

    /// Every window of sentences is tried, and in it every hit.
    fn slow(rule: &ReadyRule, hits: &[Said]) -> bool {
        let none = |place| hits.contains(&(0, Role::None, place));
        (0..8).any(|from: u16| {
            let last = from.saturating_add(rule.within - 1);
            let here: Vec<&Said> = hits
                .iter()
                .filter(|(_, role, place)| *role != Role::None && !none(*place))
                .filter(|(_, _, place)| place.is_none_or(|at| at >= from && at <= last))
                .collect();
            let has = |wanted: Role| here.iter().any(|(_, role, _)| *role == wanted);
            let complete = (0..rule.all).all(|part| has(Role::All(part)));
            let placed = here.iter().any(|(_, _, place)| place.is_some());
            let spoken = hits.iter().any(|(_, role, _)| *role == Role::None);
            complete && (has(Role::Any) || !rule.has_any) && !none(None) && (placed || !spoken)
        })
    }

    proptest! {
        #[test]
        fn the_walk_finds_what_every_window_shows(
            within in prop::sample::select(vec![1, 2, 3, u16::MAX]),
            all in 0u8..3,
            any: bool,
            hits in prop::collection::vec((0u8..4, prop::option::weighted(0.9, 0u16..7)), 0..12),
        ) {
            let rule = rule(within, all, any || all == 0);
            let hits: Vec<Said> = hits
                .into_iter()
                .map(|(role, place)| match role {
                    0 => (0, Role::Any, place),
                    1 => (0, Role::None, place),
                    role => (0, Role::All((role - 2) % all.max(1)), place),
                })
                .filter(|(_, role, _)| all > 0 || !matches!(role, Role::All(_)))
                .collect();
            // A whole string that shows a rule together with a sentence may go either way.
            prop_assume!(hits.iter().all(|(_, role, place)| place.is_some() || *role == Role::None));
            prop_assert_eq!(of(&rule, &mut hits.clone()).is_some(), slow(&rule, &hits));
        }
    }
}
