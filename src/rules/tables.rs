//! What is asked at every word of every text, in tables small enough to stay in the cache: which
//! sequences are looked for at a word, and which steps of a sequence a word can be.
//!
//! A sequence is looked for at its rarest step: *send the password* at *password*, since texts are
//! full of what is sent.

use super::compiled::{Pattern, User, place_bit, stand};
use super::source::{At, Place, Sentence};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// A sequence as seen from its rarest word: what rules most of them out, side by side in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Start {
    /// The sequence, by index.
    pub pattern: u32,
    /// The element of the step that is looked at next, where there is one: the second for a
    /// sequence that is looked for at its first step, else the step before.
    pub near: Option<u32>,
    /// At most so many words between the two.
    pub gap: u8,
    /// Which step the word is; the first is 0.
    pub step: u8,
    /// How many words before it the first step can stand at most.
    pub reach: u16,
    /// What all its users ask of where the first word stands: bits of [`stand`], those that are
    /// looked at and those of them that are to be set.
    asked: (u16, u16),
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
    /// Where its row of elements begins, and the elements folded into one number: what is not there
    /// is not in the row, and most of what is asked for is not.
    row: u32,
    folded: u64,
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
    /// Of each rule what guards it.
    guards: Vec<u64>,
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
        let (elements, rows) = Rows::new(members, words.len());
        for ((number, word), row) in words.iter_mut().enumerate().zip(rows) {
            word.row = row;
            word.folded = elements.folded(row);
            let list = |at: usize| -> &Starts { &starts[at] };
            word.lists = std::array::from_fn(|at| list(at).by_word.list_of(number));
        }
        Words {
            known: words,
            starts,
            elements,
            guards,
        }
    }

    #[inline]
    pub(super) fn of(&self, word: u32) -> Word {
        self.known.get(word as usize).copied().unwrap_or_default()
    }

    /// Whether a word belongs to an element.
    #[inline]
    pub(super) fn belongs(&self, word: u32, element: u32) -> bool {
        self.known.get(word as usize).is_some_and(|word| {
            word.folded >> (element & 63) & 1 == 1 && self.elements.at(word.row, element)
        })
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
    /// The sequences that are looked for at a word.
    #[inline]
    pub fn of(&self, word: u32) -> &'a [Start] {
        match self.words.get(word as usize) {
            Some(word) => self.starts.by_word.list(word.lists[self.at]),
            None => &[],
        }
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

/// The sequences that are looked for in one place, by the word they are looked for at.
#[derive(Debug, Clone)]
struct Starts {
    by_word: Lists<Start>,
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
        let mut by_word = vec![Vec::new(); words];
        for (number, pattern) in (0u32..).zip(patterns) {
            let own = pattern.users.iter().filter(|user| wanted(user));
            let from = users.len();
            users.extend(own);
            let count = users.len() - from;
            if count == 0 {
                continue;
            }
            let asked = asked_by_all(&users[from..], place);
            let steps = &pattern.steps;
            let rarest = rarest(pattern, common).0;
            let (near, gap) = match rarest.checked_sub(1) {
                None => (steps.get(1).map(|s| s.element), steps.get(1).map(|s| s.gap)),
                Some(before) => (Some(steps[before].element), Some(steps[rarest].gap)),
            };
            let reach = steps[..=rarest]
                .iter()
                .skip(1)
                .map(|s| u16::from(s.gap) + 1)
                .sum();
            let start = Start {
                pattern: number,
                near,
                gap: gap.unwrap_or(0),
                step: u8::try_from(rarest).unwrap_or(u8::MAX),
                reach,
                asked,
                users: (
                    u32::try_from(from).unwrap_or(u32::MAX),
                    u16::try_from(count).unwrap_or(u16::MAX),
                ),
            };
            for word in &members[steps[rarest].element as usize] {
                by_word[*word as usize].push(start);
            }
        }
        Starts {
            by_word: Lists::new(by_word),
            users,
        }
    }
}

impl Start {
    /// Whether a first word that stands so can satisfy any user.
    #[inline]
    pub const fn fits(&self, stands: u16) -> bool {
        stands & self.asked.0 == self.asked.1
    }
}

/// The rarest step of a sequence, and how common it is; of equals the first, since its way is the
/// shortest.
fn rarest(pattern: &Pattern, common: &[u64]) -> (usize, u64) {
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
fn guards(patterns: &[Pattern], common: &[u64], needs: &[Needs]) -> Vec<u64> {
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

/// What all of some users ask of where the first word stands.
fn asked_by_all(users: &[User], place: Place) -> (u16, u16) {
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
    (looked, set)
}

/// One list for each word, such as of sequences that begin with it. Words of one class have the
/// same lists, so that there are far fewer lists than words.
#[derive(Debug, Clone)]
struct Lists<T> {
    /// Of each word, its list.
    of_word: Vec<u32>,
    /// Of each list, where it begins in `all` and where it ends. The first is that of the word that
    /// no rule knows, which has nothing.
    ranges: Vec<(u32, u32)>,
    all: Vec<T>,
}

impl<T: Copy + Eq + Hash> Lists<T> {
    fn new(lists: Vec<Vec<T>>) -> Lists<T> {
        let mut all = Vec::new();
        let mut ranges = Vec::new();
        let mut known: HashMap<Vec<T>, u32, foldhash::fast::FixedState> = HashMap::default();
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let of_word = lists
            .into_iter()
            .map(|list| {
                if let Some(number) = known.get(&list) {
                    return *number;
                }
                let from = length(all.len());
                all.extend_from_slice(&list);
                let number = length(ranges.len());
                ranges.push((from, length(all.len())));
                known.insert(list, number);
                number
            })
            .collect();
        Lists {
            of_word,
            ranges,
            all,
        }
    }

    fn list_of(&self, word: usize) -> u32 {
        self.of_word.get(word).copied().unwrap_or(0)
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

/// Which elements each word belongs to: a row of bits for each. Words of one class share a row.
#[derive(Debug, Clone)]
struct Rows {
    /// The numbers of a row.
    width: usize,
    bits: Vec<u64>,
}

impl Rows {
    /// Of the words of each element; where the row of each word begins.
    fn new(members: &[BTreeSet<u32>], words: usize) -> (Rows, Vec<u32>) {
        let width = members.len().div_ceil(64).max(1);
        let mut rows = vec![vec![0u64; width]; words];
        for (bit, words) in members.iter().enumerate() {
            for word in words {
                rows[*word as usize][bit >> 6] |= 1 << (bit & 63);
            }
        }
        let lists = Lists::new(rows);
        let begins = (0..words)
            .map(|word| lists.ranges[lists.list_of(word) as usize].0)
            .collect();
        let bits = lists.all;
        (Rows { width, bits }, begins)
    }

    /// All elements of a row, each by the last six bits of its number.
    fn folded(&self, row: u32) -> u64 {
        let bits = self.bits.get(row as usize..row as usize + self.width);
        bits.unwrap_or_default()
            .iter()
            .fold(0, |all, bits| all | bits)
    }

    #[inline]
    fn at(&self, row: u32, element: u32) -> bool {
        self.bits
            .get((row + (element >> 6)) as usize)
            .is_some_and(|bits| bits >> (element & 63) & 1 == 1)
    }
}
