//! Whatever a server is called, its slug is safe as a file name, and different servers differ.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolrisk_fuzz::model::Slug;

fn check(slug: &Slug) {
    let text = slug.as_str();
    assert!(!text.is_empty() && text.len() <= 80, "{text}");
    assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    assert!(!text.starts_with('-') && !text.ends_with('-'));
    assert_eq!(slug.shard().len(), 2);
    Slug::try_from(text.to_owned()).expect("a slug reads as one");
}

fuzz_target!(|names: (&str, &str)| {
    let (one, other) = names;
    check(&Slug::readable(one));
    let (a, b) = (Slug::unique(one, one), Slug::unique(other, other));
    check(&a);
    check(&b);
    assert_eq!(one == other, a == b);
});
