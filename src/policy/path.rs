//! Paths of conditions: `args.` and the dotted path of an argument.
//!
//! Two forms are ours and degrade to *absent* for whoever does not know them: `args.ids[]` stands
//! for any element of a list, `args.ids.length` for the number of its elements.

use serde_json::Value;

/// A path that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArgumentPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A member of an object, or `length` of a list.
    Key(String),
    /// Any element of a list.
    Any,
}

/// What was found at a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// A value other than null.
    Value(&'a Value),
    /// The number of elements of a list.
    Length(usize),
}

impl ArgumentPath {
    /// Reads a path; the error says in a few words what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<ArgumentPath, &'static str> {
        let Some(rest) = text.strip_prefix("args.") else {
            return Err("a path must start with args.");
        };
        let mut steps = Vec::new();
        for segment in rest.split('.') {
            let (key, lists) = split_lists(segment);
            if key.is_empty() {
                return Err("a path has an empty segment");
            }
            steps.push(Step::Key(key.to_owned()));
            steps.extend(std::iter::repeat_n(Step::Any, lists));
        }
        if steps.len() > 64 {
            return Err("a path has more than 64 segments");
        }
        Ok(ArgumentPath { steps })
    }

    /// Whether `test` holds for what is at the path; with `[]`, for any element. False where
    /// nothing is there, or null.
    pub(crate) fn any(&self, arguments: &Value, test: &mut dyn FnMut(Found<'_>) -> bool) -> bool {
        any(arguments, &self.steps, test)
    }
}

/// A segment without the `[]` at its end, and how many there were.
fn split_lists(segment: &str) -> (&str, usize) {
    let mut key = segment;
    let mut lists = 0;
    while let Some(shorter) = key.strip_suffix("[]") {
        key = shorter;
        lists += 1;
    }
    (key, lists)
}

fn any(value: &Value, steps: &[Step], test: &mut dyn FnMut(Found<'_>) -> bool) -> bool {
    match steps.split_first() {
        None => !value.is_null() && test(Found::Value(value)),
        Some((Step::Any, rest)) => value
            .as_array()
            .is_some_and(|list| list.iter().any(|element| any(element, rest, test))),
        Some((Step::Key(key), rest)) => match value {
            Value::Object(members) => members
                .get(key)
                .is_some_and(|member| any(member, rest, test)),
            Value::Array(list) if key == "length" && rest.is_empty() => {
                test(Found::Length(list.len()))
            }
            _ => false,
        },
    }
}

/// Whether a property name can be one segment of a path.
pub(crate) fn is_addressable(property: &str) -> bool {
    !property.is_empty() && !property.contains('.') && !property.ends_with("[]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(path: &str, arguments: &Value) -> Vec<String> {
        let mut seen = Vec::new();
        ArgumentPath::parse(path).unwrap().any(arguments, &mut |f| {
            seen.push(match f {
                Found::Value(value) => value.to_string(),
                Found::Length(n) => format!("#{n}"),
            });
            false
        });
        seen
    }

    #[test]
    fn what_is_at_a_path() {
        let arguments = json!({
            "a": {"b": 1, "length": 7}, "n": null, "l": [{"x": 1}, {"y": 2}, {"x": null}, {"x": 3}],
            "ll": [[1, 2], [], 3]
        });
        for (path, expected) in [
            ("args.a.b", vec!["1"]),
            ("args.a.b.c", vec![]),
            ("args.a.length", vec!["7"]),
            ("args.n", vec![]),
            ("args.l.0", vec![]),
            ("args.l.length", vec!["#4"]),
            ("args.l[].x", vec!["1", "3"]),
            ("args.ll[][]", vec!["1", "2"]),
            ("args.a[]", vec![]),
            ("args.absent", vec![]),
        ] {
            assert_eq!(found(path, &arguments), expected, "{path}");
        }
        assert!(found("args.a", &json!([1])).is_empty());
    }

    #[test]
    fn paths_that_are_none() {
        for bad in ["", "a", "args", "args.", "args.a..b", "state.a", "args.[]"] {
            assert!(ArgumentPath::parse(bad).is_err(), "{bad}");
        }
        assert!(ArgumentPath::parse(&format!("args{}", ".a".repeat(65))).is_err());
    }
}
