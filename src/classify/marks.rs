//! Marks in a text that are not words: tags that imitate a conversation, pictures from elsewhere,
//! mail addresses, long runs.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// A place in a text, as byte span.
type Span = Option<(usize, usize)>;

/// Tags and markers that imitate the turns of a conversation.
const PSEUDO_TAGS: [&str; 43] = [
    "<wichtig>",
    "<importante>",
    "<重要>",
    "<важно>",
    "<note_to_",
    "<for_the_",
    "<llm_",
    "<assistant_",
    "<important>",
    "<system>",
    "</secret>",
    "<hidden>",
    "<instruction>",
    "<instructions>",
    "<critical>",
    "[system]",
    "[important]",
    "<assistant>",
    "</user>",
    "</system>",
    "<system_prompt>",
    "<system-reminder>",
    "<admin>",
    "<override>",
    "<tool_result>",
    "<function_results>",
    "\nhuman:",
    "\nassistant:",
    "\nsystem:",
    "\nuser:",
    "\ndeveloper:",
    ". developer:",
    "tool result:",
    "<critical_",
    "<system_message",
    "<system_instruction",
    "<system_note",
    "<system_notice",
    "<system_override",
    "<system_update",
    "<important_",
    "<secret_instruction",
    "<secret_note",
];

/// Markers that chat templates part their turns with.
const TURNS: [&str; 7] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|endoftext|>",
    "[inst]",
    "<<sys>>",
    "### system:",
];

/// Opens a picture in HTML; only a look at the rest says whether it carries anything out.
const PICTURE: &str = "<img";

/// The first mark of each kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) pseudo_tag: Span,
    /// A whole passage between such a tag and the one that closes it.
    pub(super) framed: Span,
    pub(super) turn: Span,
    pub(super) remote_image: Span,
}

/// Looks for all marks in one pass; case does not matter.
pub(super) fn of(text: &str) -> Marks {
    static ALL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(PSEUDO_TAGS.iter().chain(&TURNS).chain([&PICTURE]))
            .ok()
    });
    static LINK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("](http"));
    let mut marks = Marks::default();
    let mut picture = false;
    // Of each tag the first place.
    let mut opened: [Span; PSEUDO_TAGS.len()] = [None; PSEUDO_TAGS.len()];
    if !may_have(text.as_bytes()) {
        return marks;
    }
    for found in ALL.iter().flat_map(|all| all.find_iter(text)) {
        let span = Some((found.start(), found.end()));
        match found.pattern().as_usize() {
            at if at < PSEUDO_TAGS.len() => {
                marks.pseudo_tag = marks.pseudo_tag.or(span);
                opened[at] = opened[at].or(span);
            }
            at if at < PSEUDO_TAGS.len() + TURNS.len() => {
                if is_turn(text, found.range()) {
                    marks.turn = marks.turn.or(span);
                }
            }
            _ => picture = true,
        }
    }
    marks.framed = opened
        .into_iter()
        .flatten()
        .find_map(|tag| framed(text, tag));
    if picture || LINK.find(text.as_bytes()).is_some() {
        marks.remote_image = remote_image(&text.to_ascii_lowercase());
    }
    marks
}

/// The fewest words of a passage: what is between the tags of an element may be a name or a number.
const PASSAGE: usize = 3;

/// The first passage of several words between a tag, of which the first place is given, and the one that
/// closes it. A shorter one before it hides nothing.
fn framed(text: &str, (first, end): (usize, usize)) -> Span {
    let opening = text.get(first..end)?.to_ascii_lowercase();
    let closing = format!("</{}", opening.strip_prefix('<')?);
    if !closing.ends_with('>') || opening.starts_with("</") {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut opened = None;
    let mut at = first;
    while let Some(found) = lower.get(at..)?.find('<') {
        at += found;
        let rest = lower.get(at..)?;
        if rest.starts_with(&opening) {
            opened.get_or_insert(at);
        } else if rest.starts_with(&closing)
            && let Some(from) = opened.take()
        {
            let passage = lower.get(from + opening.len()..at)?.split_whitespace();
            if passage.take(PASSAGE).count() == PASSAGE {
                return Some((from, at + closing.len()));
            }
        }
        at += 1;
    }
    None
}

/// Whether what was found is a marker of a turn: `[inst]` in small letters is a name in brackets
/// unless it is closed too.
fn is_turn(text: &str, found: std::ops::Range<usize>) -> bool {
    let closed = || text.to_ascii_lowercase().contains("[/inst]");
    text.get(found).is_none_or(|mark| mark != "[inst]") || closed()
}

/// Whether a text may have one of the marks.
fn may_have(text: &[u8]) -> bool {
    may_open(text) || may_speak(text)
}

/// Whether a text may have a tag, a comment, a marker in brackets or a picture: an opening bracket
/// with what stands behind or before it in one of them.
pub(super) fn may_open(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'<', b'[', text).any(|at| {
        let next = text.get(at + 1).map_or(b' ', |next| next | 0x20);
        match text[at] {
            b'[' => matches!(next, b's' | b'i' | b'/') || at > 0 && text[at - 1] == b'!',
            _ => !next.is_ascii() || b"wicshaonflt/!|<".iter().any(|b| b | 0x20 == next),
        }
    })
}

