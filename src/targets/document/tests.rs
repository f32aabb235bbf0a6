use super::outline::{element, outline};
use super::*;
use std::fmt::Write as _;

fn read(text: &str, syntax: Syntax) -> Document<'_> {
    Document::parse("f", text, syntax).unwrap()
}

fn fails(text: &str, syntax: Syntax) -> String {
    Document::parse("f", text, syntax).unwrap_err().to_string()
}

#[test]
fn the_three_syntaxes_give_one_tree_with_places() {
    let json = "{\n  // who\n  \"größe\": {\"a\": [1, true, null, \"x\",],},\n}";
    let toml = "# who\n\n[\"größe\"]\na = [1, true, \"x\"]\n";
    let yaml = "# who\n\ngröße:\n  a: [1, true, ~, x]\n";
    for (text, syntax, line, column) in [
        (json, Syntax::Json, 3, 3),
        (toml, Syntax::Toml, 3, 2),
        (yaml, Syntax::Yaml, 3, 1),
    ] {
        let document = read(text, syntax);
        let (key, table) = document.root.entry("größe").unwrap();
        assert_eq!(document.place(key.at), Place { line, column }, "{syntax:?}");
        let list = table.get("a").unwrap().list();
        assert!(list[0].value == Value::Number("1".into()));
        assert!(list[1].value == Value::Bool(true));
        assert_eq!(list.last().unwrap().text(), Some("x"));
        let x = document.place(list.last().unwrap().at);
        assert_eq!(
            &document.lines.text[document.lines.starts[x.line - 1]..]
                .chars()
                .nth(x.column - 1)
                .unwrap()
                .to_string(),
            if syntax == Syntax::Yaml { "x" } else { "\"" }
        );
    }
}

#[test]
fn keys_of_toml_keep_their_order_and_dotted_ones_their_place() {
    let document = read("[z.one]\nx = 1\n[a]\ny = 2\n[z.two]\n", Syntax::Toml);
    let names: Vec<&str> = document
        .root
        .table()
        .iter()
        .map(|(k, _)| k.name.as_str())
        .collect();
    assert_eq!(names, ["z", "a"]);
    let z = document.root.get("z").unwrap();
    let lines: Vec<usize> = z
        .table()
        .iter()
        .map(|(k, _)| document.place(k.at).line)
        .collect();
    assert_eq!(lines, [1, 5]);
}

#[test]
fn yaml_by_the_core_schema_with_aliases_and_merges() {
    let text =
        "base: &b {cmd: node, port: 8080}\none:\n  <<: *b\n  cmd: deno\nno: off\nv: 1.10\ns: '5'\n";
    let document = read(text, Syntax::Yaml);
    let one = document.root.get("one").unwrap();
    assert_eq!(one.get("cmd").unwrap().text(), Some("deno"));
    assert_eq!(one.get("port").unwrap().scalar().unwrap(), "8080");
    assert_eq!(document.root.get("no").unwrap().text(), Some("off"));
    assert_eq!(document.root.get("v").unwrap().scalar().unwrap(), "1.10");
    assert_eq!(document.root.get("s").unwrap().text(), Some("5"));
}

