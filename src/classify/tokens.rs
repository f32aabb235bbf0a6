//! Fields to tokens that the rules know: words looked up, phrases joined, unspaced scripts cut.

use crate::rules::compiled::{Compiled, Met, UNKNOWN};
use crate::text::inflect::Form;
use crate::text::{Gap, Kind, Token, is_kana, names, normalise, prose};

/// The most bytes that are read of one field; what is beyond is reported, not read.
pub(super) const MOST_BYTES: usize = 64 * 1024;
/// The most tokens that are read of one description.
pub(super) const MOST_TOKENS: usize = 4_000;

/// What a token is in its sentence.
pub(super) mod bit {
    use crate::rules::grammar::stand;

    /// A verb that says what the tool does.
    pub(in crate::classify) const HEAD: u16 = stand::VERB;
    /// In the first sentence that says what the tool does.
    pub(in crate::classify) const FIRST: u16 = stand::FIRST;
    /// In examples, arguments, return values, conditions.
    pub(in crate::classify) const LOW: u16 = stand::LOW;
    /// Under a negation.
    pub(in crate::classify) const NEGATED: u16 = 1 << 3;
    /// Stripped from the front of a name: not looked at for the verb.
    pub(in crate::classify) const STRIPPED: u16 = 1 << 4;
    /// Of Japanese, whose verbs stand at the end.
    pub(in crate::classify) const KANA: u16 = 1 << 5;
    /// A verb that is joined to others: `creates, updates and deletes`.
    pub(in crate::classify) const JOINED: u16 = 1 << 6;
    /// A joined verb that the name does not speak against: it counts like one of the name.
    pub(in crate::classify) const RAISED: u16 = 1 << 7;
    /// Of a name whose only verb is a noun too, and the description names another verb.
    pub(in crate::classify) const NOUN: u16 = 1 << 8;
    /// Of a script without spaces, whose words are nouns and verbs alike.
    pub(in crate::classify) const RUN: u16 = 1 << 9;
    /// In a sentence that says what the tool does: of those that count as the first, not the ones
    /// before it that say nothing (*See the handbook*).
    pub(in crate::classify) const SAYS: u16 = 1 << 10;
}

/// A token as the rules see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tok {
    pub start: u32,
    pub end: u32,
    pub word: u32,
    pub form: Form,
    pub sentence: u16,
    pub gap: Gap,
    pub flags: u32,
    pub bits: u16,
}

/// Reads a name as it looks.
pub(super) fn read_name(rules: &Compiled, text: &str, into: &mut Vec<Tok>) {
    match normalise::folded(capped(text)) {
        None => name_as_it_stands(rules, text, into),
        Some(folded) => {
            let from = into.len();
            name_as_it_stands(rules, &folded.text, into);
            back(&folded, &mut into[from..]);
        }
    }
}

/// Reads prose as it looks; says whether all of it was read.
pub(super) fn read_prose(rules: &Compiled, text: &str, into: &mut Vec<Tok>) -> bool {
    match normalise::folded(capped(text)) {
        None => prose_as_it_stands(rules, text, into),
        Some(folded) => {
            let from = into.len();
            let whole = prose_as_it_stands(rules, &folded.text, into);
            back(&folded, &mut into[from..]);
            whole && text.len() <= MOST_BYTES
        }
    }
}

/// The tokens of a folded text lie in the text that was folded: without what does not show there, and
/// with plain letters for those that look like them.
fn back(folded: &normalise::Folded, toks: &mut [Tok]) {
    for tok in toks {
        (tok.start, tok.end) = folded.back(tok.start, tok.end);
    }
}

/// Reads a name that is normalised.
pub(super) fn name_as_it_stands(rules: &Compiled, text: &str, into: &mut Vec<Tok>) {
    let text = capped(text);
    let mut reader = Reader::new(rules, text, into);
    names::each(text, names::MOST_TOKENS, |token| reader.take(token));
    reader.finish();
}

/// Reads prose that is normalised; says whether all of it was read.
pub(super) fn prose_as_it_stands(rules: &Compiled, text: &str, into: &mut Vec<Tok>) -> bool {
    let read = capped(text);
    let mut reader = Reader::new(rules, read, into);
    let whole = prose::each(read, MOST_TOKENS, |token| reader.take(token));
    reader.finish();
    whole && text.len() <= MOST_BYTES
}

