//! The forms of English words: a base form gives its inflections, so that a rule names one word.

/// Which form a surface is of its base word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The word as a rule writes it.
    Base,
    /// `deletes`, `pages`.
    S,
    /// `deleted`.
    Past,
    /// `deleting`.
    Ing,
}

/// The inflected surfaces of a base word, regular forms only; the base itself is not among them.
pub fn forms(base: &str) -> Vec<(String, Form)> {
    if base.len() < 2 || !base.bytes().all(|b| b.is_ascii_lowercase()) {
        return Vec::new();
    }
    let bytes = base.as_bytes();
    let last = bytes[bytes.len() - 1];
    let before = bytes[bytes.len() - 2];
    let mut out = Vec::with_capacity(4);
    let stem = &base[..base.len() - 1];
    let consonant_y = last == b'y' && !is_vowel(before);
    let sibilant =
        matches!(last, b's' | b'x' | b'z') || base.ends_with("ch") || base.ends_with("sh");
    // Ten thousand words have their forms made at each start: joined, not formatted.
    let mut add = |stem: &str, ending: &str, form| out.push(([stem, ending].concat(), form));
    if consonant_y {
        add(stem, "ies", Form::S);
    } else if sibilant {
        add(base, "es", Form::S);
    } else {
        add(base, "s", Form::S);
    }
    let doubles = base.len() >= 3
        && !is_vowel(last)
        && !matches!(last, b'w' | b'x' | b'y')
        && is_vowel(before)
        && !is_vowel(bytes[bytes.len() - 3]);
    if last == b'e' {
        add(base, "d", Form::Past);
        add(stem, "ing", Form::Ing);
    } else if consonant_y {
        add(stem, "ied", Form::Past);
        add(base, "ing", Form::Ing);
    } else {
        add(base, "ed", Form::Past);
        add(base, "ing", Form::Ing);
        if doubles {
            let doubled = &base[base.len() - 1..];
            add(&[base, doubled].concat(), "ed", Form::Past);
            add(&[base, doubled].concat(), "ing", Form::Ing);
        }
    }
    out
}

const fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surfaces(base: &str) -> Vec<String> {
        forms(base)
            .into_iter()
            .map(|(surface, _)| surface)
            .collect()
    }

    #[test]
    fn regular_forms() {
        assert_eq!(surfaces("delete"), ["deletes", "deleted", "deleting"]);
        assert_eq!(surfaces("query"), ["queries", "queried", "querying"]);
        assert!(surfaces("drop").contains(&"dropping".to_owned()));
        assert!(surfaces("push").contains(&"pushes".to_owned()));
        assert!(surfaces("deploy").contains(&"deployed".to_owned()));
        assert!(surfaces("删除").is_empty());
    }
}
