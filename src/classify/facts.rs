//! What a string shows beside its words: marks of something hidden, and places of addresses and of
//! names of tools.

use super::Neighbours;
use super::marks;
use super::tokens::capped;
use crate::model::Tool;
use crate::rules::Compiled;
use crate::rules::fact::Fact;
use crate::rules::grammar::flag;
use crate::text::confusables::unmasked;
use crate::text::inflect::Form;
use crate::text::{names, normalise};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most places of one fact in one string.
const MOST: usize = 8;

/// The fewest letters of a word that another is taken for: short ones have digits of their own.
const LEAST_SEEN: usize = 5;

/// The matcher that asks, the fact, and where it lies.
pub(super) type Given = (u32, Fact, (usize, usize));

/// Which tools are looked for in a text.
#[derive(Clone, Copy)]
enum Tools {
    /// Other tools of the server.
    Others,
    /// Tools that the server does not have.
    Foreign,
}

/// The facts that the text rules ask for, looked for in the strings of one definition.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    rules: &'a Compiled,
    /// The tool that is looked at and the tools beside it; none for a server's instructions.
    own: Option<(&'a Tool, &'a Neighbours<'a>)>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(
        rules: &'a Compiled,
        own: Option<(&'a Tool, &'a Neighbours<'a>)>,
    ) -> Facts<'a> {
        Facts { rules, own }
    }

    /// What a string looks like: the matcher that asks, the fact, and where it lies. Only a string of
    /// an odd shape has marks.
    pub(super) fn marks(&self, text: &str, given: &[Fact], odd_shape: bool, into: &mut Vec<Given>) {
        let (odd, marks) = if odd_shape {
            (normalise::oddities(text), marks::of(text))
        } else {
            (normalise::Oddities::default(), marks::Marks::default())
        };
        for (number, fact) in &self.rules.text_facts {
            let all = Some((0, text.len()));
            let span = match fact {
                Fact::HiddenCharacters => odd.hidden,
                Fact::BidiControls => odd.bidi,
                Fact::TagCharacters => odd.tags,
                Fact::TerminalControls => odd.control,
                Fact::Padding => odd.padding,
                Fact::HtmlComment => odd.comment,
                Fact::MixedScripts => odd.mixed,
                Fact::PseudoTag => marks.pseudo_tag,
                Fact::FramedPassage => marks.framed,
                Fact::TurnMarker => marks.turn,
                Fact::RemoteImage => marks.remote_image,
                Fact::Decoded => all,
                Fact::CollidingName
                | Fact::LookAlikeName
                | Fact::PresetDestination
                | Fact::PresetConsent
                | Fact::IsName
                | Fact::IsPreset
                | Fact::IsParameter => all.filter(|_| given.contains(fact)),
                _ => None,
            };
            into.extend(span.map(|span| (*number, *fact, span)));
        }
    }

    /// What lies somewhere in a string, and perhaps more than once.
    pub(super) fn places(&self, text: &str, into: &mut Vec<Given>) {
        let mut places = Vec::new();
        // The matchers that ask for one fact stand together.
        let mut of = None;
        for (number, fact) in &self.rules.text_facts {
            if !fact.has_place() {
                continue;
            }
            if of.replace(*fact) != Some(*fact) {
                places.clear();
                match fact {
                    Fact::MailAddress => places.extend(marks::mail_addresses(text).take(MOST)),
                    Fact::Address => places.extend(marks::addresses(text).take(MOST)),
                    Fact::ForeignTool => self.tools_in(text, Tools::Foreign, &mut places),
                    _ => self.tools_in(text, Tools::Others, &mut places),
                }
            }
            into.extend(places.iter().map(|span| (*number, *fact, *span)));
        }
    }

    /// The words that are written like the name of a tool, of words joined by underscores: those of
    /// other tools of the server, or those with a verb among them that name neither a tool nor a
    /// parameter of it.
    fn tools_in(&self, text: &str, which: Tools, into: &mut Vec<(usize, usize)>) {
        let Some((tool, neighbours)) = self.own else {
            return;
        };
        let verb = |part: &str| {
            let met = self.rules.look_up(part);
            met.form == Form::Base
                && self.rules.flags(met.word) & (flag::VERB | flag::NOUNISH) == flag::VERB
        };
        let foreign = |word: &str| {
            word.split('_').any(verb)
                && !neighbours.have(word)
                && tool
                    .input_schema
                    .as_ref()
                    .and_then(|schema| schema.get("properties"))
                    .is_none_or(|properties| properties.get(word).is_none())
        };
        let wanted = |(start, end): &(usize, usize)| {
            let word = text.get(*start..*end).unwrap_or_default();
            word != tool.name
                && match which {
                    Tools::Others => neighbours.have(word),
                    Tools::Foreign => foreign(word),
                }
        };
        into.extend(marks::joined_words(text).filter(wanted).take(MOST));
    }
}

