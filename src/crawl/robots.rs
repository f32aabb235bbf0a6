//! `robots.txt`: whether a host wants to be asked by us.
//!
//! Source: RFC 9309. The group that names us counts, else the one for everybody; the longest
//! matching rule decides, and of two equally long ones the one that allows.

/// Our name in `robots.txt`.
pub(super) const AGENT: &str = "toolrisk";

/// The rules of one host that concern us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Robots {
    /// Whether it allows, and the pattern.
    rules: Vec<(bool, String)>,
}

/// The most rules that are kept of one host.
const MAX_RULES: usize = 1_000;

impl Robots {
    /// Reads the rules from text; what is not understood is passed over.
    pub(super) fn parse(text: &str) -> Robots {
        let (mut ours, mut everybodys) = (Vec::new(), Vec::new());
        let (mut for_us, mut for_all, mut in_agents, mut named) = (false, false, false, false);
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if !in_agents {
                        (for_us, for_all) = (false, false);
                    }
                    in_agents = true;
                    if value.eq_ignore_ascii_case(AGENT) {
                        (for_us, named) = (true, true);
                    }
                    for_all |= value == "*";
                }
                key @ ("allow" | "disallow") => {
                    in_agents = false;
                    let rule = (key == "allow", value.to_owned());
                    // An empty rule says nothing.
                    if value.is_empty() {
                        continue;
                    }
                    if for_us && ours.len() < MAX_RULES {
                        ours.push(rule.clone());
                    }
                    if for_all && everybodys.len() < MAX_RULES {
                        everybodys.push(rule);
                    }
                }
                _ => {}
            }
        }
        Robots {
            rules: if named { ours } else { everybodys },
        }
    }

    /// Whether this path, with its query, may be asked.
    pub(super) fn allows(&self, path: &str) -> bool {
        self.rules
            .iter()
            .filter(|(_, pattern)| matches(pattern, path))
            .max_by_key(|(allows, pattern)| (pattern.len(), *allows))
            .is_none_or(|(allows, _)| *allows)
    }
}

/// Whether a pattern with `*` and a closing `$` matches the start of a path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        if is_last && to_end {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    !to_end || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_of_the_right_group_decides() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: ToolRisk # us\nDisallow: /private\nAllow: /private/mcp\nDisallow: /*.json$\n",
        );
        assert!(robots.allows("/mcp"));
        assert!(!robots.allows("/private/x"));
        assert!(robots.allows("/private/mcp"));
        assert!(!robots.allows("/a/b.json") && robots.allows("/a/b.json5"));
        let everybody = Robots::parse("user-agent: *\ndisallow: /mcp\n");
        assert!(!everybody.allows("/mcp") && everybody.allows("/other"));
        for text in ["", "Disallow: /", "User-agent: *\nDisallow:\n", "<html>"] {
            assert!(Robots::parse(text).allows("/mcp"), "{text}");
        }
    }
}
