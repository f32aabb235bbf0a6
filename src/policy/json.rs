//! The stable text of a document: two spaces, sorted tools, a newline at the end.

use crate::model::PolicyDocument;
use crate::model::shown::is_hidden;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

/// The document as text. Characters that are invisible or that reorder what is read are written
/// as `\u` escapes: the JSON is the same, and a person who reads the file sees them.
pub fn to_json(document: &PolicyDocument) -> String {
    pretty_json(document)
}

/// Anything as text in the same form, for the files beside a policy. The keys of its maps must be
/// strings.
pub fn pretty_json<T: Serialize>(value: &T) -> String {
    let mut text = Vec::with_capacity(1024);
    let mut serializer = Serializer::with_formatter(&mut text, Visible::default());
    // Our types have string keys and write to memory, so that this cannot fail.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok());
    text.push(b'\n');
    String::from_utf8(text).unwrap_or_default()
}

/// Pretty printing that leaves no hidden character in the text.
#[derive(Default)]
struct Visible {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Visible {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly every text is printable ASCII, and that is seen many bytes at a time.
        let printable = fragment
            .bytes()
            .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
        if printable {
            return writer.write_all(fragment.as_bytes());
        }
        let mut plain = 0;
        for (at, character) in fragment.char_indices() {
            if !is_hidden(character) && !character.is_control() {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            plain = at + character.len_utf8();
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.pretty.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::ToolRules;

    #[test]
    fn hidden_characters_are_written_as_escapes_and_read_back() {
        let name = "a\u{202e}b\u{e0041}\u{9b}\u{7f}\"\\\n大🦀";
        let mut document = PolicyDocument::deny_all();
        document.tools.insert(name.to_owned(), ToolRules::default());
        let text = to_json(&document);
        assert!(
            text.chars()
                .all(|c| c == '\n' || !(is_hidden(c) || c.is_control())),
            "{text}"
        );
        assert!(text.contains("\\u202e") && text.contains("\\udb40\\udc41"));
        let back: PolicyDocument = serde_json::from_str(&text).unwrap();
        assert_eq!(back, document);
    }

    #[test]
    fn two_spaces_and_one_newline_at_the_end() {
        let text = to_json(&PolicyDocument::deny_all());
        assert_eq!(
            text,
            "{\n  \"version\": \"1\",\n  \"default\": \"deny\"\n}\n"
        );
    }
}
