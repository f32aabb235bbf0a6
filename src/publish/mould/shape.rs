//! A view taken apart: its shape, by which its mould is known, and the texts for the holes.

use super::ink::{COUNT, MARKUP, TEXT};
use crate::publish::text::escape;
use serde::ser::{self, Serialize};
use std::fmt::{self, Display, Write as _};

/// Takes views apart, and is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Equal for views that differ in nothing but the texts of their holes.
    pub(super) key: Vec<u8>,
    /// The texts, escaped, one after the other.
    texts: String,
    /// Where each begins and ends.
    spans: Vec<(usize, usize)>,
    /// What the value that comes next is.
    next: Next,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Something that templates may look at.
    #[default]
    Seen,
    /// A text or a number, to be escaped.
    Written,
    /// Markup.
    Finished,
}

/// A view cannot be taken apart.
#[derive(Debug)]
pub(super) struct Odd(String);

impl Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Odd {}

impl ser::Error for Odd {
    fn custom<T: Display>(message: T) -> Odd {
        Odd(message.to_string())
    }
}

impl Shape {
    /// Takes one view apart, after what was known of the last is forgotten. `template` is part of
    /// the shape.
    pub(super) fn take<T: Serialize>(&mut self, template: &str, view: &T) -> Result<(), Odd> {
        self.key.clear();
        self.texts.clear();
        self.spans.clear();
        self.next = Next::Seen;
        self.word(template.as_bytes());
        view.serialize(self)
    }

    /// The text of a hole, escaped.
    pub(super) fn text(&self, hole: usize) -> &str {
        let (from, to) = self.spans.get(hole).copied().unwrap_or_default();
        &self.texts[from..to]
    }

    /// How many holes there are.
    #[cfg(test)]
    pub(super) fn holes(&self) -> usize {
        self.spans.len()
    }

    /// How long all their texts are.
    pub(super) fn length(&self) -> usize {
        self.texts.len()
    }

    fn word(&mut self, word: &[u8]) {
        self.length_of(word.len());
        self.key.extend_from_slice(word);
    }

    /// A length: one byte for nearly all of them.
    fn length_of(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < u8::MAX => self.key.push(short),
            _ => {
                self.key.push(u8::MAX);
                self.number(&(length as u64).to_le_bytes());
            }
        }
    }

    fn hole(&mut self, kind: Next, text: &str) {
        self.key.push(u8::from(!text.is_empty()));
        if text.is_empty() {
            return;
        }
        let from = self.texts.len();
        match kind {
            Next::Finished => self.texts.push_str(text),
            _ => escape(text, &mut self.texts),
        }
        self.spans.push((from, self.texts.len()));
    }

    fn number(&mut self, bytes: &[u8]) {
        self.key.extend_from_slice(bytes);
    }
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, value: $type) -> Result<(), Odd> {
            self.number(&value.to_le_bytes());
            Ok(())
        })*
    };
}

impl ser::Serializer for &mut Shape {
    type Ok = ();
    type Error = Odd;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    /// Tells [`super::ink::Markup`] that it is taken apart.
    fn is_human_readable(&self) -> bool {
        false
    }

    numbers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_f32: f32, serialize_f64: f64
    );

    fn serialize_u64(self, value: u64) -> Result<(), Odd> {
        match std::mem::take(&mut self.next) {
            Next::Seen => self.number(&value.to_le_bytes()),
            _ if value == 0 => self.key.push(0),
            _ => {
                self.key.push(1);
                let from = self.texts.len();
                // Writing to a string cannot fail.
                let _ = write!(self.texts, "{value}");
                self.spans.push((from, self.texts.len()));
            }
        }
        Ok(())
    }
    fn serialize_bool(self, value: bool) -> Result<(), Odd> {
        self.key.push(u8::from(value));
        Ok(())
    }
    fn serialize_char(self, value: char) -> Result<(), Odd> {
        self.number(&u32::from(value).to_le_bytes());
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), Odd> {
        match std::mem::take(&mut self.next) {
            Next::Seen => self.word(value.as_bytes()),
            kind => self.hole(kind, value),
        }
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Odd> {
        self.word(value);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Odd> {
        self.key.push(0);
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Odd> {
        self.key.push(1);
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Odd> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Odd> {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, at: u32, _: &'static str) -> Result<(), Odd> {
        self.number(&at.to_le_bytes());
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Odd> {
        self.next = match name {
            TEXT | COUNT => Next::Written,
            MARKUP => Next::Finished,
            _ => self.next,
        };
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Odd> {
        self.number(&at.to_le_bytes());
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Odd> {
        let length = length.ok_or_else(|| Odd("a list of unknown length".to_owned()))?;
        self.length_of(length);
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Odd> {
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Odd> {
        Ok(self)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Odd> {
        self.number(&at.to_le_bytes());
        Ok(self)
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Self, Odd> {
        self.serialize_seq(length)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Odd> {
        Ok(self)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Odd> {
        self.number(&at.to_le_bytes());
        Ok(self)
    }
}

/// The parts of whatever has parts are taken apart in their order.
macro_rules! parts {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for &mut Shape {
            type Ok = ();
            type Error = Odd;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Odd> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Odd> {
                Ok(())
            }
        })*
    };
}

parts!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

impl ser::SerializeMap for &mut Shape {
    type Ok = ();
    type Error = Odd;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Odd> {
        key.serialize(&mut **self)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Odd> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Odd> {
        Ok(())
    }
}

/// Fields come in the order of their definition, so that their names say nothing.
macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for &mut Shape {
            type Ok = ();
            type Error = Odd;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Odd> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Odd> {
                Ok(())
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests {
    use super::super::ink::{Count, Text};
    use super::*;

    fn taken<T: Serialize>(view: &T) -> (Vec<u8>, Vec<String>) {
        let mut shape = Shape::default();
        shape.take("t", view).unwrap();
        let texts = (0..shape.holes())
            .map(|hole| shape.text(hole).to_owned())
            .collect();
        (shape.key, texts)
    }

    #[test]
    fn texts_are_no_part_of_the_shape_and_all_else_is() {
        let one = taken(&("high", Text::from("<b>"), Count(3), Some(true)));
        let two = taken(&("high", Text::from("x"), Count(40), Some(true)));
        assert_eq!(one.0, two.0);
        assert_eq!(one.1, ["&lt;b&gt;", "3"]);
        assert_eq!(two.1, ["x", "40"]);
        for other in [
            taken(&("low", Text::from("x"), Count(40), Some(true))),
            taken(&("high", Text::default(), Count(40), Some(true))),
            taken(&("high", Text::from("x"), Count(0), Some(true))),
            taken(&("high", Text::from("x"), Count(40), None::<bool>)),
        ] {
            assert_ne!(one.0, other.0);
        }
    }

    #[test]
    fn lists_of_other_lengths_have_other_shapes() {
        let list = |count| vec![Text::from("x"); count];
        assert_ne!(taken(&(list(1), list(2))).0, taken(&(list(2), list(1))).0);
        assert_eq!(taken(&list(3)).1.len(), 3);
    }
}
