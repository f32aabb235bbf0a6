//! Why a process ended, read from its status and from what it said on standard error.

use super::fault::Fault;
use crate::model::Outcome;
use regex::Regex;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Says why a process ended before it answered. `has_network` tells whether it could reach any.
pub(super) fn explain(status: &str, stderr: &str, has_network: bool) -> Fault {
    let stderr = &without_colours(stderr);
    let variables = missing_variables(stderr);
    if !variables.is_empty() {
        let names: Vec<String> = variables.into_iter().collect();
        return Fault::new(
            Outcome::NeedsConfig,
            format!("it says that these are missing: {}", names.join(", ")),
        );
    }
    if !has_network && wants_network(stderr) {
        return no_network();
    }
    if let Some(line) = wants_configuration(stderr) {
        let detail = format!("it wants configuration; it said: {}", Fault::clip(line));
        return Fault::new(Outcome::NeedsConfig, detail);
    }
    let mut detail = format!("the process ended ({status}) before it answered");
    if let Some(line) = last_words(stderr) {
        detail.push_str("; it said: ");
        detail.push_str(&Fault::clip(line));
    }
    Fault::new(Outcome::Crashed, detail)
}

/// The text without what steers the colours of a terminal: it would hide where a name begins.
fn without_colours(stderr: &str) -> Cow<'_, str> {
    static COLOUR: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\x1b\[[0-9;?]*[A-Za-z]").ok());
    match COLOUR.as_ref() {
        Some(colour) => colour.replace_all(stderr, ""),
        None => Cow::Borrowed(stderr),
    }
}

/// Names of variables that a message says are missing, such as `X_API_KEY is required`.
pub(crate) fn missing_variables(stderr: &str) -> BTreeSet<String> {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b").ok());
    static COMPLAINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)required|missing|not set|must (?:be )?(?:set|provide)|is not (?:set|defined|provided)|please (?:set|provide)|undefined|no .{0,40}(?:found|provided|configured)|environment variable|expected|need|without|configure|KeyError",
        )
        .ok()
    });
    let (Some(name), Some(complaint)) = (NAME.as_ref(), COMPLAINT.as_ref()) else {
        return BTreeSet::new();
    };
    stderr
        .lines()
        .filter(|line| line.len() < 2_000 && complaint.is_match(line))
        .flat_map(|line| name.find_iter(line))
        .map(|found| found.as_str().to_owned())
        .filter(|name| !is_error_code(name) && name.len() <= 80)
        .take(20)
        .collect()
}

/// The fault of a program that wants the network and was run without.
pub(super) fn no_network() -> Fault {
    Fault::new(
        Outcome::NeedsNetwork,
        "it wants the network and was run without",
    )
}

/// The line that says that a credential or an argument is missing or no good, without naming a
/// variable for it.
fn wants_configuration(stderr: &str) -> Option<&str> {
    static WANTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let credential = r"(?:api[\ _-]?key|token|credentials?|secret|oauth\ keys?)";
        let missing = r"(?:required|missing|not\ (?:set|found|provided))";
        Regex::new(&format!(
            r"(?ix) {credential} \b [^.]{{0,60}} \b {missing} \b
              | \b no \s (?:\w+ \s){{0,3}} {credential} \s (?:was|were|is)? \s? (?:provided|found|given|set)
              | \b invalid \s (?:\w+ \s){{0,2}} {credential} \b
              | \b required \s arguments? \b [^.]{{0,60}} \b (?:missing|not \s provided)
              | missing \s (?:required \s (?:arg|option|flag)|(?:option|argument) \s ['\x22])
              | \b arguments \s are \s required:
              | \b required \s (?:option|flag) \b .{{1,80}} \b not \s (?:specified|set|given)
              | \b must \s be \s (?:provided|specified|supplied|given) \b
              | \b you \s must \s (?:specify|provide|supply|set|pass|configure) \s (?:a|an|the|your|at \s least) \s"
        ))
        .ok()
    });
    let wanted = WANTED.as_ref()?;
    stderr
        .lines()
        .map(str::trim)
        .find(|line| line.len() < 500 && wanted.is_match(line))
}

