//! Foreign text cannot become markup: every field of a record holds a payload, and the pages have
//! the same elements and attributes as those of a harmless twin.

use super::changes::through;
use super::html;
use super::{publish, tree};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const PAYLOADS: [&str; 60] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</code></pre><iframe src=javascript:alert(1)>",
    "</bdi></p></main><h1>Safe</h1>",
    "</td></tr></table><b>x</b>",
    "</script><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<form action=https://evil.example><input name=q>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "https://evil.example/\" onclick=\"alert(1)",
    "{{ 7 * 7 }}",
    "{% include \"base.html\" %}",
    "{{ page.root | safe }}",
    "{# comment #}",
    "${7*7}",
    "<%= 7 * 7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "&amp;lt;b&amp;gt;",
    "<math><mtext></mtext><mglyph><style></math>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<xmp><img src=x></xmp>",
    "<plaintext>",
    "<![CDATA[<b>x</b>]]>",
    "<?xml version=\"1.0\"?><b>x</b>",
    "<b\u{0}>x</b>",
    "<a\u{b}href=x>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\u{ff1c}script\u{ff1e}alert(1)",
    "\u{e000}1\u{e001}x`onclick=alert(1)`",
    "@import 'https://evil.example/x.css';",
    "]]></summary><script>alert(1)</script>",
];

/// The same text with other punctuation where markup has its own: the words, and so the verdicts
/// and the file names, stay.
fn twin(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' | '>' | '"' | '\'' | '&' | '`' | '{' | '}' => '*',
            other => other,
        })
        .collect()
}

fn record(at: usize, text: &str) -> Value {
    let text = format!("{text} {at}");
    json!({
        "schema": 1, "name": text, "slug": format!("server-{at:02}"),
        "target": {"command": [text, text], "homepage": text, "repository": text, "env": [text], "headers": [text]},
        "outcome": "partial", "detail": text, "transport": text, "protocol_version": text,
        "server_info": {"name": text, "version": text}, "instructions": text,
        "tools": [
            {"name": text, "title": text, "description": text,
             "inputSchema": {"type": "object", "required": [text], "properties": {
                text.clone(): {"type": "string", "description": text, "enum": [text, text], "format": text}}},
             "annotations": {"title": text, "readOnlyHint": text}},
            {"name": format!("manage {at}"), "description": format!("Actions: list, delete. {text}"),
             "inputSchema": {"type": "object", "properties": {"action": {"enum": ["list", "delete", text]}}}},
            {"malformed": text, "problem": text}
        ],
        "problems": [{"id": "odd", "detail": text, "at": text}], "digest": text
    })
}

/// What the record was before: other definitions, and tools that are gone, of the same payload.
fn earlier(at: usize, text: &str) -> Value {
    let mut record = record(at, text);
    let text = format!("{text} {at}");
    record["instructions"] = json!(format!("Before. {text}"));
    let tools = record["tools"].as_array_mut().unwrap();
    tools[0]["description"] = json!(format!("It was another. {text}"));
    tools[0]["inputSchema"]["properties"] =
        json!({format!("{text} gone"): {"type": "string", "enum": [text]}});
    tools[0]["title"] = json!(format!("Old {text}"));
    tools.push(json!({"name": format!("gone {text}"), "description": text}));
    record
}

fn site(folder: &Path, change: fn(&str) -> String) -> std::path::PathBuf {
    let (catalogue, site) = (folder.join("c"), folder.join("s"));
    for (at, payload) in PAYLOADS.iter().enumerate() {
        let now = record(at, &change(payload));
        through(
            &catalogue,
            &[("", earlier(at, &change(payload))), ("2026-01-02", now)],
        );
    }
    publish(&catalogue, &site);
    site
}

