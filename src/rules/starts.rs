//! Where sequences are looked for: of each word and place, those whose rarest step it is.

use super::compiled::{Asked, Pattern, User};
use super::grammar::stand;
use super::guards::rarest;
use super::source::{At, Place, Sentence};
use std::collections::{BTreeSet, HashMap};

/// A sequence as seen from its rarest word: what rules most of them out, side by side in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Start {
    /// The sequence, by index.
    pub pattern: u32,
    /// The element of the step that is looked at next: the second for a sequence that is looked for
    /// at its first step, else the step before; where there is none, the word's own.
    pub near: u32,
    /// The rarest element of the steps that are left; where there is none, that of `near`.
    pub far: u32,
    /// At most so many words between the word and the step that is looked at next.
    pub gap: u8,
    /// Which step the word is; the first is 0.
    pub step: u8,
    /// How many words before it the first step can stand at most.
    pub reach: u16,
    /// What all its users ask of where the first word stands.
    asked: Asked,
    /// The rules of its users, each by the last bits of its number.
    rules: u64,
    /// Where its users begin among those of the place, and how many there are.
    pub users: (u32, u16),
}

/// What is looked for in one place, by the word it is looked for at. Words of one class have the same
/// lists.
#[derive(Debug, Clone)]
pub(super) struct Starts {
    /// Of each word, its lists.
    pub(super) of_word: Vec<u32>,
    /// The sequences of several words.
    several: Lists<Start>,
    /// The matchers that ask for the word alone.
    alone: Lists<User>,
    /// The matchers that ask for a sequence of several words.
    users: Vec<User>,
}

impl Starts {
    /// Of the sequences that have a wanted user in `place`; `members` are the words of each element,
    /// and `common` says how common they are.
    pub(super) fn new(
        patterns: &[Pattern],
        members: &[BTreeSet<u32>],
        common: &[u64],
        words: usize,
        place: Place,
        wanted: impl Fn(&User) -> bool,
    ) -> Starts {
        let mut users = Vec::new();
        let mut by_word = vec![(Vec::new(), Vec::new()); words];
        for (number, pattern) in (0u32..).zip(patterns) {
            let own: Vec<User> = pattern
                .users
                .iter()
                .filter(|u| wanted(u))
                .copied()
                .collect();
            if own.is_empty() {
                continue;
            }
            if let [only] = pattern.steps[..] {
                for user in own {
                    let asked = asked_by_all(&[user], place);
                    for word in &members[only.element as usize] {
                        by_word[*word as usize].1.push(User { asked, ..user });
                    }
                }
                continue;
            }
            let (start, rarest) = Start::of(number, pattern, &own, (common, place), users.len());
            users.extend(own);
            for word in &members[rarest as usize] {
                by_word[*word as usize].0.push(start);
            }
        }
        let mut known: HashMap<_, u32, foldhash::fast::FixedState> = HashMap::default();
        let mut starts = Starts {
            of_word: Vec::with_capacity(words),
            several: Lists::default(),
            alone: Lists::default(),
            users,
        };
        for lists in by_word {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let number = *known.entry(lists).or_insert_with_key(|(several, alone)| {
                starts.several.push(several);
                starts.alone.push(alone);
                next
            });
            starts.of_word.push(number);
        }
        starts
    }

    /// The sequences of a list.
    #[inline]
    pub(super) fn several(&self, list: u32) -> &[Start] {
        self.several.list(list)
    }

    /// The matchers of a list that ask for a word alone.
    #[inline]
    pub(super) fn alone(&self, list: u32) -> &[User] {
        self.alone.list(list)
    }

    /// The matchers that use a sequence.
    #[inline]
    pub(super) fn users(&self, (from, count): (u32, u16)) -> &[User] {
        let (from, count) = (from as usize, usize::from(count));
        self.users.get(from..from + count).unwrap_or_default()
    }
}

impl Start {
    /// Of a sequence of several words, for these of its users, which come after `before` others; and
    /// the element that it is looked for at.
    fn of(
        number: u32,
        pattern: &Pattern,
        users: &[User],
        (common, place): (&[u64], Place),
        before: usize,
    ) -> (Start, u32) {
        let steps = &pattern.steps;
        let rarest = rarest(pattern, common).0;
        let next = if rarest == 0 { 1 } else { rarest - 1 };
        let near = steps[next].element;
        let left = (0..steps.len()).filter(|at| *at != rarest && *at != next);
        let far = left
            .map(|at| steps[at].element)
            .min_by_key(|element| common[*element as usize])
            .unwrap_or(near);
        let reach = steps[..=rarest]
            .iter()
            .skip(1)
            .map(|s| u16::from(s.gap) + 1)
            .sum();
        let start = Start {
            pattern: number,
            near,
            far,
            gap: steps[rarest.max(1)].gap,
            step: u8::try_from(rarest).unwrap_or(u8::MAX),
            reach,
            asked: asked_by_all(users, place),
            rules: rule_bits(users.iter().map(|user| user.asks.rule)),
            users: (
                u32::try_from(before).unwrap_or(u32::MAX),
                u16::try_from(users.len()).unwrap_or(u16::MAX),
            ),
        };
        (start, steps[rarest].element)
    }
}

/// Rules as bits, each by the last of its number.
pub fn rule_bits(rules: impl Iterator<Item = u32>) -> u64 {
    rules.fold(0, |bits, rule| bits | 1 << (rule & 63))
}

impl Start {
    /// Whether a rule among these may ask for it.
    #[inline]
    pub const fn is_of(&self, rules: u64) -> bool {
        self.rules & rules != 0
    }

    /// Whether a first word that stands so can satisfy any user.
    #[inline]
    pub const fn fits(&self, stands: u16) -> bool {
        self.asked.fits(stands)
    }
}

/// What all of some users ask of where the first word stands.
fn asked_by_all(users: &[User], place: Place) -> Asked {
    let all = |asks: fn(&User) -> bool| users.iter().all(asks);
    let (mut looked, mut set) = (0, 0);
    if all(|user| user.asks.at == At::Verb) {
        looked |= stand::VERB;
        set |= stand::VERB;
    }
    if place == Place::Description && all(|user| user.asks.sentence == Sentence::First) {
        looked |= stand::FIRST;
        set |= stand::FIRST;
    }
    if place == Place::Description && all(|user| user.asks.sentence == Sentence::Main) {
        looked |= stand::LOW;
    }
    Asked { looked, set }
}

/// Lists, one behind the other.
#[derive(Debug, Clone)]
struct Lists<T> {
    /// Of each list, where it begins in `all` and where it ends. The first is that of the word that
    /// no rule knows, which has nothing.
    ranges: Vec<(u32, u32)>,
    all: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists {
            ranges: Vec::new(),
            all: Vec::new(),
        }
    }
}

impl<T: Copy> Lists<T> {
    fn push(&mut self, list: &[T]) {
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let from = length(self.all.len());
        self.all.extend_from_slice(list);
        self.ranges.push((from, length(self.all.len())));
    }

    #[inline]
    fn list(&self, number: u32) -> &[T] {
        let (from, to) = self
            .ranges
            .get(number as usize)
            .copied()
            .unwrap_or_default();
        self.all.get(from as usize..to as usize).unwrap_or_default()
    }
}