/// Codes that runtimes print and that are no variables.
fn is_error_code(name: &str) -> bool {
    [
        "ERR_",
        "MODULE_",
        "UNHANDLED_",
        "SELF_SIGNED",
        "CERT_",
        "NODE_MODULE",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Whether a message speaks of a network that cannot be reached.
pub(crate) fn wants_network(stderr: &str) -> bool {
    [
        "ENETUNREACH",
        "EAI_AGAIN",
        "ENOTFOUND",
        "getaddrinfo",
        "Network is unreachable",
        "Temporary failure in name resolution",
        "Name or service not known",
        "fetch failed",
        "ConnectError",
        "dial tcp",
        "network is unreachable",
        "dns error",
    ]
    .iter()
    .any(|sign| stderr.contains(sign))
}

/// The line most likely to hold the reason: the last one that says `error:`, else the last one that
/// names an error and is no help on a flag, else the last.
fn last_words(stderr: &str) -> Option<&str> {
    let lines = || {
        stderr
            .lines()
            .rev()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let says = |word: &str| {
        lines()
            .filter(|line| !line.starts_with('-'))
            .find(|line| line.to_ascii_lowercase().contains(word))
    };
    says("error:")
        .or_else(|| says("error"))
        .or_else(|| lines().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_configuration() {
        let fault = explain(
            "exit status 1",
            "Error: EXAMPLE_API_KEY is required\n",
            false,
        );
        assert_eq!(fault.outcome, Outcome::NeedsConfig);
        assert!(fault.detail.contains("EXAMPLE_API_KEY"));
        for said in [
            "KeyError: 'EXAMPLE_URL'\n",
            "\u{1b}[31mERROR\u{1b}[39m \u{1b}[36mEXAMPLE_URL is not set\u{1b}[39m\n",
            "cannot run without EXAMPLE_URL",
        ] {
            let fault = explain("", said, false);
            assert_eq!(fault.outcome, Outcome::NeedsConfig, "{said}");
            assert!(fault.detail.ends_with(": EXAMPLE_URL"), "{said}");
        }
    }

    #[test]
    fn a_missing_credential_without_a_name_is_configuration_too() {
        for said in [
            "An example API token is required.\n",
            "Error: appId, and appSecret are required\n",
            "Credentials not found. Run with 'auth' first.\n",
            "Error: No access token was provided.\n",
            "Error: Invalid API key format.\n",
            "Error: The following required arguments are missing: x\n",
            "server.py: error: the following arguments are required: transport\n",
            "error: the following required arguments were not provided:\n",
            "Error: Missing option '--shop'.\n",
            "Error: Missing argument 'DIRECTORY'.\n",
            "error: required option '--shop <name>' not specified\n",
            "Error: required flag(s) \"shop\" not set\n",
            "Either a command or at least one server must be provided\n",
            "botocore.exceptions.NoRegionError: You must specify a region.\n",
        ] {
            let fault = explain("", said, false);
            assert_eq!(fault.outcome, Outcome::NeedsConfig, "{said}");
            assert!(fault.detail.ends_with(said.trim()), "{}", fault.detail);
        }
        let fault = explain(
            "",
            "SyntaxError: unexpected token\nmodule not found\nTypeError: f() missing 1 required positional argument: 'x'\n",
            false,
        );
        assert_eq!(fault.outcome, Outcome::Crashed);
    }

    #[test]
    fn a_missing_network_is_told_from_a_crash() {
        let said = "Error: getaddrinfo EAI_AGAIN api.example\n";
        assert_eq!(explain("", said, false).outcome, Outcome::NeedsNetwork);
        assert_eq!(explain("", said, true).outcome, Outcome::Crashed);
        let fault = explain("exit status 3", "a\nTypeError: x\u{1b}]0\n  at y\n", false);
        assert_eq!(fault.outcome, Outcome::Crashed);
        assert!(
            fault.detail.contains("TypeError: x\\u{1b}"),
            "{}",
            fault.detail
        );
        let usage = "Error: no kubeconfig\nUsage:\n  --log-file  where errors go\n  --x\n";
        let fault = explain("", usage, false);
        assert!(fault.detail.ends_with("it said: Error: no kubeconfig"));
        assert!(missing_variables("code: 'ERR_MODULE_NOT_FOUND' missing").is_empty());
    }
}
