//! What is asked at every word of every text, in tables small enough to stay in the cache: which
//! sequences are looked for at a word, and which steps of a sequence a word can be.
//!
//! A sequence is looked for at its rarest step: *send the password* at *password*, since texts are
//! full of what is sent.

use super::compiled::{Asked, Pattern, User, place_bit, stand};
use super::elements::{Folded, Rows};
use super::guards::{Needs, guards, rarest};
use super::source::{At, Place, Sentence};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

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

/// The places that have texts, by which the lists of sequences are kept.
const TEXTS: [Place; 6] = [
    Place::Name,
    Place::Title,
    Place::Description,
    Place::Property,
    Place::Server,
    Place::Text,
];

/// What is known of a word. All of it lies side by side: a text asks for it word by word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    /// Bits of [`super::compiled::flag`].
    pub(super) flags: u16,
    /// Which words can go on with a phrase that begins with it: a bit for the last six bits of the
    /// number of each. 0 where no phrase does.
    pub(super) goes_on: u64,
    /// The elements folded into one number: what is not there is not in the row, and most of what
    /// is asked for is not.
    sign: u64,
    /// Where its row of elements begins.
    row: u32,
    /// Which of the folded ones has its elements.
    folded: u32,
    /// By place of [`TEXTS`], the list of sequences that are looked for at it; the last is that of
    /// the guards.
    lists: [u32; TEXTS.len() + 1],
}

impl Word {
    /// A word that no sequence asks for yet.
    pub(super) fn new(flags: u16, goes_on: u64) -> Word {
        Word {
            flags,
            goes_on,
            ..Word::default()
        }
    }
}

/// What is known of all words, and the sequences that begin with them.
#[derive(Debug, Clone)]
pub(super) struct Words {
    known: Vec<Word>,
    starts: [Starts; TEXTS.len() + 1],
    elements: Rows,
    /// The elements of words, folded; the first is that of a word that has none.
    folded: Vec<Folded>,
    /// Of each rule what guards it.
    guards: Vec<u64>,
    /// The text rules that nothing guards.
    unguarded: Vec<u32>,
}

impl Words {
    /// Of sequences whose elements are `elements`, with the words of each in `members`. `needs` says
    /// what each rule needs, where it is a text rule.
    pub(super) fn new(
        mut words: Vec<Word>,
        patterns: &[Pattern],
        members: &[BTreeSet<u32>],
        frequency: &[u32],
        needs: &[Needs],
    ) -> Words {
        let common: Vec<u64> = members
            .iter()
            .map(|words| {
                let of = |word: &u32| frequency.get(*word as usize).copied().map_or(0, u64::from);
                words.iter().map(of).sum()
            })
            .collect();
        let guards = guards(patterns, &common, needs);
        let starts = std::array::from_fn(|at| {
            let place = TEXTS.get(at).copied();
            let wanted = |user: &User| match place {
                Some(place) => user.asks.places & place_bit(place) != 0,
                None => guards[user.asks.rule as usize] & user.asks.role.bit() != 0,
            };
            let place = place.unwrap_or(Place::Text);
            Starts::new(patterns, members, &common, words.len(), place, wanted)
        });
        let of_texts = patterns.iter().flat_map(|pattern| &pattern.users);
        let unguarded: BTreeSet<u32> = of_texts
            .filter(|user| user.asks.places & place_bit(Place::Text) != 0)
            .map(|user| user.asks.rule)
            .filter(|rule| guards[*rule as usize] == 0)
            .collect();
        let (elements, rows) = Rows::new(members, words.len());
        let mut folded = vec![Folded::default()];
        let mut known = HashMap::from([(Folded::default(), 0)]);
        for ((number, word), row) in words.iter_mut().enumerate().zip(rows) {
            word.row = row;
            let own = elements.folded(row);
            word.sign = own.sign();
            word.folded = *known.entry(own).or_insert_with(|| {
                folded.push(own);
                u32::try_from(folded.len() - 1).unwrap_or(0)
            });
            let list = |at: usize| -> &Starts { &starts[at] };
            word.lists = std::array::from_fn(|at| list(at).of_word[number]);
        }
        Words {
            known: words,
            starts,
            elements,
            folded,
            guards,
            unguarded: unguarded.into_iter().collect(),
        }
    }

    /// The flags of a word, and which words may go on with a phrase that it begins.
    #[inline]
    pub(super) fn of(&self, word: u32) -> (u16, u64) {
        match self.known.get(word as usize) {
            Some(word) => (word.flags, word.goes_on),
            None => (0, 0),
        }
    }

    /// Whether a word belongs to an element.
    #[inline]
    pub(super) fn belongs(&self, word: u32, element: u32) -> bool {
        self.known.get(word as usize).is_some_and(|word| {
            word.sign >> (element & 63) & 1 == 1 && self.elements.at(word.row, element)
        })
    }

    /// The elements that a word belongs to, folded; none for a word without.
    #[inline]
    pub(super) fn folded(&self, word: u32) -> Option<&Folded> {
        match self.known.get(word as usize)?.folded {
            0 => None,
            number => self.folded.get(number as usize),
        }
    }

    /// The text rules that nothing guards.
    pub(super) fn unguarded(&self) -> &[u32] {
        &self.unguarded
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// What is looked for in a place.
    #[inline]
    pub(super) fn in_place(&self, place: Place) -> InPlace<'_> {
        // A matcher that is about no text has no sequences.
        self.at(TEXTS.iter().position(|text| *text == place).unwrap_or(0))
    }

    /// What some text rule needs, whichever of it is rarest: a string without any of it says
    /// nothing to any of them.
    #[inline]
    pub(super) fn guards(&self) -> InPlace<'_> {
        self.at(TEXTS.len())
    }

    /// Which parts of a rule have to stand in a string, by their bits; none for a rule that is no
    /// text rule.
    #[inline]
    pub(super) fn guard_of(&self, rule: u32) -> u64 {
        self.guards.get(rule as usize).copied().unwrap_or(0)
    }

    #[inline]
    fn at(&self, at: usize) -> InPlace<'_> {
        InPlace {
            words: &self.known,
            starts: &self.starts[at],
            at,
        }
    }
}

/// The sequences that are looked for in one place.
#[derive(Debug, Clone, Copy)]
pub struct InPlace<'a> {
    words: &'a [Word],
    starts: &'a Starts,
    at: usize,
}

impl<'a> InPlace<'a> {
    /// The sequences of several words that are looked for at a word.
    #[inline]
    pub fn of(&self, word: u32) -> &'a [Start] {
        self.starts.several.list(self.list_of(word))
    }

    /// The matchers that a word alone satisfies.
    #[inline]
    pub fn alone(&self, word: u32) -> &'a [User] {
        self.starts.alone.list(self.list_of(word))
    }

    #[inline]
    fn list_of(&self, word: u32) -> u32 {
        let word = self.words.get(word as usize);
        word.map_or(0, |word| word.lists[self.at])
    }

    /// The matchers that use a sequence in this place.
    #[inline]
    pub fn users(&self, users: (u32, u16)) -> &'a [User] {
        let (from, count) = (users.0 as usize, usize::from(users.1));
        self.starts
            .users
            .get(from..from + count)
            .unwrap_or_default()
    }
}

/// What is looked for in one place, by the word it is looked for at. Words of one class have the same
/// lists.
#[derive(Debug, Clone)]
struct Starts {
    /// Of each word, its lists.
    of_word: Vec<u32>,
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
    fn new(
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
