//! What a registry lets the user fill in: values, defaults, templates, arguments. A value that only
//! shows where one would stand counts as none.

use crate::model::Target;
use crate::targets::document::Node;
use crate::targets::packages::clipped;

/// Arguments of a list: no more, and none longer.
const MAX_ARGUMENTS: usize = 64;
const MAX_ARGUMENT: usize = 4_096;

/// Something that the list lets the user fill in.
pub(super) struct Input<'n> {
    node: &'n Node,
    required: bool,
}

impl<'n> Input<'n> {
    pub(super) fn of(node: &'n Node) -> Input<'n> {
        let required = node.any(&["isRequired", "is_required", "required"]);
        Input {
            node,
            required: required.and_then(Node::boolean) == Some(true),
        }
    }

    fn has_value(&self) -> bool {
        self.fixed().is_some()
    }

    /// The value or default that the list gives, unless it only shows where a value would stand.
    fn fixed(&self) -> Option<String> {
        let given = |name: &str| {
            let value = self.node.get(name)?.scalar()?;
            (!value.is_empty() && !is_placeholder(&value)).then_some(value)
        };
        given("value").or_else(|| given("default"))
    }

    /// The value; where there is none and it is required, `name` is missing.
    pub(super) fn value(&self, name: &str, missing: &mut Vec<String>) -> Option<String> {
        let Some(template) = self.fixed() else {
            if self.required {
                missing.push(name.to_owned());
            }
            return None;
        };
        let mut holes = Vec::new();
        let value = fill(&template, self.node.get("variables"), &mut holes);
        if holes.is_empty() {
            return Some(value);
        }
        if self.required {
            missing.append(&mut holes);
        }
        None
    }
}

/// Puts the values and defaults of `variables` into the `{name}` of a template. Only names that are
/// declared, or that stand in a template without declarations as plain words, count as variables.
pub(super) fn fill(template: &str, variables: Option<&Node>, missing: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        let name = after.split('}').next().unwrap_or_default();
        let is_name = after.len() > name.len() && is_variable(&name.replace(['-', '.'], "_"));
        out.push_str(&rest[..open]);
        if !is_name {
            out.push('{');
            rest = after;
            continue;
        }
        let value = variables
            .and_then(|variables| variables.get(name))
            .and_then(|variable| Input::of(variable).fixed());
        if let Some(value) = value {
            out.push_str(&value);
        } else {
            missing.push(name.to_owned());
            out.push_str(&rest[open..=open + 1 + name.len()]);
        }
        rest = &after[name.len() + 1..];
    }
    out.push_str(rest);
    out
}

/// `<your-key>`, `YOUR_TOKEN`, `/path/to/x`: what only shows where a value would stand.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let stands_in = ["your_", "your-", "path/to", "path_to", "${"];
    lower
        .split_once('<')
        .is_some_and(|(_, rest)| rest.contains('>'))
        || stands_in.iter().any(|word| lower.contains(word))
}

pub(super) fn is_variable(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The first revision of the schema lists the words of a whole `uv` or `npx` command line: what is
/// for the runner goes, what is for the server's own program stays.
pub(super) fn own_arguments<'n>(list: &'n [Node], package: &str) -> Vec<&'n Node> {
    const FOR_RUNNER: [&str; 9] = [
        "--directory",
        "--project",
        "--with",
        "--with-editable",
        "--python",
        "--from",
        "-m",
        "run",
        "python",
    ];
    let folded = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    let after = list
        .iter()
        .rposition(|node| folded(first_value(node)) == folded(package))
        .map_or(0, |at| at + 1);
    let is_own = |node: &&Node| {
        let value = first_value(node);
        let word = value.split(' ').next().unwrap_or_default();
        let script = [".py", ".ts", ".js"].iter().any(|end| value.ends_with(end));
        !FOR_RUNNER.contains(&word) && !script
    };
    list[after..].iter().filter(is_own).collect()
}

pub(super) fn arguments<'n>(
    list: impl IntoIterator<Item = &'n Node>,
    target: &mut Target,
) -> Result<(), String> {
    for (index, node) in list.into_iter().enumerate() {
        let input = Input::of(node);
        let text = |names: &[&str]| node.any(names).and_then(Node::text);
        let name = text(&["name"]).unwrap_or_default();
        let hint = text(&["valueHint", "value_hint"]);
        if text(&["type"]) != Some("named") {
            let label = match (name, hint) {
                ("", Some(hint)) => clipped(hint),
                ("", None) => format!("argument {}", index + 1),
                (name, _) => clipped(name),
            };
            target.args.extend(input.value(&label, &mut target.missing));
            continue;
        }
        // The first revision has `--flag value` as the name.
        let (flag, attached) = match name.split_once(' ') {
            Some((flag, attached)) => (flag, Some(attached)),
            None => (name, None),
        };
        let flag = clipped(flag);
        let value = match attached {
            Some(attached) if is_placeholder(attached) => {
                if input.required {
                    target.missing.push(flag);
                }
                continue;
            }
            Some(attached) => Some(attached.to_owned()),
            None if !input.has_value() && hint.is_none() && input.required => None,
            None => match input.value(&flag, &mut target.missing) {
                Some(value) if value == name => None,
                Some(value) => Some(value),
                None => continue,
            },
        };
        target.args.push(flag);
        target.args.extend(value);
    }
    let bad = |argument: &String| argument.len() > MAX_ARGUMENT || argument.contains('\0');
    if target.args.len() > MAX_ARGUMENTS || target.args.iter().any(bad) {
        return Err(format!(
            "more than {MAX_ARGUMENTS} arguments, or one of more than {MAX_ARGUMENT} bytes or with \
             a zero byte"
        ));
    }
    Ok(())
}

fn first_value(node: &Node) -> &str {
    let value = node.any(&["value", "default"]);
    value.and_then(Node::text).unwrap_or_default()
}