/// The part of a text that is read.
pub(super) fn capped(text: &str) -> &str {
    if text.len() <= MOST_BYTES {
        return text;
    }
    let mut end = MOST_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Looks up tokens one by one, as they are found.
struct Reader<'a> {
    rules: &'a Compiled,
    text: &'a str,
    into: &'a mut Vec<Tok>,
    /// Where its own tokens begin.
    from: usize,
    /// Which words may go on with a phrase that the last one begins.
    goes_on: u64,
    /// Whether some word may go on so: most texts have none.
    may_join: bool,
}

impl<'a> Reader<'a> {
    fn new(rules: &'a Compiled, text: &'a str, into: &'a mut Vec<Tok>) -> Reader<'a> {
        Reader {
            rules,
            text,
            from: into.len(),
            into,
            goes_on: 0,
            may_join: false,
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "one word at a time: a call costs a tenth of it"
    )]
    #[inline(always)]
    fn take(&mut self, token: Token) {
        let met = if !token.short.is_none() {
            self.rules.look_up_short(token.short)
        } else if token.kind == Kind::Word {
            self.rules.look_up_bytes(token.bytes(self.text))
        } else {
            cut_run(self.rules, self.text, &token, self.into);
            self.may_join = true;
            return;
        };
        let known = self.rules.known(met.word);
        self.may_join |= self.goes_on >> (met.word & 63) & 1 == 1;
        self.goes_on = known.1;
        self.into.push(Tok {
            start: token.start,
            end: token.end,
            word: met.word,
            form: met.form,
            sentence: token.sentence,
            gap: token.gap,
            flags: known.0,
            bits: 0,
        });
    }

    fn finish(self) {
        if self.may_join {
            join_phrases(self.rules, self.from, self.into);
        }
    }
}

fn push(
    rules: &Compiled,
    met: Met,
    token: &Token,
    start: u32,
    end: u32,
    bits: u16,
    into: &mut Vec<Tok>,
) {
    into.push(Tok {
        start,
        end,
        word: met.word,
        form: met.form,
        sentence: token.sentence,
        gap: token.gap,
        flags: rules.flags(met.word),
        bits,
    });
}

/// Cuts a run of an unspaced script at the longest words that the rules know; what lies between
/// becomes one unknown token.
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are capped far below 4 GiB"
)]
fn cut_run(rules: &Compiled, text: &str, token: &Token, into: &mut Vec<Tok>) {
    let run = token.of(text);
    let kana = if run.chars().any(is_kana) {
        bit::KANA | bit::RUN
    } else {
        bit::RUN
    };
    let mut first = *token;
    let mut unknown_from = None;
    let mut at = 0;
    while at < run.len() {
        let mut found = None;
        let mut end = at;
        for character in run[at..].chars().take(rules.longest_run) {
            end += character.len_utf8();
            let met = rules.look_up_caseless(&run[at..end]);
            if met.word != 0 {
                found = Some((met, end));
            }
        }
        if let Some((met, end)) = found {
            if let Some(from) = unknown_from.take() {
                push(
                    rules,
                    UNKNOWN,
                    &first,
                    token.start + from as u32,
                    token.start + at as u32,
                    kana,
                    into,
                );
                first.gap = Gap::None;
            }
            push(
                rules,
                met,
                &first,
                token.start + at as u32,
                token.start + end as u32,
                kana,
                into,
            );
            first.gap = Gap::None;
            at = end;
        } else {
            unknown_from.get_or_insert(at);
            at += run[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if let Some(from) = unknown_from {
        push(
            rules,
            UNKNOWN,
            &first,
            token.start + from as u32,
            token.end,
            kana,
            into,
        );
    }
}

/// Joins the longest phrases: their single words are not seen any more.
fn join_phrases(rules: &Compiled, from: usize, toks: &mut Vec<Tok>) {
    let mut read = from;
    let mut write = from;
    while read < toks.len() {
        let tok = toks[read];
        let mut joined = None;
        if toks
            .get(read + 1)
            .is_some_and(|next| rules.may_start_phrase(tok.word, next.word))
        {
            let mut node = 0;
            let mut at = read;
            while at < toks.len() {
                let next = toks[at];
                if at > read && (next.sentence != tok.sentence || next.gap > Gap::Slash) {
                    break;
                }
                let Some((to, phrase)) = rules.phrase_step(node, next.word) else {
                    break;
                };
                if phrase != 0 {
                    joined = Some((at, phrase));
                }
                node = to;
                at += 1;
            }
        }
        if write < read {
            toks[write] = tok;
        }
        if let Some((last, phrase)) = joined {
            toks[write].end = toks[last].end;
            toks[write].word = phrase;
            toks[write].flags = rules.flags(phrase);
            read = last;
        }
        read += 1;
        write += 1;
    }
    toks.truncate(write);
}
