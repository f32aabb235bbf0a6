//! JSON pointers (RFC 6901): places in a document.

use std::fmt::Write as _;

/// The pointer of a member of the place `parent`.
pub(crate) fn member(parent: &str, key: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + key.len() + 1);
    pointer.push_str(parent);
    pointer.push('/');
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

/// The pointer of an element of the place `parent`.
pub(crate) fn element(parent: &str, number: usize) -> String {
    let mut pointer = parent.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(pointer, "/{number}");
    pointer
}
