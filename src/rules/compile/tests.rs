//! What a word of a rule stands for once the rules are compiled.

use super::*;
use std::path::Path;

/// The built-in rules and some of a test.
fn with(more: &[(&str, &str)]) -> Compiled {
    let mut files = built_in();
    for (id, words) in more {
        let words = format!("\"{words}\"");
        files.insert(format!("category/{id}.toml"), rule(id, &words));
    }
    compiled(&files).unwrap()
}

fn compiled(files: &BTreeMap<String, String>) -> Result<Compiled, RuleError> {
    Compiled::new(&RuleSet::from_files(files, "test")?)
}

fn built_in() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    walkdir::WalkDir::new(&root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(&root).unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (name.to_str().unwrap().to_owned(), text)
        })
        .collect()
}

/// A category rule of that id and those words.
fn rule(id: &str, words: &str) -> String {
    format!(
        "id = \"{id}\"\nkind = \"category\"\ntitle = \"Test\"\ncategory = \"Write\"\nweight = 1\nsince = \"0.1.0\"\nrationale = \"For a test.\"\nreferences = []\n\n[match]\nany = [{{ in = [\"name\"], words = {words} }}]\n\n[examples]\nyes = []\nno = []\n"
    )
}

/// The sequences of a rule.
fn sequences<'r>(rules: &'r Compiled, id: &str) -> Vec<&'r Pattern> {
    let rule = rules.rules.iter().position(|rule| rule.id == id).unwrap();
    let of_rule = |user: &User| user.asks.rule as usize == rule;
    let own = |pattern: &&Pattern| pattern.users.iter().any(of_rule);
    rules.patterns.iter().filter(own).collect()
}

/// The element of the first word of a rule's only sequence.
fn first_element(rules: &Compiled, id: &str) -> u32 {
    sequences(rules, id)[0].steps[0].element
}

#[test]
fn a_form_that_one_rule_writes_counts_where_another_writes_its_base() {
    let rules = with(&[("one-glorp", "glorp"), ("two-glorps", "glorps ..2 zorp")]);
    let (one, two) = (
        first_element(&rules, "one-glorp"),
        first_element(&rules, "two-glorps"),
    );
    let belongs = |word: &str, element| rules.belongs(rules.look_up(word).word, element);
    assert!(belongs("glorp", one) && belongs("glorps", one) && belongs("glorped", one));
    // Who writes the plural means the plural.
    assert!(belongs("glorps", two) && !belongs("glorp", two));
}

#[test]
fn a_form_of_a_word_of_the_lexicon_is_that_word() {
    let rules = with(&[("many-deletes", "deletes ..2 zorp")]);
    let element = first_element(&rules, "many-deletes");
    assert!(rules.belongs(rules.look_up("deleted").word, element));
}

#[test]
fn a_wording_stands_for_its_sequences_and_a_folder_adds_to_it() {
    let wording =
        |words: &str| format!("[wording.glorping]\nsays = \"it glorps\"\nwords = [{words}]\n");
    let mut files = built_in();
    files.insert(
        "lexicon/glorp.toml".to_owned(),
        wording("\"glorp ..2 zorp\", \"zorped\""),
    );
    let added = "[wording.glorping]\nwords = [\"florp\"]\n";
    files.insert("lexicon/a-glorp.toml".to_owned(), added.to_owned());
    let words = "[\"&glorping\", \"zorped\"]";
    files.insert(
        "category/it-glorps.toml".to_owned(),
        rule("it-glorps", words),
    );
    let rules = compiled(&files).unwrap();
    // What is said twice is one sequence.
    assert_eq!(sequences(&rules, "it-glorps").len(), 3);

    files.insert(
        "category/it-glorps.toml".to_owned(),
        rule("it-glorps", "[\"&zorping\"]"),
    );
    let error = compiled(&files).unwrap_err().to_string();
    assert!(
        error.starts_with("category/it-glorps.toml: there is no wording &zorping"),
        "{error}"
    );

    files.insert(
        "lexicon/zorp.toml".to_owned(),
        "[wording.glorping]\nsays = \"it zorps\"\nwords = [\"zorp\"]\n".to_owned(),
    );
    let error = compiled(&files).unwrap_err().to_string();
    assert!(
        error.starts_with("lexicon/zorp.toml: the wording glorping says something else"),
        "{error}"
    );
}

#[test]
fn a_word_of_a_text_rule_is_met_in_forms_that_are_words_by_themselves() {
    let mut files = built_in();
    let class = "[class.glorps]\npart = \"other\"\nwords = [\"glorp\", \"glorps\"]\n";
    files.insert("lexicon/glorp.toml".to_owned(), class.to_owned());
    let category = rule("one-glorp", "\"glorp ..2 zorp\"");
    let text = rule("a-glorp", "\"glorp ..3 zorp\"")
        .replace(
            "kind = \"category\"",
            "kind = \"text\"\nseverity = \"high\"",
        )
        .replace("category = \"Write\"\nweight = 1\n", "")
        .replace("[\"name\"]", "[\"text\"]");
    files.insert("category/one-glorp.toml".to_owned(), category);
    files.insert("text/a-glorp.toml".to_owned(), text);
    let rules = compiled(&files).unwrap();
    let plural = rules.look_up("glorps").word;
    assert!(rules.belongs(plural, first_element(&rules, "a-glorp")));
    // A category tells the noun from the verb.
    assert!(!rules.belongs(plural, first_element(&rules, "one-glorp")));
}

#[test]
fn phrases_of_the_same_words_are_one() {
    let mut files = built_in();
    let class = "[class.florps]\npart = \"other\"\nwords = [\"florp\", \"blorp\", \"florp blorp\", \"florp blorps\"]\n";
    files.insert("lexicon/florp.toml".to_owned(), class.to_owned());
    for (id, words) in [
        ("one-key", "\"florp blorp\""),
        ("many-keys", "\"florp blorps\""),
    ] {
        files.insert(format!("category/{id}.toml"), rule(id, words));
    }
    let rules = compiled(&files).unwrap();
    let word = |word: &str| rules.look_up(word).word;
    assert_eq!(word("blorp"), word("blorps"));
    let (node, _) = rules.phrase_step(0, word("florp")).unwrap();
    let (_, phrase) = rules.phrase_step(node, word("blorps")).unwrap();
    for id in ["one-key", "many-keys"] {
        assert!(rules.belongs(phrase, first_element(&rules, id)), "{id}");
    }
}

#[test]
fn a_phrase_is_met_where_it_stands_among_alternatives() {
    let mut files = built_in();
    let class = "[class.florps]\npart = \"other\"\nwords = [\"florp key\"]\n";
    files.insert("lexicon/florp.toml".to_owned(), class.to_owned());
    let words = "\"zorp|florp key|glorp ..2 blorp\"";
    files.insert(
        "category/key-of-florps.toml".to_owned(),
        rule("key-of-florps", words),
    );
    let rules = compiled(&files).unwrap();
    let own = sequences(&rules, "key-of-florps").into_iter();
    let lengths: BTreeSet<usize> = own.map(|pattern| pattern.steps.len()).collect();
    assert_eq!(lengths, BTreeSet::from([2, 3]));
}