#[test]
fn a_key_that_stands_twice_counts_the_last_time() {
    let document = read(r#"{"a": 1, "a": 2}"#, Syntax::Json);
    assert_eq!(document.root.get("a").unwrap().scalar().unwrap(), "2");
    assert_eq!(document.root.table().len(), 2);
}

#[test]
fn errors_name_file_line_and_column_and_quote_nothing() {
    let secret = "hunter2hunter2";
    let cases = [
        (
            format!("{{\n \"token\": \"{secret}\"\n \"b\": 1}}"),
            Syntax::Json,
            "f:2:27: not valid JSON: Expected comma",
        ),
        (
            format!("{{\n \"token\": \"{secret}"),
            Syntax::Json,
            "f:2:11: not valid JSON",
        ),
        (
            format!("a = 1\ntoken = {secret}\n"),
            Syntax::Toml,
            "f:2:9: not valid TOML",
        ),
        (
            format!("a = 1\na = \"{secret}\"\n"),
            Syntax::Toml,
            "f:2:1: not valid TOML",
        ),
        (
            format!("a: 1\ntoken: *{secret}\n"),
            Syntax::Yaml,
            "f:2:8: not valid YAML",
        ),
        (format!("a: \"{secret}\n"), Syntax::Yaml, "not valid YAML"),
        (
            format!("a: [{secret}\nb: 1"),
            Syntax::Yaml,
            "not valid YAML",
        ),
        (
            String::new(),
            Syntax::Json,
            "f:1:1: not valid JSON: the file is empty",
        ),
        (
            String::new(),
            Syntax::Yaml,
            "f:1:1: not valid YAML: the file is empty",
        ),
    ];
    for (text, syntax, expected) in cases {
        let told = fails(&text, syntax);
        assert!(told.contains(expected), "{told} for {text}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    for text in ["{'a': 1}", "{a: 1}", "[1 2]", "[0x1]", "[.5]", "[NaN]"] {
        assert!(Document::parse("f", text, Syntax::Json).is_err(), "{text}");
    }
}

#[test]
fn debug_shows_no_value() {
    let document = read(r#"{"token": "hunter2"}"#, Syntax::Json);
    let shown = format!("{document:?} {:?}", document.root.get("token"));
    assert!(
        shown.contains("a text at byte 10") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn depth_and_size_are_limited_in_every_syntax() {
    let deep = |open: &str, close: &str, n: usize| open.repeat(n) + &close.repeat(n);
    for n in [MAX_DEPTH + 2, 500, 100_000] {
        assert!(fails(&deep("[", "]", n), Syntax::Json).contains("not valid JSON"));
        assert!(
            fails(&format!("a = {}", deep("[", "]", n)), Syntax::Toml).contains("not valid TOML")
        );
    }
    assert!(
        fails(&deep("[", "]", MAX_DEPTH + 2), Syntax::Yaml).contains("nested more than 64 deep")
    );
    assert!(Document::parse("f", &deep("[", "]", MAX_DEPTH), Syntax::Json).is_ok());
    let long = " ".repeat(MAX_BYTES + 1);
    assert!(fails(&long, Syntax::Json).contains("10485761 bytes long"));
}

#[test]
fn aliases_do_not_explode() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        let _ = writeln!(text, "a{n}: &a{n} [{list}]");
    }
    assert!(fails(&text, Syntax::Yaml).contains("more than 2000000 values"));
    assert!(fails("a: &a [*a]", Syntax::Yaml).contains("alias"));
}

#[test]
fn the_syntax_is_seen_by_name_and_by_text() {
    for (file, text, expected) in [
        ("x.toml", "{", Syntax::Toml),
        ("x.YML", "{", Syntax::Yaml),
        ("settings.json", "a = 1", Syntax::Json),
        ("-", "// c\n{}", Syntax::Json),
        ("-", "  [ {\"a\": 1} ]", Syntax::Json),
        ("-", "[[server]]\nurl = 'x'", Syntax::Toml),
        ("-", "# c\n[mcp_servers.\"a b\"]", Syntax::Toml),
        ("-", "name = \"x\"", Syntax::Toml),
        ("-", "name: x = y", Syntax::Yaml),
        ("noend", "[]", Syntax::Json),
    ] {
        assert_eq!(Syntax::of(file, text), expected, "{file} {text}");
    }
}

#[test]
fn bytes_with_marks_and_bytes_that_are_no_text() {
    let utf16: Vec<u8> = "\u{feff}{\"ä\": 1}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(decode("f", utf16).unwrap(), "{\"ä\": 1}");
    assert_eq!(decode("f", b"\xef\xbb\xbf{}".to_vec()).unwrap(), "{}");
    let told = decode("f", b"ab\xff".to_vec()).unwrap_err().to_string();
    assert_eq!(told, "f: not text: byte 2 is not valid UTF-8");
}

#[test]
fn an_outline_finds_elements_and_where_a_text_breaks() {
    let text = "{\"x\": [[1]], /* a ] */ \"servers\": [ {\"a\": \"]}\\\"\"}, // b\n {\"b\": [1,2]}, ], \"m\": null}";
    let seen = outline(text, &["servers"]);
    assert_eq!(seen.broken, None);
    assert!(seen.has_list && seen.list_closed);
    let parts: Vec<&str> = seen
        .elements
        .iter()
        .map(|range| &text[range.clone()])
        .collect();
    assert_eq!(parts, ["{\"a\": \"]}\\\"\"}", "{\"b\": [1,2]}"]);
    let keys: Vec<(&str, u8)> = seen
        .keys
        .iter()
        .map(|(k, _, first)| (k.as_str(), *first))
        .collect();
    assert_eq!(keys, [("x", b'['), ("servers", b'['), ("m", b'n')]);
    let second = element("f", text, &Lines::new(text), &seen.elements[1]).unwrap();
    assert_eq!(
        Lines::new(text).place(second.at),
        Place { line: 2, column: 2 }
    );
}

#[test]
fn every_cut_of_a_list_is_seen_with_the_whole_elements_before_it() {
    let text = r#"{"servers":[{"a":"é"},{"b":[1]},3],"metadata":{"count":3}}"#;
    let whole = outline(text, &["servers"]);
    for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let seen = outline(&text[..end], &["servers"]);
        let broken = seen.broken.expect("a cut text is broken");
        assert!(broken.ends, "{}", &text[..end]);
        assert_eq!(broken.in_list, seen.has_list && !seen.list_closed);
        let before = whole
            .elements
            .iter()
            .filter(|range| range.end < end)
            .count();
        assert!(seen.elements.len() == before || seen.elements.len() == before + 1);
    }
}

#[test]
fn an_outline_ends_on_any_text() {
    for text in [
        "",
        "/",
        "[/",
        "{/}",
        "[\"\\",
        "[1/ /2]",
        "]",
        "{\"a\" 1}",
        "[1 2]",
        "[}",
        "[1]x",
        "/*",
    ] {
        assert!(outline(text, &["servers"]).broken.is_some(), "{text}");
    }
}

#[test]
fn places_are_right_in_long_lines_of_wide_characters() {
    for filler in ["a", "é", "大", "🦀"] {
        let text = format!("x\r\n{}\n{}!\ny", filler.repeat(3000), filler.repeat(5000));
        let lines = Lines::new(&text);
        let at = text.find('!').unwrap();
        assert_eq!(
            lines.place(at),
            Place {
                line: 3,
                column: 5001
            }
        );
        assert_eq!(lines.place(text.len() + 9), Place { line: 4, column: 2 });
        for (index, (at, _)) in text.char_indices().enumerate().step_by(97) {
            assert_eq!(lines.offset(index), at);
        }
        assert_eq!(lines.offset(usize::MAX / 2), text.len());
        let yaml = format!(
            "a: '{}'\r\nkey: {}\r\n",
            filler.repeat(4000),
            filler.repeat(4000)
        );
        let document = read(&yaml, Syntax::Yaml);
        let (key, value) = document.root.entry("key").unwrap();
        assert_eq!(document.place(key.at), Place { line: 2, column: 1 });
        assert_eq!(document.place(value.at), Place { line: 2, column: 6 });
    }
}

#[test]
fn many_values_in_one_line_cost_no_more_than_in_many() {
    // Counting each column from the start of the line would take minutes here.
    let text = format!("[{}]", vec!["{\"a\": \"é\"}"; 200_000].join(","));
    let seen = outline(&text, &["servers"]);
    let lines = Lines::new(&text);
    let columns: usize = seen
        .elements
        .iter()
        .map(|range| lines.place(range.start).column)
        .sum();
    // The n-th of them, from 0, begins after the bracket and n times eleven characters and a comma.
    let expected: usize = (0..200_000).map(|n| 2 + n * 11).sum();
    assert_eq!(columns, expected);
}
