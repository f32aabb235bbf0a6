//! Encoded parts of a text, decoded where they give readable words.

use super::{View, disguise};

/// Adds a view for each part of `text` that says something once it is decoded.
pub(super) fn all<'t>(text: &'t str, into: &mut Vec<View<'t>>) {
    runs(text, into);
    let bytes = text.as_bytes();
    if memchr::memchr(b'\\', bytes).is_some() {
        escapes(text, into);
    }
    if memchr::memchr(b'&', bytes).is_some() {
        entities(text, into);
    }
    if has_codes(text) {
        numbers(text, into);
    }
}

/// Whether a text may have escapes of characters or numeric entities.
pub fn may_escape(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'\\', b'&', text).any(|at| match text[at] {
        b'&' => text.get(at + 1) == Some(&b'#'),
        _ => matches!(text.get(at + 1), Some(b'u' | b'x')),
    })
}

/// Whether there may be something to decode in a text, apart from escapes and entities.
pub fn may_be_encoded(text: &str) -> bool {
    has_run(text) || has_codes(text) || disguise::may_be(text)
}

/// Whether a text has a row of numbers long enough to spell a sentence in character codes.
fn has_codes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some((start, end)) = next_run(bytes, at, ROW, &CODES) {
        let mut run = 0;
        let mut parting = 0;
        let found = bytes[start..end].iter().any(|byte| {
            parting = if byte.is_ascii_digit() {
                0
            } else {
                parting + 1
            };
            run = if parting > 2 { 0 } else { run + 1 };
            run >= ROW
        });
        if found {
            return true;
        }
        at = end;
    }
    false
}

/// Decodes escapes of characters that are written out, such as `\\u0041` and `\\x41`, where there
/// are enough of them to say something.
fn escapes(text: &str, into: &mut Vec<View<'_>>) {
    let mut out = String::new();
    let mut from = None;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let start = at + found;
        let digits = match text.as_bytes().get(start + 1) {
            Some(b'u') => 4,
            Some(b'x') => 2,
            _ => 0,
        };
        let value = text
            .get(start + 2..start + 2 + digits)
            .filter(|_| digits > 0)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        if let Some(character) = value {
            from.get_or_insert(start);
            out.push(character);
            at = start + 2 + digits;
        } else {
            at = start + 1;
        }
    }
    if readable(&out) {
        into.push(View::decoded(out, 0, text.len()));
    }
}

/// Decodes numeric entities of HTML: `&#115;` and `&#x73;`.
fn entities(text: &str, into: &mut Vec<View<'_>>) {
    let mut out = String::new();
    for part in text.split("&#").skip(1) {
        let Some((code, _)) = part.split_once(';') else {
            continue;
        };
        let value = match code.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => code.parse().ok(),
        };
        out.extend(value.and_then(char::from_u32));
    }
    if readable(&out) {
        into.push(View::decoded(out, 0, text.len()));
    }
}

/// Decodes a row of character codes: `115 101 110 …`.
fn numbers(text: &str, into: &mut Vec<View<'_>>) {
    let mut out = String::new();
    for part in text.split([' ', ',', ';']) {
        match part.trim().parse::<u8>() {
            Ok(code @ 32..=126) => out.push(char::from(code)),
            _ if readable(&out) => break,
            _ => out.clear(),
        }
    }
    if readable(&out) {
        into.push(View::decoded(out, 0, text.len()));
    }
}

/// The fewest characters of an encoded run that are worth a look.
const RUN: usize = 24;
/// The fewest characters of a row of character codes that are.
const ROW: usize = 40;

/// Whether a text has a run of characters long enough to hold an encoded text. Underscores and
/// hyphens do not count here: they are what long names are made of. Of small letters alone are paths
/// of addresses; words in base64 have capitals too, and in hexadecimal digits.
fn has_run(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some((start, end)) = next_run(bytes, at, RUN, &ENCODES) {
        let telling = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'%';
        if bytes[start..end].iter().any(telling) {
            return true;
        }
        at = end;
    }
    false
}

