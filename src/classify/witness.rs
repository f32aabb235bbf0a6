//! Whether a text rule fires in one string, and which hit is its witness: what it asks for has to
//! stand together, and what speaks against it speaks in its own sentence.

use crate::rules::compiled::{ReadyRule, Role};

/// One hit of a rule: its index, its part in the rule, and its sentence. A fact of the whole string
/// has no sentence and stands in each.
pub(super) type Said = (usize, Role, Option<u16>);

/// The first hit that shows what the rule found; none where the rule does not fire. `hits` are the
/// rule's own, in the order of the text.
pub(super) fn of(rule: &ReadyRule, hits: &[Said]) -> Option<usize> {
    let against = hits.iter().filter(|(_, role, _)| *role == Role::None);
    if against.clone().any(|(_, _, sentence)| sentence.is_none()) {
        return None;
    }
    let spoken = against.clone().next().is_some();
    // A sentence that is spoken against holds nothing.
    let counted = hits.iter().filter(|(_, role, sentence)| {
        let same = |(_, _, other): &Said| other == sentence;
        *role != Role::None && !(spoken && against.clone().any(same))
    });
    let mut before = None;
    for (_, _, sentence) in counted.clone() {
        let from = sentence.unwrap_or_default();
        if before.replace(from) == Some(from) {
            continue;
        }
        let last = from.saturating_add(rule.within.saturating_sub(1));
        let within = |sentence: u16| rule.within == u16::MAX || (from..=last).contains(&sentence);
        let (mut any, mut all) = (None, (None, 0u64));
        for (at, role, sentence) in counted.clone() {
            if !sentence.is_none_or(within) {
                continue;
            }
            match role {
                Role::Any => any = any.or(Some((*at, *sentence))),
                Role::All(part) => {
                    all = (all.0.or(Some((*at, *sentence))), all.1 | 1 << part);
                }
                Role::None => {}
            }
        }
        if all.1.count_ones() == u32::from(rule.all) && (any.is_some() || !rule.has_any) {
            let (at, sentence) = any.or(all.0)?;
            // A witness that is the whole string is spoken against by any of its sentences.
            return (sentence.is_some() || !spoken).then_some(at);
        }
        if rule.within == u16::MAX {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Compiled, RuleSet};

    fn rule(within: u16, all: u8, has_any: bool) -> ReadyRule {
        let set = RuleSet::embedded().unwrap();
        let mut rule = Compiled::new(&set).unwrap().rules[0].clone();
        (rule.within, rule.all, rule.has_any) = (within, all, has_any);
        rule
    }

    #[test]
    fn what_speaks_against_speaks_in_its_own_sentence() {
        let rule = rule(u16::MAX, 0, true);
        let said = |hits: &[Said]| of(&rule, hits);
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
        let said = |within| of(&rule(within, 2, false), &apart);
        assert_eq!(said(1), None);
        assert_eq!(said(2), Some(1));
        assert_eq!(said(u16::MAX), Some(0));
        let both = [(0, Role::All(0), Some(7)), (1, Role::Any, Some(7))];
        assert_eq!(of(&rule(1, 1, true), &both), Some(1));
        assert_eq!(of(&rule(1, 1, true), &both[..1]), None);
        let with_fact = [(0, Role::All(0), Some(7)), (1, Role::Any, None)];
        assert_eq!(of(&rule(1, 1, true), &with_fact), Some(1));
    }
}
