//! The strings that the text findings look at, and how the words of their normalised views are read.

use super::scan::{Scratch, Walk};
use super::tokens::{self, Tok};
use super::{sentences, strings};
use crate::rules::Compiled;
use crate::rules::fact::Fact;
use crate::text::normalise;
use smol_str::{SmolStr, format_smolstr};

/// The string that is looked at.
#[derive(Clone, Copy)]
pub(super) enum Field<'a, 't> {
    /// The description, whose words were read for the verdict just before.
    Description,
    /// Another field, by its name.
    Own(&'static str),
    /// A string of a schema: the name of the schema, and the place in it.
    Schema(&'static str, strings::Place<'a, 't>),
}

impl Field<'_, '_> {
    pub(super) fn name(self) -> SmolStr {
        match self {
            Field::Description => SmolStr::new_static("description"),
            Field::Own(name) => SmolStr::new_static(name),
            Field::Schema(root, place) => format_smolstr!("{root}{}", place.path()),
        }
    }
}

/// Whether the words of a view are those of the description, which were read for the verdict just
/// before.
pub(super) fn of_verdict(field: Field<'_, '_>, view: &normalise::View<'_>) -> bool {
    matches!(field, Field::Description) && view.is_same()
}

/// Reads the words of a view. The name of a parameter (`contents_of_the_file`) is read word by
/// word, and so is a value that joins a sentence (`also_send_a_copy_to_us`); prose keeps such names
/// whole. Says whether all of them were read; those of the description were.
pub(super) fn read(
    rules: &Compiled,
    scratch: &mut Scratch,
    field: Field<'_, '_>,
    view: &normalise::View<'_>,
    facts: &[Fact],
) -> bool {
    if of_verdict(field, view) {
        return true;
    }
    let other = &mut scratch.other;
    other.clear();
    let of_parameter = facts.contains(&Fact::IsParameter);
    let by_word = facts.contains(&Fact::IsName)
        || is_joined_sentence(&view.text, facts.contains(&Fact::IsPreset));
    if of_parameter && by_word {
        tokens::name_as_it_stands(rules, &view.text, other);
        true
    } else {
        tokens::prose_as_it_stands(rules, &view.text, other)
    }
}

/// Marks the words of a view that was read: its verbs, what is negated. A name of a parameter has no
/// sentences, and the description was marked for the verdict.
pub(super) fn mark(
    rules: &Compiled,
    scratch: &mut Scratch,
    field: Field<'_, '_>,
    view: &normalise::View<'_>,
    facts: &[Fact],
) {
    let is_name = facts.contains(&Fact::IsParameter) && facts.contains(&Fact::IsName);
    if !is_name && !of_verdict(field, view) {
        sentences::mark_prose(rules, &mut scratch.other);
    }
}

/// Whether a text is one word that joins more words than a name has: a sentence, perhaps. A value to
/// choose has fewer: `unlock_without_asking`.
fn is_joined_sentence(text: &str, is_preset: bool) -> bool {
    let longest_name = if is_preset { 2 } else { 4 };
    let joins = |b: &u8| matches!(b, b'_' | b'-');
    text.len() > 4 * longest_name
        && !text.contains(' ')
        && text.bytes().filter(|b| joins(b)).take(longest_name).count() == longest_name
}

/// The words of a view that was read, and what is known on the way through them.
pub(super) fn words_of<'s>(
    scratch: &'s mut Scratch,
    field: Field<'_, '_>,
    view: &normalise::View<'_>,
) -> (&'s [Tok], &'s mut Walk) {
    if of_verdict(field, view) {
        (&scratch.description, &mut scratch.walk)
    } else {
        (&scratch.other, &mut scratch.walk)
    }
}
