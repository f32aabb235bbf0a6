//! Values that stand in the open where a reference to the environment should be.

/// Words in the name of a variable or header whose value is a secret.
const SECRET_WORDS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "credential",
    "private_key",
];

/// Whether a value stands in the open where a reference should be.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    let value = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("bearer "))
        .or_else(|| value.strip_prefix("Basic "))
        .unwrap_or(value)
        .trim();
    if value.len() < 8 || is_reference(value) || is_placeholder(value) {
        return false;
    }
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || has_token_prefix(value)
}

/// `${VAR}`, `$VAR`, `{env:VAR}`, `${input:x}`, `%VAR%` and the like.
fn is_reference(value: &str) -> bool {
    value.starts_with('$')
        || value.starts_with('{')
        || value.contains("${")
        || (value.starts_with('%') && value.ends_with('%'))
        || value.starts_with("op://")
        || value.starts_with("env:")
}

fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    value.starts_with('<')
        || [
            "your",
            "example",
            "placeholder",
            "changeme",
            "xxx",
            "insert",
            "replace",
            "todo",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Prefixes by which well-known services mark their tokens.
fn has_token_prefix(value: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "sk-",
        "sk_live_",
        "rk_live_",
        "xoxb-",
        "xoxp-",
        "AKIA",
        "AIza",
    ];
    value.len() >= 16 && PREFIXES.iter().any(|prefix| value.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn a_value_by_its_name_or_its_prefix() {
        assert!(is_secret("API_TOKEN", "c0ffee00c0ffee00"));
        assert!(is_secret("Authorization", "Bearer c0ffee00c0ffee00"));
        assert!(is_secret("X", "ghp_0123456789abcdef0123"));
        for fine in [
            "${API_TOKEN}",
            "$TOKEN_VALUE",
            "<your token>",
            "your-token-here",
            "short",
        ] {
            assert!(!is_secret("API_TOKEN", fine), "{fine}");
        }
        assert!(!is_secret("LOG_LEVEL", "debug-verbose"));
    }
}