/// Whether a word of a name is none that the rules know, and becomes one when each character that only
/// looks like a letter is read as that letter: `send_emai1`, `officiaI_site`, `ｗeb_search`.
pub(super) fn looks_like_another(rules: &Compiled, name: &str) -> bool {
    let masks = |byte: u8| matches!(byte, b'0' | b'1' | b'I') || !byte.is_ascii();
    if !name.bytes().any(masks) {
        return false;
    }
    let known = |word: &str| rules.look_up(&word.to_lowercase()).word != 0;
    capped(name)
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| Some((word, unmasked(word)?)))
        .any(|(word, seen)| seen.len() >= LEAST_SEEN && known(&seen) && !known(word))
}

/// Whether one of the words of a name is one of `words`.
fn has_word(rules: &Compiled, name: &str, words: &BTreeSet<u32>) -> bool {
    let mut has = false;
    names::each(name, names::MOST_TOKENS, |token| {
        has |= words.contains(&rules.look_up_bytes(token.bytes(name)).word);
    });
    has
}

/// Whether a parameter gives the yes of a person unless it is told otherwise: its name says that
/// somebody agreed, and its default is that they did.
pub(super) fn presets_consent(rules: &Compiled, name: &str, schema: &Value) -> bool {
    schema.get("default") == Some(&Value::Bool(true))
        && has_word(rules, name, &rules.presets.person)
        && has_word(rules, name, &rules.presets.agreement)
}

/// Whether a default or a listed value of a parameter sends something to a stranger: the name says
/// where it goes, and the value is an address that is not of this machine.
pub(super) fn presets_destination(rules: &Compiled, name: &str, text: &str) -> bool {
    let may_be_address = |byte: u8| matches!(byte, b'@' | b':');
    if !text.bytes().any(may_be_address) {
        return false;
    }
    let text = capped(text);
    let far = |(start, end): (usize, usize)| !text.get(start..end).is_some_and(is_of_this_machine);
    let is_address =
        || marks::mail_addresses(text).next().is_some() || marks::addresses(text).any(far);
    has_word(rules, name, &rules.presets.where_to) && is_address()
}

/// Whether a web address is of the machine that it is used on.
fn is_of_this_machine(address: &str) -> bool {
    match url::Url::parse(address)
        .ok()
        .as_ref()
        .and_then(url::Url::host)
    {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(at)) => at.is_loopback() || at.is_unspecified(),
        Some(url::Host::Ipv6(at)) => at.is_loopback() || at.is_unspecified(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_told_by_its_host() {
        for own in [
            "http://localhost:3000/x",
            "https://api.localhost/",
            "http://127.0.0.1",
            "http://[::1]:80/",
            "http://0.0.0.0:8",
        ] {
            assert!(is_of_this_machine(own), "{own}");
        }
        for far in [
            "https://localhost.evil.example",
            "https://127.evil.example/",
            "https://evil.example/localhost",
            "http://",
        ] {
            assert!(!is_of_this_machine(far), "{far}");
        }
    }
}