/// Who speaks, as the marks of turns have them, and what stands before the colon.
const SPEAKERS: [&[u8]; 8] = [
    b"\nhuman",
    b"\nassistant",
    b"\nsystem",
    b"### system",
    b"\nuser",
    b"\ndeveloper",
    b" developer",
    b"tool result",
];

/// Whether a text may have the colon after who speaks.
pub(super) fn may_speak(text: &[u8]) -> bool {
    memchr::memchr_iter(b':', text).any(|at| {
        // Most colons stand behind another word: its last letters say so.
        let ends = |who: &[u8]| {
            let before = at.checked_sub(who.len()).map(|from| &text[from..at]);
            before.is_some_and(|before| before.eq_ignore_ascii_case(who))
        };
        let last = at.checked_sub(1).map_or(b' ', |before| text[before] | 0x20);
        matches!(last, b'n' | b't' | b'm' | b'r') && SPEAKERS.iter().any(|who| ends(who))
    })
}

/// A picture from elsewhere with a query: loading it carries data out.
fn remote_image(lower: &str) -> Option<(usize, usize)> {
    let upto = |from: usize, mark: char| {
        lower[from..]
            .find(mark)
            .map_or(lower.len(), |end| from + end)
    };
    let mut at = 0;
    while let Some(from) = lower[at..].find("<img").map(|found| at + found) {
        let end = upto(from, '>');
        if lower[from..end].contains("//") && lower[from..end].contains('?') {
            return Some((from, end));
        }
        at = end;
    }
    at = 0;
    while let Some(close) = lower[at..].find("](http").map(|found| at + found) {
        let end = upto(close, ')');
        if opens_picture(&lower.as_bytes()[..close]) && lower[close..end].contains(['?', '{', '='])
        {
            return Some((close, end));
        }
        at = end;
    }
    None
}

/// The most bytes of the words that stand for a picture.
const LONGEST_CAPTION: usize = 2_000;

/// Whether the bracket that is closed behind a text was opened for a picture: `![chart`.
fn opens_picture(before: &[u8]) -> bool {
    let mut open = 1_usize;
    for (at, byte) in before.iter().enumerate().rev().take(LONGEST_CAPTION) {
        match byte {
            b']' => open += 1,
            b'[' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at.checked_sub(1).is_some_and(|mark| before[mark] == b'!');
        }
    }
    false
}

/// The mail addresses: a name, an at sign, and a host with a dot.
pub(super) fn mail_addresses(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+');
    let of_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'@', bytes).filter_map(move |at| {
        let before = bytes[..at].iter().rev().take_while(|b| of_name(b)).count();
        let after = bytes[at + 1..].iter().take_while(|b| of_host(b)).count();
        let host = text.get(at + 1..at + 1 + after)?.trim_end_matches('.');
        (before > 0 && host.contains('.')).then_some((at - before, at + 1 + host.len()))
    })
}

/// The web addresses: a scheme, and what follows up to a blank, a quote or a bracket.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'`<>()[]{}".contains(b);
    let mut read = 0;
    memchr::memchr_iter(b':', bytes).filter_map(move |at| {
        if !bytes[at..].starts_with(b"://") {
            return None;
        }
        let scheme = |b: &&u8| b.is_ascii_alphanumeric();
        // What stands in an address is no address of its own; nor is it read twice.
        let own = bytes.get(read..at)?;
        let before = own.iter().rev().take_while(scheme).count();
        if before == 0 {
            return None;
        }
        let after = bytes[at + 3..].iter().take_while(|b| !ends(b)).count();
        read = at + 3 + after;
        (after > 0).then_some((at - before, read))
    })
}

/// The words of lower-case letters and digits that are joined by underscores, as byte spans.
pub(super) fn joined_words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let of_name = |b: &&u8| b.is_ascii_lowercase() || b.is_ascii_digit() || **b == b'_';
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + memchr::memchr(b'_', bytes.get(from..)?)?;
            let before = bytes[..at].iter().rev().take_while(of_name).count();
            let after = bytes[at..].iter().take_while(of_name).count();
            let (start, end) = (at - before, at + after);
            from = end.max(at + 1);
            let inner = &bytes[start..end];
            let plain = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
            if before > 0
                && inner.last() != Some(&b'_')
                && plain(start.checked_sub(1).map(|i| &bytes[i]))
                && plain(bytes.get(end))
            {
                return Some((start, end));
            }
        }
    })
}

