//! References to variables, `${NAME}` and `${NAME:-default}`, in values of a list.

use std::collections::BTreeMap;

/// Where references find their values: the process's environment, or a table in tests.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl std::fmt::Debug for Environment {
    /// The values are the user's own secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

impl Environment {
    /// The variables of this process; those that are no text are left out.
    pub fn of_process() -> Self {
        Environment(
            std::env::vars_os()
                .filter_map(|(key, value)| {
                    Some((key.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    /// A given table.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Environment(
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Replaces the references in `text`. `Err` names the first variable that has no value.
/// `${env:NAME}` of some clients is read too; text that is no reference stays as it is.
pub fn expand(text: &str, environment: &Environment) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('}').map(|end| start + end) else {
            break;
        };
        let inner = &rest[start + 2..end];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name {
            match environment.get(name).or(default) {
                Some(value) => out.push_str(value),
                None => return Err(name.to_owned()),
            }
        } else if inner.starts_with("input:") {
            return Err(inner.trim_start_matches("input:").to_owned());
        } else {
            out.push_str(&rest[start..=end]);
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_or_named() {
        let environment = Environment::of(&[("A", "1"), ("EMPTY", "")]);
        let expand = |text| expand(text, &environment);
        assert_eq!(expand("Bearer ${A}"), Ok("Bearer 1".into()));
        assert_eq!(expand("${B:-x}${EMPTY}"), Ok("x".into()));
        assert_eq!(expand("${env:A}"), Ok("1".into()));
        assert_eq!(expand("x${B}"), Err("B".into()));
        assert_eq!(expand("${input:key}"), Err("key".into()));
        assert_eq!(expand("$A ${ ${A b}"), Ok("$A ${ ${A b}".into()));
    }
}
