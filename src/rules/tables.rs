//! What is asked at every word of every text, in tables small enough to stay in the cache: which
//! sequences begin with a word, and which steps of a sequence a word can be.

use super::compiled::{Pattern, User, place_bit, stand};
use super::source::{At, Place, Sentence};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// A sequence as seen from its first word: what rules most of them out, side by side in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Start {
    /// The sequence, by index.
    pub pattern: u32,
    /// The element of the second step, where there is one.
    pub second: Option<u32>,
    /// At most so many words before the second step.
    pub gap: u8,
    /// What all its users ask of where the first word stands: bits of [`stand`], those that are
    /// looked at and those of them that are to be set.
    asked: (u16, u16),
    /// Where its users begin among those of the place, and how many there are.
    users: (u32, u16),
}

/// The sequences that are looked for in one place, by the word they begin with.
#[derive(Debug, Clone)]
pub struct Starts {
    by_word: Lists<Start>,
    users: Vec<User>,
}

impl Starts {
    /// Of the sequences that have a user in `place`; `members` are the words of each element.
    pub(super) fn new(
        patterns: &[Pattern],
        members: &[BTreeSet<u32>],
        words: usize,
        place: Place,
    ) -> Starts {
        let wanted = place_bit(place);
        let mut users = Vec::new();
        let mut by_word = vec![Vec::new(); words];
        for (number, pattern) in (0u32..).zip(patterns) {
            let own = pattern
                .users
                .iter()
                .filter(|user| user.asks.places & wanted != 0);
            let from = users.len();
            users.extend(own);
            let count = users.len() - from;
            if count == 0 {
                continue;
            }
            let asked = asked_by_all(&users[from..], place);
            let second = pattern.steps.get(1);
            let start = Start {
                pattern: number,
                second: second.map(|step| step.element),
                gap: second.map_or(0, |step| step.gap),
                asked,
                users: (
                    u32::try_from(from).unwrap_or(u32::MAX),
                    u16::try_from(count).unwrap_or(u16::MAX),
                ),
            };
            for word in &members[pattern.steps[0].element as usize] {
                by_word[*word as usize].push(start);
            }
        }
        Starts {
            by_word: Lists::new(by_word),
            users,
        }
    }

    /// The sequences that can begin with a word.
    #[inline]
    pub fn of(&self, word: u32) -> &[Start] {
        self.by_word.of(word)
    }

    /// The matchers that use a sequence in this place.
    #[inline]
    pub fn users(&self, start: &Start) -> &[User] {
        let (from, count) = (start.users.0 as usize, usize::from(start.users.1));
        self.users.get(from..from + count).unwrap_or_default()
    }
}

impl Start {
    /// Whether a first word that stands so can satisfy any user.
    #[inline]
    pub const fn fits(&self, stands: u16) -> bool {
        stands & self.asked.0 == self.asked.1
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
    /// Of each word, where its list begins in `all` and where it ends.
    ranges: Vec<(u32, u32)>,
    all: Vec<T>,
}

impl<T: Copy + Eq + Hash> Lists<T> {
    fn new(lists: Vec<Vec<T>>) -> Lists<T> {
        let mut all = Vec::new();
        let mut known: HashMap<Vec<T>, (u32, u32), foldhash::fast::FixedState> = HashMap::default();
        let length = |all: &Vec<T>| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let ranges = lists
            .into_iter()
            .map(|list| {
                if let Some(range) = known.get(&list) {
                    return *range;
                }
                let from = length(&all);
                all.extend_from_slice(&list);
                let range = (from, length(&all));
                known.insert(list, range);
                range
            })
            .collect();
        Lists { ranges, all }
    }

