//! Whether a text rule fires in one string, and which hits are its witnesses: what it asks for has to
//! stand together, and what speaks against it speaks in its own sentence.

use crate::rules::compiled::{ReadyRule, Role};

/// The most places of one rule in one string: one would do to report it, but the first may stand far
/// from what it is to be held against.
const MOST_PLACES: usize = 8;

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

/// Puts the hits that show what the rule found into `places`, the first of each place, in the order of
/// the text; none where the rule does not fire. `hits` are the rule's own, in the order of the text;
/// they are left in the order of their sentences.
///
/// A text can have thousands of hits in as many sentences, so that each is looked at once for each
/// sentence that it is near to, and not once for each other hit.
pub(super) fn of(rule: &ReadyRule, hits: &mut [Said], places: &mut Vec<usize>) {
    places.clear();
    hits.sort_by_key(|(_, _, sentence)| *sentence);
    let against: Vec<Option<u16>> = hits
        .iter()
        .filter(|(_, role, _)| *role == Role::None)
        .map(|(_, _, sentence)| *sentence)
        .collect();
    // Facts of the whole string, which stand in each sentence, come first.
    if against.first() == Some(&None) {
        return;
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
        let shown = found.shows(rule);
        if let Some((at, sentence)) = shown {
            // A witness that is the whole string is spoken against by any of its sentences.
            if sentence.is_none() && !against.is_empty() {
                return;
            }
            places.push(at);
        }
        from += if shown.is_some() {
            // The next place is another one: what is shown is not shown again.
            placed[from..].iter().take_while(within).count()
        } else {
            placed[from..]
                .iter()
                .take_while(|(_, _, sentence)| *sentence == first)
                .count()
        };
        // Where the whole string counts, the first window was all of it.
        let whole_string = rule.within == u16::MAX;
        if whole_string || from >= placed.len() || places.len() >= MOST_PLACES {
            break;
        }
    }
    // All of the string was one window: each hit of what shows it is a place.
    if rule.within == u16::MAX && places.pop().is_some() {
        let counted = || {
            hits.iter()
                .filter(counted)
                .map(|(at, role, _)| (*at, *role))
        };
        let any = counted().find(|(_, role)| *role == Role::Any);
        let shows = any.or_else(|| counted().next()).map(|(_, role)| role);
        let like = counted().filter(|(_, role)| Some(*role) == shows);
        places.extend(like.map(|(at, _)| at).take(MOST_PLACES));
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

    fn places(rule: &ReadyRule, hits: &[Said]) -> Vec<usize> {
        let mut places = Vec::new();
        of(rule, &mut hits.to_vec(), &mut places);
        places
    }

    fn first(rule: &ReadyRule, hits: &[Said]) -> Option<usize> {
        places(rule, hits).first().copied()
    }

    #[test]
    fn what_speaks_against_speaks_in_its_own_sentence() {
        let rule = rule(u16::MAX, 0, true);
        let said = |hits: &[Said]| first(&rule, hits);
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
        let said = |within| first(&rule(within, 2, false), &apart);
        assert_eq!(said(1), None);
        assert_eq!(said(2), Some(1));
        assert_eq!(said(u16::MAX), Some(0));
        let both = [(0, Role::All(0), Some(7)), (1, Role::Any, Some(7))];
        assert_eq!(first(&rule(1, 1, true), &both), Some(1));
        assert_eq!(first(&rule(1, 1, true), &both[..1]), None);
        let with_fact = [(0, Role::All(0), Some(7)), (1, Role::Any, None)];
        assert_eq!(first(&rule(1, 1, true), &with_fact), Some(1));
    }

    #[test]
    fn a_rule_that_fires_twice_has_two_places() {
        let twice = [
            (0, Role::All(0), Some(0)),
            (1, Role::All(1), Some(1)),
            (2, Role::All(0), Some(5)),
            (3, Role::All(1), Some(5)),
        ];
        assert_eq!(places(&rule(2, 2, false), &twice), [0, 2]);
        assert_eq!(places(&rule(1, 2, false), &twice), [2]);
        assert_eq!(places(&rule(u16::MAX, 2, false), &twice), [0, 2]);
        let often: Vec<Said> = (0..50)
            .map(|at| (usize::from(at), Role::Any, Some(at)))
            .collect();
        assert_eq!(places(&rule(1, 0, true), &often).len(), MOST_PLACES);
        assert_eq!(places(&rule(u16::MAX, 0, true), &often).len(), MOST_PLACES);
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
            prop_assert_eq!(first(&rule, &hits).is_some(), slow(&rule, &hits));
        }
    }
}
