//! What of a view is only written on a page: texts, counts and finished markup.
//!
//! They are the holes of a mould. Everything else in a view can be looked at by a template, and
//! pages that differ in it are made in different moulds.

use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;

/// How [`super::shape`] knows a text.
pub(super) const TEXT: &str = "$toolrisk::Text";
/// How it knows a count.
pub(super) const COUNT: &str = "$toolrisk::Count";
/// How it knows finished markup.
pub(super) const MARKUP: &str = "$toolrisk::Markup";

/// What stands before and after the number of a hole: characters for private use, which no text of
/// a template has.
pub(super) const OPEN: char = '\u{e000}';
/// See [`OPEN`].
pub(super) const CLOSE: char = '\u{e001}';

thread_local! {
    /// The number of the next hole, while a view is written with its holes marked.
    static NEXT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `write` with marks in the place of everything that is only written.
pub(super) fn marked<T>(write: impl FnOnce() -> T) -> T {
    NEXT.set(Some(0));
    let out = write();
    NEXT.set(None);
    out
}

/// The mark of the next hole, where marks are asked for.
fn mark() -> Option<String> {
    let next = NEXT.get()?;
    NEXT.set(Some(next + 1));
    Some(format!("{OPEN}{next}{CLOSE}"))
}

/// A text that a template writes, escaped, and asks nothing of but whether it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The same, of no one.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Text<'a> {
    fn from(text: T) -> Text<'a> {
        Text(text.into())
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // One that is empty is no hole: templates may ask for that.
        match (!self.0.is_empty()).then(mark).flatten() {
            Some(mark) => serializer.serialize_str(&mark),
            None => serializer.serialize_newtype_struct(TEXT, &self.0),
        }
    }
}

/// A number that a template writes and asks nothing of but whether it is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count(pub usize);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0 > 0).then(mark).flatten() {
            Some(mark) => serializer.serialize_str(&mark),
            None => serializer.serialize_newtype_struct(COUNT, &self.0),
        }
    }
}

/// Markup that templates of ours have made, and that is not escaped again.
#[derive(Debug, Clone, Default)]
pub struct Markup(Option<Arc<str>>);

impl Markup {
    /// Takes what a template gave, or what is escaped already.
    pub(in crate::publish) fn made(by_template: &str) -> Markup {
        Markup((!by_template.is_empty()).then(|| by_template.into()))
    }
}

impl Serialize for Markup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let markup = self.0.as_deref().unwrap_or_default();
        if let Some(mark) = (!markup.is_empty()).then(mark).flatten() {
            serializer.serialize_str(&mark)
        } else if serializer.is_human_readable() {
            tera::Value::safe_string(markup).serialize(serializer)
        } else {
            serializer.serialize_newtype_struct(MARKUP, markup)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_no_hole() {
        let view = (Text::from("a"), Text::default(), Count(0), Count(7));
        let plain = serde_json::to_string(&view).unwrap();
        assert_eq!(plain, r#"["a","",0,7]"#);
        let marks = marked(|| serde_json::to_string(&view).unwrap());
        assert_eq!(
            marks,
            "[\"\u{e000}0\u{e001}\",\"\",0,\"\u{e000}1\u{e001}\"]"
        );
        assert_eq!(serde_json::to_string(&view).unwrap(), plain);
    }
}
