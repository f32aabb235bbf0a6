//! The matching engine against a slow, obvious one, on random text made of the words of the rules.

use super::look::stands;
use super::*;
use crate::classify::{heads, sentences, tokens};
use crate::rules::RuleSet;
use crate::rules::compiled::{Pattern, Step, place_bit};
use crate::rules::fact::Places;
use crate::rules::source::Place;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static RULES: LazyLock<Compiled> =
    LazyLock::new(|| Compiled::new(&RuleSet::embedded().unwrap()).unwrap());

/// Every word and phrase that a lexicon or a rule knows.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let set = RuleSet::embedded().unwrap();
    let mut words: BTreeSet<String> = set
        .rules()
        .flat_map(|rule| rule.matches.any.iter().chain(&rule.matches.all))
        .filter_map(|matcher| matcher.words.as_ref())
        .flat_map(|words| words.0.iter())
        .flat_map(|words| words.split([' ', '|']))
        .filter(|word| !word.starts_with("..") && !word.starts_with('@'))
        .map(str::to_owned)
        .collect();
    for class in set.lexicon().class.values() {
        words.extend(class.words.iter().cloned());
    }
    words.into_iter().collect()
});

/// Where a sequence can end that begins at `from`: every way is tried, step by step.
fn ends(toks: &[Tok], from: usize, steps: &[Step]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    if RULES.belongs(toks[from].word, steps[0].element) {
        reached.insert(from);
    }
    for step in &steps[1..] {
        reached = (0..toks.len())
            .filter(|next| {
                RULES.belongs(toks[*next].word, step.element)
                    && reached.iter().any(|at| {
                        at < next
                            && next - at <= usize::from(step.gap) + 1
                            && toks[*at].sentence == toks[*next].sentence
                    })
            })
            .collect();
    }
    reached
}

fn slow(toks: &[Tok], view: View) -> BTreeSet<(u32, u32)> {
    let mut found = BTreeSet::new();
    for pattern in &RULES.patterns {
        for from in 0..toks.len() {
            let ends = ends(toks, from, &pattern.steps);
            for user in &pattern.users {
                let met = |last: &usize| stands(&user.asks, toks, from, *last, view.place);
                if user.asks.places & place_bit(view.place) != 0 && ends.iter().any(met) {
                    found.insert((user.matcher, toks[from].start));
                }
            }
        }
    }
    found
}

/// The words of each element, as they are written.
static MEMBERS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let elements = RULES.patterns.iter().flat_map(|p| &p.steps);
    let count = elements.map(|step| step.element + 1).max().unwrap();
    (0..count)
        .map(|element| {
            let of = |word: &&String| RULES.belongs(RULES.look_up(word).word, element);
            WORDS.iter().filter(of).map(String::as_str).collect()
        })
        .collect()
});

