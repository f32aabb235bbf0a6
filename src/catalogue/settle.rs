//! What of a new answer is the same as before, so that nothing is written of it: the order of the
//! tools, dates and times in texts, and spots that do not hold still.

use crate::digest::{same_but_for_time, server_digest, timeless_digest, tool_digest, without};
use crate::model::{Record, ToolEntry};
use std::collections::{BTreeSet, HashMap};

/// The new record with the old definition of every tool that says the same, and with the old list
/// as a whole when every tool does. What is left of a difference is a change.
pub(super) fn settle(old: &Record, new: &Record) -> Record {
    let mut record = new.clone();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    if same_but_for_time(&text(&old.instructions), &text(&new.instructions)) {
        record.instructions.clone_from(&old.instructions);
    }
    let (tools, all) = tools(old, new);
    record.tools = tools;
    if all {
        record.unstable.clone_from(&old.unstable);
        if record.instructions == old.instructions {
            record.digest.clone_from(&old.digest);
            return record;
        }
    }
    if record.digest.is_some() {
        let counted = without(&record.tools, &record.unstable);
        record.digest = Some(server_digest(&counted, record.instructions.as_deref()));
    }
    record
}

/// The tools with old definitions where they say the same; and whether all of them do.
fn tools(old: &Record, new: &Record) -> (Vec<ToolEntry>, bool) {
    let spots: BTreeSet<&String> = old.unstable.iter().chain(&new.unstable).collect();
    let spots: Vec<String> = spots.into_iter().cloned().collect();
    // Keys by the digest; only where that differs, by the definition with what moves taken out.
    let exact = |entry: &ToolEntry| tool_digest(entry);
    let settled = |entry: &ToolEntry| {
        let one = without(std::slice::from_ref(entry), &spots);
        one.first().map(timeless_digest)
    };
    let mut left: Vec<Option<&ToolEntry>> = old.tools.iter().map(Some).collect();
    let mut kept: Vec<Option<&ToolEntry>> = vec![None; new.tools.len()];
    take(&mut left, &mut kept, new, |entry| Some(exact(entry)));
    if kept.iter().any(Option::is_none) {
        take(&mut left, &mut kept, new, settled);
    }
    // A tool that comes and goes is no change in either direction.
    let comes_and_goes = |entry: &ToolEntry| settled(entry).is_none();
    let lost: Vec<&ToolEntry> = left.into_iter().flatten().collect();
    let all = lost.iter().all(|entry| comes_and_goes(entry))
        && kept
            .iter()
            .zip(&new.tools)
            .all(|(kept, entry)| kept.is_some() || comes_and_goes(entry));
    if all {
        return (old.tools.clone(), true);
    }
    let mut tools: Vec<ToolEntry> = kept
        .iter()
        .zip(&new.tools)
        .map(|(kept, entry)| kept.unwrap_or(entry).clone())
        .collect();
    tools.extend(lost.into_iter().filter(|e| comes_and_goes(e)).cloned());
    (tools, false)
}

/// Gives every new entry that has none yet an old one of the same key.
fn take<'a>(
    left: &mut [Option<&'a ToolEntry>],
    kept: &mut [Option<&'a ToolEntry>],
    new: &Record,
    key: impl Fn(&ToolEntry) -> Option<String>,
) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, entry) in left.iter().enumerate().rev() {
        if let Some(key) = entry.and_then(&key) {
            places.entry(key).or_default().push(place);
        }
    }
    for (slot, entry) in kept.iter_mut().zip(&new.tools) {
        if slot.is_none()
            && let Some(key) = key(entry)
            && let Some(place) = places.get_mut(&key).and_then(Vec::pop)
        {
            *slot = left[place].take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::record;
    use super::*;

    fn moving(tools: &[&str], spots: &[&str]) -> Record {
        let mut record = record(tools);
        record.unstable = spots.iter().map(|spot| (*spot).to_owned()).collect();
        let counted = without(&record.tools, &record.unstable);
        record.digest = Some(server_digest(&counted, None));
        record
    }

    fn texts(record: &Record) -> Vec<String> {
        let text = |entry| serde_json::to_string(entry).unwrap();
        record.tools.iter().map(text).collect()
    }

    const B: &str = r#"{"name":"b"}"#;

    fn count(n: u32) -> String {
        format!(r#"{{"name":"a","description":"Asked {n} times."}}"#)
    }

    #[test]
    fn a_spot_that_moves_keeps_the_old_record() {
        let old = moving(&[&count(1), B], &["/a/description"]);
        let new = moving(&[B, &count(7)], &["/a/description"]);
        let settled = settle(&old, &new);
        assert_eq!(texts(&settled), texts(&old));
        assert_eq!(settled.digest, old.digest);
        // One look did not see it move, the other did: known is known.
        assert_eq!(
            texts(&settle(&old, &moving(&[&count(7), B], &[]))),
            texts(&old)
        );
        let found = settle(&moving(&[&count(1), B], &[]), &new);
        assert_eq!(texts(&found), texts(&old));
    }

    #[test]
    fn beside_a_change_what_only_moved_stays() {
        let old = moving(&[&count(1)], &["/a/description"]);
        let new = moving(&[&count(7), B], &["/a/description"]);
        let settled = settle(&old, &new);
        assert_eq!(texts(&settled), [count(1), B.to_owned()]);
        assert_ne!(settled.digest, old.digest);
        let counted = without(&settled.tools, &settled.unstable);
        assert_eq!(settled.digest, Some(server_digest(&counted, None)));
    }

    #[test]
    fn a_tool_that_comes_and_goes_is_no_change() {
        let old = moving(&[B, r#"{"name":"c"}"#], &["/c"]);
        let new = moving(&[B], &[]);
        assert_eq!(texts(&settle(&old, &new)), texts(&old));
        let gone = moving(&[], &[]);
        assert_eq!(texts(&settle(&old, &gone)), [r#"{"name":"c"}"#]);
    }

    #[test]
    fn another_word_is_a_change() {
        let old = moving(&[&count(1), B], &[]);
        let new = moving(&[&count(7), B], &[]);
        assert_eq!(texts(&settle(&old, &new)), texts(&new));
        assert_eq!(settle(&old, &new).digest, new.digest);
    }
}
