//! Holds the code to the table of docs/architecture.md: which module may use which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table under "Who may use whom": module → modules.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let section = text
        .split("## Who may use whom")
        .nth(1)
        .expect("the section is there");
    section
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let names = |cell: &str| {
                cell.split(',')
                    .map(|name| name.trim().trim_matches('`').to_owned())
                    .filter(|name| !name.is_empty() && name != "–")
                    .collect::<BTreeSet<_>>()
            };
            (cells[0].trim_matches('`').to_owned(), names(cells[1]))
        })
        .collect()
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The modules named after `crate::` in the code of a file, outside its tests and comments.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\n").next().unwrap_or_default();
    let mut modules = BTreeSet::new();
    for line in code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for part in line.split("crate::").skip(1) {
            let list = part.strip_prefix('{').map_or(part, |rest| rest);
            let grouped = part.starts_with('{');
            let end = if grouped {
                list.find('}').unwrap_or(list.len())
            } else {
                list.len()
            };
            for item in list[..end]
                .split(',')
                .take(if grouped { usize::MAX } else { 1 })
            {
                let name: String = item
                    .trim()
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                if !name.is_empty() {
                    modules.insert(name);
                }
            }
        }
    }
    modules
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files.sort();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in files {
        let path = file.strip_prefix(&src).unwrap();
        let first = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let module = first.trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(allowed) = table.get(&module) else {
            wrong.push(format!(
                "{}: no row for `{module}` in the table",
                path.display()
            ));
            continue;
        };
        for used in used(&fs::read_to_string(&file).unwrap()) {
            checked += 1;
            let known = table.contains_key(&used);
            if known
                && used != module
                && !allowed.contains(&used)
                && !allowed.contains("everything")
            {
                wrong.push(format!(
                    "{}: `{module}` may not use `{used}`",
                    path.display()
                ));
            }
        }
    }
    assert!(
        checked > 10,
        "only {checked} uses were seen: is the reading of the code broken?"
    );
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The circle that is reached from a module, if there is one.
fn circle_from(
    module: &str,
    table: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|seen| seen == module) {
        return Some(path[start..].to_vec());
    }
    path.push(module.to_owned());
    let circle = table
        .get(module)
        .into_iter()
        .flatten()
        .find_map(|next| circle_from(next, table, path));
    path.pop();
    circle
}

#[test]
fn the_table_has_no_circles() {
    let table = table();
    for module in table.keys() {
        let circle = circle_from(module, &table, &mut Vec::new());
        assert!(circle.is_none(), "circle: {circle:?}");
    }
}

#[test]
fn the_reading_of_uses_sees_the_forms_that_occur() {
    let text = "use crate::model::{Tool, Slug};\nuse crate::{policy, text::words};\n// crate::mcp\n\
                fn f() { crate::digest::x(); }\n#[cfg(test)]\nmod tests { use crate::cli; }";
    let expected = ["digest", "model", "policy", "text"];
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), expected);
}