/// A run of blanks long enough to push text out of sight: any of them holds one of the places
/// that are looked at.
pub(super) fn has_long_blank(text: &str) -> bool {
    let bytes = text.as_bytes();
    (100..bytes.len()).step_by(100).any(|at| {
        bytes[at].is_ascii_whitespace() && bytes[at - 50..at].iter().all(u8::is_ascii_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_any_case_and_the_first_counts() {
        let marks =
            of("Reads. <IMPORTANT>do this first</IMPORTANT> <system> then <|IM_START|>user");
        assert_eq!(marks.pseudo_tag, Some((7, 18)));
        assert_eq!(marks.framed, Some((7, 43)));
        assert_eq!(marks.turn, Some((58, 70)));
        for text in [
            "the <system> and </important> tags",
            "<system>one two</system>",
            "<system>one</system> of all things <system>two</system>",
        ] {
            assert_eq!(of(text).framed, None, "{text}");
        }
        for text in [
            "<system>one</system><SYSTEM>do this now</System>",
            "<system>do <system>this now</system>",
        ] {
            assert!(of(text).framed.is_some(), "{text}");
        }
        assert_eq!(of("plain < text [with] brackets"), Marks::default());
        assert_eq!(of("an instance [inst] is skipped"), Marks::default());
        assert!(of("be [INST] brief").turn.is_some());
        assert!(of("be [inst] brief [/Inst]").turn.is_some());
        for mark in PSEUDO_TAGS
            .iter()
            .chain(&TURNS)
            .chain([&PICTURE, &"![x](http"])
        {
            assert!(may_have(mark.to_uppercase().as_bytes()), "{mark}");
        }
    }

    #[test]
    fn a_picture_counts_when_it_carries_something_out() {
        let carries = [
            "see ![x](https://example.org/p?d=all)",
            "<IMG src=\"https://example.org/p?d=all\">",
        ];
        for text in carries {
            assert!(of(text).remote_image.is_some(), "{text}");
        }
        for text in [
            "![x](https://example.org/p.png)",
            "[docs](https://example.org/?a=1)",
            "<img src=x>",
        ] {
            assert_eq!(of(text).remote_image, None, "{text}");
        }
    }

    #[test]
    fn joined_words_are_those_of_names() {
        let text = "call get_user or send_mail2, not GET_USER, _x, a_ or camelCase_x";
        let found: Vec<&str> = joined_words(text).map(|(a, b)| &text[a..b]).collect();
        assert_eq!(found, ["get_user", "send_mail2"]);
    }

    #[test]
    fn a_mail_address_has_a_host_with_a_dot() {
        let found = |text| mail_addresses(text).collect::<Vec<_>>();
        assert_eq!(found("to a.b@example.org."), [(3, 18)]);
        assert_eq!(found("a@b.c, d@e.f"), [(0, 5), (7, 12)]);
        assert_eq!(found("@scope/name or x@y or @"), []);
    }

    #[test]
    fn a_web_address_has_a_scheme_and_a_host() {
        let text =
            "see <https://example.org/a?b=c>, http://192.0.2.1:80 or s3://x; not :// or a: b";
        let found: Vec<&str> = addresses(text).map(|(a, b)| &text[a..b]).collect();
        assert_eq!(
            found,
            [
                "https://example.org/a?b=c",
                "http://192.0.2.1:80",
                "s3://x;"
            ]
        );
    }

    #[test]
    fn a_picture_is_told_from_a_link_beside_it() {
        let picture = "[docs](https://a.example/?x=1) ![chart [1]](https://b.example/?d={notes})";
        let (start, end) = of(picture).remote_image.unwrap();
        assert_eq!(&picture[start..end], "](https://b.example/?d={notes}");
        let link = "![logo](logo.png) and [docs](https://a.example/?v=2)";
        assert_eq!(of(link).remote_image, None);
        let second = "<img src=a.png> <img src=//b.example/?d=1>";
        assert_eq!(of(second).remote_image.map(|(start, _)| start), Some(16));
    }

    #[test]
    fn an_address_in_an_address_is_none_of_its_own() {
        let text = "see https://a.example/x://y and ://z or b://c";
        let all: Vec<&str> = addresses(text)
            .map(|(start, end)| &text[start..end])
            .collect();
        assert_eq!(all, ["https://a.example/x://y", "b://c"]);
        assert_eq!(addresses(&"://".repeat(50_000)).count(), 0);
    }
}
