//! Cutting long sorted lists into pages by the first letters, so that a new entry changes one
//! page and never moves the others.

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The letters that its entries begin with; `_` at the end means: nothing after them.
    pub prefix: String,
    /// First entry.
    pub from: usize,
    /// One past the last entry.
    pub to: usize,
    /// Sum of the weights.
    pub weight: usize,
}

/// Cuts entries, sorted by key, into shards of at most `limit` where that is possible: entries
/// with one key are never parted. Keys are slugs, so bytes are letters.
pub fn cut<'a>(
    count: usize,
    key: &dyn Fn(usize) -> &'a str,
    weight: &dyn Fn(usize) -> usize,
    limit: usize,
) -> Vec<Shard> {
    let mut out = Vec::new();
    part(0, count, 0, &mut out, key, weight, limit);
    out
}

fn part<'a>(
    from: usize,
    to: usize,
    depth: usize,
    out: &mut Vec<Shard>,
    key: &dyn Fn(usize) -> &'a str,
    weight: &dyn Fn(usize) -> usize,
    limit: usize,
) {
    let mut start = from;
    while start < to {
        let letter = key(start).as_bytes().get(depth).copied();
        let mut end = start + 1;
        while end < to && key(end).as_bytes().get(depth).copied() == letter {
            end += 1;
        }
        let sum: usize = (start..end).map(weight).sum();
        match letter {
            Some(_) if sum > limit && end - start > 1 && depth < 60 => {
                part(start, end, depth + 1, out, key, weight, limit);
            }
            Some(_) => out.push(Shard {
                prefix: key(start)[..=depth].to_owned(),
                from: start,
                to: end,
                weight: sum,
            }),
            None => out.push(Shard {
                prefix: format!("{}_", &key(start)[..depth]),
                from: start,
                to: end,
                weight: sum,
            }),
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_entry_is_in_exactly_one_shard() {
        let mut keys: Vec<String> = (0..500)
            .map(|n| format!("{:x}-{n}", n * 7919 % 977))
            .collect();
        keys.extend(["a".to_owned(), "ab".to_owned(), "abc".to_owned()]);
        keys.sort();
        let shards = cut(keys.len(), &|at| keys[at].as_str(), &|_| 1, 20);
        let mut next = 0;
        for shard in &shards {
            assert_eq!(shard.from, next);
            assert!(shard.weight <= 20, "{shard:?}");
            next = shard.to;
        }
        assert_eq!(next, keys.len());
        let names: HashSet<_> = shards.iter().map(|s| &s.prefix).collect();
        assert_eq!(names.len(), shards.len());
    }

    #[test]
    fn a_new_entry_moves_no_other() {
        let mut keys: Vec<String> = (0..200).map(|n| format!("s{n:03}")).collect();
        let prefixes = |keys: &[String]| -> Vec<String> {
            cut(keys.len(), &|at| keys[at].as_str(), &|_| 1, 30)
                .into_iter()
                .map(|s| s.prefix)
                .collect()
        };
        let before = prefixes(&keys);
        keys.insert(51, "s050x".to_owned());
        assert_eq!(before, prefixes(&keys));
    }

    #[test]
    fn a_short_list_with_one_first_letter_is_one_shard() {
        let keys = ["aa", "ab"];
        assert_eq!(cut(2, &|at| keys[at], &|_| 1, 9).len(), 1);
    }
}
