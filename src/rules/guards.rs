//! Which parts of a text rule guard it: a string without them says nothing to the rule, so that its
//! other parts are not looked for.

use super::compiled::Pattern;
use std::collections::{BTreeSet, HashMap};

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

/// Sixty-four rules in one number, and as many more: a bit for each guarded rule, in their order; of
/// very many rules some share one.
type Bits = [u64; 2];

fn set(bits: &mut Bits, bit: usize) {
    bits[bit / 64 % bits.len()] |= 1 << (bit % 64);
}

fn both(a: &Bits, b: &Bits) -> Bits {
    std::array::from_fn(|at| a[at] & b[at])
}

fn either(a: &Bits, b: &Bits) -> Bits {
    std::array::from_fn(|at| a[at] | b[at])
}

/// What words have of what guards rules: the rarest and the next rarest words of a first guard, and
/// those of a second. A sequence that stands in a sentence has both of them there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Signs([Bits; 4]);

impl Signs {
    #[inline]
    fn add(&mut self, other: &Signs) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = either(own, other);
        }
    }
}

/// The rules of which the first guard may stand in a sentence, and those of which the second may.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guards([Bits; 2]);

impl Guards {
    /// Adds those of another sentence.
    #[inline]
    pub fn add(&mut self, other: &Guards) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = either(own, other);
        }
    }
}

/// What single words say of the rules that are guarded.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    /// What words are guards of; the first is that of a word that is none.
    signs: Vec<Signs>,
    /// The rules that have one guard.
    with_one: Bits,
    /// By the bits of a rule, the last six bits of its number.
    rules: Vec<u64>,
}

impl Guarded {
    /// Of each rule the parts in `guards`; and of each word, which of the signs are its own. `members`
    /// are the words of each element, `verb_of` says which word is read as a verb too.
    pub(super) fn new(
        (patterns, members, common): (&[Pattern], &[BTreeSet<u32>], &[u64]),
        (guards, needs): (&[u64], &[Needs]),
        verb_of: &[u32],
        words: usize,
    ) -> (Guarded, Vec<u32>) {
        let parts: Vec<Option<(u64, u64)>> = (guards.iter().enumerate())
            .map(|(rule, guard)| (*guard != 0).then(|| two(*guard, needs.get(rule))))
            .collect();
        let mut guarded = Guarded {
            signs: vec![Signs::default()],
            with_one: Bits::default(),
            rules: vec![0; Bits::default().len() * 64],
        };
        let mut bit_of = vec![0; parts.len()];
        let with_guards = (0..)
            .zip(&parts)
            .filter_map(|(rule, part)| Some((rule, (*part)?)));
        for (bit, (rule, (_, second))) in with_guards.enumerate() {
            bit_of[rule] = bit;
            let all = guarded.rules.len();
            guarded.rules[bit % all] |= 1 << (rule & 63);
            if second == 0 {
                set(&mut guarded.with_one, bit);
            }
        }
        let mut of_word = vec![Signs::default(); words];
        for pattern in patterns {
            let mut steps: Vec<u32> = pattern.steps.iter().map(|step| step.element).collect();
            steps.sort_by_key(|element| common[*element as usize]);
            let rarest = steps.first().copied().unwrap_or(0);
            for (plane, element) in [(0, rarest), (1, steps.get(1).copied().unwrap_or(rarest))] {
                let mut own = Signs::default();
                for asks in pattern.users.iter().map(|user| &user.asks) {
                    let rule = asks.rule as usize;
                    let Some((first, second)) = parts[rule] else {
                        continue;
                    };
                    if asks.role.bit() & first != 0 {
                        set(&mut own.0[plane], bit_of[rule]);
                    }
                    if asks.role.bit() & second != 0 {
                        set(&mut own.0[plane + 2], bit_of[rule]);
                    }
                }
                if own != Signs::default() {
                    for word in &members[element as usize] {
                        of_word[*word as usize].add(&own);
                    }
                }
            }
        }
        let mut known = HashMap::from([(Signs::default(), 0)]);
        let numbers = (0..words).map(|word| {
            let mut own = of_word[word];
            // Which of the two is read is known later.
            if let Some(verb) = verb_of.get(word).filter(|verb| **verb != 0) {
                own.add(&of_word[*verb as usize]);
            }
            *known.entry(own).or_insert_with(|| {
                guarded.signs.push(own);
                u32::try_from(guarded.signs.len() - 1).unwrap_or(0)
            })
        });
        let numbers = numbers.collect();
        (guarded, numbers)
    }

    /// Which guards may stand in a sentence whose words have these signs.
    #[inline]
    pub(super) fn in_sentence(&self, signs: impl Iterator<Item = u32>) -> Guards {
        let mut all = Signs::default();
        for signs in signs.filter(|signs| *signs != 0) {
            if let Some(signs) = self.signs.get(signs as usize) {
                all.add(signs);
            }
        }
        let [rarest, next, other_rarest, other_next] = &all.0;
        Guards([both(rarest, next), both(other_rarest, other_next)])
    }

    /// The rules of which a guard may stand in a sentence, while all their guards may stand in its text:
    /// each as the last six bits of its number.
    #[inline]
    pub(super) fn rules(&self, sentence: &Guards, text: &Guards) -> u64 {
        let ([first, second], [own, other]) = (&text.0, &sentence.0);
        let left = both(first, &either(second, &self.with_one));
        let mut rules = 0;
        for (at, mut bits) in both(&left, &either(own, other)).into_iter().enumerate() {
            while bits != 0 {
                let bit = at * 64 + bits.trailing_zeros() as usize;
                rules |= self.rules.get(bit).copied().unwrap_or(0);
                bits &= bits - 1;
            }
        }
        rules
    }
}

/// The two guards of a rule that only words make; none is left for a rule with one. Facts can stand in
/// a text without its words, but no rule is met without any.
fn two(guard: u64, needs: Option<&Needs>) -> (u64, u64) {
    let own = guard & !needs.map_or(0, |needs| needs.facts);
    let first = own & own.wrapping_neg();
    if own == 0 {
        (guard, 0)
    } else {
        (first, own & !first)
    }
}
