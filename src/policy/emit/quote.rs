//! Strings of the formats, so that no name can end one.

use crate::model::shown::is_hidden;
use std::fmt::Write as _;

/// How a format writes a character that is not written as it is.
#[derive(Clone, Copy)]
enum Style {
    /// `\u0041`, `\U00000041`: TOML, YAML, CEL.
    Wide,
    /// `\u{41}`: Cedar.
    Braces,
    /// `\u0041` and nothing beyond: Rego, whose strings are those of JSON.
    Narrow,
}

/// A string of YAML, in double quotes.
pub(super) fn yaml(text: &str) -> String {
    quoted(text, Style::Wide)
}

/// A basic string of TOML.
pub(super) fn toml(text: &str) -> String {
    quoted(text, Style::Wide)
}

/// A string of CEL.
pub(super) fn cel(text: &str) -> String {
    quoted(text, Style::Wide)
}

/// A string of Cedar.
pub(super) fn cedar(text: &str) -> String {
    quoted(text, Style::Braces)
}

/// A string of Rego.
pub(super) fn rego(text: &str) -> String {
    quoted(text, Style::Narrow)
}

fn quoted(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        let code = u32::from(character);
        let escaped = character.is_control()
            || is_hidden(character)
            || matches!(character, '\u{fffe}' | '\u{ffff}');
        // Writing to a string cannot fail.
        let _ = match (character, style) {
            ('"' | '\\', _) => write!(out, "\\{character}"),
            _ if !escaped => write!(out, "{character}"),
            (_, Style::Braces) => write!(out, "\\u{{{code:x}}}"),
            (_, Style::Wide) if code > 0xffff => write!(out, "\\U{code:08x}"),
            (_, Style::Narrow) if code > 0xffff => write!(out, "{character}"),
            _ => write!(out, "\\u{code:04x}"),
        };
    }
    out.push('"');
    out
}
