//! Which elements of sequences a word belongs to, as bits.

use std::collections::{BTreeSet, HashMap};

/// Elements as bits, each by the last bits of its number: what is not there is not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Folded([u64; Folded::WIDTH]);

impl Folded {
    const WIDTH: usize = 16;

    /// All in one number, each by the last six bits of its own.
    pub(super) fn sign(&self) -> u64 {
        self.0.iter().fold(0, |all, bits| all | bits)
    }

    /// Adds those of another.
    #[inline]
    pub fn add(&mut self, other: &Folded) {
        for (all, bits) in self.0.iter_mut().zip(&other.0) {
            *all |= bits;
        }
    }

    /// Whether an element may be among them.
    #[inline]
    pub const fn may_have(&self, element: u32) -> bool {
        self.0[(element >> 6) as usize % Folded::WIDTH] >> (element & 63) & 1 == 1
    }
}

/// Which elements each word belongs to: a row of bits for each. Words of one class share a row.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// The numbers of a row.
    width: usize,
    bits: Vec<u64>,
}

impl Rows {
    /// Of the words of each element; where the row of each word begins.
    pub(super) fn new(members: &[BTreeSet<u32>], words: usize) -> (Rows, Vec<u32>) {
        let width = members.len().div_ceil(64).max(1);
        let mut rows = vec![vec![0u64; width]; words];
        for (bit, words) in members.iter().enumerate() {
            for word in words {
                rows[*word as usize][bit >> 6] |= 1 << (bit & 63);
            }
        }
        let mut bits: Vec<u64> = Vec::new();
        let mut known: HashMap<Vec<u64>, u32, foldhash::fast::FixedState> = HashMap::default();
        let begins = rows.into_iter().map(|row| {
            let next = u32::try_from(bits.len()).unwrap_or(u32::MAX);
            *known.entry(row).or_insert_with_key(|row| {
                bits.extend_from_slice(row);
                next
            })
        });
        let begins = begins.collect();
        (Rows { width, bits }, begins)
    }

    fn row(&self, row: u32) -> &[u64] {
        let from = row as usize;
        self.bits.get(from..from + self.width).unwrap_or_default()
    }

    /// All elements of a row, each by the last bits of its number.
    pub(super) fn folded(&self, row: u32) -> Folded {
        let mut folded = Folded::default();
        for (at, bits) in self.row(row).iter().enumerate() {
            folded.0[at % Folded::WIDTH] |= bits;
        }
        folded
    }

    #[inline]
    pub(super) fn at(&self, row: u32, element: u32) -> bool {
        self.bits
            .get((row + (element >> 6)) as usize)
            .is_some_and(|bits| bits >> (element & 63) & 1 == 1)
    }
}