    #[inline]
    fn of(&self, word: u32) -> &[T] {
        let (from, to) = self.ranges.get(word as usize).copied().unwrap_or_default();
        self.all.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Which elements each word belongs to, one bit each: the elements of later steps in one table,
/// which every word of every text is held against, the others in another.
#[derive(Debug, Clone)]
pub(super) struct Elements {
    later: Rows,
    others: Rows,
    /// How many elements the first table has.
    count: u32,
}

impl Elements {
    /// Of sequences whose elements were numbered by [`renumber`].
    pub(super) fn new(patterns: &[Pattern], members: &[BTreeSet<u32>], words: usize) -> Elements {
        let count = patterns
            .iter()
            .flat_map(|pattern| pattern.steps.iter().skip(1))
            .map(|step| step.element as usize + 1)
            .max()
            .unwrap_or(0);
        let (later, others) = members.split_at(count);
        Elements {
            later: Rows::new(later, words),
            others: Rows::new(others, words),
            count: u32::try_from(count).unwrap_or(u32::MAX),
        }
    }

    /// The row of a word among later steps; none where it can be no later step.
    #[inline]
    pub(super) fn later_row(&self, word: u32) -> Option<Row> {
        self.later.row(word)
    }

    /// Whether a row has an element of a later step.
    #[inline]
    pub(super) fn row_has(&self, row: Row, element: u32) -> bool {
        self.later.row_has(row, element)
    }

    #[inline]
    pub(super) fn have(&self, word: u32, element: u32) -> bool {
        match element.checked_sub(self.count) {
            None => self.later.have(word, element),
            Some(element) => self.others.have(word, element),
        }
    }
}

/// A row of bits for each word. Words of one class share a row.
#[derive(Debug, Clone)]
struct Rows {
    /// Of each word, where its row begins; the row without a bit is the first.
    from: Vec<u32>,
    bits: Vec<u64>,
}

/// Where a row that has some bit begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row(u32);

impl Rows {
    fn new(members: &[BTreeSet<u32>], words: usize) -> Rows {
        let mut rows = vec![vec![0u64; members.len().div_ceil(64).max(1)]; words];
        for (bit, words) in members.iter().enumerate() {
            for word in words {
                rows[*word as usize][bit >> 6] |= 1 << (bit & 63);
            }
        }
        // The word that no rule knows is the first, so that its empty row is.
        let lists = Lists::new(rows);
        Rows {
            from: lists.ranges.iter().map(|(from, _)| *from).collect(),
            bits: lists.all,
        }
    }

    #[inline]
    fn row(&self, word: u32) -> Option<Row> {
        self.from
            .get(word as usize)
            .copied()
            .filter(|from| *from != 0)
            .map(Row)
    }

    #[inline]
    fn row_has(&self, row: Row, bit: u32) -> bool {
        self.bits
            .get((row.0 + (bit >> 6)) as usize)
            .is_some_and(|bits| bits >> (bit & 63) & 1 == 1)
    }

    #[inline]
    fn have(&self, word: u32, bit: u32) -> bool {
        self.row(word).is_some_and(|row| self.row_has(row, bit))
    }
}

/// Gives the elements, the words of each by its number, new numbers: those that stand after the
/// first step of a sequence first, since only they are asked for at every word.
pub(super) fn renumber(
    elements: Vec<BTreeSet<u32>>,
    patterns: &mut [Pattern],
) -> Vec<BTreeSet<u32>> {
    let later: BTreeSet<u32> = patterns
        .iter()
        .flat_map(|pattern| pattern.steps.iter().skip(1))
        .map(|step| step.element)
        .collect();
    let mut sorted: Vec<(u32, BTreeSet<u32>)> = (0u32..).zip(elements).collect();
    sorted.sort_unstable_by_key(|(element, _)| (!later.contains(element), *element));
    let numbers: HashMap<u32, u32> = (0u32..)
        .zip(&sorted)
        .map(|(new, (old, _))| (*old, new))
        .collect();
    for step in patterns.iter_mut().flat_map(|pattern| &mut pattern.steps) {
        if let Some(new) = numbers.get(&step.element) {
            step.element = *new;
        }
    }
    sorted.into_iter().map(|(_, words)| words).collect()
}
