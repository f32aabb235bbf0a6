//! Texts compared sentence by sentence.

use crate::digest::same_but_for_time;

/// The sentences of `after` that `before` does not have, and the reverse, joined; white space is
/// folded, dates and times do not count.
pub(super) fn sentences_moved(before: &str, after: &str) -> (String, String) {
    let (old, new) = (sentences(before), sentences(after));
    let only_in = |these: &[String], others: &[String]| {
        let kept: Vec<&str> = these
            .iter()
            .filter(|s| !others.iter().any(|other| same_but_for_time(s, other)))
            .map(String::as_str)
            .collect();
        kept.join(" ")
    };
    (only_in(&old, &new), only_in(&new, &old))
}

fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in line.split_whitespace() {
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
            if word.ends_with(['.', '!', '?', '。']) {
                sentences.push(std::mem::take(&mut current));
            }
        }
        if !current.is_empty() {
            sentences.push(current);
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_moved_sentences_are_shown() {
        let (gone, come) = sentences_moved("One. Two.  Three.", "One. Three. Four now.");
        assert_eq!((gone.as_str(), come.as_str()), ("Two.", "Four now."));
    }
}
