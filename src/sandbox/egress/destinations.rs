//! Where an installation may go: the hosts of its registry, and the user's own proxy on the way.

use std::collections::BTreeSet;
use url::Url;

/// The hosts that are open, each with its port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Destinations {
    open: BTreeSet<(String, u16)>,
    upstream: Option<Upstream>,
    /// Hosts and domains that are reached without the user's proxy.
    direct: Vec<String>,
}

/// A proxy of the user's, over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    pub(super) host: String,
    pub(super) port: u16,
    user: String,
    password: String,
}

impl Upstream {
    /// Reads the address of a proxy; `None` for one that is not spoken to over HTTP.
    pub(crate) fn parse(text: &str) -> Option<Upstream> {
        let text = text.trim();
        let url = if text.contains("://") {
            Url::parse(text).ok()?
        } else {
            Url::parse(&format!("http://{text}")).ok()?
        };
        (url.scheme() == "http").then_some(())?;
        Some(Upstream {
            host: bare(url.host_str()?).to_owned(),
            port: url.port_or_known_default()?,
            user: url.username().to_owned(),
            password: url.password().unwrap_or_default().to_owned(),
        })
    }

    /// The header that the proxy wants, with its line end, or nothing.
    pub(super) fn credentials(&self) -> String {
        if self.user.is_empty() {
            return String::new();
        }
        let decoded = |text: &str| {
            let mut bytes = Vec::new();
            let mut rest = text.as_bytes();
            while let Some((first, tail)) = rest.split_first() {
                let code = tail
                    .get(..2)
                    .filter(|_| *first == b'%')
                    .and_then(|digits| std::str::from_utf8(digits).ok())
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(byte) = code {
                    bytes.push(byte);
                    rest = &tail[2..];
                } else {
                    bytes.push(*first);
                    rest = tail;
                }
            }
            bytes
        };
        let mut pair = decoded(&self.user);
        pair.push(b':');
        pair.extend(decoded(&self.password));
        format!("Proxy-Authorization: Basic {}\r\n", base64(&pair))
    }
}

impl Destinations {
    /// Opens the host of an address over HTTP; others, such as a folder, are no destination.
    pub(crate) fn open(&mut self, address: &str) {
        if let Ok(url) = Url::parse(address.trim())
            && matches!(url.scheme(), "http" | "https")
            && let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default())
        {
            self.open.insert((normal(host), port));
        }
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The first way out is this proxy, but for the hosts and domains of `direct`, a list with
    /// commas.
    pub(crate) fn through(&mut self, upstream: Option<Upstream>, direct: &str) {
        self.upstream = upstream;
        self.direct = direct
            .split([',', ' '])
            .map(|name| normal(name.trim().trim_start_matches("*.").trim_start_matches('.')))
            .filter(|name| !name.is_empty())
            .collect();
    }

    /// Whether this host and port are on the list.
    pub(super) fn allow(&self, (host, port): (&str, u16)) -> bool {
        self.open.contains(&(normal(host), port))
    }

    /// The proxy to go through to this host.
    pub(super) fn upstream(&self, host: &str) -> Option<&Upstream> {
        let host = normal(host);
        let is_direct = self.direct.iter().any(|name| {
            name == "*"
                || host == *name
                || host
                    .strip_suffix(name.as_str())
                    .is_some_and(|front| front.ends_with('.'))
        });
        self.upstream.as_ref().filter(|_| !is_direct)
    }
}

/// A host as compared: in lower case, without brackets and the dot of the root.
fn normal(host: &str) -> String {
    bare(host).trim_end_matches('.').to_ascii_lowercase()
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Host and port as a request names them.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let digit = (bits >> (18 - 6 * at)) & 63;
            text.push(if at <= chunk.len() {
                char::from(DIGITS[digit as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_hosts_of_the_addresses_are_open() {
        let mut places = Destinations::default();
        places.open("https://Registry.Example/npm/");
        places.open("http://[::1]:4873/");
        places.open("/opt/wheels");
        places.open("ftp://other.example/");
        assert!(places.allow(("registry.example", 443)));
        assert!(places.allow(("registry.example.", 443)));
        assert!(places.allow(("[::1]", 4873)));
        for (host, port) in [
            ("registry.example", 80),
            ("registry.example.evil.example", 443),
            ("evil.registry.example", 443),
            ("other.example", 21),
            ("127.0.0.1", 4873),
            ("", 443),
        ] {
            assert!(!places.allow((host, port)), "{host}:{port}");
        }
    }

    #[test]
    fn the_proxy_of_the_user_is_on_the_way_but_for_exceptions() {
        let mut places = Destinations::default();
        let proxy = Upstream::parse("http://me:p%40ss@proxy.example:8080");
        places.through(proxy, "localhost, .inner.example,*.b.example");
        assert!(places.upstream("a.example").is_some());
        for direct in [
            "localhost",
            "x.inner.example",
            "inner.example",
            "c.b.example",
        ] {
            assert!(places.upstream(direct).is_none(), "{direct}");
        }
        assert!(places.upstream("notinner.example").is_some());
        let proxy = places.upstream("a.example").unwrap();
        assert_eq!(
            proxy.credentials(),
            "Proxy-Authorization: Basic bWU6cEBzcw==\r\n"
        );
        assert_eq!(Upstream::parse("proxy:3128").unwrap().port, 3128);
        assert_eq!(Upstream::parse("socks5://proxy:1080"), None);
    }
}
