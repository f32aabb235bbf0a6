//! URLs: https only, and nothing on this machine, this network or the cloud's metadata service.
//!
//! A pattern sees names, not what they resolve to: a public name that points to a private address
//! gets through. docs/policy.md says so.

use super::schema::Property;
use super::{Maker, Wanted};

/// The signal of the classifier.
const SIGNAL: &str = "Accepts URL/endpoint input";

/// Last words of names that hold whole URLs.
const URL_WORDS: [&str; 9] = [
    "url",
    "urls",
    "webhook",
    "webhooks",
    "href",
    "hyperlink",
    "website",
    "weburl",
    "webpage",
];

/// Last words of names that hold a host, an endpoint or an identifier in URL form.
const HOST_WORDS: [&str; 9] = [
    "uri",
    "uris",
    "host",
    "hosts",
    "hostname",
    "endpoint",
    "endpoints",
    "domain",
    "origin",
];

/// What a URL that must be given looks like.
const HTTPS: &str = r"^(?i:https)://[^/\\?#]";

/// What begins with a scheme that is not https, written without look-ahead.
const OTHER_SCHEME: &str = r"^\s*(?i:[a-gi-z][a-z0-9+.-]*|h|h[a-su-z0-9+.-][a-z0-9+.-]*|ht|ht[a-su-z0-9+.-][a-z0-9+.-]*|htt|htt[a-oq-z0-9+.-][a-z0-9+.-]*|http|http[a-rt-z0-9+.-][a-z0-9+.-]*|https[a-z0-9+.-]+):";

/// What a URL's host must not be. All begin with a scheme, any number of slashes, which parsers
/// forgive, and a user name.
const NOT_PUBLIC: [(&str, &str); 4] = [
    ("no local name", LOCAL_NAME),
    ("no private or metadata address", PRIVATE_IPV4),
    ("an address as four plain decimal numbers", ODD_IPV4),
    (
        "no address in brackets and no escapes in the host",
        HIDDEN_HOST,
    ),
];

/// Names and suffixes of this machine, this network and the metadata service, and public names
/// that resolve to an address that they contain.
const LOCAL_NAME: &str = r"(?i)^\s*[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#]*@)?(?:[^/\\?#@:]*\.)?(?:localhost|local|localdomain|internal|intranet|private|lan|home|corp|home\.arpa|metadata|nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me)\.?(?:[:/\\?#]|$)";

/// Private, shared, loopback, link-local, multicast and reserved ranges.
const PRIVATE_IPV4: &str = r"(?i)^\s*[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#]*@)?(?:(?:0|10|127|22[4-9]|23[0-9]|24[0-9]|25[0-5])(?:\.[0-9]+){3}|169\.254(?:\.[0-9]+){2}|172\.(?:1[6-9]|2[0-9]|3[01])(?:\.[0-9]+){2}|192\.168(?:\.[0-9]+){2}|192\.0\.0\.[0-9]+|198\.1[89](?:\.[0-9]+){2}|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])(?:\.[0-9]+){2})\.?(?:[:/\\?#]|$)";

/// Fewer than four numbers, hexadecimal or octal ones: parsers read them as addresses.
const ODD_IPV4: &str = r"(?i)^\s*[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#]*@)?(?:(?:(?:0x[0-9a-f]*|[0-9]+)\.){0,2}(?:0x[0-9a-f]*|[0-9]+)|(?:[0-9a-fx]+\.)*(?:0x[0-9a-f]*|0[0-9]+)(?:\.[0-9a-fx]+)*)\.?(?:[:/\\?#]|$)";

/// Addresses in brackets, percent-escapes, and digits and dots in other forms that are folded to
/// plain ones.
const HIDDEN_HOST: &str = r"(?i)^\s*[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#]*@)?(?:\[|[^/\\?#]*[%\x{00B2}\x{00B3}\x{00B9}\x{2070}-\x{209C}\x{2460}-\x{24FF}\x{3002}\x{FF00}-\x{FFEF}\x{1D7CE}-\x{1D7FF}])";

/// The same without a scheme, for what may be a bare host; only what cannot be a path.
const BARE_PRIVATE_HOST: &str = r"(?i)^\s*(?:[^/\\?#:]*@)?(?:localhost|[^/\\?#@:]*\.(?:localhost|local|internal|intranet|home\.arpa)|(?:10|127|0)(?:\.[0-9]+){3}|169\.254(?:\.[0-9]+){2}|172\.(?:1[6-9]|2[0-9]|3[01])(?:\.[0-9]+){2}|192\.168(?:\.[0-9]+){2}|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])(?:\.[0-9]+){2}|\[[0-9a-f:.%]*\]|[0-9a-f]*::[0-9a-f:.]*)\.?(?:[:/\\?#]|$)";

/// Characters that URL parsers drop without a word.
const CONTROLS: &str = r"[\x00-\x1f\x7f]";

/// Every pattern of this file.
pub(super) const PATTERNS: [&str; 8] = [
    HTTPS,
    OTHER_SCHEME,
    LOCAL_NAME,
    PRIVATE_IPV4,
    ODD_IPV4,
    HIDDEN_HOST,
    BARE_PRIVATE_HOST,
    CONTROLS,
];

