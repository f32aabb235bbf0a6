//! What a word of a rule stands for once the rules are compiled.

use super::*;
use std::path::Path;

/// The built-in rules and some of a test.
fn with(more: &[(&str, &str)]) -> Compiled {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: BTreeMap<String, String> = walkdir::WalkDir::new(&root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(&root).unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (name.to_str().unwrap().to_owned(), text)
        })
        .collect();
    for (id, words) in more {
        let rule = format!(
            "id = \"{id}\"\nkind = \"category\"\ntitle = \"Test\"\ncategory = \"Write\"\nweight = 1\nsince = \"0.1.0\"\nrationale = \"For a test.\"\nreferences = []\n\n[match]\nany = [{{ in = [\"name\"], words = \"{words}\" }}]\n\n[examples]\nyes = []\nno = []\n"
        );
        files.insert(format!("category/{id}.toml"), rule);
    }
    Compiled::new(&RuleSet::from_files(&files, "test").unwrap()).unwrap()
}

/// The element of the first word of a rule's only sequence.
fn first_element(rules: &Compiled, id: &str) -> u32 {
    let rule = rules.rules.iter().position(|rule| rule.id == id).unwrap();
    let of_rule = |user: &User| user.asks.rule as usize == rule;
    let pattern = rules.patterns.iter().find(|p| p.users.iter().any(of_rule));
    pattern.unwrap().steps[0].element
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