/// The first run of at least `least` bytes of a set from `at` on, as byte span.
fn next_run(
    bytes: &[u8],
    mut at: usize,
    least: usize,
    set: &[bool; 256],
) -> Option<(usize, usize)> {
    // The last byte that a run from here must have is looked at first, then back from there.
    while let Some(window) = bytes.get(at..at + least) {
        let Some(stranger) = window.iter().rposition(|b| !set[usize::from(*b)]) else {
            let rest = &bytes[at + least..];
            let more = rest.iter().take_while(|b| set[usize::from(**b)]);
            return Some((at, at + least + more.count()));
        };
        at += stranger + 1;
    }
    None
}

/// What base64, hexadecimal and percent-encoding are written with.
const ENCODES: [bool; 256] = set_of(b"+/=%");
/// The same with base64 as it stands in addresses.
const ENCODES_IN_URLS: [bool; 256] = set_of(b"+/=%_-");

/// What a row of character codes is written with.
const CODES: [bool; 256] = {
    let mut set = set_of(b" ,;");
    let mut byte = b'A';
    while byte <= b'z' {
        set[byte as usize] = false;
        byte += 1;
    }
    set
};

/// The set of ASCII letters, digits and the given marks.
const fn set_of(marks: &[u8]) -> [bool; 256] {
    let mut set = [false; 256];
    let mut byte = 0;
    while byte < 128u8 {
        set[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        set[marks[at] as usize] = true;
        at += 1;
    }
    set
}

/// Decodes base64, hexadecimal and percent-encoded runs that give readable text.
fn runs(text: &str, into: &mut Vec<View<'_>>) {
    let mut at = 0;
    while let Some((start, end)) = next_run(text.as_bytes(), at, RUN, &ENCODES_IN_URLS)
        && into.len() < 10
    {
        let run = &text[start..end];
        let decoded = [percent(run), hexadecimal(run), base64(run)]
            .into_iter()
            .flatten()
            .find(|decoded| readable(decoded));
        if let Some(decoded) = decoded {
            into.push(View::decoded(decoded, start, end));
        }
        at = end;
    }
}

/// Readable: letters and blanks, with at least three words.
fn readable(text: &str) -> bool {
    let good = text
        .chars()
        .filter(|c| c.is_ascii_alphabetic() || *c == ' ')
        .count();
    let all = text.chars().count();
    all >= 16 && good * 10 >= all * 8 && text.split_whitespace().count() >= 3
}

fn base64(run: &str) -> Option<String> {
    let mut out = Vec::with_capacity(run.len() * 3 / 4);
    let mut bits = 0u32;
    let mut count = 0;
    for byte in run.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8(out).ok()
}

fn hexadecimal(run: &str) -> Option<String> {
    if !run.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u8>> = run
        .bytes()
        .map(|b| {
            char::from(b)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        })
        .collect();
    String::from_utf8(
        digits?
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
    .ok()
}

fn percent(run: &str) -> Option<String> {
    if !run.contains('%') {
        return None;
    }
    let mut out = Vec::new();
    let mut bytes = run.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_wherever_they_begin() {
        for before in 0..60 {
            let text = format!("{} {} end", ". ".repeat(before), "a".repeat(RUN));
            let start = before * 2 + 1;
            assert_eq!(
                next_run(text.as_bytes(), 0, RUN, &ENCODES),
                Some((start, start + RUN))
            );
            assert!(!has_run(&format!(
                "{} {}",
                ". ".repeat(before),
                "a".repeat(RUN - 1)
            )));
        }
    }

    #[test]
    fn a_row_of_codes_is_not_any_row_of_numbers_and_blanks() {
        assert!(has_codes(
            "115 101 110 100 32 97 108 108 32 107 101 121 115"
        ));
        assert!(!has_codes(&" ".repeat(80)));
        assert!(!has_codes(
            "1 of 20 items, 2020-01-01 to 2020-02-02, 5 pages"
        ));
    }
}