pub(super) fn add(maker: &mut Maker<'_>, property: &Property) {
    if !property.is_free_text() || is_no_address(property) {
        return;
    }
    let is_format = matches!(property.format.as_deref(), Some("uri" | "url" | "iri"));
    let is_url = property.ends_with(&URL_WORDS) || (is_format && !property.ends_with(&HOST_WORDS));
    let signal = maker.signal(property, SIGNAL);
    let because = match (signal, is_format) {
        (Some(signal), _) => signal,
        (None, true) => "the schema's format".to_owned(),
        (None, false) if is_url || property.ends_with(&["host", "hostname", "endpoint"]) => {
            "the property's name".to_owned()
        }
        _ => return,
    };
    if is_url {
        if property.must_be_given() {
            maker.require(property, &because, "https only", Wanted::regex(HTTPS));
        } else {
            maker.deny(
                property,
                &because,
                "https only",
                Wanted::regex(OTHER_SCHEME),
            );
        }
    }
    for (does, pattern) in NOT_PUBLIC {
        maker.deny(property, &because, does, Wanted::regex(pattern));
    }
    let does = "no private, local or metadata host";
    maker.deny(property, &because, does, Wanted::regex(BARE_PRIVATE_HOST));
    maker.deny(
        property,
        &because,
        "no control characters in an address",
        Wanted::regex(CONTROLS),
    );
}

/// Names that end like an address and hold none.
fn is_no_address(property: &Property) -> bool {
    property.has_word(&[
        "pattern", "regex", "prefix", "suffix", "path", "format", "type",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn fits(pattern: &str, text: &str) -> bool {
        Regex::new(pattern).unwrap().is_match(text)
    }

    #[test]
    fn private_addresses_in_every_spelling() {
        for url in [
            "http://169.254.169.254/",
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.169.254:80/",
            "https://user:pw@169.254.169.254/",
            "https://example.com@127.0.0.1/",
            "https://example.com:80@127.0.0.1/",
            "http:\\\\127.0.0.1\\",
            "http:/127.0.0.1/",
            "http:127.0.0.1",
            "http:////127.0.0.1",
            " http://127.0.0.1",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0x0.0x0.0x1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.1",
            "http://0/",
            "http://0.0.0.0:8080",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://localhost",
            "http://LOCALHOST:3000/x",
            "http://localhost./",
            "http://a.localhost/",
            "http://printer.local/",
            "http://metadata.google.internal/computeMetadata/v1/",
            "http://metadata/",
            "http://10.0.0.1/",
            "http://172.16.0.1?x",
            "http://172.31.255.255#x",
            "http://192.168.1.1",
            "http://100.64.0.1/",
            "http://100.100.100.200/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://127.0.0.1.nip.io/",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://ⓛocalhost/",
            "ftp://10.0.0.1/",
            "gopher://127.0.0.1:6379/_x",
        ] {
            let refused = NOT_PUBLIC.iter().any(|(_, pattern)| fits(pattern, url));
            assert!(refused, "{url}");
        }
    }

    #[test]
    fn public_addresses() {
        for url in [
            "https://example.com",
            "https://example.com/a?b=http://127.0.0.1/",
            "https://example.com/#localhost",
            "https://10.example.com/",
            "https://127-0-0-1.example.com/",
            "https://localhost.example.com/",
            "https://mylocal.example/",
            "https://172.32.0.1/",
            "https://172.15.0.1/",
            "https://100.128.0.1/",
            "https://8.8.8.8/",
            "https://1.1.1.1:443/dns-query",
            "https://bücher.example/",
            "https://xn--bcher-kva.example/",
            "https://user@example.com/",
            "https://example.com/a%20b",
            "https://example.com/100%",
            "https://local.example.com",
            "https://example.com/internal/local",
            "https://0xdeadbeef.example.com/",
            "https://abc.dev/",
            "https://face.cafe/",
        ] {
            for (does, pattern) in NOT_PUBLIC {
                assert!(!fits(pattern, url), "{does}: {url}");
            }
            assert!(!fits(BARE_PRIVATE_HOST, url), "{url}");
            assert!(fits(HTTPS, url), "{url}");
            assert!(!fits(OTHER_SCHEME, url), "{url}");
        }
    }

    #[test]
    fn schemes() {
        for other in [
            "http://x",
            "HTTP://x",
            "file:///etc",
            "h:",
            "ht:",
            "htt:",
            "httpx:",
            "https+x://",
            "httpss:",
            "javascript:x",
            "data:text/html",
            "g:",
            "i:",
            " http://x",
            "httq:",
            "hxtp:",
        ] {
            assert!(fits(OTHER_SCHEME, other), "{other}");
            assert!(!fits(HTTPS, other), "{other}");
        }
        for none in [
            "/v1/users",
            "example.com/a",
            "https://x",
            "HTTPS://x",
            "",
            "?a=b:c",
        ] {
            assert!(!fits(OTHER_SCHEME, none), "{none}");
        }
    }

    #[test]
    fn bare_hosts() {
        for host in [
            "localhost",
            "localhost:80",
            "127.0.0.1",
            "169.254.169.254/x",
            "db.internal",
            "::1",
            "[::1]:80",
            "10.0.0.5",
        ] {
            assert!(fits(BARE_PRIVATE_HOST, host), "{host}");
        }
        for host in [
            "example.com",
            "/10.0.0.1",
            "/v1/127.0.0.1",
            "local",
            "std::vec is",
            "10.5",
        ] {
            assert!(!fits(BARE_PRIVATE_HOST, host), "{host}");
        }
    }
}
