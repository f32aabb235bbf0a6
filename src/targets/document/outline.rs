//! The outline of a long JSON text, without a tree: where the elements of its list begin and end.
//! One pass, no recursion, a few bytes per element. It serves registry dumps, which may be larger
//! than what is read into a tree, and says how far a dump goes that was cut off.

use super::{InputError, Lines, Node, Syntax, json};
use std::ops::Range;

/// What a JSON text is made of at its outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The keys of the root object with the offset and the first byte of their values; empty when
    /// the root is a list.
    pub keys: Vec<(String, usize, u8)>,
    /// The elements of the root list, or of the list that stands under one of the keys asked for.
    pub elements: Vec<Range<usize>>,
    /// Whether such a list was there.
    pub has_list: bool,
    /// Whether its closing bracket was there.
    pub list_closed: bool,
    /// Where the text ends too early or goes wrong.
    pub broken: Option<Broken>,
}

/// Where a text goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Byte offset.
    pub at: usize,
    /// Whether the text simply ends there.
    pub ends: bool,
    /// Whether it happened inside the list that was asked for.
    pub in_list: bool,
}

/// Looks over a JSON text. `list_keys` are the keys under which the list may stand.
pub fn outline(text: &str, list_keys: &[&str]) -> Outline {
    let mut seen = Outline {
        keys: Vec::new(),
        elements: Vec::new(),
        has_list: false,
        list_closed: false,
        broken: None,
    };
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    if let Err(at) = cursor.root(text, list_keys, &mut seen) {
        seen.broken = Some(Broken {
            at,
            ends: at >= text.trim_end().len(),
            in_list: seen.has_list && !seen.list_closed,
        });
    }
    seen
}

/// Reads one element of an outline into a tree whose places are those of the whole text.
pub fn element(
    file: &str,
    text: &str,
    lines: &Lines<'_>,
    range: &Range<usize>,
) -> Result<Node, InputError> {
    json::parse(&text[range.clone()], range.start)
        .map_err(|fault| lines.syntax_error(file, Syntax::Json, fault))
}

struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// `Err` holds the offset where the text goes wrong.
type Step<T> = Result<T, usize>;

impl Cursor<'_> {
    fn root(&mut self, text: &str, list_keys: &[&str], seen: &mut Outline) -> Step<()> {
        match self.next_token()? {
            b'[' => self.elements(seen)?,
            b'{' => {
                self.at += 1;
                loop {
                    match self.next_token()? {
                        b'}' => {
                            self.at += 1;
                            break;
                        }
                        b'"' => {}
                        _ => return Err(self.at),
                    }
                    let start = self.at;
                    self.string()?;
                    let key = text[start..self.at].trim_matches('"').to_owned();
                    if self.next_token()? != b':' {
                        return Err(self.at);
                    }
                    self.at += 1;
                    let first = self.next_token()?;
                    let is_list = first == b'[' && list_keys.contains(&key.as_str());
                    seen.keys.push((key, self.at, first));
                    if is_list && !seen.has_list {
                        self.elements(seen)?;
                    } else {
                        self.value()?;
                    }
                    match self.next_token()? {
                        b',' => self.at += 1,
                        b'}' => {}
                        _ => return Err(self.at),
                    }
                }
            }
            _ => return Err(self.at),
        }
        self.blank()?;
        if self.at < self.bytes.len() {
            return Err(self.at);
        }
        Ok(())
    }

    fn elements(&mut self, seen: &mut Outline) -> Step<()> {
        seen.has_list = true;
        self.at += 1;
        loop {
            if self.next_token()? == b']' {
                self.at += 1;
                seen.list_closed = true;
                return Ok(());
            }
            let start = self.at;
            self.value()?;
            seen.elements.push(start..self.at);
            match self.next_token()? {
                b',' => self.at += 1,
                b']' => {}
                _ => return Err(self.at),
            }
        }
    }

    /// Passes one value; brackets are matched, what is between them is read later.
    fn value(&mut self) -> Step<()> {
        let mut closing: Vec<u8> = Vec::new();
        loop {
            match self.next_token()? {
                b'"' => self.string()?,
                b'{' => {
                    closing.push(b'}');
                    self.at += 1;
                    continue;
                }
                b'[' => {
                    closing.push(b']');
                    self.at += 1;
                    continue;
                }
                byte @ (b'}' | b']') => {
                    if closing.pop() != Some(byte) {
                        return Err(self.at);
                    }
                    self.at += 1;
                }
                b',' | b':' if !closing.is_empty() => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' => return Err(self.at),
                _ => self.word(),
            }
            if closing.is_empty() {
                return Ok(());
            }
        }
    }

    fn word(&mut self) {
        while let Some(byte) = self.peek() {
            if matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' | b'/')
                || byte.is_ascii_whitespace()
            {
                break;
            }
            self.at += 1;
        }
        // A lone slash is no word: step over it so that the pass always goes on.
        if self.peek() == Some(b'/') {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Step<()> {
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(self.bytes.len())
    }

    /// Passes blanks and comments; gives the next byte without taking it.
    fn next_token(&mut self) -> Step<u8> {
        self.blank()?;
        self.peek().ok_or(self.bytes.len())
    }

    fn blank(&mut self) -> Step<()> {
        loop {
            match (self.peek(), self.bytes.get(self.at + 1)) {
                (Some(byte), _) if byte.is_ascii_whitespace() => self.at += 1,
                (Some(b'/'), Some(b'/')) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                (Some(b'/'), Some(b'*')) => {
                    let rest = &self.bytes[self.at + 2..];
                    let Some(end) = rest.windows(2).position(|pair| pair == b"*/") else {
                        return Err(self.bytes.len());
                    };
                    self.at += 2 + end + 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
