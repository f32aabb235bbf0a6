//! What is asked at every word of every text, in tables small enough to stay in the cache: which
//! sequences are looked for at a word, and which steps of a sequence a word can be.
//!
//! A sequence is looked for at its rarest step: *send the password* at *password*, since texts are
//! full of what is sent.

use super::compiled::{Pattern, User, place_bit};
use super::elements::{Folded, Rows};
use super::guards::{Guarded, Guards, Needs, guards};
use super::source::Place;
use super::starts::{Start, Starts};
use std::collections::{BTreeSet, HashMap};

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
    /// Bits of [`super::grammar::flag`].
    pub(super) flags: u32,
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
    /// Which of the signs are its own.
    signs: u32,
    /// By place of [`TEXTS`], the list of sequences that are looked for at it; the last is that of
    /// the guards.
    lists: [u32; TEXTS.len() + 1],
}

impl Word {
    /// A word that no sequence asks for yet.
    pub(super) fn new(flags: u32, goes_on: u64) -> Word {
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
    /// What words say of the rules that are guarded.
    guarded: Guarded,
    /// Of each rule what guards it.
    guards: Vec<u64>,
    /// The text rules that nothing guards.
    unguarded: Vec<u32>,
}

impl Words {
    /// Of sequences whose elements are `elements`, with the words of each in `members`. `needs` says
    /// what each rule needs, where it is a text rule, `verb_of` which word is read as a verb too.
    pub(super) fn new(
        mut words: Vec<Word>,
        patterns: &[Pattern],
        members: &[BTreeSet<u32>],
        frequency: &[u32],
        needs: &[Needs],
        verb_of: &[u32],
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
        let sequences = (patterns, members, &common[..]);
        let (guarded, signs) = Guarded::new(sequences, (&guards, needs), verb_of, words.len());
        let mut folded = vec![Folded::default()];
        let mut known = HashMap::from([(Folded::default(), 0)]);
        for ((number, word), row) in words.iter_mut().enumerate().zip(rows) {
            word.signs = signs[number];
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
            guarded,
            guards,
            unguarded: unguarded.into_iter().collect(),
        }
    }

    /// The flags of a word, and which words may go on with a phrase that it begins.
    #[inline]
    pub(super) fn of(&self, word: u32) -> (u32, u64) {
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

    /// Which guards of text rules may stand in a sentence with these words.
    #[inline]
    pub(super) fn guards_in(&self, words: impl Iterator<Item = u32>) -> Guards {
        let signs = words.filter_map(|word| Some(self.known.get(word as usize)?.signs));
        self.guarded.in_sentence(signs)
    }

    /// The text rules of which a guard may stand in a sentence, while all may stand in its text: each as
    /// the last six bits of its number.
    #[inline]
    pub(super) fn guarded_by(&self, sentence: &Guards, text: &Guards) -> u64 {
        self.guarded.rules(sentence, text)
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
        self.starts.several(self.list_of(word))
    }

    /// The matchers that a word alone satisfies.
    #[inline]
    pub fn alone(&self, word: u32) -> &'a [User] {
        self.starts.alone(self.list_of(word))
    }

    #[inline]
    fn list_of(&self, word: u32) -> u32 {
        let word = self.words.get(word as usize);
        word.map_or(0, |word| word.lists[self.at])
    }

    /// The matchers that use a sequence in this place.
    #[inline]
    pub fn users(&self, users: (u32, u16)) -> &'a [User] {
        self.starts.users(users)
    }
}