/// Text that comes near a sequence of some rule: its words in order, or words that only look like
/// the next step, with other words between them.
fn near_a_sequence(picks: &[prop::sample::Index]) -> String {
    let mut picks = picks.iter().cycle();
    let mut pick = || picks.next().unwrap();
    let long: Vec<&Pattern> = RULES
        .patterns
        .iter()
        .filter(|p| p.steps.len() > 2)
        .collect();
    let pattern = if pick().index(4) == 0 {
        pick().get(&RULES.patterns)
    } else {
        *pick().get(&long)
    };
    let mut text = String::new();
    for step in &pattern.steps {
        let members = &MEMBERS[step.element as usize];
        // A word of the step more than once: the nearest need not be the right one.
        for _ in 0..=pick().index(3) {
            if !members.is_empty() {
                text.push_str(pick().get::<&str>(members));
                text.push(' ');
            }
            for _ in 0..pick().index(usize::from(step.gap) + 2) {
                text.push_str(pick().get::<String>(&WORDS));
                text.push_str(match pick().index(9) {
                    0 => ". ",
                    1 => ", ",
                    _ => " ",
                });
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_finds_what_an_obvious_matcher_finds(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60),
        place in prop::sample::select(vec![Place::Name, Place::Description, Place::Text]),
    ) {
        let text = near_a_sequence(&picks);
        let mut toks = Vec::new();
        if place == Place::Name {
            tokens::read_name(&RULES, &text, &mut toks);
            heads::mark_name(&mut toks);
        } else {
            tokens::read_prose(&RULES, &text, &mut toks);
            sentences::mark_prose(&RULES, &mut toks);
        }
        let view = View { place, field: Field::Whole, weight: 1.0 };
        let mut hits = Vec::new();
        super::text(&RULES, &toks, view, &mut Walk::new(&RULES), &mut hits);
        let fast: BTreeSet<(u32, u32)> = hits.iter().map(|h| (h.matcher, h.start)).collect();
        prop_assert_eq!(fast, slow(&toks, view), "{}", text);
    }

    #[test]
    fn what_guards_a_text_rule_stands_wherever_the_rule_has_its_words(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60),
        more in prop::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let text = format!("{}{}", near_a_sequence(&picks), near_a_sequence(&more));
        let mut toks = Vec::new();
        tokens::read_prose(&RULES, &text, &mut toks);
        let mut walk = Walk::new(&RULES);
        let asked = ask(&RULES, &toks, &mut walk);
        sentences::mark_prose(&RULES, &mut toks);
        let view = View { place: Place::Text, field: Field::Whole, weight: 1.0 };
        let mut scratch = Scratch::new(&RULES);
        let mut hits = Vec::new();
        super::text(&RULES, &toks, view, &mut scratch.walk, &mut hits);
        scratch.settle(&hits);
        let may_fire = |rule: &&u32| {
            let ready = &RULES.rules[**rule as usize];
            RULES.guard_of(**rule) != 0 && scratch.may_fire(ready, **rule)
        };
        if let Some(rule) = scratch.touched.iter().find(may_fire) {
            let rule = &RULES.rules[*rule as usize].id;
            let any = candidates(&RULES, &toks, Places::ALL, asked, &mut walk);
            prop_assert!(asked.any && any, "{}: {}", rule, text);
        }
    }

    #[test]
    fn a_rule_that_fires_was_met_with_all_it_needs(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60),
        place in prop::sample::select(vec![Place::Name, Place::Description]),
    ) {
        let text = near_a_sequence(&picks);
        let mut toks = Vec::new();
        tokens::read_prose(&RULES, &text, &mut toks);
        sentences::mark_prose(&RULES, &mut toks);
        let view = View { place, field: Field::Whole, weight: 1.0 };
        let mut scratch = Scratch::new(&RULES);
        let (mut hits, mut stood) = (Vec::new(), Vec::new());
        super::text(&RULES, &toks, view, &mut scratch.walk, &mut hits);
        scratch.settle(&hits);
        scratch.met.begin(&RULES);
        meet(&RULES, &toks, place, &mut scratch.walk, &mut stood, &mut scratch.met);
        for rule in &scratch.touched {
            let id = &RULES.rules[*rule as usize].id;
            let fires = scratch.fires(&RULES, *rule);
            prop_assert!(!fires || scratch.met.may_fire(&RULES, *rule), "{}: {}", id, text);
        }
        let mut wanted = Vec::new();
        hits_of(&RULES, &toks, view, &stood, |rule| scratch.met.may_fire(&RULES, rule), &mut wanted);
        hits.retain(|hit| scratch.met.may_fire(&RULES, hit.rule));
        let seen = |hits: &[Hit]| -> Vec<(u32, u32, u32)> {
            hits.iter().map(|hit| (hit.matcher, hit.start, hit.end)).collect()
        };
        prop_assert_eq!(seen(&wanted), seen(&hits));
    }

    #[test]
    fn candidates_have_all_hits_that_they_would_have(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let text = near_a_sequence(&picks);
        let mut toks = Vec::new();
        tokens::read_prose(&RULES, &text, &mut toks);
        let mut walk = Walk::new(&RULES);
        let asked = ask(&RULES, &toks, &mut walk);
        sentences::mark_prose(&RULES, &mut toks);
        let view = View { place: Place::Text, field: Field::Whole, weight: 1.0 };
        let (mut all, mut some) = (Vec::new(), Vec::new());
        super::text(&RULES, &toks, view, &mut walk, &mut all);
        candidates(&RULES, &toks, Places::ALL, asked, &mut walk);
        of_candidates(&RULES, &toks, view, &mut walk, &mut some);
        all.retain(|hit| walk.candidates.contains(&hit.rule));
        let seen = |hits: &[Hit]| -> Vec<(u32, u32)> {
            hits.iter().map(|hit| (hit.matcher, hit.start)).collect()
        };
        prop_assert_eq!(seen(&some), seen(&all));
    }
}

/// A text rule is left where a text lacks the places that a part of it asks for, and nowhere else.
#[test]
fn a_rule_is_left_where_what_it_asks_for_has_no_place() {
    let facts = |id: &str| RULES.rules.iter().find(|rule| rule.id == id).unwrap().facts;
    for (rule, place) in [
        ("adds-a-reader-of-its-own", Places::MAIL),
        ("alters-other-calls", Places::NAME),
    ] {
        let asked = facts(rule);
        assert!(
            asked.may_stand(place) && asked.may_stand(Places::ALL),
            "{rule}"
        );
        for lacks in [Places::NONE, Places::MAIL, Places::NAME, Places::ADDRESS] {
            assert!(
                lacks == place || !asked.may_stand(lacks),
                "{rule}: {lacks:?}"
            );
        }
    }
    // Where words do as well as an address, a text without one may still say it.
    assert!(facts("has-the-model-send-to-an-address").may_stand(Places::NONE));
    assert!(facts("keep-from-user").may_stand(Places::NONE));
}