#[test]
fn sixty_payloads_in_every_field_add_no_element_and_no_attribute() {
    let dir = tempfile::tempdir().unwrap();
    let hostile = tree(&site(&dir.path().join("hostile"), str::to_owned));
    // However a page is made, it is the same page.
    let plain = dir.path().join("plain");
    super::publish_unpoured(&dir.path().join("hostile/c"), &plain, &[]);
    super::assert_same_site(&hostile, &tree(&plain));
    let harmless = tree(&site(&dir.path().join("harmless"), twin));
    let pages = |files: &super::Files| -> Vec<_> {
        let html = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == "html");
        files.keys().filter(html).cloned().collect()
    };
    assert_eq!(pages(&hostile), pages(&harmless));
    assert!(pages(&hostile).len() > 180);
    let mut compared = 0;
    for path in pages(&hostile) {
        let read = |files: &super::Files| html::parse(std::str::from_utf8(&files[&path]).unwrap());
        let (page, calm) = (read(&hostile), read(&harmless));
        assert!(
            page.errors.is_empty(),
            "{}: {:?}",
            path.display(),
            page.errors
        );
        let shape = |page: &html::Page| -> Vec<String> {
            let one = |e: &html::Element| {
                let names: Vec<&str> = e.attributes.iter().map(|(name, _)| name.as_str()).collect();
                format!("{} {}", e.name, names.join(" "))
            };
            // Punctuation is evidence too: the twin may have fewer marks and rows of evidence. No
            // payload can be made of these elements alone.
            let of_evidence = ["mark", "tr", "td", "code", "bdi", "ins", "del"];
            page.elements
                .iter()
                .filter(|e| !of_evidence.contains(&e.name.as_str()))
                .map(one)
                .collect()
        };
        let kinds = |page: &html::Page| -> BTreeSet<String> { shape(page).into_iter().collect() };
        let more: Vec<String> = kinds(&page).difference(&kinds(&calm)).cloned().collect();
        if judged_alike(&hostile, &harmless, &path) {
            assert_eq!(shape(&page), shape(&calm), "{}", path.display());
            compared += 1;
        } else {
            // Other punctuation, another verdict: the page has other rows, of the same kinds.
            assert!(more.is_empty(), "{}: {more:?}", path.display());
        }
        for element in &page.elements {
            for (name, value) in &element.attributes {
                assert!(
                    !name.starts_with("on"),
                    "{}: {name}={value}",
                    path.display()
                );
                if matches!(name.as_str(), "href" | "src" | "action") {
                    let link = value.trim_start().to_ascii_lowercase();
                    let scheme = link.split([':', '/', '?', '#']).next().unwrap_or_default();
                    let has_scheme =
                        link.len() > scheme.len() && link.as_bytes()[scheme.len()] == b':';
                    assert!(
                        !has_scheme || matches!(scheme, "http" | "https"),
                        "{}: {name}={value}",
                        path.display()
                    );
                }
            }
        }
    }
    assert!(compared > 150, "{compared}");
}

/// Whether the verdicts that a server's or a tool's page shows have as many parts in both sites.
fn judged_alike(one: &super::Files, other: &super::Files, page: &Path) -> bool {
    let parts: Vec<&str> = page.iter().filter_map(|part| part.to_str()).collect();
    let ["tools", server, _] = parts.as_slice() else {
        return false;
    };
    let of = |files: &super::Files| -> Vec<Vec<usize>> {
        let folder = Path::new("api/v1/tools").join(server);
        files
            .iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .map(|(_, bytes)| {
                let document: Value = serde_json::from_slice(bytes).unwrap();
                ["evidence", "signals", "findings", "actions", "problems"]
                    .iter()
                    .map(|part| document["verdict"][part].as_array().map_or(0, Vec::len))
                    .collect()
            })
            .collect()
    };
    of(one) == of(other)
}

/// The elements of feeds and badges.
const OURS: [&str; 15] = [
    "feed", "title", "id", "updated", "author", "name", "link", "entry", "category", "summary",
    "svg", "rect", "path", "g", "text",
];

#[test]
fn feeds_and_badges_stay_well_formed() {
    let dir = tempfile::tempdir().unwrap();
    let files = tree(&site(dir.path(), str::to_owned));
    for (path, bytes) in &files {
        if path.extension().is_some_and(|e| e == "json") {
            let parsed: Result<Value, _> = serde_json::from_slice(bytes);
            assert!(parsed.is_ok(), "{}", path.display());
        }
        if path.extension().is_some_and(|e| e == "svg" || e == "xml") {
            let text = std::str::from_utf8(bytes).unwrap();
            for tag in text.split('<').skip(1) {
                let name: String = tag
                    .trim_start_matches('/')
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect();
                assert!(
                    OURS.contains(&name.as_str()) || tag.starts_with("?xml"),
                    "{}: <{tag}",
                    path.display()
                );
            }
        }
    }
}
