//! Which parts of a text rule guard it: a string without them says nothing to the rule, so that its
//! other parts are not looked for.

use super::compiled::Pattern;
use std::collections::HashMap;

/// The rarest step of a sequence, and how common it is; of equals the first, since its way is the
/// shortest.
pub(super) fn rarest(pattern: &Pattern, common: &[u64]) -> (usize, u64) {
    (0..pattern.steps.len())
        .map(|step| (step, common[pattern.steps[step].element as usize]))
        .min_by_key(|(_, common)| *common)
        .unwrap_or_default()
}

/// A part of a rule that stands in more than so many of a million words guards it together with
/// another.
const COMMON: u64 = 3_000;

/// Of each text rule the parts that it needs, by their bits (see [`super::compiled::Role::bit`]): the rarest, and
/// another where that is common.
pub(super) fn guards(patterns: &[Pattern], common: &[u64], needs: &[Needs]) -> Vec<u64> {
    let mut cost: HashMap<(u32, u64), u64> = HashMap::new();
    for pattern in patterns {
        let common = rarest(pattern, common).1;
        for user in &pattern.users {
            *cost
                .entry((user.asks.rule, user.asks.role.bit()))
                .or_default() += common;
        }
    }
    (0u32..)
        .zip(needs)
        .map(|(rule, needs)| {
            let cost = |bit: u64| cost.get(&(rule, bit)).copied().unwrap_or(0);
            let mut bits: Vec<u64> = needs.bits().collect();
            bits.sort_by_key(|bit| cost(*bit));
            let enough = |at: usize| at == 0 || at == 1 && cost(bits[0]) > COMMON;
            let mask = (0..bits.len())
                .filter(|at| enough(*at))
                .fold(0, |mask, at| mask | bits[at]);
            // A fact stands at no word, so that none leads to it.
            if mask == 0 { 0 } else { mask | needs.facts }
        })
        .collect()
}

/// The parts of a rule that it needs in the text of a string, by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Needs {
    /// Those that only words make.
    pub(super) words: u64,
    /// Those that facts make too.
    pub(super) facts: u64,
}

impl Needs {
    fn bits(self) -> impl Iterator<Item = u64> {
        (0..64)
            .map(|bit| 1 << bit)
            .filter(move |bit| self.words & bit != 0)
    }
}
